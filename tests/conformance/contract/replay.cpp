#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Replay : public ContractTest {
 protected:
  void SetUp() override {
    join("m1");
    entries = append_some(4);
  }
  /// Hands out everything and acknowledges it.
  void finish_all() {
    std::vector<Settlement> settlements;
    for (const auto& one : fetch("m1", 100).deliveries) settlements.push_back(acknowledge(one.ticket));
    settle_all("m1", settlements);
  }
  /// The entries that were handed out, as side work or not.
  static std::vector<EntryId> origins(const Exchanged& answer) {
    std::vector<EntryId> list;
    for (const auto& one : answer.deliveries) list.push_back(one.entry.id);
    return list;
  }
  std::uint64_t replay(EntryId after) { return store().replay(readers, after).value(); }

  std::vector<EntryId> entries;
};
COLLECTIVE_ON_EVERY_STORE(Replay);

TEST_P(Replay, HandsOutTheRangeOnceMore) {
  finish_all();
  EXPECT_EQ(replay(entries[1]), 2U);
  const auto again = fetch("m1");
  EXPECT_THAT(origins(again), ElementsAre(entries[2], entries[3]));
  EXPECT_TRUE(again.deliveries[0].ticket.work.side);
  EXPECT_EQ(again.deliveries[0].progress.attempts, 0U);
  EXPECT_EQ(group().cursor, entries[3]) << "the cursor stays";
}

TEST_P(Replay, GoesAlongWithNewEntries) {
  finish_all();
  replay({});
  const auto fresh = append();
  EXPECT_THAT(origins(fetch("m1")), ElementsAre(entries[0], entries[1], entries[2], entries[3], fresh));
}

TEST_P(Replay, GoesOnInPieces) {
  finish_all();
  replay({});
  EXPECT_TRUE(fetch("m1", 3).more);
  EXPECT_THAT(origins(fetch("m1", 3)), ElementsAre(entries[3]));
  EXPECT_THAT(fetch("m1", 3).deliveries, IsEmpty());
}

TEST_P(Replay, OnlyUpToWhereTheCursorWas) {
  fetch("m1", 2);
  finish_all();
  EXPECT_EQ(replay({}), 4U);
  const auto fresh = append();
  finish_all();
  EXPECT_THAT(fetch("m1").deliveries, IsEmpty());
  EXPECT_EQ(group().cursor, fresh);
}

TEST_P(Replay, PendingWorkIsNotDoubled) {
  const auto held = fetch_one("m1");
  finish_all();
  replay({});
  EXPECT_THAT(origins(fetch("m1")), ElementsAre(entries[1], entries[2], entries[3]));
  EXPECT_EQ(settle("m1", park(held)), Settled::done);
}

TEST_P(Replay, AnEarlierReplayIsInTheWay) {
  finish_all();
  replay({});
  EXPECT_EQ(store().replay(readers, {}).error().code, Errc::conflict);
  finish_all();
  fetch("m1");
  EXPECT_EQ(replay({}), 4U);
}

TEST_P(Replay, AnEmptyRangeIsNoReplay) {
  EXPECT_EQ(replay({}), 0U) << "nothing was handed out yet";
  finish_all();
  EXPECT_EQ(replay(entries[3]), 0U);
  EXPECT_EQ(replay({}), 4U);
}

TEST_P(Replay, OnlyWhatIsRetained) {
  finish_all();
  trim({.min_id = entries[2]});
  EXPECT_EQ(replay({}), 2U);
  EXPECT_THAT(origins(fetch("m1")), ElementsAre(entries[2], entries[3]));
}

TEST_P(Replay, OnlyWhatTheGroupDeclares) {
  finish_all();
  store().forget(readers, "*").value();
  join("m1", {"b"});
  replay({});
  EXPECT_THAT(fetch("m1").deliveries, IsEmpty());
}

TEST_P(Replay, WhatTheMemberDoesNotTakeWaitsForOthers) {
  finish_all();
  replay({});
  EXPECT_THAT(fetch("m1", 10, {"b"}).deliveries, IsEmpty());
  EXPECT_EQ(group().pending, 4U);
  EXPECT_EQ(origins(fetch("m1", 10, {"a"})), entries);
}

TEST_P(Replay, StandsBesideTheOrder) {
  finish_all();
  replay(entries[2]);
  const auto fresh = append();
  EXPECT_THAT(origins(fetch_in_order("m1")), ElementsAre(entries[3], fresh));
}

TEST_P(Replay, StandsInNobodysWayWhileItWaits) {
  finish_all();
  replay(entries[2]);
  auto again = fetch_in_order("m1").deliveries.at(0);
  settle_all("m1", {park(again, now + hours(1))}, true);
  const auto fresh = append();
  EXPECT_THAT(origins(fetch_in_order("m1")), ElementsAre(fresh));
}

TEST_P(Replay, KeepsItsEventWhenTheStreamIsTrimmed) {
  finish_all();
  replay(entries[2]);
  const auto again = fetch_one("m1");
  trim({.min_id = EntryId::max()});
  settle("m1", park(again));
  EXPECT_EQ(fetch_one("m1").entry.event.id, again.entry.event.id);
}

TEST_P(Replay, NeedsAGroup) {
  EXPECT_EQ(store().replay({"things", "nobody"}, {}).error().code, Errc::not_found);
}

}  // namespace
}  // namespace collective::conformance
