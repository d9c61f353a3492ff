#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

/// Deliveries with a deadline of their own, for callers that send no heartbeats.
class Visibility : public ContractTest {
 protected:
  void SetUp() override {
    join("m1");
    join("m2");
  }
  Exchanged fetch_for(Millis visibility, const std::string& member = "m1") {
    auto request = asking(member);
    request.visibility = visibility;
    return exchange(request);
  }
  Delivered visible_work() {
    append();
    return fetch_for(seconds(5)).deliveries.at(0);
  }
};
COLLECTIVE_ON_EVERY_STORE(Visibility);

TEST_P(Visibility, ADeliveryExpiresByItself) {
  const auto one = visible_work();
  now += seconds(5) - Millis(1);
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
  now += Millis(1);
  const auto again = fetch_one("m2");
  EXPECT_EQ(again.ticket.work, one.ticket.work);
  EXPECT_TRUE(again.progress.suspect);
  EXPECT_EQ(again.progress.stalls, 0U);
}

TEST_P(Visibility, AStartMarkBecomesAStallWhenTheDeadlinePasses) {
  settle("m1", start_mark(visible_work()));
  now += seconds(5);
  EXPECT_EQ(fetch_one("m2").progress.stalls, 1U);
}

TEST_P(Visibility, AlsoTheOwnersOwnExchangeFindsItExpired) {
  const auto one = visible_work();
  now += seconds(5);
  EXPECT_EQ(settle("m1", park(one)), Settled::done) << "settlements come first";
  const auto two = fetch_for(seconds(5)).deliveries.at(0);
  now += seconds(5);
  EXPECT_EQ(fetch_one("m1").ticket.work, two.ticket.work);
}

TEST_P(Visibility, ItsMembersEndDoesNotTouchIt) {
  append();
  const auto one = fetch_for(minutes(2)).deliveries.at(0);
  now += seconds(30);
  join("m2");
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
  EXPECT_TRUE(fetch("m1").member_lost);
  EXPECT_EQ(settle("m1", park(one)), Settled::done) << "its owner can still settle it";
}

TEST_P(Visibility, ExtendMovesTheDeadline) {
  const auto one = visible_work();
  EXPECT_EQ(settle("m1", extend(one.ticket, now + seconds(20))), Settled::done);
  now += seconds(19);
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
  now += seconds(1);
  EXPECT_THAT(fetch("m2").deliveries, SizeIs(1));
}

TEST_P(Visibility, ExtendShortensToo) {
  const auto one = visible_work();
  settle("m1", extend(one.ticket, now + seconds(1)));
  now += seconds(1);
  EXPECT_THAT(fetch("m2").deliveries, SizeIs(1));
}

TEST_P(Visibility, ExtendGivesADeadlineToWorkWithoutOne) {
  append();
  const auto one = fetch_one("m1");
  settle("m1", extend(one.ticket, now + seconds(3)));
  now += seconds(3);
  EXPECT_EQ(fetch_one("m2").ticket.work, one.ticket.work);
}

TEST_P(Visibility, HoldKeepsTheDeadline) {
  settle("m1", start_mark(visible_work()));
  EXPECT_EQ(fetch("m1").due, now + seconds(5));
}

TEST_P(Visibility, TheFirstDeadlineIsSaidAsDue) {
  append_some(2);
  auto request = asking("m1", 1);
  request.visibility = seconds(9);
  exchange(request);
  request.visibility = seconds(4);
  EXPECT_EQ(exchange(request).due, now + seconds(4));
  EXPECT_EQ(fetch("m2").due, now + seconds(4)) << "whoever asks";
}

TEST_P(Visibility, SettledWorkHasNoDeadline) {
  const auto one = visible_work();
  settle("m1", acknowledge(one.ticket));
  EXPECT_EQ(fetch("m1").due, std::nullopt);
  now += seconds(5);
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
}

TEST_P(Visibility, AManysDeadlineIsEachOnesOwn) {
  append_some(3);
  const auto three = fetch_for(seconds(5)).deliveries;
  settle("m1", acknowledge(three[0].ticket));
  settle("m1", extend(three[1].ticket, now + seconds(9)));
  now += seconds(5);
  EXPECT_THAT(ids(fetch("m2")), ElementsAre(three[2].ticket.work.id));
  now += seconds(4);
  EXPECT_THAT(ids(fetch("m2")), ElementsAre(three[1].ticket.work.id));
}

}  // namespace
}  // namespace collective::conformance
