#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Ordered : public ContractTest {
 protected:
  void SetUp() override {
    join("m1");
    join("m2");
  }
  Settled settle_in_order(const std::string& member, Settlement one) {
    return settle_all(member, {std::move(one)}, true).at(0);
  }
};
COLLECTIVE_ON_EVERY_STORE(Ordered);

// --- the lane -----------------------------------------------------------------------------------------------------

TEST_P(Ordered, TheFirstToAskHoldsTheLane) {
  append_some(2);
  const auto first = fetch_in_order("m1", 1);
  EXPECT_TRUE(first.lane);
  EXPECT_EQ(first.epoch, 1U);
  EXPECT_EQ(first.lane_free, std::nullopt);
  EXPECT_THAT(first.deliveries, SizeIs(1));
  const auto second = fetch_in_order("m2");
  EXPECT_FALSE(second.lane);
  EXPECT_EQ(second.epoch, 1U);
  EXPECT_EQ(second.lane_free, now + seconds(30));
  EXPECT_THAT(second.deliveries, IsEmpty());
  EXPECT_EQ(group().lane_holder, "m1");
}

TEST_P(Ordered, TheLaneIsKeptWithItsEpoch) {
  fetch_in_order("m1");
  EXPECT_TRUE(fetch_in_order("m1").lane);
  EXPECT_EQ(fetch_in_order("m1").epoch, 1U);
}

TEST_P(Ordered, TheLaneIsFreeWhenItsHolderLeaves) {
  fetch_in_order("m1");
  store().leave(readers, "m1", now).value();
  EXPECT_EQ(group().lane_holder, "");
  const auto next = fetch_in_order("m2");
  EXPECT_TRUE(next.lane);
  EXPECT_EQ(next.epoch, 2U);
}

TEST_P(Ordered, TheLaneIsFreeWhenItsHoldersLeaseEnds) {
  fetch_in_order("m1");
  now += seconds(29);
  EXPECT_FALSE(fetch_in_order("m2").lane);
  now += seconds(1);
  EXPECT_TRUE(fetch_in_order("m2").lane);
  join("m1");
  EXPECT_FALSE(fetch_in_order("m1").lane);
}

TEST_P(Ordered, AMemberThatIsLostTakesNoLane) {
  const auto answer = fetch_in_order("stranger");
  EXPECT_TRUE(answer.member_lost);
  EXPECT_FALSE(answer.lane);
  EXPECT_EQ(group().lane_holder, "");
}

// --- order --------------------------------------------------------------------------------------------------------

TEST_P(Ordered, WhatWasPendingComesInTheOrderOfIdsDueOrNot) {
  const auto entries = append_some(3);
  const auto work = fetch_in_order("m1").deliveries;
  settle_in_order("m1", park(work[2]));
  settle_in_order("m1", park(work[0], now + hours(1)));
  settle_in_order("m1", release(work[1].ticket));
  EXPECT_EQ(ids(fetch_in_order("m1")), entries);
}

TEST_P(Ordered, NewEntriesComeOnlyWhenNothingElseIsLeft) {
  const auto entries = append_some(2);
  const auto work = fetch_in_order("m1").deliveries;
  settle_all("m1", {park(work[0]), park(work[1])}, true);
  const auto fresh = append();
  const auto first = fetch_in_order("m1", 1);
  EXPECT_THAT(ids(first), ElementsAre(entries[0]));
  EXPECT_TRUE(first.more);
  EXPECT_THAT(ids(fetch_in_order("m1")), ElementsAre(entries[1], fresh));
}

TEST_P(Ordered, WhatTheHolderHasItselfDoesNotHoldUpNewEntries) {
  append();
  fetch_in_order("m1");
  EXPECT_THAT(ids(fetch_in_order("m1")), IsEmpty());
  const auto fresh = append();
  EXPECT_THAT(ids(fetch_in_order("m1")), ElementsAre(fresh));
}

TEST_P(Ordered, WhatOthersHoldHoldsUpNewEntries) {
  append();
  auto request = asking("m1");
  request.ordered = true;
  request.visibility = minutes(10);
  exchange(request);
  now += seconds(30);
  join("m2");
  append();
  EXPECT_THAT(fetch_in_order("m2").deliveries, IsEmpty()) << "the earlier entry is still with a member that ended";
  now += minutes(10);
  join("m2");
  EXPECT_THAT(fetch_in_order("m2").deliveries, SizeIs(1));
}

TEST_P(Ordered, OnlyTheOwnersTokenAcknowledges) {
  append();
  const auto old = fetch_in_order("m1").deliveries.at(0);
  settle_in_order("m1", park(old));
  const auto current = fetch_in_order("m1").deliveries.at(0);
  EXPECT_EQ(settle_in_order("m1", acknowledge(old.ticket)), Settled::stale);
  EXPECT_EQ(settle_in_order("m1", acknowledge(current.ticket)), Settled::done);
}

// --- suspects -----------------------------------------------------------------------------------------------------

class OrderedSuspects : public Ordered {
 protected:
  /// m1 held these when its lease ended; m2 asks next.
  std::vector<EntryId> orphaned(std::size_t count) {
    append_some(count);
    const auto list = ids(fetch_in_order("m1"));
    now += seconds(30);
    join("m2");
    return list;
  }
};
COLLECTIVE_ON_EVERY_STORE(OrderedSuspects);

TEST_P(OrderedSuspects, ComeAlone) {
  const auto old = orphaned(2);
  append();
  const auto first = fetch_in_order("m2");
  EXPECT_THAT(ids(first), ElementsAre(old[0]));
  EXPECT_TRUE(first.deliveries[0].progress.started);
  EXPECT_TRUE(first.more);
}

TEST_P(OrderedSuspects, WaitForWhatComesBeforeThem) {
  const auto old = orphaned(2);
  const auto first = fetch_in_order("m2").deliveries.at(0);
  auto progress = first.progress;
  progress.suspect = progress.started = false;
  settle_in_order("m2", settlement(first.ticket, Verdict::park, progress));
  const auto answer = fetch_in_order("m2");
  EXPECT_THAT(ids(answer), ElementsAre(old[0])) << "an answer that begins with other work has no suspect";
  EXPECT_TRUE(answer.more);
}

TEST_P(OrderedSuspects, NobodyAskedForAreNoMore) {
  orphaned(2);
  auto request = asking("m2");
  request.ordered = true;
  request.max_suspects = 0;
  const auto answer = exchange(request);
  EXPECT_THAT(answer.deliveries, IsEmpty());
  EXPECT_FALSE(answer.more) << "asking again would change nothing";
}

}  // namespace
}  // namespace collective::conformance
