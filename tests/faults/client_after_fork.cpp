// A process that forks while a client and a bus are connected: the child has neither their threads nor their locks. It can
// get rid of them at once and is told so when it uses them; the parent notices nothing.
#include <gtest/gtest.h>

#include "collective/collective.hpp"

#include "faults/embedded_processes.hpp"
#include "faults/embedded_support.hpp"

namespace collective::embedded_test {
namespace {

UserRegistered user(const std::string& id) {
  return {.user_id = id, .email = "user@example.com", .tier = Tier::individual_pro};
}

bool refused(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.code() == Errc::invalid && std::string(error.what()).find("fork()") != std::string::npos;
  }
  return false;
}

TEST(ClientAfterFork, TheChildIsRefusedAndMayCloseOrDestroyAtOnce) {
  const Scratch scratch;
  Options options;
  options.broker = "embedded:" + scratch.store() + "?sync=none";
  EventClient client(options);
  client.connect();
  EventBus bus(client);
  SubscribeOptions group;
  group.group = "g";
  auto subscription =
      std::make_optional(bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return true; }, group));
  client.publish(user("u1"));
  Child child([&] {
    ::alarm(20);
    if (!refused([&] { client.publish(user("u2")); })) return 1;
    if (!refused([&] { client.publish_async(user("u2"), PublishCallback()); })) return 2;
    if (!refused([&] { client.wait_for<UserUpdated>("c", Millis(10)); })) return 3;
    if (!refused([&] { static_cast<void>(client.read("user.events")); })) return 4;
    if (!refused([&] { static_cast<void>(bus.subscribe<UserLogin>([](const auto&) { return true; }, group)); }))
      return 5;
    if (!refused([&] { client.connect(); })) return 6;
    subscription.reset();
    client.close();
    bus = EventBus(EventClient(options));  // the last owners go
    client = EventClient(options);
    return 0;
  });
  EXPECT_EQ(child.exit_status(), 0);
  client.publish(user("u3"));
  EXPECT_EQ(client.read("user.events").size(), 2u);
}

TEST(ClientAfterFork, AClientMadeInTheChildWorks) {
  const Scratch scratch;
  Options options;
  options.broker = "embedded:" + scratch.store() + "?sync=none";
  EventClient client(options);
  client.connect();
  client.publish(user("u1"));
  const Scratch other;
  Child child([&] {
    ::alarm(20);
    Options own;
    own.broker = "embedded:" + other.store() + "?sync=none";
    EventClient fresh(own);
    fresh.connect();
    fresh.publish(user("u2"));
    fresh.close();
    return 0;
  });
  EXPECT_EQ(child.exit_status(), 0);
}

}  // namespace
}  // namespace collective::embedded_test
