#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

// Where a group that the store loses is made again: what its members were told last.
class Position : public ContractTest {
 protected:
  void SetUp() override { join("m1"); }
  EntryId position(const std::string& member = "m1") { return exchange(asking(member, 0)).position; }
  static EntryId before(EntryId id) { return {id.ms, id.seq - 1}; }
};
COLLECTIVE_ON_EVERY_STORE(Position);

TEST_P(Position, IsTheCursorWhenNothingIsPending) {
  EXPECT_EQ(position(), EntryId{});
  const auto entries = append_some(2);
  const auto first = fetch_one("m1");
  settle("m1", acknowledge(first.ticket));
  EXPECT_EQ(position(), entries[0]);
}

TEST_P(Position, IsJustBeforeTheFirstPendingEntryHeldOrParked) {
  const auto entries = append_some(4);
  const auto work = fetch("m1").deliveries;
  settle("m1", acknowledge(work[0].ticket));
  settle("m1", acknowledge(work[2].ticket));
  EXPECT_EQ(position(), before(entries[1]));
  settle("m1", park(work[1], now + hours(1)));
  EXPECT_EQ(position(), before(entries[1]));
  settle("m1", acknowledge(work[3].ticket));
  settle("m1", acknowledge(work[1].ticket));
  EXPECT_EQ(position(), entries[3]);
}

TEST_P(Position, IsToldWithWhatIsHandedOutInTheSameStep) {
  const auto entries = append_some(2);
  EXPECT_EQ(fetch("m1").position, (EntryId{entries[0].ms - 1, EntryId::max().seq}));
}

TEST_P(Position, SideWorkDoesNotHoldIt) {
  const auto entry = append();
  settle("m1", bury(fetch_one("m1")));
  store().republish(readers, {1}, now).value();
  fetch("m1");
  EXPECT_EQ(position(), entry);
}

TEST_P(Position, IsToldToAStandbyToo) {
  const auto entry = append();
  const auto work = fetch_in_order("m1").deliveries.at(0);
  settle_all("m1", {acknowledge(work.ticket)}, true);
  join("m2");
  EXPECT_EQ(fetch_in_order("m2").position, entry);
}

TEST_P(Position, AGroupMadeAgainAfterItGoesOnThere) {
  const auto entries = append_some(3);
  settle("m1", acknowledge(fetch_one("m1").ticket));
  const auto place = position();
  store().destroy_group(readers).value();
  const auto lost = exchange(asking("m1", 0));
  EXPECT_TRUE(lost.member_lost && lost.group_lost);
  EXPECT_EQ(lost.position, EntryId{});
  auto again = joining("m1");
  again.start = {broker::Start::At::after, place};
  store().join(again).value();
  EXPECT_THAT(ids(fetch("m1")), ElementsAre(entries[1], entries[2]));
}

TEST_P(Position, NoTokenOfTheGroupThatWasCountsInTheOneMadeAgain) {
  append_some(3);
  const auto old = fetch("m1").deliveries;
  store().destroy_group(readers).value();
  join("m1");
  const auto fresh = fetch("m1").deliveries;
  for (std::size_t i = 0; i < 3; ++i) {
    EXPECT_GT(fresh[i].ticket.token, old[2].ticket.token);
    EXPECT_EQ(settle("m1", park(old[i])), Settled::stale);
  }
}

}  // namespace
}  // namespace collective::conformance
