#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class DeadLetters : public ContractTest {
 protected:
  void SetUp() override { join("m1"); }
  /// Numbers 1 to `count`, dead after `attempts`.
  std::vector<EntryId> bury_some(std::size_t count, std::uint32_t attempts = 5) {
    const auto entries = append_some(count);
    for (const auto& one : fetch("m1", 100).deliveries) {
      auto dead = bury(one);
      dead.progress.attempts = attempts;
      dead.progress.note = "history";
      settle("m1", dead);
    }
    return entries;
  }
  std::uint64_t republish(std::vector<std::uint64_t> numbers) {
    return store().republish(readers, std::move(numbers), now).value();
  }
  std::vector<std::uint64_t> numbers(std::uint64_t after = 0, std::size_t limit = 100) {
    std::vector<std::uint64_t> list;
    for (const auto& letter : store().dead_letters(readers, after, limit).value().letters)
      list.push_back(letter.number);
    return list;
  }
};
COLLECTIVE_ON_EVERY_STORE(DeadLetters);

TEST_P(DeadLetters, ComeInPages) {
  bury_some(4);
  EXPECT_THAT(numbers(0, 3), ElementsAre(1, 2, 3));
  EXPECT_THAT(numbers(3, 3), ElementsAre(4));
  EXPECT_THAT(numbers(4, 3), IsEmpty());
  EXPECT_THAT(numbers(~std::uint64_t{0}), IsEmpty());
}

TEST_P(DeadLetters, RepublishingMovesThemToTheGroupOnly) {
  auto other = joining("m1");
  other.key.group = "writers";
  store().join(other).value();
  const auto entry = bury_some(1).at(0);
  EXPECT_EQ(republish({1}), 1U);
  EXPECT_THAT(letters(), IsEmpty());
  EXPECT_EQ(store().stream_info("things").value().length, 1U) << "nothing is appended to the stream";
  const auto again = fetch_one("m1");
  EXPECT_TRUE(again.ticket.work.side);
  EXPECT_EQ(again.ticket.work.id, (EntryId{0, 1}));
  EXPECT_EQ(again.entry.id, entry) << "it says which entry it was";
  EXPECT_EQ(again.entry.event.id, "event-1");
  EXPECT_EQ(group("writers").pending, 0U);
}

TEST_P(DeadLetters, RepublishingResetsAttemptsAndCountsGenerations) {
  bury_some(1);
  republish({1});
  const auto again = fetch_one("m1");
  EXPECT_EQ(again.progress.attempts, 0U);
  EXPECT_EQ(again.progress.note, "");
  EXPECT_EQ(again.progress.generation, 1U);
  EXPECT_EQ(again.progress.route, "a");
  settle("m1", bury(again));
  EXPECT_EQ(letters().at(0).number, 2U);
  republish({2});
  EXPECT_EQ(fetch_one("m1").progress.generation, 2U);
}

TEST_P(DeadLetters, RepublishingTwiceDoublesNothing) {
  bury_some(3);
  EXPECT_EQ(republish({1, 3, 3, 99}), 2U);
  EXPECT_EQ(republish({1, 3}), 0U);
  EXPECT_THAT(numbers(), ElementsAre(2));
  EXPECT_THAT(fetch("m1").deliveries, SizeIs(2));
}

TEST_P(DeadLetters, ADeadRepublishedEventStillNamesItsEntry) {
  const auto entry = bury_some(1).at(0);
  republish({1});
  settle("m1", bury(fetch_one("m1")));
  EXPECT_EQ(letters().at(0).id, entry);
  EXPECT_EQ(letters().at(0).entry.id, entry);
}

TEST_P(DeadLetters, RepublishedWorkIsSettledLikeAnyOther) {
  bury_some(1);
  republish({1});
  const auto first = fetch_one("m1");
  EXPECT_EQ(settle("m1", start_mark(first)), Settled::done);
  EXPECT_EQ(settle("m1", park(first, now + seconds(5))), Settled::done);
  EXPECT_THAT(fetch("m1").deliveries, IsEmpty());
  now += seconds(5);
  EXPECT_EQ(settle("m1", acknowledge(fetch_one("m1").ticket)), Settled::done);
  EXPECT_THAT(pending(), IsEmpty());
}

TEST_P(DeadLetters, RepublishedWorkStandsBesideTheOrder) {
  bury_some(1);
  republish({1});
  const auto old = append();
  const auto work = fetch_in_order("m1").deliveries;
  ASSERT_THAT(work, SizeIs(2));
  for (const auto& one : work) settle_all("m1", {park(one, now + hours(1))}, true);
  EXPECT_THAT(ids(fetch_in_order("m1")), ElementsAre(old)) << "side work waits until it is due";
}

TEST_P(DeadLetters, ArePublishedAgainInTheOrderOfTheirNumbersGiven) {
  bury_some(2);
  republish({2, 1});
  const auto work = fetch("m1").deliveries;
  ASSERT_THAT(work, SizeIs(2));
  EXPECT_EQ(work[0].entry.event.id, "event-2");
  EXPECT_EQ(work[1].entry.event.id, "event-1");
}

TEST_P(DeadLetters, DiscardDropsThem) {
  bury_some(3);
  EXPECT_EQ(store().discard(readers, {2, 2, 99}).value(), 1U);
  EXPECT_THAT(numbers(), ElementsAre(1, 3));
  EXPECT_EQ(group().dead_letters, 2U);
  EXPECT_EQ(group().dropped_dead_letters, 0U) << "what a person discards is no drop";
}

TEST_P(DeadLetters, NumbersAreNeverGivenTwice) {
  bury_some(2);
  store().discard(readers, {1, 2}).value();
  bury_some(1);
  EXPECT_THAT(numbers(), ElementsAre(3));
}

TEST_P(DeadLetters, NeedAGroup) {
  const broker::GroupKey nobody{"things", "nobody"};
  EXPECT_EQ(store().dead_letters(nobody).error().code, Errc::not_found);
  EXPECT_EQ(store().republish(nobody, {1}, now).error().code, Errc::not_found);
  EXPECT_EQ(store().discard(nobody, {1}).error().code, Errc::not_found);
}

}  // namespace
}  // namespace collective::conformance
