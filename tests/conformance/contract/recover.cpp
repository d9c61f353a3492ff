#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

/// After a lost answer: what the member holds without knowing it.
class Recover : public ContractTest {
 protected:
  void SetUp() override { join("m1"); }
  Exchanged recover(std::vector<Ticket> known, std::uint32_t most = 0, std::vector<Settlement> settlements = {}) {
    auto request = asking("m1", most);
    request.recover = true;
    request.known = std::move(known);
    request.settlements = std::move(settlements);
    return exchange(request);
  }
};
COLLECTIVE_ON_EVERY_STORE(Recover);

TEST_P(Recover, HandsOutAgainWhatTheMemberDoesNotKnow) {
  append_some(3);
  const auto three = fetch("m1").deliveries;
  const auto answer = recover({three[1].ticket});
  EXPECT_THAT(ids(answer), ElementsAre(three[0].ticket.work.id, three[2].ticket.work.id));
  EXPECT_GT(answer.deliveries[0].ticket.token, three[2].ticket.token);
  EXPECT_EQ(settle("m1", park(three[0])), Settled::stale) << "the lost delivery can no longer be settled";
}

TEST_P(Recover, WhatIsKnownKeepsItsToken) {
  append();
  const auto one = fetch_one("m1");
  EXPECT_THAT(recover({one.ticket}).deliveries, IsEmpty());
  EXPECT_EQ(settle("m1", park(one)), Settled::done);
}

TEST_P(Recover, AnOldTokenIsNotKnown) {
  append();
  const auto old = fetch_one("m1");
  recover({});
  EXPECT_THAT(recover({old.ticket}).deliveries, SizeIs(1));
}

TEST_P(Recover, KeepsTheProgress) {
  append();
  auto mark = start_mark(fetch_one("m1"));
  mark.progress.attempts = 2;
  mark.progress.note = "twice";
  settle("m1", mark);
  const auto again = recover({}).deliveries.at(0);
  EXPECT_EQ(again.progress.attempts, 2U);
  EXPECT_EQ(again.progress.note, "twice");
  EXPECT_TRUE(again.progress.started);
  EXPECT_FALSE(again.progress.suspect) << "its owner lives";
}

TEST_P(Recover, ComesBesideNewWorkAndBeyondItsLimit) {
  append_some(2);
  const auto two = ids(fetch("m1"));
  const auto fresh = append();
  EXPECT_THAT(ids(recover({}, 1)), ElementsAre(two[0], two[1], fresh));
}

TEST_P(Recover, FollowsTheSettlementsOfItsExchange) {
  append();
  const auto one = fetch_one("m1");
  const auto answer = recover({}, 0, {acknowledge(one.ticket)});
  EXPECT_THAT(answer.settled, ElementsAre(Settled::done));
  EXPECT_THAT(answer.deliveries, IsEmpty());
}

TEST_P(Recover, OnlyWhatTheMemberOwns) {
  join("m2");
  append();
  fetch_one("m2");
  EXPECT_THAT(recover({}).deliveries, IsEmpty());
}

TEST_P(Recover, ARepeatedExchangeDoublesNothing) {
  append_some(2);
  auto request = asking("m1", 1);
  const auto first = exchange(request).deliveries.at(0);
  request.settlements = {acknowledge(first.ticket)};
  request.recover = true;
  const auto lost = exchange(request);
  const auto repeated = exchange(request);
  EXPECT_THAT(repeated.settled, ElementsAre(Settled::gone));
  EXPECT_EQ(ids(repeated), ids(lost));
  EXPECT_THAT(pending(), SizeIs(1));
}

}  // namespace
}  // namespace collective::conformance
