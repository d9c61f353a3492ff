// The callback of publish_async runs on the thread that carries out what other calls wait for. A call that would wait in
// it is refused at once; publishing the next event is not.
#include "support/live.hpp"

namespace collective {
namespace {

using namespace testing_support;

class PublishCallbacks : public LiveTest {
 protected:
  /// How a call made in a callback ended.
  static std::string made_in_callback(EventClient& client, const std::function<void()>& call) {
    Collected<std::string> ended;
    client.publish_async(user("first"), [&](const Published&, const std::exception_ptr&) {
      try {
        call();
        ended.add("it was carried out");
      } catch (const Error& error) {
        ended.add(std::string(name(error.code())) + ": " + error.what());
      }
    });
    const auto texts = ended.wait_for(1);
    return texts.empty() ? "it never ended" : texts.front();
  }
};

TEST_P(PublishCallbacks, ACallThatWouldWaitIsRefused) {
  auto some = options();
  some.operation_timeout = Millis(500);
  auto client = connected(some);
  EventBus bus(client);
  const auto handler = [](const Event<UserRegistered>&) { return true; };
  auto subscription = bus.subscribe<UserRegistered>(handler, group("g"));
  FetchOptions pulling;
  pulling.group = "pulling";
  const std::vector<std::pair<std::string, std::function<void()>>> calls{
      {"publish", [&] { client.publish(user("u1")); }},
      {"publish_batch", [&] { client.publish_batch(std::vector{user("u1"), user("u2")}); }},
      {"flush", [&] { client.flush(); }},
      {"wait_for", [&] { client.wait_for<UserUpdated>("c1", Millis(10)); }},
      {"request", [&] { client.request<UserUpdated>(user("u1"), Millis(10)); }},
      {"read", [&] { static_cast<void>(client.read("user.events")); }},
      {"follow", [&] { static_cast<void>(client.follow("user.events", {}, Millis(10))); }},
      {"groups", [&] { static_cast<void>(client.groups("user.events")); }},
      {"fetch", [&] { static_cast<void>(bus.fetch("user.events", pulling)); }},
      {"subscribe", [&] { static_cast<void>(bus.subscribe<UserRegistered>(handler, group("other"))); }},
      {"Subscription::close", [&] { subscription.close(); }},
      {"connect", [&] { client.connect(); }},
      {"close", [&] { client.close(); }},
  };
  for (const auto& [what, call] : calls) {
    const auto text = made_in_callback(client, call);
    EXPECT_EQ(text.find("deadlock: "), 0u) << what << ": " << text;
    EXPECT_NE(text.find("on a thread of your own"), std::string::npos) << what << ": " << text;
  }
  EXPECT_EQ(client.read("user.events").size(), calls.size()) << "a refused publish was stored";
  EXPECT_TRUE(subscription.active());
}

TEST_P(PublishCallbacks, TheNextEventMayBePublishedInOne) {
  auto client = connected();
  Collected<std::string> stored;
  std::function<void(int)> publish_from = [&](int i) {
    client.publish_async(user("u" + std::to_string(i)), [&, i](const Published& published, const std::exception_ptr&) {
      stored.add(published.event_id);
      if (i < 9) publish_from(i + 1);
    });
  };
  publish_from(0);
  const auto ids = stored.wait_for(10);
  ASSERT_EQ(ids.size(), 10u);
  const auto events = client.read("user.events");
  ASSERT_EQ(events.size(), 10u);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_EQ(events[i].envelope.id, ids[i]);
}

TEST_P(PublishCallbacks, ButNotWhenTheWindowIsFull) {
  auto some = options();
  some.window = 3;
  auto client = connected(some);
  Collected<Errc> ended;
  client.publish_async(user("first"), [&](const Published&, const std::exception_ptr&) {
    for (int i = 0; i < 5; ++i) {
      try {
        client.publish_async(user("next"), PublishCallback());
        ended.add(Errc::ok);
      } catch (const Error& error) {
        ended.add(error.code());
      }
    }
  });
  const auto codes = ended.wait_for(5);
  EXPECT_EQ(codes, (std::vector{Errc::ok, Errc::ok, Errc::ok, Errc::deadlock, Errc::deadlock}));
  client.flush();
  EXPECT_EQ(client.read("user.events").size(), 4u);
}

TEST_P(PublishCallbacks, ASubscriptionWhoseLastOwnerIsOneEndsWithoutWaiting) {
  auto client = connected();
  EventBus bus(client);
  auto held = std::make_shared<Subscription>(
      bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return true; }, group("g")));
  Collected<int> ended;
  client.publish_async(user("u1"), [&ended, held](const Published&, const std::exception_ptr&) mutable {
    held.reset();
    ended.add(1);
  });
  held.reset();
  EXPECT_EQ(ended.wait_for(1).size(), 1u);
}

COLLECTIVE_ON_EVERY_BROKER(PublishCallbacks);

}  // namespace
}  // namespace collective
