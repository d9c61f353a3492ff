#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class HandOut : public ContractTest {
 protected:
  /// `count` entries, handed out to m1 and parked again, due at these distances from now.
  std::vector<EntryId> parked(const std::vector<seconds>& dues) {
    append_some(dues.size());
    const auto answer = fetch("m1", static_cast<std::uint32_t>(dues.size()));
    std::vector<Settlement> settlements;
    for (std::size_t i = 0; i < dues.size(); ++i) settlements.push_back(park(answer.deliveries.at(i), now + dues[i]));
    settle_all("m1", settlements);
    return ids(answer);
  }
};
COLLECTIVE_ON_EVERY_STORE(HandOut);

TEST_P(HandOut, FollowsTheOrderOfTheLog) {
  join("m1");
  join("m2");
  const auto entries = append_some(4);
  EXPECT_THAT(ids(fetch("m1", 2)), ElementsAre(entries[0], entries[1]));
  EXPECT_THAT(ids(fetch("m2", 2)), ElementsAre(entries[2], entries[3]));
  EXPECT_THAT(fetch("m1").deliveries, IsEmpty());
}

TEST_P(HandOut, TokensGrowInTheGroup) {
  join("m1");
  append_some(3);
  const auto answer = fetch("m1");
  EXPECT_LT(answer.deliveries[0].ticket.token, answer.deliveries[1].ticket.token);
  EXPECT_LT(answer.deliveries[1].ticket.token, answer.deliveries[2].ticket.token);
}

TEST_P(HandOut, FreshWorkIsUntouched) {
  join("m1");
  append();
  const auto fresh = fetch_one("m1");
  EXPECT_EQ(fresh.progress.route, "a");
  EXPECT_EQ(fresh.progress.attempts, 0U);
  EXPECT_FALSE(fresh.progress.suspect);
  EXPECT_FALSE(fresh.progress.started);
  EXPECT_EQ(fresh.entry.id, fresh.ticket.work.id);
  EXPECT_FALSE(fresh.ticket.work.side);
}

TEST_P(HandOut, NeverMoreThanAskedFor) {
  join("m1");
  append_some(3);
  EXPECT_THAT(fetch("m1", 0).deliveries, IsEmpty());
  EXPECT_THAT(fetch("m1", 2).deliveries, SizeIs(2));
}

TEST_P(HandOut, TheLimitOfBytesIsSoftByOneEntry) {
  join("m1");
  for (int i = 0; i < 3; ++i) append("a", std::string(100, ' '));
  auto request = asking("m1");
  request.max_bytes = 1;
  EXPECT_THAT(exchange(request).deliveries, SizeIs(1));
  request.max_bytes = 101;
  EXPECT_THAT(exchange(request).deliveries, SizeIs(2));
}

// --- parked and new -------------------------------------------------------------------------------------------------

TEST_P(HandOut, ParkedWorkComesEarliestDueFirst) {
  join("m1");
  const auto entries = parked({seconds(3), seconds(1), seconds(2)});
  now += seconds(3);
  EXPECT_THAT(ids(fetch("m1")), ElementsAre(entries[1], entries[2], entries[0]));
}

TEST_P(HandOut, ParkedWorkTakesAtMostHalfWhileThereAreNewEntries) {
  join("m1");
  const auto old = parked({seconds(0), seconds(0), seconds(0), seconds(0)});
  const auto fresh = append_some(4);
  EXPECT_THAT(ids(fetch("m1", 4)), ElementsAre(old[0], old[1], fresh[0], fresh[1]));
}

TEST_P(HandOut, ParkedWorkTakesAllThatNewEntriesLeave) {
  join("m1");
  const auto old = parked({seconds(0), seconds(0), seconds(0), seconds(0)});
  const auto fresh = append();
  EXPECT_THAT(ids(fetch("m1", 5)), ElementsAre(old[0], old[1], fresh, old[2], old[3]));
}

TEST_P(HandOut, OfOneEntryParkedWorkGoesFirst) {
  join("m1");
  const auto old = parked({seconds(0)});
  append();
  EXPECT_EQ(ids(fetch("m1", 1)), old);
}

// --- routes -------------------------------------------------------------------------------------------------------

TEST_P(HandOut, UndeclaredTypesAreSkipped) {
  join("m1", {"a"});
  append("b");
  const auto wanted = append("a");
  EXPECT_THAT(ids(fetch("m1", 10, {"a", "b"})), ElementsAre(wanted)) << "declared counts, not asked for";
  EXPECT_THAT(pending(), SizeIs(1));
  EXPECT_EQ(group().lag, 0U);
}

TEST_P(HandOut, DeclaredTypesNotAskedForWaitForTheMembersThatTakeThem) {
  join("m1", {"a"});
  join("m2", {"b"});
  const auto b = append("b");
  const auto a = append("a");
  EXPECT_THAT(ids(fetch("m1", 10, {"a"})), ElementsAre(a));
  const auto waiting = pending().at(0);
  EXPECT_EQ(waiting.ticket.work.id, b);
  EXPECT_EQ(waiting.member, "");
  EXPECT_EQ(waiting.progress.route, "b");
  EXPECT_THAT(ids(fetch("m2", 10, {"b"})), ElementsAre(b));
}

TEST_P(HandOut, AStarDeclaresAndTakesEveryType) {
  join("m1", {"*"});
  append("a");
  append("b");
  EXPECT_THAT(fetch("m1", 10, {"*"}).deliveries, SizeIs(2));
}

TEST_P(HandOut, WhatAStarDeclaredWaitsForThoseThatTakeIt) {
  join("m1", {"*"});
  const auto b = append("b");
  EXPECT_THAT(fetch("m1", 10, {"a"}).deliveries, IsEmpty());
  EXPECT_THAT(ids(fetch("m1", 10, {"b"})), ElementsAre(b));
}

TEST_P(HandOut, WithoutRoutesNothingIsTaken) {
  join("m1", {"a"});
  append("a");
  EXPECT_THAT(fetch("m1", 10, {}).deliveries, IsEmpty());
}

// --- more and due -------------------------------------------------------------------------------------------------

TEST_P(HandOut, SaysThatThereIsMoreNewWork) {
  join("m1");
  append_some(3);
  EXPECT_TRUE(fetch("m1", 2).more);
  EXPECT_FALSE(fetch("m1", 2).more);
}

TEST_P(HandOut, SaysThatThereIsMoreParkedWork) {
  join("m1");
  parked({seconds(0), seconds(0), seconds(0)});
  EXPECT_TRUE(fetch("m1", 2).more);
  EXPECT_FALSE(fetch("m1", 2).more);
}

TEST_P(HandOut, NewEntriesOfOtherTypesAreNoMore) {
  join("m1", {"a", "b"});
  append("a");
  append("b");
  append("undeclared");
  EXPECT_FALSE(fetch("m1", 1, {"a"}).more);
}

TEST_P(HandOut, SaysMoreWithoutHandingOutWhenAskedForNothing) {
  join("m1");
  append();
  EXPECT_TRUE(fetch("m1", 0).more);
}

TEST_P(HandOut, SaysWhenTheNextParkedWorkOfItsRoutesIsDue) {
  join("m1");
  EXPECT_EQ(fetch("m1").due, std::nullopt);
  parked({seconds(3), seconds(2)});
  EXPECT_EQ(fetch("m1").due, now + seconds(2));
  EXPECT_EQ(fetch("m1", 10, {"other"}).due, std::nullopt);
  now += seconds(2);
  EXPECT_EQ(fetch("m1", 1).due, now + seconds(1));
}

}  // namespace
}  // namespace collective::conformance
