#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/member_driver.hpp"

namespace collective::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace testing_support;

class EngineMemberLease : public MemberTest {
 protected:
  /// Runs 1 of a handler that takes a moment, with 2 and 3 waiting behind it. The last step began at 1 ms.
  void hold_three() {
    settle_in();
    deliver(ms(0), {make_.make(100)});
    end(100, Outcome::acknowledge(), ms(1));
    ASSERT_TRUE(poll(ms(1)).exchange);
    answer(ms(1), make_.many(1, 3));
    ASSERT_THAT(numbers(poll(ms(1)).starts), ElementsAre(1));
  }
  /// Joins an ordered group whose lane another member holds until then.
  void stand_by(Nanos lane_free) {
    make(Ordering::strict);
    member().add(subscription());
    poll(ms(0));
    member().joined(at(ms(0)), {});
    poll(ms(0));
    answer_standby(ms(0), lane_free);
  }
};

TEST_F(EngineMemberLease, NothingStartsInDoubtOfTheLeaseAndItGoesOnOnceTheStoreSaysItIsHeld) {
  make();
  hold_three();
  ASSERT_TRUE(poll(ms(10'001)).exchange);  // the renewal, whose answer takes long
  end(1, Outcome::acknowledge(), ms(30'000));
  EXPECT_THAT(poll(ms(30'000)).starts, IsEmpty());
  answer(ms(30'001));
  EXPECT_THAT(poll(ms(30'001)).starts, IsEmpty()) << "that answer is old: the lease may have ended since";
  answer(ms(30'002));
  EXPECT_THAT(numbers(poll(ms(30'002)).starts), ElementsAre(2));
}

// A store rewrites a lease only when less than two thirds of it remain.
TEST_F(EngineMemberLease, OnlyTwoThirdsOfTheLeaseAreOursForSureAfterAStep) {
  make();
  settle_in();
  deliver(ms(9'000), {make_.make(1)});
  end(1, Outcome::acknowledge(), ms(9'001));
  ASSERT_TRUE(poll(ms(9'001)).exchange);
  answer(ms(9'001), make_.many(2, 9));
  poll(ms(9'001));
  ASSERT_TRUE(poll(ms(19'001)).exchange);
  end(2, Outcome::acknowledge(), ms(31'000));
  EXPECT_THAT(poll(ms(31'000)).starts, IsEmpty());
}

TEST_F(EngineMemberLease, WhatWaitedIsForgottenWhenTheLeaseIsLost) {
  make();
  hold_three();
  ASSERT_TRUE(poll(ms(40'000)).exchange);
  answer_lost(ms(40'000));
  EXPECT_EQ(member().waiting(), 0u);
  EXPECT_TRUE(poll(ms(40'000)).join);
  member().joined(at(ms(40'000)), {});
  end(1, Outcome::acknowledge(), ms(40'001));
  const auto step = poll(ms(40'001));
  EXPECT_THAT(step.starts, IsEmpty());
  ASSERT_TRUE(step.exchange);
  EXPECT_THAT(step.exchange->settlements, SizeIs(1)) << "a late acknowledgement may still count";
}

TEST_F(EngineMemberLease, AGroupThatTheStoreLostIsMadeAgainWhereItWas) {
  make();
  settle_in();
  member().news();
  poll(ms(1));
  broker::Exchanged known;
  known.position = {7, 3};
  member().exchanged(at(ms(1)), known);
  ASSERT_TRUE(poll(ms(10'001)).exchange);
  broker::Exchanged gone;
  gone.member_lost = gone.group_lost = true;
  member().exchanged(at(ms(10'001)), gone);
  const auto again = poll(ms(10'001));
  ASSERT_TRUE(again.join);
  EXPECT_EQ(again.join->start.at, broker::Start::At::after);
  EXPECT_EQ(again.join->start.after, (EntryId{7, 3}));
  ASSERT_THAT(again.notices, SizeIs(1));
  EXPECT_EQ(again.notices[0].alarm, Alarm::suspected_loss);
}

TEST_F(EngineMemberLease, AGroupThatWentBackIsReported) {
  make();
  settle_in();
  const auto told = [&](Nanos when, EntryId position) {
    member().news();
    poll(when);
    broker::Exchanged answer;
    answer.position = position;
    member().exchanged(at(when), answer);
    return poll(when).notices.size();
  };
  EXPECT_EQ(told(ms(1), {7, 3}), 0u);
  EXPECT_EQ(told(ms(2), {5, 0}), 1u);
  EXPECT_EQ(told(ms(3), {5, 0}), 0u);
  EXPECT_EQ(told(ms(4), {6, 0}), 0u);
}

TEST_F(EngineMemberLease, InOrderAMemberWhoseHandlersAllHangLeavesTheLaneToOthersUntilOneEnds) {
  make(Ordering::strict);
  settle_in();
  deliver(ms(0), {make_.make(1)});
  const auto stall = poll(ms(300'000));
  EXPECT_THAT(stall.stops, SizeIs(1));
  ASSERT_TRUE(stall.exchange);
  EXPECT_THAT(stall.exchange->settlements, SizeIs(1));
  EXPECT_EQ(stall.exchange->max_entries, 0u);
  answer(ms(300'010));
  EXPECT_TRUE(poll(ms(300'010)).leave);
  member().left();
  EXPECT_EQ(poll(ms(300'011)).timer, std::nullopt);
  member().news();
  EXPECT_FALSE(poll(ms(400'000)).join);
  end(1, Outcome::retry("stopped"), ms(400'001));
  EXPECT_TRUE(poll(ms(400'001)).join);
}

TEST_F(EngineMemberLease, LosingItRightAfterJoiningMakesItPauseAndWarnOnce) {
  make();
  member().add(subscription());
  std::size_t warnings = 0;
  Nanos now = ms(0);
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(poll(now).join);
    member().joined(at(now), {});
    ASSERT_TRUE(poll(now).exchange);
    answer_lost(now);
    if (i == 0) continue;  // once may happen
    const auto pausing = poll(now);
    EXPECT_FALSE(pausing.join);
    warnings += pausing.notices.size();
    now = *pausing.timer - at(ms(0)).mono;
  }
  EXPECT_EQ(warnings, 1u);
}

TEST_F(EngineMemberLease, ASecondJoinThatTookLongerThanTheLeaseProvesNothing) {
  make();
  hold_three();
  member().add(subscription(2, 1, "parcel"));
  ASSERT_TRUE(poll(ms(2)).join);
  end(1, Outcome::acknowledge(), ms(3));
  ASSERT_THAT(numbers(poll(ms(3)).starts), ElementsAre(2));
  end(2, Outcome::acknowledge(), ms(40'000));
  member().joined(at(ms(40'000)), {});
  const auto step = poll(ms(40'000));
  EXPECT_THAT(step.starts, IsEmpty());
  ASSERT_TRUE(step.exchange);
  EXPECT_TRUE(step.exchange->recover);
}

TEST_F(EngineMemberLease, AStandbyAsksForTheLaneWhenItsHoldersLeaseEnds) {
  stand_by(ms(5'000));
  EXPECT_EQ(poll(ms(0)).timer, at(ms(5'000)).mono);
  EXPECT_TRUE(poll(ms(5'000)).exchange);
}

TEST_F(EngineMemberLease, NewsMakesAStandbyAskForTheLaneOnlyNowAndThen) {
  stand_by(ms(5'000));
  member().news();
  const auto asking = poll(ms(1));
  EXPECT_FALSE(asking.exchange);
  EXPECT_EQ(asking.timer, at(ms(100)).mono);
  EXPECT_TRUE(poll(ms(100)).exchange);
}

TEST_F(EngineMemberLease, ALaneThatChangedHandsTakesAllThatWaitsWithIt) {
  make(Ordering::per_key);
  settle_in();
  deliver(ms(0), {make_.keyed(1, "a")});
  ASSERT_TRUE(poll(ms(10'000)).exchange);
  broker::Exchanged taken;
  taken.lane = true;
  taken.epoch = 3;  // lost and won again since
  member().exchanged(at(ms(10'000)), std::move(taken));
  end(1, Outcome::retry(), ms(10'001));
  poll(ms(10'001));
  EXPECT_EQ(member().waiting(), 0u);
}

TEST_F(EngineMemberLease, AFailingKeyDoesNotKeepAnotherFromBeingFetched) {
  make(Ordering::per_key);
  settle_in();
  deliver(ms(0), {make_.keyed(1, "a")});
  end(1, Outcome::retry(), ms(1));
  ASSERT_TRUE(poll(ms(1)).exchange);
  answer(ms(1));
  EXPECT_THAT(deliver(ms(2), {make_.keyed(2, "b")}), ElementsAre(2));
}

TEST_F(EngineMemberLease, AHungHandlerIsAskedToStopInTime) {
  make();
  auto quick = subscription();
  quick.max_handling_time = Millis(500);
  settle_in(quick);
  deliver(ms(0), {make_.make(1)});
  EXPECT_EQ(poll(ms(0)).timer, at(ms(500)).mono);
  EXPECT_THAT(poll(ms(500)).stops, SizeIs(1));
  EXPECT_TRUE(member().all_hung());
}

TEST_F(EngineMemberLease, ABatchThatFillsIsNotKeptFromTheEventsItWaitsFor) {
  make();
  auto batches = subscription();
  batches.batch_size = 10;
  batches.batch_wait = Millis(5'000);
  settle_in(batches);
  EXPECT_THAT(deliver(ms(0), make_.many(1, 6)), IsEmpty());
  EXPECT_THAT(deliver(ms(1), make_.many(7, 10)), SizeIs(10));
}

}  // namespace
}  // namespace collective::engine
