#include "support/live.hpp"

namespace collective {
namespace {

/// What a service that means something else by the same name would publish.
struct OtherShape {
  static constexpr EventType event{"user.registered", "user.events"};
  std::string shape{};
};
BOOST_DESCRIBE_STRUCT(OtherShape, (), (shape))

using testing_support::Collected;
using testing_support::Gate;

class BusDelivery : public testing_support::LiveTest {};

TEST_P(BusDelivery, HandsAPublishedEventToEveryGroupOnce) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> mailer, audit;
  const auto a = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return mailer.add(e.data.user_id.str()), true; }, group("mailer"));
  const auto b = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return audit.add(e.data.user_id.str()), true; }, group("audit"));
  for (int i = 0; i < 50; ++i) client.publish(user("u" + std::to_string(i)));
  EXPECT_EQ(mailer.wait_for(50).size(), 50u);
  EXPECT_EQ(audit.wait_for(50).size(), 50u);
}

TEST_P(BusDelivery, GivesTheHandlerEnvelopeDataAndUnknownFields) {
  auto client = connected();
  EventBus bus(client);
  Collected<Event<UserRegistered>> seen;
  const auto s = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return seen.add(e), true; }, group("g"));
  const auto published = client.publish(
      "user.registered", R"({"user_id":"u1","email":"a@b.example","tier":"individual_pro","campaign":{"name":"spring"}})",
      {.correlation_id = "c-1", .metadata = R"({"note":"kept"})"});
  const auto events = seen.wait_for(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].id, published.event_id);
  EXPECT_EQ(events[0].entry_id, published.entry_id);
  EXPECT_EQ(events[0].correlation_id, "c-1");
  EXPECT_EQ(events[0].user_id, "u1");
  EXPECT_EQ(events[0].unknown_fields, R"({"campaign":{"name":"spring"}})");
  EXPECT_NE(events[0].metadata.find(R"("note":"kept")"), std::string::npos);
}

TEST_P(BusDelivery, ANewGroupStartsAtTheEarliestEventUnlessToldOtherwise) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("before"));
  Collected<std::string> all, later;
  auto latest = group("latest");
  latest.start = StartAt::latest();
  const auto a = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return all.add(e.data.user_id.str()), true; }, group("all"));
  const auto b = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return later.add(e.data.user_id.str()), true; }, latest);
  client.publish(user("after"));
  EXPECT_EQ(all.wait_for(2), (std::vector<std::string>{"before", "after"}));
  EXPECT_EQ(later.wait_for(1), std::vector<std::string>{"after"});
}

TEST_P(BusDelivery, SubscribesToSeveralTypesWithOneHandler) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> seen;
  const auto s = bus.subscribe<UserRegistered, UserLogin>(
      overloaded{[&](const Event<UserRegistered>& e) { return seen.add("registered " + e.data.user_id.str()), true; },
                 [&](const Event<UserLogin>& e) { return seen.add("login " + e.data.user_id.str()), true; }},
      group("g"));
  client.publish(user("u1"));
  client.publish(UserLogin{.user_id = "u1", .ip_address = "127.0.0.1", .user_agent = "test", .success = true});
  EXPECT_EQ(seen.wait_for(2), (std::vector<std::string>{"registered u1", "login u1"}));
}

TEST_P(BusDelivery, SubscribesUntypedToEverythingOnAStream) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> seen;
  const auto s = bus.subscribe(std::string(streams::user), {}, [&](const AnyEvent& e) { return seen.add(e.envelope.type), true; }, group("audit"));
  client.publish(user("u1"));
  client.publish(UserLogin{.user_id = "u1", .ip_address = "127.0.0.1", .user_agent = "test", .success = true});
  EXPECT_EQ(seen.wait_for(2), (std::vector<std::string>{"user.registered", "user.login"}));
}

TEST_P(BusDelivery, RunsAsManyHandlersAtOnceAsConcurrencyAllows) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> started;
  Gate gate;
  auto options = group("g");
  options.concurrency = 4;
  auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e) {
        started.add(e.data.user_id.str());
        return gate.wait();
      },
      options);
  for (int i = 0; i < 8; ++i) client.publish(user("u" + std::to_string(i)));
  EXPECT_EQ(started.wait_for(4).size(), 4u);
  gate.open();
  EXPECT_EQ(started.wait_for(8).size(), 8u);
}

TEST_P(BusDelivery, HandlesABatchUpToItsSizeAndWaitsNoLongerThanAsked) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::size_t> sizes;
  auto options = group("analyzers");
  options.batch_size = 10;
  options.batch_wait = Millis(50);
  for (int i = 0; i < 25; ++i) client.publish(user("u" + std::to_string(i)));
  const auto s = bus.subscribe_batch<UserRegistered>([&](Batch<UserRegistered>& batch) { return sizes.add(batch.size()), true; }, options);
  std::size_t events = 0;
  for (std::size_t calls = 1; events < 25 && calls <= 25; ++calls) {
    events = 0;
    for (const auto size : sizes.wait_for(calls)) {
      EXPECT_LE(size, 10u);
      events += size;
    }
  }
  EXPECT_EQ(events, 25u);
}

TEST_P(BusDelivery, ABatchHandlerMaySettleSingleEventsAndRetriesComeBackAlone) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> calls;
  auto options = group("g");
  options.batch_size = 3;
  options.batch_wait = Millis(5'000);
  client.publish_batch(std::vector<UserRegistered>{user("a"), user("b"), user("c")});
  const auto s = bus.subscribe_batch<UserRegistered>(
      [&](Batch<UserRegistered>& batch) {
        std::string ids;
        for (const auto& event : batch) ids += event.data.user_id.str();
        calls.add(ids);
        if (batch.size() == 3) batch.settle(1, Outcome::retry("not b yet"));
        return true;
      },
      options);
  EXPECT_EQ(calls.wait_for(2), (std::vector<std::string>{"abc", "b"}));
}

TEST_P(BusDelivery, APausedSubscriptionStartsNoHandlerUntilResumed) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> seen;
  auto s = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return seen.add(e.data.user_id.str()), true; }, group("g"));
  s.pause();
  client.publish(user("u1"));
  // Another group of the same bus handles it: the event was there to be taken.
  Collected<std::string> other;
  const auto o = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return other.add(e.data.user_id.str()), true; }, group("other"));
  EXPECT_EQ(other.wait_for(1).size(), 1u);
  EXPECT_TRUE(seen.now().empty());
  s.resume();
  EXPECT_EQ(seen.wait_for(1), std::vector<std::string>{"u1"});
}

TEST_P(BusDelivery, ClosingWaitsForTheRunningHandlerAndHandsTheRestBack) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> started;
  Gate gate;
  {
    auto s = bus.subscribe<UserRegistered>(
        [&](const Event<UserRegistered>& e) {
          started.add(e.data.user_id.str());
          return gate.wait();
        },
        group("g"));
    client.publish(user("u1"));
    client.publish(user("u2"));
    ASSERT_EQ(started.wait_for(1).size(), 1u);
    gate.open();
  }
  Collected<std::string> rest;
  const auto s = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return rest.add(e.data.user_id.str()), true; }, group("g"));
  client.publish(user("u3"));
  const auto before = started.now().size();
  EXPECT_EQ(before + rest.wait_for(3 - before).size(), 3u);  // each event once, in one of the two
}

TEST_P(BusDelivery, ClosingReturnsAlthoughAHandlerHangs) {
  auto gate = std::make_shared<Gate>();
  auto client = connected();
  EventBus bus(client);
  Collected<int> started;
  auto s = bus.subscribe<UserRegistered>(
      [&started, gate](const Event<UserRegistered>&, Delivery& delivery) {
        started.add(1);
        const std::stop_callback stop(delivery.stop_token(), [gate] { gate->open(); });
        return gate->wait();
      },
      group("g"));
  client.publish(user("u1"));
  ASSERT_EQ(started.wait_for(1).size(), 1u);
  s.close(Millis(1));  // the stop token ends the handler
  EXPECT_FALSE(s.active());
}

TEST_P(BusDelivery, AnEventThatDoesNotDecodeIsADeadLetterAtOnceAndTheConsumerGoesOn) {
  auto client = connected();
  EventBus bus(client);
  client.publish(OtherShape{.shape = "round"});
  client.publish(user("u1"));
  Collected<std::string> seen;
  const auto s = bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return seen.add(e.data.user_id.str()), true; }, group("g"));
  EXPECT_EQ(seen.wait_for(1), std::vector<std::string>{"u1"});
  const auto letters = bus.dead_letters("user.events", "g");
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_NE(letters[0].reason.find("/user_id"), std::string::npos) << letters[0].reason;
  EXPECT_EQ(letters[0].event.envelope.data, R"({"shape":"round"})");
}

COLLECTIVE_ON_EVERY_BROKER(BusDelivery);

}  // namespace
}  // namespace collective
