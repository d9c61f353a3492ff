// Rule 4. Heartbeats keep a long handler's lease; a worker that lost it cannot retry or dead-letter, but a late
// acknowledgement counts, except in ordered modes. max_handling_time ends the hold of a hung handler, asks it to stop
// and counts a stall; readiness fails when every slot is hung.
#include "support/core_test.hpp"
#include "support/engine_test.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule04 : public EngineTest {
 protected:
  /// a handles e1 beyond its lease without knowing; b has it now, and both run it.
  void lose_lease(Ordering ordering = Ordering::none) {
    a = &driver.start("a", {.ordering = ordering, .handler = runs});
    driver.publish("e1");
    a->freeze();
    driver.advance(seconds(31));
    b = &driver.start("b", {.ordering = ordering, .handler = runs});
    driver.advance(seconds(1));
    a->thaw();
    ASSERT_THAT(a->running(), ElementsAre("e1"));
    ASSERT_THAT(b->running(), ElementsAre("e1"));
  }
  Process* a = nullptr;
  Process* b = nullptr;
};

TEST_P(Rule04, HeartbeatsKeepALongHandlersLease) {
  driver.start("a", {.handler = [](const Handling&) { return Reaction(true, minutes(4)); }});
  driver.publish("e1");
  driver.start("b", {});
  driver.advance(minutes(10));
  EXPECT_THAT(driver.starts(), ElementsAre("a:e1"));
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, HeartbeatsGoOnWhileEveryHandlerIsBusy) {
  auto& busy = driver.start("a", {.concurrency = 3, .handler = runs});
  driver.publish_some("e", 10);
  driver.start("b", {.handler = runs});
  driver.advance(minutes(4));
  EXPECT_EQ(busy.running().size(), 3u);
  EXPECT_EQ(driver.count("e1"), 1);
  EXPECT_EQ(driver.group().members.size(), 2u);
}

TEST_P(Rule04, ASilentWorkerLosesWhatItHoldsToOthers) {
  lose_lease();
  EXPECT_EQ(driver.pending()[0].member.substr(0, 1), "b");
}

TEST_P(Rule04, AWorkerThatLostItsLeaseCannotRetry) {
  lose_lease();
  a->finish("e1", Outcome::retry("late"));
  driver.advance(seconds(5));
  ASSERT_EQ(driver.pending().size(), 1u);
  EXPECT_EQ(driver.pending()[0].member.substr(0, 1), "b");
  EXPECT_EQ(driver.pending()[0].progress.attempts, 0u);
  b->finish("e1", Outcome::acknowledge());
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, AWorkerThatLostItsLeaseCannotDeadLetter) {
  lose_lease();
  a->finish("e1", Outcome::dead_letter("late"));
  driver.advance(seconds(5));
  EXPECT_THAT(driver.dead_letters(), IsEmpty());
  b->finish("e1", Outcome::acknowledge());
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, ALateAcknowledgementCounts) {
  lose_lease();
  a->finish("e1", Outcome::acknowledge());
  driver.advance(seconds(5));
  EXPECT_TRUE(driver.settled());
  b->finish("e1", Outcome::retry("too late: it is done"));
  driver.advance(hours(1));
  EXPECT_TRUE(driver.settled());
  EXPECT_EQ(driver.count("e1"), 2);
}

TEST_P(Rule04, ALateAcknowledgementDoesNotCountInOrderedModes) {
  lose_lease(Ordering::per_key);
  a->finish("e1", Outcome::acknowledge());
  driver.advance(seconds(5));
  EXPECT_EQ(driver.group().pending, 1u);
  b->finish("e1", Outcome::acknowledge());
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, TokensComeFromACounterOfTheGroup) {
  auto& first = driver.start("a", {.concurrency = 3, .handler = runs});
  driver.publish_some("e", 3);
  std::vector<std::uint64_t> before, after;
  for (const auto& pending : driver.pending()) before.push_back(pending.ticket.token);
  first.drain();
  first.leave_now();
  driver.start("b", {.concurrency = 3, .handler = runs});
  for (const auto& pending : driver.pending()) after.push_back(pending.ticket.token);
  ASSERT_EQ(before.size(), 3u);
  ASSERT_EQ(after.size(), 3u);
  std::set<std::uint64_t> all(before.begin(), before.end());
  EXPECT_GT(*std::min_element(after.begin(), after.end()), *all.rbegin());
  all.insert(after.begin(), after.end());
  EXPECT_EQ(all.size(), 6u);  // no two hand-outs share one, whatever the event
}

TEST_P(Rule04, NoHandlerStartsAfterTheLeaseEndedAlthoughItsEventWasPrefetched) {
  auto& slow = driver.start("a", {.handler = [](const Handling&) { return Reaction(true, milliseconds(100)); }});
  driver.publish("warm up");
  driver.advance(seconds(1));
  driver.publish_some("e", 5);
  ASSERT_GT(slow.holds(), 1u);
  slow.freeze();
  driver.advance(seconds(31));
  driver.start("b", {});
  driver.advance(seconds(1));
  slow.thaw();
  driver.advance(minutes(1));
  for (int i = 2; i <= 5; ++i) EXPECT_EQ(driver.count("e" + std::to_string(i)), 1) << i;
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, TheDefaultMaxHandlingTimeIsFiveMinutes) {
  EXPECT_EQ(SubscribeOptions{}.max_handling_time, minutes(5));
  auto& hung = driver.start("a", {.handler = runs});
  driver.publish("e1");
  driver.advance(minutes(5) - seconds(1));
  EXPECT_THAT(hung.asked_to_stop(), IsEmpty());
  driver.advance(seconds(2));
  EXPECT_THAT(hung.asked_to_stop(), ElementsAre("e1"));
}

TEST_P(Rule04, AHungHandlerLosesItsEventAndCountsAStall) {
  driver.start("a", {.handler = runs});
  driver.publish("e1");
  driver.advance(minutes(5) - seconds(1));
  EXPECT_EQ(driver.pending()[0].progress.stalls, 0u);
  auto& other = driver.start("b", {.handler = runs});
  driver.advance(seconds(10));
  EXPECT_THAT(other.running(), ElementsAre("e1"));
  EXPECT_EQ(driver.pending()[0].progress.stalls, 1u);
  EXPECT_EQ(driver.pending()[0].progress.attempts, 0u);
}

TEST_P(Rule04, AnEventThatAlwaysHangsIsADeadLetterAfterThreeStalls) {
  driver.start("a", {.concurrency = 4, .handler = runs});
  driver.publish("e1");
  driver.advance(hours(1));
  EXPECT_EQ(driver.count("e1"), 3);
  const auto letters = driver.dead_letters();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].stalls, 3u);
  ASSERT_EQ(letters[0].history.size(), 3u);
  EXPECT_NE(letters[0].history[0].error.find("max_handling_time"), std::string::npos) << letters[0].history[0].error;
}

TEST_P(Rule04, InOrderAHungHandlersKeyMovesOnByTheRules) {
  auto& hung = driver.start("a", {.ordering = Ordering::per_key, .concurrency = 4, .handler = [](const Handling& e) {
                                    return e.event == "x1" ? Reaction::runs() : Reaction(true);
                                  }});
  driver.publish("x1", {.key = "x"});
  driver.publish("x2", {.key = "x"});
  driver.advance(hours(1));
  EXPECT_THAT(driver.events(), ElementsAre("x1", "x1", "x1", "x2"));
  ASSERT_EQ(driver.dead_letters().size(), 1u);
  EXPECT_EQ(driver.dead_letters()[0].stalls, 3u);
  EXPECT_EQ(hung.running().size(), 3u);  // they never end, and settle nothing
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, InOrderTheLaneGoesToAnotherProcessWhenEveryHandlerHangs) {
  auto& hung = driver.start("a", {.ordering = Ordering::strict, .handler = runs});
  driver.publish("e1");
  driver.start("b", {.ordering = Ordering::strict});
  driver.publish("e2");
  driver.advance(minutes(4));
  EXPECT_THAT(driver.starts(), ElementsAre("a:e1"));
  driver.advance(minutes(2));
  EXPECT_THAT(driver.starts(), ElementsAre("a:e1", "b:e1", "b:e2"));
  EXPECT_TRUE(driver.settled());
  EXPECT_TRUE(hung.member().all_hung());
  hung.finish("e1", Outcome::acknowledge());  // means nothing any more, and a is a member again
  driver.advance(seconds(1));
  EXPECT_EQ(driver.group().members.size(), 2u);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, OfAHandlerPastItsTimeOnlyAnAcknowledgementCounts) {
  auto& hung = driver.start("a", {.concurrency = 2, .handler = runs});
  driver.publish_some("e", 2);
  driver.advance(minutes(5));
  ASSERT_THAT(hung.asked_to_stop(), UnorderedElementsAre("e1", "e2"));
  hung.script([](const Handling&) { return true; });
  hung.finish("e1", Outcome::acknowledge());
  hung.finish("e2", Outcome::retry("I was asked to stop"));
  driver.advance(minutes(1));
  EXPECT_EQ(driver.count("e1"), 1);
  EXPECT_EQ(driver.count("e2"), 2);
  EXPECT_EQ(driver.handlings().back().attempt, 1u);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule04, AMemberIsHungWhenEverySlotIsPastItsTime) {
  auto& member = driver.start("a", {.concurrency = 2, .handler = runs});
  driver.publish("e1");
  driver.advance(minutes(5));
  EXPECT_FALSE(member.member().all_hung());  // a slot is free, and takes e1 once more
  driver.advance(minutes(6));
  EXPECT_TRUE(member.member().all_hung());
  EXPECT_EQ(driver.alarms(Alarm::handlers_hung), 1);
}

TEST_P(Rule04, ABusIsNotReadyWhileEverySlotIsHung) {
  auto gate = std::make_shared<Gate>();
  auto watched = options();
  auto alarms = std::make_shared<Alarms>();
  watched.observer = alarms;
  auto client = connected(watched);
  EventBus bus(client);
  auto brief = group("g");
  brief.max_handling_time = milliseconds(20);
  brief.retry.base_delay = brief.retry.max_delay = hours(1);
  const auto s = bus.subscribe<UserRegistered>([gate](const Event<UserRegistered>&) { return gate->wait(); }, brief);
  EXPECT_TRUE(bus.ready());
  client.publish(user("u1"));
  EXPECT_THAT(alarms->seen.wait_for(1), ElementsAre("handlers_hung user.events/g"));
  EXPECT_FALSE(bus.ready());
  gate->open();
  EXPECT_TRUE(eventually([&] { return bus.ready(); }));
}

TEST_P(Rule04, AHandlerPastItsTimeIsAskedToStopAndTheEventIsTriedAgain) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::uint32_t> attempts;
  std::atomic<int> count{0};
  auto options = group("g");
  options.concurrency = 2;
  options.max_handling_time = Millis(50);
  client.publish(user("u1"));
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>&, Delivery& delivery) {
        const bool first = count.fetch_add(1) == 0;
        attempts.add(delivery.attempt());
        if (!first) return true;
        Gate stopped;
        const std::stop_callback stop(delivery.stop_token(), [&] { stopped.open(); });
        stopped.wait();
        return false;
      },
      options);
  EXPECT_EQ(attempts.wait_for(2).size(), 2u);
}

/// Deliveries that are taken one by one have a deadline of their own instead of a heartbeat.
class Rule04Pull : public CoreTest {
 protected:
  static std::vector<Pulled> fetch(detail::Core& core) {
    return core.fetch("user.events", {.group = "g", .visibility = seconds(30)});
  }
};

TEST_P(Rule04Pull, WhatIsNotSettledInTimeGoesToSomebodyElseAndTheOldTokenIsStale) {
  const auto core = connect();
  publish(*core, user("u1"));
  const auto first = fetch(*core).at(0);
  EXPECT_THAT(fetch(*core), IsEmpty());
  clock->advance(seconds(31));
  const auto second = fetch(*core);
  ASSERT_EQ(second.size(), 1u);
  EXPECT_EQ(core->retry(first.token, Millis(0), "late"), Settlement::stale);
  EXPECT_EQ(core->dead_letter(first.token, "late"), Settlement::stale);
  EXPECT_EQ(core->acknowledge(second[0].token), Settlement::done);
}

TEST_P(Rule04Pull, ALateAcknowledgementCounts) {
  const auto core = connect();
  publish(*core, user("u1"));
  const auto first = fetch(*core).at(0);
  clock->advance(seconds(31));
  const auto second = fetch(*core).at(0);
  EXPECT_EQ(core->acknowledge(first.token), Settlement::done);
  EXPECT_EQ(core->retry(second.token, Millis(0), ""), Settlement::gone);
}

TEST_P(Rule04Pull, ExtendKeepsADeliveryBeyondItsDeadline) {
  const auto core = connect();
  publish(*core, user("u1"));
  const auto pulled = fetch(*core).at(0);
  EXPECT_EQ(core->extend(pulled.token, hours(1)), Settlement::done);
  clock->advance(minutes(59));
  EXPECT_THAT(fetch(*core), IsEmpty());
  clock->advance(minutes(2));
  EXPECT_EQ(fetch(*core).size(), 1u);
}

COLLECTIVE_ON_EVERY_BROKER(Rule04);
COLLECTIVE_ON_EVERY_BROKER(Rule04Pull);

}  // namespace
}  // namespace collective
