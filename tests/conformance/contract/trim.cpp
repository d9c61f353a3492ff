#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

using broker::Retention;

class Trim : public ContractTest {
 protected:
  /// The retained entries.
  std::vector<EntryId> kept() { return ids(read({.stream = "things"})); }
  static std::vector<EntryId> newest(const std::vector<EntryId>& list, std::size_t count) {
    return {list.end() - static_cast<std::ptrdiff_t>(count), list.end()};
  }
  static auto loss(const std::string& name, std::uint64_t entries) {
    return testing::AllOf(testing::Field(&broker::GroupLoss::group, name),
                          testing::Field(&broker::GroupLoss::entries, entries));
  }
};
COLLECTIVE_ON_EVERY_STORE(Trim);

// --- how much ------------------------------------------------------------------------------------------------------

TEST_P(Trim, KeepsTheNewest) {
  const auto entries = append_some(5);
  EXPECT_EQ(trim({.keep = 2}).trimmed, 3U);
  EXPECT_EQ(kept(), newest(entries, 2));
  const auto info = store().stream_info("things").value();
  EXPECT_EQ(info.length, 2U);
  EXPECT_EQ(info.first, entries[3]);
  EXPECT_EQ(info.last, entries[4]);
  EXPECT_EQ(info.appended, 5U);
}

TEST_P(Trim, MaxLengthReplacesKeep) {
  const auto entries = append_some(5);
  trim({.keep = 1, .max_length = 3});
  EXPECT_EQ(kept(), newest(entries, 3));
}

TEST_P(Trim, EntriesBelowMinIdGoWhateverTheirNumber) {
  const auto entries = append_some(5);
  trim({.min_id = entries[3]});
  EXPECT_EQ(kept(), newest(entries, 2));
}

TEST_P(Trim, ZeroIsNoBound) {
  append_some(3);
  EXPECT_EQ(trim({.keep = 0}).trimmed, 0U);
  EXPECT_EQ(trim({.keep = 1, .max_length = 0}).trimmed, 0U);
}

TEST_P(Trim, OnlyWhenAskedTo) {
  append_some(3);
  EXPECT_EQ(store().upkeep({.stream = "things", .now = now, .retention = {.keep = 1}}).value().trimmed, 0U);
}

TEST_P(Trim, GoesInSlices) {
  append_some(5);
  const auto first = trim({.keep = 1}, 3);
  EXPECT_EQ(first.trimmed, 3U);
  EXPECT_TRUE(first.more);
  const auto second = trim({.keep = 1}, 3);
  EXPECT_EQ(second.trimmed, 1U);
  EXPECT_FALSE(second.more);
}

TEST_P(Trim, AnUnknownStreamHasNothingToTrim) {
  EXPECT_EQ(trim({}).trimmed, 0U);
  EXPECT_THAT(store().streams().value(), IsEmpty());
}

// --- what groups need ------------------------------------------------------------------------------------------------

TEST_P(Trim, NeverDropsWhatAGroupHasNotSeen) {
  join("m1");
  const auto entries = append_some(4);
  fetch_one("m1");
  const auto report = trim({.keep = 1});
  EXPECT_EQ(report.trimmed, 0U) << "the first is pending, the rest is new";
  EXPECT_EQ(kept(), entries);
}

TEST_P(Trim, PendingWorkPinsTheStreamFromItsEntryOn) {
  join("m1");
  const auto entries = append_some(4);
  const auto work = fetch("m1").deliveries;
  settle_all("m1", {acknowledge(work[0].ticket), park(work[1], now + hours(1)), acknowledge(work[2].ticket)});
  EXPECT_EQ(trim({.max_length = 1}).trimmed, 1U);
  EXPECT_EQ(kept(), newest(entries, 3));
  settle("m1", acknowledge(work[1].ticket));
  settle("m1", acknowledge(work[3].ticket));
  trim({.max_length = 1});
  EXPECT_EQ(kept(), newest(entries, 1));
}

TEST_P(Trim, DeadLettersAndRepublishedWorkDoNotPin) {
  join("m1");
  append_some(2);
  for (const auto& one : fetch("m1").deliveries) settle("m1", bury(one));
  store().republish(readers, {1}, now).value();
  EXPECT_EQ(trim({.min_id = EntryId::max()}).trimmed, 2U);
  EXPECT_EQ(letters().at(0).entry.event.type, "a") << "the copy stays";
  EXPECT_EQ(fetch_one("m1").entry.event.type, "a");
}

TEST_P(Trim, ForceDropsAndCountsLosses) {
  join("m1", {"a"});
  append("a");
  append("b");
  fetch_one("m1");
  append("a");
  const auto last = append("a");
  const auto report = trim({.max_length = 1, .force = true});
  EXPECT_EQ(report.trimmed, 3U);
  EXPECT_THAT(report.lost, ElementsAre(loss("readers", 2))) << "one pending, one new; the undeclared one is no loss";
  EXPECT_EQ(group().lost, 2U);
  EXPECT_EQ(group().pending, 0U);
  EXPECT_THAT(ids(fetch("m1")), ElementsAre(last));
}

TEST_P(Trim, DroppedWorkIsGone) {
  join("m1");
  append();
  const auto one = fetch_one("m1");
  trim({.min_id = EntryId::max(), .force = true});
  EXPECT_EQ(settle("m1", acknowledge(one.ticket)), Settled::gone);
}

TEST_P(Trim, AGroupWithoutMembersStopsPinningAfterItsTime) {
  join("m1");
  append_some(2);
  store().leave(readers, "m1", now).value();
  const Retention day{.max_length = 1, .idle_group = hours(24)};
  now += hours(24) - Millis(1);
  EXPECT_EQ(trim(day).trimmed, 0U);
  now += Millis(1);
  EXPECT_THAT(trim(day).lost, ElementsAre(loss("readers", 1)));
}

TEST_P(Trim, AMemberWhoseLeaseEndedPinsNoLonger) {
  join("m1");
  append_some(2);
  const Retention day{.max_length = 1, .idle_group = hours(24)};
  now += hours(24);
  EXPECT_EQ(trim(day).trimmed, 0U) << "the lease ended 30 seconds later";
  now += seconds(30);
  EXPECT_EQ(trim(day).trimmed, 1U);
}

TEST_P(Trim, AnIdleGroupPinsForeverWhenNoTimeIsSet) {
  join("m1");
  append_some(2);
  now += hours(24 * 365);
  EXPECT_EQ(trim({.max_length = 1, .idle_group = Millis(0)}).trimmed, 0U);
}

// --- dead letters ----------------------------------------------------------------------------------------------------

class TrimLetters : public Trim {
 protected:
  void SetUp() override { join("m1"); }
  void bury_some(std::size_t count) {
    append_some(count);
    for (const auto& one : fetch("m1", 100).deliveries) settle("m1", bury(one));
  }
};
COLLECTIVE_ON_EVERY_STORE(TrimLetters);

TEST_P(TrimLetters, TheOldestPastTheCapGoAndAreCounted) {
  bury_some(4);
  const auto report = trim({.dead_letter_cap = 3});
  EXPECT_THAT(report.dropped_dead_letters, ElementsAre(loss("readers", 1)));
  EXPECT_EQ(letters().at(0).number, 2U);
  EXPECT_EQ(group().dead_letters, 3U);
  EXPECT_EQ(group().dropped_dead_letters, 1U);
}

TEST_P(TrimLetters, TheOldGoAtTheirAge) {
  bury_some(1);
  now += seconds(1);
  bury_some(1);
  now += hours(1) - seconds(1);
  EXPECT_THAT(trim({.dead_letter_age = hours(1)}).dropped_dead_letters, ElementsAre(loss("readers", 1)));
  EXPECT_THAT(letters(), SizeIs(1));
}

TEST_P(TrimLetters, WithoutAnAgeTheyAreKept) {
  bury_some(1);
  now += hours(24 * 365);
  trim({.idle_group = Millis(0), .dead_letter_cap = 0});
  EXPECT_THAT(letters(), SizeIs(1));
}

TEST_P(TrimLetters, ShareTheSlice) {
  bury_some(3);
  const auto report = trim({.keep = 1, .dead_letter_cap = 1}, 3);
  EXPECT_EQ(report.trimmed, 2U);
  EXPECT_THAT(report.dropped_dead_letters, ElementsAre(loss("readers", 1)));
  EXPECT_TRUE(report.more);
}

}  // namespace
}  // namespace collective::conformance
