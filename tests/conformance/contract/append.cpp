#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Append : public ContractTest {
 protected:
  AppendBatch chosen(const std::string& id) {
    auto one = batch({event()});
    one.events[0].event.id = id;
    one.events[0].deduplicate = true;
    return one;
  }
  AppendBatch later(Timestamp when, const std::string& type = "a") {
    auto one = batch({event(type)});
    one.events[0].not_before = when;
    return one;
  }
  std::uint64_t length() { return store().stream_info("things").value().length; }
};
COLLECTIVE_ON_EVERY_STORE(Append);

TEST_P(Append, KeepsEveryFieldOfAnEvent) {
  Envelope all{"id-1", "things", "a", 3, now, "flow", "somebody", R"({"text":"grüße"})", R"({"trace":1})"};
  store().append(batch({all})).value();
  EXPECT_EQ(read({.stream = "things"}).entries.at(0).event.to_owned(), all);
}

TEST_P(Append, KeepsTheOrderOfABatch) {
  const auto answer = store().append(batch({event("a"), event("b"), event("c")})).value();
  ASSERT_THAT(answer, SizeIs(3));
  EXPECT_LT(answer[0].id, answer[1].id);
  EXPECT_LT(answer[1].id, answer[2].id);
  EXPECT_THAT(ids(read({.stream = "things"})), ElementsAre(answer[0].id, answer[1].id, answer[2].id));
}

TEST_P(Append, GivesIdsOfTheRequestsTime) {
  EXPECT_EQ(append(), EntryId::at(now));
}

TEST_P(Append, GivesGrowingIdsAlsoWhenTheClockGoesBack) {
  const auto first = append();
  now -= hours(1);
  const auto second = append();
  now += hours(2);
  const auto third = append();
  EXPECT_LT(first, second);
  EXPECT_EQ(second.ms, first.ms);
  EXPECT_EQ(third, EntryId::at(now));
}

TEST_P(Append, AnEmptyBatchStoresNothing) {
  EXPECT_THAT(store().append(batch()).value(), IsEmpty());
}

TEST_P(Append, RefusesABatchThatWouldPassTheHardCapWhole) {
  auto two = batch({event(), event()});
  two.hard_cap = 3;
  store().append(two).value();
  const auto refused = store().append(two);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Errc::full);
  EXPECT_THAT(refused.error().message, testing::AllOf(HasSubstr("things"), HasSubstr("2 entries"),
                                                      HasSubstr("hard cap is 3"), HasSubstr("nothing was stored")));
  EXPECT_EQ(length(), 2U);
}

TEST_P(Append, ARefusedBatchCreatesNoStream) {
  auto two = batch({event(), event()});
  two.hard_cap = 1;
  ASSERT_FALSE(store().append(two));
  EXPECT_THAT(store().streams().value(), IsEmpty());
}

TEST_P(Append, DelayedEventsCountTowardsTheHardCap) {
  store().append(later(now + hours(1))).value();
  auto one = batch({event()});
  one.hard_cap = 1;
  EXPECT_EQ(store().append(one).error().code, Errc::full);
}

TEST_P(Append, AnEventThatIsThereAlreadyNeedsNoRoom) {
  const auto stored = store().append(chosen("x")).value().at(0);
  auto again = chosen("x");
  again.hard_cap = 1;
  const auto answer = store().append(again).value().at(0);
  EXPECT_TRUE(answer.duplicate);
  EXPECT_EQ(answer.id, stored.id);
  auto both = chosen("y");
  both.events.push_back(both.events[0]);
  both.hard_cap = 2;
  EXPECT_TRUE(store().append(both).value().at(1).duplicate);
}

TEST_P(Append, AChosenIdIsStoredOnceWithinItsWindow) {
  const auto first = store().append(chosen("x")).value().at(0);
  EXPECT_FALSE(first.duplicate);
  now += minutes(10) - Millis(1);
  const auto second = store().append(chosen("x")).value().at(0);
  EXPECT_TRUE(second.duplicate);
  EXPECT_EQ(second.id, first.id);
  EXPECT_EQ(length(), 1U);
}

TEST_P(Append, AChosenIdIsStoredAgainAfterItsWindow) {
  store().append(chosen("x")).value();
  now += minutes(10);
  EXPECT_FALSE(store().append(chosen("x")).value().at(0).duplicate);
  EXPECT_EQ(length(), 2U);
}

TEST_P(Append, ADuplicateIsFoundWithinItsOwnBatch) {
  auto twice = chosen("x");
  twice.events.push_back(twice.events[0]);
  const auto answer = store().append(twice).value();
  EXPECT_FALSE(answer[0].duplicate);
  EXPECT_TRUE(answer[1].duplicate);
  EXPECT_EQ(answer[0].id, answer[1].id);
}

TEST_P(Append, OnlyChosenIdsAreCompared) {
  auto twice = chosen("x");
  twice.events[0].deduplicate = false;
  store().append(twice).value();
  EXPECT_FALSE(store().append(twice).value().at(0).duplicate);
  EXPECT_FALSE(store().append(chosen("x")).value().at(0).duplicate);
}

TEST_P(Append, ChosenIdsBelongToTheirStream) {
  store().append(chosen("x")).value();
  auto elsewhere = chosen("x");
  elsewhere.stream = "others";
  EXPECT_FALSE(store().append(elsewhere).value().at(0).duplicate);
}

TEST_P(Append, UpkeepKeepsIdsWithinTheirWindow) {
  store().append(chosen("x")).value();
  now += minutes(9);
  trim({});
  EXPECT_TRUE(store().append(chosen("x")).value().at(0).duplicate);
}

// --- delayed ----------------------------------------------------------------------------------------------------

TEST_P(Append, ADelayedEventIsUnseenUntilUpkeepAfterItsTime) {
  EXPECT_EQ(store().append(later(now + seconds(5))).value().at(0).id, EntryId{});
  EXPECT_EQ(store().stream_info("things").value().delayed, 1U);
  now += seconds(5) - Millis(1);
  EXPECT_EQ(promote().promoted, 0U);
  EXPECT_THAT(read({.stream = "things"}).entries, IsEmpty());
  now += Millis(1);
  EXPECT_THAT(read({.stream = "things"}).entries, IsEmpty());
  EXPECT_EQ(promote().promoted, 1U);
  EXPECT_THAT(ids(read({.stream = "things"})), ElementsAre(EntryId::at(now)));
  EXPECT_EQ(store().stream_info("things").value().delayed, 0U);
}

TEST_P(Append, AnEventWhoseTimeHasComeIsNotDelayed) {
  EXPECT_EQ(store().append(later(now)).value().at(0).id, EntryId::at(now));
}

TEST_P(Append, DelayedEventsBecomeVisibleInTheOrderOfTheirTimes) {
  store().append(later(now + seconds(9), "last")).value();
  store().append(later(now + seconds(3), "first")).value();
  store().append(later(now + seconds(3), "second")).value();
  now += seconds(10);
  promote();
  const auto page = read({.stream = "things"});
  ASSERT_THAT(page.entries, SizeIs(3));
  EXPECT_EQ(page.entries[0].event.type, "first");
  EXPECT_EQ(page.entries[1].event.type, "second");
  EXPECT_EQ(page.entries[2].event.type, "last");
}

TEST_P(Append, UpkeepSaysWhenTheNextDelayedEventIsDue) {
  EXPECT_EQ(promote().next_delayed, std::nullopt);
  store().append(later(now + seconds(9))).value();
  store().append(later(now + seconds(3))).value();
  EXPECT_EQ(promote().next_delayed, now + seconds(3));
}

TEST_P(Append, PromotesInSlices) {
  for (int i = 0; i < 3; ++i) store().append(later(now + seconds(1))).value();
  now += seconds(1);
  const auto first = store().upkeep({.stream = "things", .now = now, .slice = 2}).value();
  EXPECT_EQ(first.promoted, 2U);
  EXPECT_TRUE(first.more);
  const auto second = store().upkeep({.stream = "things", .now = now, .slice = 2}).value();
  EXPECT_EQ(second.promoted, 1U);
  EXPECT_FALSE(second.more);
}

TEST_P(Append, ADelayedEventsDuplicateHasNoIdUntilTheEventIsVisible) {
  auto delayed = chosen("x");
  delayed.events[0].not_before = now + seconds(5);
  store().append(delayed).value();
  const auto before = store().append(chosen("x")).value().at(0);
  EXPECT_TRUE(before.duplicate);
  EXPECT_EQ(before.id, EntryId{});
  now += seconds(5);
  promote();
  const auto after = store().append(chosen("x")).value().at(0);
  EXPECT_TRUE(after.duplicate);
  EXPECT_EQ(after.id, EntryId::at(now));
}

TEST_P(Append, ADelayedNamesakeDoesNotTakeTheIdOfAStoredEvent) {
  const auto stored = store().append(chosen("x")).value().at(0);
  auto namesake = chosen("x");
  namesake.events[0].deduplicate = false;
  namesake.events[0].not_before = now + seconds(5);
  store().append(namesake).value();
  now += seconds(5);
  promote();
  EXPECT_EQ(store().append(chosen("x")).value().at(0).id, stored.id);
}

}  // namespace
}  // namespace collective::conformance
