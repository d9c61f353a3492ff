#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Leases : public ContractTest {
 protected:
  void SetUp() override { join("m1"); }
  Timestamp lease_of(const std::string& member) {
    for (const auto& info : group().members) {
      if (info.member == member) return info.lease_until;
    }
    return {};
  }
  /// m1 takes so many entries and its lease ends; m2 is there to ask.
  std::vector<Delivered> orphaned(std::size_t count, std::size_t started = 0) {
    append_some(count);
    auto work = fetch("m1").deliveries;
    for (std::size_t i = 0; i < started; ++i) settle("m1", start_mark(work[i]));
    now += seconds(30);
    join("m2");
    return work;
  }
};
COLLECTIVE_ON_EVERY_STORE(Leases);

// --- renewal ------------------------------------------------------------------------------------------------------

TEST_P(Leases, AnExchangeRenewsOnceLessThanTwoThirdsRemain) {
  const auto first = lease_of("m1");
  now += seconds(10);
  fetch("m1");
  EXPECT_EQ(lease_of("m1"), first) << "two thirds remain: nothing is stored";
  now += Millis(1);
  fetch("m1");
  EXPECT_EQ(lease_of("m1"), now + seconds(30));
}

TEST_P(Leases, AnExchangeWithoutALeaseDoesNotRenew) {
  const auto first = lease_of("m1");
  now += seconds(25);
  auto request = asking("m1");
  request.lease = Millis(0);
  exchange(request);
  EXPECT_EQ(lease_of("m1"), first);
}

TEST_P(Leases, AMemberThatComesLateIsSparedWhenNobodyReapedIt) {
  append();
  const auto work = fetch_one("m1");
  now += hours(1);
  EXPECT_FALSE(fetch("m1").member_lost);
  EXPECT_EQ(settle("m1", park(work)), Settled::done);
}

TEST_P(Leases, AnUnknownMemberIsLostAndGetsNothing) {
  append();
  const auto answer = fetch("stranger");
  EXPECT_TRUE(answer.member_lost);
  EXPECT_THAT(answer.deliveries, IsEmpty());
  EXPECT_THAT(group().members, SizeIs(1));
}

// --- reaping ------------------------------------------------------------------------------------------------------

TEST_P(Leases, AnEndedMemberIsUnlistedByTheNextExchangeOfAnother) {
  orphaned(1);
  EXPECT_THAT(group().members, SizeIs(2)) << "looking changes nothing";
  fetch("m2");
  ASSERT_THAT(group().members, SizeIs(1));
  EXPECT_EQ(group().members[0].member, "m2");
  EXPECT_TRUE(fetch("m1").member_lost);
}

TEST_P(Leases, ALeaseEndsAtItsTimeNotBefore) {
  append();
  fetch_one("m1");
  join("m2");
  now += seconds(30) - Millis(1);
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
  now += Millis(1);
  EXPECT_THAT(fetch("m2").deliveries, SizeIs(1));
}

TEST_P(Leases, WorkOfAnEndedMemberIsSuspectAndDueAtOnce) {
  const auto old = orphaned(1).at(0);
  const auto one = fetch_one("m2");
  EXPECT_EQ(one.ticket.work, old.ticket.work);
  EXPECT_TRUE(one.progress.suspect);
  EXPECT_TRUE(one.progress.started) << "a suspect is handed out with its start mark stored";
  EXPECT_EQ(one.progress.stalls, 0U) << "it was never started";
  EXPECT_EQ(one.progress.attempts, 0U);
  EXPECT_TRUE(pending().at(0).progress.started);
}

TEST_P(Leases, AStartMarkBecomesAStall) {
  orphaned(2, 1);
  auto request = asking("m2");
  request.max_suspects = 2;
  const auto work = exchange(request).deliveries;
  ASSERT_THAT(work, SizeIs(2));
  EXPECT_EQ(work[0].progress.stalls, 1U);
  EXPECT_EQ(work[1].progress.stalls, 0U);
}

TEST_P(Leases, AnotherStallIsCountedEachTime) {
  orphaned(1);
  fetch("m2");
  now += seconds(30);
  join("m3");
  const auto again = fetch_one("m3");
  EXPECT_EQ(again.progress.stalls, 1U);
  EXPECT_TRUE(again.progress.suspect);
}

TEST_P(Leases, AnEndedMembersTokenOnlyAcknowledges) {
  const auto old = orphaned(1).at(0);
  fetch("m2");
  EXPECT_EQ(settle("m1", park(old)), Settled::stale);
  EXPECT_EQ(settle("m1", bury(old)), Settled::stale);
  EXPECT_EQ(settle("m1", acknowledge(old.ticket)), Settled::done);
}

TEST_P(Leases, WhatWasParkedBeforeIsNotSuspect) {
  append();
  settle("m1", park(fetch_one("m1")));
  now += seconds(30);
  join("m2");
  EXPECT_FALSE(fetch_one("m2").progress.suspect);
}

// --- suspects -----------------------------------------------------------------------------------------------------

TEST_P(Leases, NoMoreSuspectsThanAskedFor) {
  const auto old = orphaned(3);
  const auto first = fetch("m2");
  EXPECT_THAT(ids(first), ElementsAre(old[0].ticket.work.id));
  EXPECT_TRUE(first.more);
  auto request = asking("m2");
  request.max_suspects = 2;
  const auto rest = exchange(request);
  EXPECT_THAT(ids(rest), ElementsAre(old[1].ticket.work.id, old[2].ticket.work.id));
  EXPECT_FALSE(rest.more);
}

TEST_P(Leases, SuspectsNobodyAskedForAreNoMore) {
  orphaned(2);
  auto request = asking("m2");
  request.max_suspects = 0;
  const auto answer = exchange(request);
  EXPECT_THAT(answer.deliveries, IsEmpty());
  EXPECT_FALSE(answer.more);
}

TEST_P(Leases, SuspectsDoNotHoldUpOtherWork) {
  orphaned(2);
  const auto fresh = append_some(2);
  auto request = asking("m2");
  request.max_suspects = 0;
  EXPECT_EQ(ids(exchange(request)), fresh);
}

}  // namespace
}  // namespace collective::conformance
