#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/member_driver.hpp"

namespace collective::engine {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;
using namespace testing_support;

class EngineMember : public MemberTest {};

TEST_F(EngineMember, JoinsWithItsRoutesThenFetchesAsMuchAsItsHandlersTake) {
  make();
  member().add(subscription(1, 4));
  const auto joining = poll(ms(0));
  ASSERT_TRUE(joining.join);
  EXPECT_THAT(joining.join->routes, ElementsAre("letter"));
  EXPECT_FALSE(member().declared());
  member().joined(at(ms(1)), {});
  EXPECT_TRUE(member().declared());
  const auto fetching = poll(ms(1));
  ASSERT_TRUE(fetching.exchange);
  EXPECT_EQ(fetching.exchange->max_entries, 4u);
}

TEST_F(EngineMember, WithoutTheTypesOfASubscriptionThatEndedItJoinsAgain) {
  make();
  settle_in();
  member().add(subscription(2, 1, "parcel"));
  EXPECT_THAT(poll(ms(1)).join->routes, ElementsAre("letter", "parcel"));
  member().remove(2);
  member().joined(at(ms(2)), {});
  EXPECT_FALSE(member().declared());
  const auto again = poll(ms(2));
  ASSERT_TRUE(again.join);
  EXPECT_THAT(again.join->routes, ElementsAre("letter"));
}

TEST_F(EngineMember, TakesUndecodedWhateverVersionsOthersParked) {
  make();
  auto undecoded = subscription();
  undecoded.routes = {{"letter", any_version}};
  member().add(undecoded);
  EXPECT_THAT(poll(ms(0)).join->labels, ElementsAre("letter/*"));
  member().joined(at(ms(0)), {});
  EXPECT_THAT(poll(ms(0)).exchange->routes, ElementsAre("letter", "letter/*"));
}

TEST_F(EngineMember, LooksNowAndThenForVersionsThatWaitTooLong) {
  make();
  settle_in();
  const auto renewal = [&](Nanos when) {
    const auto routes = poll(when).exchange->routes;
    answer(when);
    poll(when);
    return routes;
  };
  EXPECT_THAT(renewal(ms(10'000)), ElementsAre("letter"));
  EXPECT_THAT(renewal(ms(1'800'000)), ElementsAre("letter", "letter/*"));
  EXPECT_THAT(renewal(ms(1'810'000)), ElementsAre("letter"));
}

TEST_F(EngineMember, IdleItAsksForNothingUntilItsLeaseIsAThirdOver) {
  make();
  settle_in();
  EXPECT_EQ(poll(ms(1)).timer, at(ms(10'000)).mono);
  EXPECT_FALSE(poll(ms(9'999)).exchange);
  EXPECT_TRUE(poll(ms(10'000)).exchange);
}

TEST_F(EngineMember, NewsMakesItFetchOnce) {
  make();
  settle_in();
  EXPECT_THAT(deliver(ms(5), {make_.make(1)}), ElementsAre(1));
  EXPECT_FALSE(poll(ms(6)).exchange);
}

TEST_F(EngineMember, KeepsOneStepOnItsWay) {
  make();
  settle_in();
  member().news();
  EXPECT_TRUE(poll(ms(5)).exchange);
  member().news();
  EXPECT_FALSE(poll(ms(6)).exchange);
  answer(ms(7));
  EXPECT_FALSE(poll(ms(7)).join);
}

TEST_F(EngineMember, WhatTheStoreSaysIsDueIsFetchedThen) {
  make();
  settle_in();
  member().news();
  poll(ms(0));
  broker::Exchanged later;
  later.due = at(ms(700)).wall;
  member().exchanged(at(ms(0)), std::move(later));
  EXPECT_EQ(poll(ms(1)).timer, at(ms(700)).mono);
  EXPECT_TRUE(poll(ms(700)).exchange);
}

TEST_F(EngineMember, ADeadLetterWithoutRoomWaitsInTheGroupAndSaysSo) {
  make();
  settle_in(subscription(1, 2));
  deliver(ms(0), {make_.make(1), make_.make(2)});
  end(1, Outcome::dead_letter("poison"), ms(1));
  end(2, Outcome::acknowledge(), ms(1));
  ASSERT_TRUE(poll(ms(1)).exchange);
  broker::Exchanged full;
  full.settled = {broker::Settled::no_room, broker::Settled::done};
  member().exchanged(at(ms(2)), std::move(full));
  const auto next = poll(ms(2));
  ASSERT_TRUE(next.exchange);
  ASSERT_THAT(next.exchange->settlements, SizeIs(1));
  const auto& waits = next.exchange->settlements.front();
  EXPECT_EQ(waits.verdict, broker::Settlement::Verdict::park);
  EXPECT_GT(waits.progress.due, at(ms(2)).wall);
  EXPECT_EQ(waits.progress.attempts, 1u);
  ASSERT_THAT(next.notices, SizeIs(1));
  EXPECT_NE(next.notices.front().text.find("no room"), std::string::npos);
  EXPECT_NE(next.notices.front().text.find("poison"), std::string::npos);
}

TEST_F(EngineMember, OutcomesLingerToShareAStepWithTheNextFetch) {
  make();
  settle_in();
  deliver(ms(0), {make_.make(1)});
  end(1, Outcome::acknowledge(), ms(1));  // now its speed is known, and it may hold more
  ASSERT_TRUE(poll(ms(1)).exchange);
  answer(ms(1), make_.many(2, 9));
  poll(ms(1));
  end(2, Outcome::acknowledge(), ms(2));
  const auto lingering = poll(ms(2));
  EXPECT_FALSE(lingering.exchange);
  EXPECT_EQ(lingering.timer, at(ms(12)).mono);
  end(3, Outcome::acknowledge(), ms(3));
  EXPECT_FALSE(poll(ms(3)).exchange);
  const auto step = poll(ms(12));
  ASSERT_TRUE(step.exchange);
  EXPECT_THAT(step.exchange->settlements, SizeIs(2));
}

TEST_F(EngineMember, NothingLingersWhenTheHandlersRunDry) {
  make();
  settle_in();
  deliver(ms(0), {make_.make(1)});
  end(1, Outcome::acknowledge(), ms(1));
  EXPECT_TRUE(poll(ms(1)).exchange);
}

TEST_F(EngineMember, AFailedStepIsTriedAgainAfterAPauseWithTheSameSettlements) {
  make();
  settle_in();
  deliver(ms(0), {make_.make(1)});
  end(1, Outcome::acknowledge(), ms(1));
  poll(ms(1));
  fail(ms(2));
  EXPECT_EQ(poll(ms(2)).timer, at(ms(52)).mono);
  const auto again = poll(ms(52));
  ASSERT_TRUE(again.exchange);
  ASSERT_THAT(again.exchange->settlements, SizeIs(1));
  fail(ms(53));
  EXPECT_EQ(poll(ms(53)).timer, at(ms(153)).mono);
  ASSERT_TRUE(poll(ms(153)).exchange);
  answer(ms(153));
  EXPECT_FALSE(poll(ms(153)).exchange) << "settled once, sent no more";
}

TEST_F(EngineMember, ABrokerThatStaysAwayIsAskedNoMoreOftenThanTheLongestPause) {
  make();
  member().add(subscription());
  Nanos now = ms(0);
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(poll(now).join);
    fail(now);
    now = *poll(now).timer - at(ms(0)).mono;
  }
  fail(now);
  EXPECT_EQ(*poll(now).timer, at(now + ms(5'000)).mono);
}

TEST_F(EngineMember, AfterAnUnknownOutcomeItAsksForWhatTheLostAnswerHandedOut) {
  make();
  settle_in();
  member().news();
  poll(ms(0));
  fail(ms(0), Errc::unknown);
  const auto again = poll(ms(50));
  ASSERT_TRUE(again.exchange);
  EXPECT_TRUE(again.exchange->recover);
  EXPECT_EQ(again.exchange->max_suspects, 0u) << "one may be among what comes back";
  answer(ms(50));
  const auto next = poll(ms(50));
  ASSERT_TRUE(next.exchange);
  EXPECT_FALSE(next.exchange->recover);
  EXPECT_EQ(next.exchange->max_suspects, 1u);
}

TEST_F(EngineMember, AnAnswerToAStepThatDidNotAskForTheLostWorkDoesNotEndTheSearch) {
  make();
  settle_in();
  member().news();
  poll(ms(0));
  fail(ms(0), Errc::unknown);
  member().pause(1);  // no room: the next step only renews
  const auto renewing = poll(ms(20'000));
  ASSERT_TRUE(renewing.exchange);
  EXPECT_FALSE(renewing.exchange->recover);
  answer(ms(20'000));
  member().resume(1);
  const auto next = poll(ms(20'001));
  ASSERT_TRUE(next.exchange);
  EXPECT_TRUE(next.exchange->recover);
}

TEST_F(EngineMember, DeclaresANewSubscriptionsRoutesByJoiningAgain) {
  make();
  settle_in();
  member().add(subscription(2, 1, "parcel"));
  const auto again = poll(ms(1));
  ASSERT_TRUE(again.join);
  EXPECT_THAT(again.join->routes, ElementsAre("letter", "parcel"));
  member().joined(at(ms(1)), {});
  EXPECT_TRUE(member().declared());
}

TEST_F(EngineMember, DrainingEndsItsHandlersSettlesAndLeaves) {
  make();
  settle_in();
  deliver(ms(0), {make_.make(1)});
  member().drain();
  EXPECT_FALSE(poll(ms(0)).leave);
  end(1, Outcome::acknowledge(), ms(5));
  const auto settling = poll(ms(5));
  ASSERT_TRUE(settling.exchange);
  EXPECT_EQ(settling.exchange->max_entries, 0u);
  answer(ms(5));
  EXPECT_TRUE(poll(ms(5)).leave);
  member().left();
  EXPECT_TRUE(member().done());
}

TEST_F(EngineMember, DrainingGivesBackWhatWaitsAndWhatStillArrives) {
  make();
  settle_in();
  deliver(ms(0), {make_.make(1)});
  end(1, Outcome::acknowledge(), ms(0));
  ASSERT_TRUE(poll(ms(0)).exchange);  // its answer is on its way when the drain begins
  member().drain();
  answer(ms(1), {make_.make(2)});
  const auto step = poll(ms(1));
  EXPECT_THAT(step.starts, IsEmpty());
  ASSERT_TRUE(step.exchange);
  ASSERT_THAT(step.exchange->settlements, SizeIs(1));
  EXPECT_EQ(step.exchange->settlements[0].verdict, Verdict::release);
}

TEST_F(EngineMember, LeavingNowWaitsForNoHandler) {
  make();
  settle_in();
  deliver(ms(0), {make_.make(1)});
  member().leave_now();
  EXPECT_TRUE(poll(ms(0)).leave);
}

TEST_F(EngineMember, AFarewellThatFailsEndsItToo) {
  make();
  settle_in();
  member().drain();
  ASSERT_TRUE(poll(ms(0)).leave);
  fail(ms(1));
  EXPECT_TRUE(member().done());
}

TEST_F(EngineMember, AskedToLeaveBeforeItJoinedItIsGoneAtOnce) {
  make();
  member().add(subscription());
  member().drain();
  EXPECT_TRUE(member().done());
  EXPECT_EQ(poll(ms(0)).timer, std::nullopt);
}

TEST_F(EngineMember, AMemberWhoseSecondJoinFailedStillSettlesAndLeaves) {
  make();
  settle_in();
  deliver(ms(0), {make_.make(1)});
  member().add(subscription(2, 1, "parcel"));
  ASSERT_TRUE(poll(ms(1)).join);
  fail(ms(1));
  end(1, Outcome::acknowledge(), ms(2));
  member().drain();
  EXPECT_FALSE(member().done());
  const auto settling = poll(ms(100));
  ASSERT_TRUE(settling.exchange);
  EXPECT_THAT(settling.exchange->settlements, SizeIs(1));
  answer(ms(100));
  EXPECT_TRUE(poll(ms(100)).leave);
}

}  // namespace
}  // namespace collective::engine
