// Rule 3. A retry never blocks other events, waits base·2^(n-1) up to the cap, ± jitter, and survives a crash. After a
// crash, deliveries are redone one at a time with a stored start mark, so that only the event being handled is charged.
// Stalls have a limit of their own (3), then dead letters.
#include "support/engine_test.hpp"
#include "support/recorded.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule03 : public EngineTest {
 protected:
  /// The waits between the attempts of one event that always fails.
  std::vector<Nanos> waits(const RetryPolicy& policy) {
    driver.start("a", {.retry = policy, .handler = fails});
    driver.publish("e1");
    driver.advance(hours(1));
    const auto times = driver.times_of("e1");
    std::vector<Nanos> waits;
    for (std::size_t i = 1; i < times.size(); ++i) waits.push_back(times[i] - times[i - 1]);
    return waits;
  }
  void restart_after_lease(Process& process) {
    driver.advance(seconds(31));
    if (!process.alive()) process.start();
  }
};

TEST_P(Rule03, ARetryNeverBlocksOtherEvents) {
  driver.start("a", {.handler = [](const Handling& e) { return e.event != "poison"; }});
  driver.publish("poison");
  driver.publish("healthy");
  EXPECT_THAT(driver.events(), ElementsAre("poison", "healthy"));
}

TEST_P(Rule03, ExponentialWaitsDoubleUpToTheCap) {
  EXPECT_THAT(waits({.max_attempts = 6, .base_delay = seconds(1), .max_delay = seconds(5), .jitter = 0}),
              ElementsAre(seconds(1), seconds(2), seconds(4), seconds(5), seconds(5)));
}

TEST_P(Rule03, LinearWaitsGrowByTheBaseUpToTheCap) {
  EXPECT_THAT(waits({.max_attempts = 5,
                     .backoff = Backoff::linear,
                     .base_delay = seconds(2),
                     .max_delay = seconds(5),
                     .jitter = 0}),
              ElementsAre(seconds(2), seconds(4), seconds(5), seconds(5)));
}

TEST_P(Rule03, FixedWaitsAreTheBase) {
  EXPECT_THAT(waits({.max_attempts = 3, .backoff = Backoff::fixed, .base_delay = seconds(2), .jitter = 0}),
              ElementsAre(seconds(2), seconds(2)));
}

TEST_P(Rule03, JitterShortensAWaitByItsPartAtMost) {
  driver.luck(0);
  EXPECT_THAT(waits({.max_attempts = 3, .base_delay = seconds(10), .jitter = 0.2}),
              ElementsAre(seconds(8), seconds(16)));
}

TEST_P(Rule03, JitterLengthensAWaitByItsPartAtMostAndNeverBeyondTheCap) {
  driver.luck(1);
  EXPECT_THAT(waits({.max_attempts = 3, .base_delay = seconds(10), .max_delay = seconds(15), .jitter = 0.2}),
              ElementsAre(seconds(12), seconds(15)));
}

TEST_P(Rule03, ARetryMayNameItsOwnWait) {
  driver.start("a", {.handler = [](const Handling& e) {
                 return e.attempt == 1 ? Outcome::retry_after(minutes(7)) : Outcome::acknowledge();
               }});
  driver.publish("e1");
  driver.advance(hours(1));
  EXPECT_THAT(driver.times_of("e1"), ElementsAre(Nanos(0), minutes(7)));
}

TEST_P(Rule03, ARetrySurvivesACrash) {
  const RetryPolicy slow{.base_delay = minutes(10), .max_delay = minutes(10), .jitter = 0};
  auto& a = driver.start("a", {.retry = slow, .handler = fails});
  driver.publish("e1");
  driver.advance(seconds(1));
  a.crash();
  driver.start("b", {.retry = slow});
  driver.advance(hours(1));
  EXPECT_THAT(driver.times_of("e1"), ElementsAre(Nanos(0), minutes(10)));
  EXPECT_EQ(driver.handlings().back().attempt, 2u);
}

TEST_P(Rule03, AfterACrashDeliveriesAreRedoneOneAtATimeWithAStoredStartMark) {
  auto& a = driver.start("a", {.concurrency = 4, .handler = runs});
  driver.publish_some("e", 4);
  a.crash();
  driver.advance(seconds(31));
  auto& b = driver.start("b", {.concurrency = 4, .handler = runs});
  for (int left = 4; left > 0; --left) {
    ASSERT_EQ(b.running().size(), 1u);
    int marked = 0;
    for (const auto& pending : driver.pending()) marked += pending.progress.started ? 1 : 0;
    EXPECT_EQ(marked, 1);
    b.finish(b.running()[0], Outcome::acknowledge());
  }
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule03, NewEventsGoOnWhileDeliveriesOfACrashAreRedone) {
  auto& a = driver.start("a", {.concurrency = 2, .handler = runs});
  driver.publish_some("old", 2);
  a.crash();
  driver.advance(seconds(31));
  driver.start("b", {.concurrency = 2, .handler = [](const Handling& e) {
                       return e.event.starts_with("old") ? Reaction::runs() : Reaction(true);
                     }});
  driver.publish("new");
  EXPECT_EQ(driver.count("new"), 1);
}

TEST_P(Rule03, OnlyTheEventThatWasBeingHandledIsChargedAfterACrash) {
  auto& a = driver.start("a", {.concurrency = 1, .handler = [](const Handling& e) {
                                 return e.event == "killer" ? Reaction::dies() : Reaction(true, milliseconds(10));
                               }});
  for (const char* event : {"e1", "e2", "killer", "e3", "e4"}) driver.publish(event);
  for (int i = 0; i < 10; ++i) {
    restart_after_lease(a);
    for (const auto& pending : driver.pending()) EXPECT_EQ(pending.progress.attempts, 0u);
  }
  EXPECT_TRUE(driver.settled());
  const auto letters = driver.dead_letters();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].event.envelope.id, "killer");
}

TEST_P(Rule03, PrefetchedNeighboursOfAKillerAreNeverCharged) {
  const auto dies_late = [](const Handling& e) {
    return e.event == "killer" ? Reaction::dies() : Reaction(true, milliseconds(1));
  };
  auto& a = driver.start("a", {.handler = dies_late});
  driver.publish("warm up");  // now it prefetches
  driver.advance(seconds(1));
  a.freeze();
  driver.publish("killer");
  driver.publish_some("e", 50);
  a.thaw();
  std::uint32_t worst = 0;
  for (int i = 0; i < 10; ++i) {
    for (const auto& pending : driver.pending()) worst = std::max(worst, pending.progress.stalls);
    for (const auto& letter : driver.dead_letters()) EXPECT_EQ(letter.event.envelope.id, "killer");
    restart_after_lease(a);
  }
  EXPECT_LE(worst, 3u);
  for (int i = 1; i <= 50; ++i) EXPECT_EQ(driver.count("e" + std::to_string(i)), 1);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule03, StallsHaveALimitOfTheirOwn) {
  auto& a = driver.start("a", {.retry = {.max_attempts = 100}, .handler = dies});
  driver.publish("killer");
  for (int i = 0; i < 10; ++i) restart_after_lease(a);
  const auto letters = driver.dead_letters();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].stalls, 3u);
  EXPECT_EQ(letters[0].attempts, 0u);
  EXPECT_EQ(driver.count("killer"), 4);  // the first death accuses nobody: delivered is not started
  EXPECT_NE(letters[0].reason.find("3 times"), std::string::npos) << letters[0].reason;
}

TEST_P(Rule03, TheHistoryTellsOfEveryProcessThatDiedInTheMiddle) {
  auto& a = driver.start("a", {.handler = dies});
  driver.publish("killer");
  for (int i = 0; i < 10; ++i) restart_after_lease(a);
  const auto letters = driver.dead_letters();
  ASSERT_EQ(letters.size(), 1u);
  const auto& history = letters[0].history;
  ASSERT_EQ(history.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(history[i].stall, i + 1);
    EXPECT_NE(history[i].error.find("stopped"), std::string::npos) << history[i].error;
  }
}

TEST_P(Rule03, AttemptsBeforeAStallStillCount) {
  auto& a = driver.start(
      "a", {.handler = [](const Handling& e) { return e.attempt == 2 ? Reaction::dies() : Reaction(false); }});
  driver.publish("e1");
  driver.advance(seconds(2));
  ASSERT_FALSE(a.alive());
  driver.start("b", {.handler = fails});
  driver.advance(hours(1));
  const auto letters = driver.dead_letters();
  ASSERT_EQ(letters.size(), 1u);
  EXPECT_EQ(letters[0].attempts, 3u);
}

TEST_P(Rule03, OnTheBusAHandlersOutcomeDecidesBetweenDeadLetterAndItsOwnWait) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::uint32_t> attempts;
  client.publish(user("hopeless"));
  client.publish(user("later"));
  auto options = group("g");
  options.retry.base_delay = hours(1);  // its own wait overrules this
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e, Delivery& delivery) {
        if (e.data.user_id == "hopeless") return Outcome::dead_letter("no such account");
        attempts.add(delivery.attempt());
        return delivery.attempt() == 1 ? Outcome::retry_after(Millis(1)) : Outcome::acknowledge();
      },
      options);
  EXPECT_THAT(attempts.wait_for(2), ElementsAre(1u, 2u));
  EXPECT_TRUE(eventually([&] { return bus.dead_letters("user.events", "g").size() == 1; }));
  EXPECT_EQ(bus.dead_letters("user.events", "g")[0].reason, "no such account");
}

COLLECTIVE_ON_EVERY_BROKER(Rule03);

}  // namespace
}  // namespace collective
