// Rule 14. Shutdown: stop fetching, drain to a deadline, hand the rest back. close() always returns.
//
// That a program then exits with 0 is tested where there is one: tests/cli.
#include <future>
#include <thread>

#include "support/core_test.hpp"
#include "support/engine_test.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule14 : public EngineTest {};

/// A handler that ignores everything until its gate opens, and a test that can wait until it has really ended.
class Rule14Runtime : public CoreTest {
 protected:
  struct Hung {
    Gate gate;
    Collected<int> started, ended;
  };
  static auto deaf(const std::shared_ptr<Hung>& hung) {
    return [hung](const Event<UserRegistered>&) {
      hung->started.add(1);
      hung->gate.wait();
      hung->ended.add(1);
      return true;
    };
  }
  static Millis took(const std::function<void()>& call) {
    const auto began = std::chrono::steady_clock::now();
    call();
    return std::chrono::duration_cast<Millis>(std::chrono::steady_clock::now() - began);
  }
  const std::shared_ptr<Hung> hung = std::make_shared<Hung>();
};

TEST_P(Rule14, ADrainingMemberStartsNothingMore) {
  auto& a = driver.start("a", {.handler = [](const Handling&) { return Reaction(true, seconds(1)); }});
  driver.publish_some("e", 20);
  driver.advance(milliseconds(3'500));
  const auto started = driver.handlings().size();
  a.drain();
  driver.publish("later");
  driver.advance(minutes(1));
  EXPECT_EQ(driver.handlings().size(), started);
  EXPECT_FALSE(a.alive());
}

TEST_P(Rule14, WhatRunsIsFinishedAndSettled) {
  auto& a = driver.start("a", {.concurrency = 2, .handler = runs});
  driver.publish_some("e", 2);
  a.drain();
  EXPECT_TRUE(a.alive());
  a.finish("e1", Outcome::acknowledge());
  a.finish("e2", Outcome::dead_letter("hopeless"));
  EXPECT_FALSE(a.alive());
  EXPECT_TRUE(driver.settled());
  EXPECT_EQ(driver.dead_letters().size(), 1u);
  EXPECT_THAT(driver.group().members, IsEmpty());
}

TEST_P(Rule14, TheRestIsHandedBackAtOnceAndUncharged) {
  auto& a = driver.start("a", {.handler = [](const Handling& e) {
                           return e.event == "warm up" ? Reaction(true, milliseconds(1)) : Reaction::runs();
                         }});
  driver.publish("warm up");
  driver.advance(seconds(1));
  driver.publish_some("e", 5);
  ASSERT_GT(a.holds(), 1u);
  auto& b = driver.start("b", {.concurrency = 5, .handler = runs});
  a.drain();
  EXPECT_THAT(b.running(), UnorderedElementsAre("e2", "e3", "e4", "e5"));  // without waiting for a lease
  for (const auto& pending : driver.pending()) {
    EXPECT_EQ(pending.progress.attempts, 0u);
    EXPECT_EQ(pending.progress.stalls, 0u);
    EXPECT_FALSE(pending.progress.suspect);
  }
}

TEST_P(Rule14, AtTheDeadlineWhatStillRunsIsHandedBackToo) {
  auto& a = driver.start("a", {.handler = runs});
  driver.publish("e1");
  auto& b = driver.start("b", {.handler = runs});
  a.drain();
  EXPECT_THAT(b.running(), IsEmpty());
  a.leave_now();
  EXPECT_FALSE(a.alive());
  EXPECT_THAT(b.running(), ElementsAre("e1"));
}

TEST_P(Rule14, AMemberThatCannotReachTheBrokerLeavesWhenItIsBack) {
  auto& a = driver.start("a", {.handler = runs});
  driver.publish("e1");
  a.link(Process::Link::refuses);
  a.drain();
  a.finish("e1", Outcome::acknowledge());
  driver.advance(seconds(20));
  EXPECT_TRUE(a.alive());
  a.link(Process::Link::whole);
  driver.advance(seconds(10));
  EXPECT_FALSE(a.alive());
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule14Runtime, ClosingWaitsForTheRunningHandlerAndHandsTheRestBack) {
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
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e) { return rest.add(e.data.user_id.str()), true; }, group("g"));
  client.publish(user("u3"));
  const auto before = started.now().size();
  EXPECT_EQ(before + rest.wait_for(3 - before).size(), 3u);  // each event once, in one of the two
}

TEST_P(Rule14Runtime, ClosingAsksARunningHandlerToStop) {
  auto client = connected();
  EventBus bus(client);
  auto s = bus.subscribe<UserRegistered>(
      [hung = hung](const Event<UserRegistered>&, Delivery& delivery) {
        hung->started.add(1);
        const std::stop_callback stop(delivery.stop_token(), [hung] { hung->gate.open(); });
        return hung->gate.wait();
      },
      group("g"));
  client.publish(user("u1"));
  ASSERT_EQ(hung->started.wait_for(1).size(), 1u);
  s.close(Millis(1));
  EXPECT_FALSE(s.active());
}

TEST_P(Rule14Runtime, CloseReturnsAlthoughAHandlerHangsAndItsEventIsHandedBack) {
  auto client = connected();
  {
    EventBus bus(client);
    auto s = bus.subscribe<UserRegistered>(deaf(hung), group("g"));
    client.publish(user("u1"));
    ASSERT_EQ(hung->started.wait_for(1).size(), 1u);
    EXPECT_LT(took([&] { s.close(Millis(1)); }), seconds(5));
    Collected<std::string> other;
    const auto next = bus.subscribe<UserRegistered>(
        [&](const Event<UserRegistered>& e) { return other.add(e.data.user_id.str()), true; }, group("g"));
    EXPECT_THAT(other.wait_for(1), ElementsAre("u1"));
  }
  hung->gate.open();
  EXPECT_EQ(hung->ended.wait_for(1).size(), 1u);
}

TEST_P(Rule14Runtime, ClosingTheBusReturnsAlthoughAHandlerHangs) {
  EventBus bus(options());
  bus.connect();
  auto client = connected();
  auto s = bus.subscribe<UserRegistered>(deaf(hung), group("g"));
  client.publish(user("u1"));
  ASSERT_EQ(hung->started.wait_for(1).size(), 1u);
  EXPECT_LT(took([&] { bus.close(Millis(1)); }), seconds(5));
  hung->gate.open();
  EXPECT_EQ(hung->ended.wait_for(1).size(), 1u);
}

TEST_P(Rule14Runtime, CloseReturnsAlthoughTheBrokerIsAway) {
  const auto core = connect();
  detail::RawHandler handler = [](auto deliveries) { return std::vector<Outcome>(deliveries.size(), true); };
  auto s = core->subscribe({{"user.events", "user.registered", 1}}, handler, group("g"), false);
  network->everything_fails(true);
  EXPECT_LT(took([&] { core->close(milliseconds(50)); }), seconds(5));
}

TEST_P(Rule14Runtime, CloseReturnsAlthoughTheBrokerDoesNotAnswer) {
  Options patient;
  patient.operation_timeout = seconds(60);
  const auto core = connect(patient);
  network->falls_silent();
  core->upkeeper()->look_after("user.events");
  ASSERT_TRUE(eventually([&] { return network->unanswered() == 1; }));
  auto wait = std::async(std::launch::async, [&] {
    return failure_of([&] { core->wait_for("ai.events", "ai.consultation.completed", "c1", seconds(60)); }).code;
  });
  ASSERT_TRUE(eventually([&] { return network->unanswered() == 2; }));
  EXPECT_LT(took([&] { core->close(milliseconds(50)); }), seconds(5));
  EXPECT_NE(wait.get(), Errc::ok);
}

TEST_P(Rule14Runtime, HoweverManySubscriptionsThereAre) {
  const auto core = connect();
  detail::RawHandler handler = [](auto deliveries) { return std::vector<Outcome>(deliveries.size(), true); };
  std::vector<Subscription> subscriptions;
  for (int i = 0; i < 10; ++i) {
    subscriptions.push_back(
        core->subscribe({{"user.events", "user.registered", 1}}, handler, group("g" + std::to_string(i)), false));
  }
  network->falls_silent();
  EXPECT_LT(took([&] { core->close(milliseconds(50)); }), seconds(5));
}

TEST_P(Rule14Runtime, CloseTwiceAndFromSeveralThreadsReturns) {
  EventBus bus(options());
  bus.connect();
  auto s = bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return true; }, group("g"));
  std::vector<std::thread> closers;
  for (int i = 0; i < 4; ++i) closers.emplace_back([&] { bus.close(); });
  for (auto& closer : closers) closer.join();
  s.close();
  bus.close();
  EXPECT_FALSE(bus.ready());
}

TEST_P(Rule14Runtime, CloseReturnsAlthoughAWaitRunsOutMeanwhile) {
  const auto answers = std::make_shared<runtime::Answers>(store.broker, seconds(20));
  Gate running_out;
  const auto until_closing = [&](const auto&) {
    running_out.open();
    const auto refused = [&] {
      return failure_of([&] { answers->forget(answers->wait("s", {"t", "c", ""}, std::nullopt, hours(1), nullptr)); });
    };
    eventually([&] { return refused().code == Errc::cancelled; });
  };
  answers->wait("s", {"t", "c", ""}, std::nullopt, Millis(0), until_closing);
  ASSERT_TRUE(running_out.wait());
  auto closed = std::make_shared<std::promise<void>>();
  std::thread([answers, closed] {
    answers->close();
    closed->set_value();
  }).detach();
  ASSERT_EQ(closed->get_future().wait_for(limit), std::future_status::ready);
}

TEST_P(Rule14Runtime, CloseStoresWhatIsOnItsWay) {
  auto client = connected();
  auto reader = connected();
  Collected<bool> stored;
  for (int i = 0; i < 100; ++i) {
    client.publish_async(user("u" + std::to_string(i)),
                         [&](const Published&, const std::exception_ptr& error) { stored.add(!error); });
  }
  client.close();
  EXPECT_EQ(stored.now(), std::vector<bool>(100, true));
  EXPECT_EQ(reader.read("user.events").size(), 100u);
}

COLLECTIVE_ON_EVERY_BROKER(Rule14);
// Each handler ends only once both subscriptions are asking theirs to stop, so that the two ends overlap.
TEST_P(Rule14Runtime, TwoSubscriptionsOfAGroupThatEndTogetherLeaveNoMemberBehind) {
  auto client = connected();
  EventBus bus(client);
  Collected<int> started, stopping;
  const auto stubborn = [&](const auto&, Delivery& delivery) {
    started.add(1);
    const std::stop_callback asked(delivery.stop_token(), [&] { stopping.add(1); });
    return stopping.wait_for(2).size() == 2;
  };
  auto a = bus.subscribe<UserRegistered>(stubborn, group("g"));
  auto b = bus.subscribe<UserLogin>(stubborn, group("g"));
  client.publish(user("u1"));
  client.publish(UserLogin{.user_id = "u1", .ip_address = "::1", .user_agent = "test", .success = true});
  ASSERT_EQ(started.wait_for(2).size(), 2u);
  std::thread other([&] { a.close(Millis(0)); });
  b.close(Millis(0));
  other.join();
  EXPECT_TRUE(bus.groups("user.events").at(0).members.empty());
}

COLLECTIVE_ON_EVERY_BROKER(Rule14Runtime);

}  // namespace
}  // namespace collective
