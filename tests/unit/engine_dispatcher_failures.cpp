#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "engine/attempt_history.hpp"
#include "support/dispatcher_driver.hpp"

namespace collective::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace testing_support;

class EngineDispatcherFailures : public DispatcherTest {
 protected:
  void hang_and_fail(Nanos started) {
    start(started);
    overdue(started + ms(300'000));
    end(1, Outcome::retry("stopped"), started + ms(300'000));
  }
};

TEST_F(EngineDispatcherFailures, AFailureIsChargedNotedAndParkedUntilItsDelay) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  start();
  end(1, Outcome::retry("no answer"), ms(50));
  const auto settlement = the_settlement();
  EXPECT_EQ(settlement.verdict, Verdict::park);
  EXPECT_EQ(settlement.progress.attempts, 1u);
  EXPECT_EQ(settlement.progress.due, at(ms(1'050)).wall);
  const auto history = read_history(settlement.progress.note);
  ASSERT_THAT(history, SizeIs(1));
  EXPECT_EQ(history[0].error, "no answer");
  EXPECT_EQ(history[0].consumer, "mail-1");
}

TEST_F(EngineDispatcherFailures, AHandlersOwnDelayReplacesThePolicys) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  start();
  end(1, Outcome::retry_after(Millis(7)));
  EXPECT_EQ(the_settlement().progress.due, at(ms(7)).wall);
}

TEST_F(EngineDispatcherFailures, ADelayBeyondAllTimeIsStillInTheFuture) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  start();
  end(1, Outcome::retry_after(Millis::max()));
  EXPECT_GT(the_settlement().progress.due, at(ms(0)).wall);
}

TEST_F(EngineDispatcherFailures, TheLastAttemptEndsInTheDeadLetters) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1, {.progress = {.attempts = 2}})});
  start();
  end(1, Outcome::retry("no answer"));
  const auto settlement = the_settlement();
  EXPECT_EQ(settlement.verdict, Verdict::dead_letter);
  EXPECT_EQ(settlement.progress.attempts, 3u);
  EXPECT_THAT(settlement.reason, ::testing::HasSubstr("no answer"));
  EXPECT_THAT(dispatcher().take_notices(), SizeIs(1));
}

TEST_F(EngineDispatcherFailures, SpentAttemptsOrStallsAreDeadLettersWithoutAnotherStart) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1, {.progress = {.attempts = 3}}), make_.make(2, {.progress = {.stalls = 3}})});
  EXPECT_THAT(verdicts(), ElementsAre(Verdict::dead_letter, Verdict::dead_letter));
  EXPECT_THAT(start(), IsEmpty());
}

TEST_F(EngineDispatcherFailures, AHungHandlerIsAskedToStopOnceAndItsEventGoesBackAsAStall) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  start();
  EXPECT_EQ(dispatcher().timer(at(ms(0))), at(ms(300'000)).mono);
  EXPECT_THAT(overdue(ms(299'999)), IsEmpty());
  EXPECT_THAT(overdue(ms(300'000)), SizeIs(1));
  EXPECT_THAT(overdue(ms(300'001)), IsEmpty());
  EXPECT_TRUE(dispatcher().all_hung());
  const auto settlement = the_settlement();
  EXPECT_EQ(settlement.verdict, Verdict::park);
  EXPECT_EQ(settlement.progress.stalls, 1u);
  EXPECT_EQ(settlement.progress.attempts, 0u);
  end(1, Outcome::retry("stopped"));
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_EQ(dispatcher().running(), 0u);
}

TEST_F(EngineDispatcherFailures, ALateAcknowledgementStillCounts) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  start();
  overdue(ms(300'000));
  end(1, Outcome::acknowledge(), ms(300'001));
  EXPECT_THAT(verdicts(), ElementsAre(Verdict::park, Verdict::acknowledge));
}

TEST_F(EngineDispatcherFailures, AHandlerMayRunForEver) {
  make();
  auto endless = subscription();
  endless.max_handling_time = Millis::max();
  dispatcher().add(endless);
  arrive({make_.make(1)});
  start();
  EXPECT_THAT(overdue(ms(1'000'000'000)), IsEmpty());
}

TEST_F(EngineDispatcherFailures, InOrderAHungHandlingCountsAsAStallAndNotAsAnAttemptToo) {
  make({.ordering = Ordering::strict});
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  hang_and_fail(ms(0));
  const auto settlement = the_settlement();
  EXPECT_EQ(settlement.verdict, Verdict::hold);
  EXPECT_EQ(settlement.progress.stalls, 1u);
  EXPECT_EQ(settlement.progress.attempts, 0u);
}

TEST_F(EngineDispatcherFailures, InOrderAKeyGoesOnWithoutItsHungHandlerWhoseOutcomeCountsNoMore) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription(1, 2));
  arrive({make_.keyed(1, "a"), make_.keyed(2, "a")});
  start();
  const auto hung = running_.at(1);
  overdue(ms(300'000));
  EXPECT_THAT(start(ms(300'999)), IsEmpty());
  EXPECT_EQ(dispatcher().timer(at(ms(300'999))), at(ms(301'000)).mono);
  EXPECT_THAT(start(ms(301'000)), ElementsAre(1)) << "the next try, beside the first";
  settled();
  dispatcher().finished(at(ms(301'001)), hung.slot, {Outcome::acknowledge()});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(start(ms(301'001)), IsEmpty());
  end(1, Outcome::acknowledge(), ms(301'002));
  EXPECT_THAT(verdicts(), ElementsAre(Verdict::acknowledge));
  EXPECT_THAT(start(ms(301'002)), ElementsAre(2));
}

TEST_F(EngineDispatcherFailures, InOrderALateAcknowledgementCountsAsLongAsTheNextTryHasNotBegun) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription());
  arrive({make_.keyed(1, "a"), make_.keyed(2, "a")});
  start();
  overdue(ms(300'000));
  end(1, Outcome::acknowledge(), ms(300'001));
  EXPECT_THAT(verdicts(), ElementsAre(Verdict::hold, Verdict::acknowledge));
  EXPECT_THAT(start(ms(300'001)), ElementsAre(2));
}

TEST_F(EngineDispatcherFailures, InOrderAHungHandlerThatLostItsLaneMovesNothing) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription(1, 2));
  arrive({make_.keyed(1, "a")});
  start();
  dispatcher().disown();
  EXPECT_THAT(overdue(ms(300'000)), SizeIs(1));
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(start(ms(400'000)), IsEmpty());
}

TEST_F(EngineDispatcherFailures, InOrderTheStallsHaveTheirLimitToo) {
  make({.ordering = Ordering::strict});
  auto patient = subscription();
  patient.retry.max_attempts = 100;
  dispatcher().add(patient);
  arrive({make_.make(1)});
  for (int i = 0; i < 3; ++i) hang_and_fail(ms(i * 400'000));
  EXPECT_EQ(settled().back().verdict, Verdict::dead_letter);
  EXPECT_EQ(dispatcher().waiting(), 0u);
}

TEST_F(EngineDispatcherFailures, InOrderAFailingEventHoldsItsKeyAndNoOther) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription());
  arrive({make_.keyed(1, "a"), make_.keyed(2, "a"), make_.keyed(3, "b")});
  start();
  end(1, Outcome::retry());
  EXPECT_EQ(the_settlement().verdict, Verdict::hold);
  EXPECT_THAT(start(), ElementsAre(3));
  end(3, Outcome::acknowledge());
  EXPECT_THAT(start(ms(999)), IsEmpty());
  EXPECT_EQ(dispatcher().timer(at(ms(999))), at(ms(1'000)).mono);
  EXPECT_THAT(start(ms(1'000)), ElementsAre(1));
}

TEST_F(EngineDispatcherFailures, InOrderAKeyGoesOnAfterADeadLetter) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription());
  arrive({make_.keyed(1, "a"), make_.keyed(2, "a")});
  start();
  end(1, Outcome::dead_letter("hopeless"));
  EXPECT_EQ(the_settlement().verdict, Verdict::dead_letter);
  EXPECT_THAT(start(), ElementsAre(2));
}

TEST_F(EngineDispatcherFailures, InOrderTheFailedWorkOfAPausedOrRemovedSubscriptionGoesBack) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription(1));
  dispatcher().add(subscription(2, 1, "parcel"));
  arrive({make_.keyed(1, "a"), make_.make(2, {.type = "parcel", .key = "b"})});
  start();
  dispatcher().pause(1);
  dispatcher().remove(2);
  end(1, Outcome::retry());
  end(2, Outcome::retry());
  EXPECT_THAT(verdicts(), ElementsAre(Verdict::park, Verdict::park));
  EXPECT_THAT(dispatcher().held(), IsEmpty());
}

TEST_F(EngineDispatcherFailures, InOrderWhatFailsAfterTheLaneWasLostIsNotTriedAgainHere) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription());
  arrive({make_.keyed(1, "a")});
  start();
  dispatcher().disown();
  arrive({make_.keyed(1, "a")});  // delivered once more: waits until the first handling ends
  EXPECT_THAT(start(), IsEmpty());
  end(1, Outcome::retry());
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_EQ(dispatcher().waiting(), 1u);
  EXPECT_THAT(start(), ElementsAre(1));
}

TEST_F(EngineDispatcherFailures, WhenEverythingFailsItPausesAndSaysSo) {
  make({.breaker = {.failures = 2, .probe_after = Millis(100)}});
  dispatcher().add(subscription(1, 3));
  arrive(make_.many(1, 3));
  start();
  for (int i = 1; i <= 3; ++i) end(static_cast<std::uint64_t>(i), Outcome::retry());
  const auto all = settled();
  EXPECT_EQ(all[1].progress.attempts, 1u);
  EXPECT_EQ(all[2].progress.attempts, 0u) << "its first failure in the pause is not charged";
  arrive(make_.many(4, 6));
  EXPECT_THAT(start(ms(99)), IsEmpty());
  EXPECT_EQ(dispatcher().timer(at(ms(99))), at(ms(100)).mono);
  EXPECT_THAT(start(ms(100)), ElementsAre(4));
  EXPECT_THAT(start(ms(100)), IsEmpty()) << "one probe at a time";
  end(4, Outcome::acknowledge());
  EXPECT_THAT(start(ms(100)), ElementsAre(5, 6));
  EXPECT_THAT(dispatcher().take_notices(), SizeIs(1));
}

TEST_F(EngineDispatcherFailures, AHungHandlerThatOpensTheBreakerSaysSo) {
  make({.breaker = {.failures = 1}});
  dispatcher().add(subscription(1, 2));
  arrive({make_.make(1)});
  start();
  overdue(ms(300'000));
  const auto notices = dispatcher().take_notices();
  ASSERT_THAT(notices, SizeIs(1));
  EXPECT_EQ(notices[0].alarm, Alarm::breaker_open);
  EXPECT_THAT(notices[0].text, ::testing::HasSubstr("max_handling_time"));
}

TEST_F(EngineDispatcherFailures, ADeadLetterDoesNotBreakARowOfFailures) {
  make({.breaker = {.failures = 2}});
  dispatcher().add(subscription(1, 3));
  arrive(make_.many(1, 3));
  start();
  end(1, Outcome::retry());
  end(2, Outcome::dead_letter("cannot be decoded"));
  end(3, Outcome::retry());
  arrive({make_.make(4)});
  EXPECT_THAT(start(), IsEmpty());
}

TEST_F(EngineDispatcherFailures, AStallThatNoProcessWroteDownIsWrittenDownByTheNext) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1, {.progress = {.attempts = 1, .stalls = 1, .suspect = true, .started = true}})});
  const auto settlement = the_settlement();
  EXPECT_EQ(settlement.verdict, Verdict::hold);
  EXPECT_TRUE(settlement.progress.started);
  const auto history = read_history(settlement.progress.note);
  ASSERT_THAT(history, SizeIs(1));
  EXPECT_EQ(history[0].stall, 1u);
  EXPECT_EQ(history[0].number, 2u);
  arrive({make_.make(1, {.progress = settlement.progress})});
  EXPECT_THAT(settled(), IsEmpty());
}

TEST_F(EngineDispatcherFailures, ANewerVersionWaitsForTheStatedTimeAndIsADeadLetterThen) {
  make({.newer_version_wait = Millis(60'000)});
  dispatcher().add(subscription());
  arrive({make_.make(1, {.version = 2})}, ms(5));
  const auto parked = the_settlement().progress;
  EXPECT_EQ(parked.route, "letter/2");
  EXPECT_EQ(parked.due, at(ms(5)).wall);
  arrive({make_.make(1, {.version = 2, .progress = parked})}, ms(60'004));
  const auto again = the_settlement();
  EXPECT_EQ(again.verdict, Verdict::park);
  EXPECT_EQ(again.progress.due, parked.due) << "it waits since it was first handed over";
  EXPECT_FALSE(dispatcher().take_newer_expired());
  arrive({make_.make(1, {.version = 2, .progress = parked})}, ms(60'005));
  const auto dead = the_settlement();
  EXPECT_EQ(dead.verdict, Verdict::dead_letter);
  EXPECT_THAT(dead.reason, ::testing::HasSubstr("version 2 of letter"));
  EXPECT_TRUE(dispatcher().take_newer_expired());
}

}  // namespace
}  // namespace collective::engine
