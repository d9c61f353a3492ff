#include "support/live.hpp"

namespace collective {
namespace {

using testing_support::Collected;
using testing_support::Gate;

class BusDelivery : public testing_support::LiveTest {};

TEST_P(BusDelivery, GivesTheHandlerEnvelopeDataAndUnknownFields) {
  auto client = connected();
  EventBus bus(client);
  Collected<Event<UserRegistered>> seen;
  const auto s =
      bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return seen.add(e), true; }, group("g"));
  const auto published =
      client.publish("user.registered",
                     R"({"user_id":"u1","email":"a@b.example","tier":"individual_pro","campaign":{"name":"spring"}})",
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
  const auto s = bus.subscribe(
      std::string(streams::user), {}, [&](const AnyEvent& e) { return seen.add(e.envelope.type), true; },
      group("audit"));
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
  const auto s = bus.subscribe_batch<UserRegistered>(
      [&](Batch<UserRegistered>& batch) { return sizes.add(batch.size()), true; }, options);
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
  auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e) { return seen.add(e.data.user_id.str()), true; }, group("g"));
  s.pause();
  client.publish(user("u1"));
  // Another group of the same bus handles it: the event was there to be taken.
  Collected<std::string> other;
  const auto o = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e) { return other.add(e.data.user_id.str()), true; }, group("other"));
  EXPECT_EQ(other.wait_for(1).size(), 1u);
  EXPECT_TRUE(seen.now().empty());
  s.resume();
  EXPECT_EQ(seen.wait_for(1), std::vector<std::string>{"u1"});
}

COLLECTIVE_ON_EVERY_BROKER(BusDelivery);

}  // namespace
}  // namespace collective
