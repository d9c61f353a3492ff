#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/dispatcher_driver.hpp"

namespace collective::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::UnorderedElementsAre;
using namespace testing_support;

class EngineDispatcherStarts : public DispatcherTest {};

TEST_F(EngineDispatcherStarts, AsManyHandlersAsTheConcurrencyAllows) {
  make();
  dispatcher().add(subscription(1, 2));
  arrive(make_.many(1, 2));
  EXPECT_THAT(start(), ElementsAre(1, 2));
  EXPECT_EQ(dispatcher().running(), 2u);
  end(1, Outcome::acknowledge());
  EXPECT_EQ(the_settlement().verdict, Verdict::acknowledge);
  arrive({make_.make(3)});
  EXPECT_THAT(start(), ElementsAre(3));
}

TEST_F(EngineDispatcherStarts, ATypeNobodyTakesGoesBackUncharged) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1, {.type = "parcel"})});
  EXPECT_EQ(the_settlement().verdict, Verdict::release);
}

TEST_F(EngineDispatcherStarts, AVersionNewerThanKnownIsParkedForThoseThatKnowIt) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1, {.version = 2})});
  const auto settlement = the_settlement();
  EXPECT_EQ(settlement.verdict, Verdict::park);
  EXPECT_EQ(settlement.progress.route, "letter/2");
  EXPECT_EQ(settlement.progress.attempts, 0u);
}

TEST_F(EngineDispatcherStarts, WhatCannotBeReadGoesToTheDeadLettersAtOnce) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1, {.defect = "no type"})});
  EXPECT_EQ(the_settlement().verdict, Verdict::dead_letter);
}

TEST_F(EngineDispatcherStarts, ABatchStartsWhenItIsFullOrItsFirstEventWaitedLongEnough) {
  make();
  auto batches = subscription();
  batches.batch_size = 3;
  batches.batch_wait = Millis(100);
  dispatcher().add(batches);
  arrive(make_.many(1, 2));
  EXPECT_THAT(start(ms(99)), IsEmpty());
  EXPECT_EQ(dispatcher().timer(at(ms(99))), at(ms(100)).mono);
  EXPECT_THAT(start(ms(100)), ElementsAre(1, 2));
  end(1, Outcome::acknowledge(), ms(100));
  arrive(make_.many(3, 5), ms(100));
  EXPECT_THAT(start(ms(100)), ElementsAre(3, 4, 5));
}

TEST_F(EngineDispatcherStarts, RetriedAndSuspectWorkComesAloneEvenWhereBatchesAreHandled) {
  make();
  auto batches = subscription(1, 3);
  batches.batch_size = 10;
  dispatcher().add(batches);
  arrive({make_.make(1), make_.make(2, {.progress = {.attempts = 1}}), make_.make(3)});
  start();
  EXPECT_EQ(running_.size(), 3u);
}

TEST_F(EngineDispatcherStarts, ASuspectGoesFirstAndNoSecondIsAskedForUntilItEnds) {
  make();
  dispatcher().add(subscription());
  EXPECT_EQ(dispatcher().room_for_suspects(), 1u);
  arrive({make_.make(1, {.progress = {.suspect = true, .started = true}})});
  EXPECT_EQ(dispatcher().room_for_suspects(), 0u);
  start();
  EXPECT_EQ(dispatcher().room_for_suspects(), 0u);
  end(1, Outcome::acknowledge());
  EXPECT_EQ(dispatcher().room_for_suspects(), 1u);
}

TEST_F(EngineDispatcherStarts, AForgottenOrReturnedSuspectMakesRoomForTheNext) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1, {.progress = {.suspect = true}})});
  dispatcher().forget_waiting();
  EXPECT_EQ(dispatcher().room_for_suspects(), 1u);
  arrive({make_.make(1, {.progress = {.suspect = true}})});
  dispatcher().release_waiting();
  EXPECT_EQ(dispatcher().room_for_suspects(), 1u);
}

TEST_F(EngineDispatcherStarts, APausedSubscriptionGivesBackWhatWaitsAndTakesNoMore) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  dispatcher().pause(1);
  EXPECT_THAT(verdicts(), ElementsAre(Verdict::release));
  EXPECT_EQ(dispatcher().room(at(ms(0))), 0u);
  dispatcher().resume(1);
  EXPECT_EQ(dispatcher().room(at(ms(0))), 1u);
}

TEST_F(EngineDispatcherStarts, ARemovedSubscriptionEndsWithItsLastHandler) {
  make();
  dispatcher().add(subscription());
  arrive({make_.make(1)});
  start();
  dispatcher().remove(1);
  EXPECT_FALSE(dispatcher().empty());
  end(1, Outcome::acknowledge());
  EXPECT_TRUE(dispatcher().empty());
  EXPECT_EQ(the_settlement().verdict, Verdict::acknowledge);
}

TEST_F(EngineDispatcherStarts, ASubscriptionThatIsBusyLeavesTheEventsToAnotherOfTheSameType) {
  make();
  dispatcher().add(subscription(1));
  dispatcher().add(subscription(2));
  arrive({make_.make(1)});
  start();  // subscription 1 runs it, for long
  arrive({make_.make(2)});
  EXPECT_THAT(settled(), IsEmpty());
  EXPECT_THAT(start(), ElementsAre(2));
}

TEST_F(EngineDispatcherStarts, PerKeyTheKeysGoSideBySide) {
  make({.ordering = Ordering::per_key});
  dispatcher().add(subscription(1, 3));
  arrive({make_.keyed(1, "a"), make_.keyed(2, "a"), make_.keyed(3, "b")});
  EXPECT_THAT(start(), UnorderedElementsAre(1, 3));
}

TEST_F(EngineDispatcherStarts, StrictlyOneAfterTheOther) {
  make({.ordering = Ordering::strict});
  dispatcher().add(subscription(1, 3));
  arrive(make_.many(1, 2));
  EXPECT_THAT(start(), ElementsAre(1));
  end(1, Outcome::acknowledge());
  EXPECT_THAT(start(), ElementsAre(2));
}

}  // namespace
}  // namespace collective::engine
