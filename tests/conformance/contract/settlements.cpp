#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Settlements : public ContractTest {
 protected:
  void SetUp() override {
    join("m1");
    join("m2");
  }
  Delivered work() {
    append();
    return fetch_one("m1");
  }
  /// The same work, handed out again with a newer token.
  Delivered again(const Delivered& old) {
    settle("m1", park(old));
    return fetch_one("m1");
  }
};
COLLECTIVE_ON_EVERY_STORE(Settlements);

// --- by the owner -----------------------------------------------------------------------------------------------

TEST_P(Settlements, AcknowledgedWorkIsGone) {
  const auto one = work();
  EXPECT_EQ(settle("m1", acknowledge(one.ticket)), Settled::done);
  EXPECT_EQ(settle("m1", acknowledge(one.ticket)), Settled::gone);
  EXPECT_THAT(pending(), IsEmpty());
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
}

TEST_P(Settlements, ParkedWorkComesBackWithItsProgressWhenDue) {
  const auto one = work();
  auto back = park(one, now + seconds(5));
  back.progress.note = "it failed";
  EXPECT_EQ(settle("m1", back), Settled::done);
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
  now += seconds(5);
  const auto next = fetch_one("m2");
  EXPECT_EQ(next.ticket.work, one.ticket.work);
  EXPECT_GT(next.ticket.token, one.ticket.token);
  EXPECT_EQ(next.progress.attempts, 1U);
  EXPECT_EQ(next.progress.note, "it failed");
  EXPECT_EQ(next.entry.event.id, one.entry.event.id);
}

TEST_P(Settlements, AParkedRouteSaysWhoMayTakeIt) {
  auto back = park(work());
  back.progress.route = "a/2";
  settle("m1", back);
  EXPECT_THAT(fetch("m2", 10, {"a"}).deliveries, IsEmpty());
  EXPECT_THAT(fetch("m2", 10, {"a/2"}).deliveries, SizeIs(1));
}

TEST_P(Settlements, HeldWorkStaysWithItsOwner) {
  auto one = work();
  auto mark = start_mark(one);
  mark.progress.note = "started";
  EXPECT_EQ(settle("m1", mark), Settled::done);
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
  const auto held = pending().at(0);
  EXPECT_EQ(held.member, "m1");
  EXPECT_EQ(held.ticket, one.ticket) << "the token stays";
  EXPECT_TRUE(held.progress.started);
  EXPECT_EQ(held.progress.note, "started");
}

TEST_P(Settlements, HoldNeverGoesBack) {
  const auto one = work();
  auto newer = start_mark(one);
  newer.progress.attempts = 2;
  newer.progress.stalls = 1;
  ASSERT_EQ(settle("m1", newer), Settled::done);
  auto older = newer;
  older.progress.attempts = 1;
  EXPECT_EQ(settle("m1", older), Settled::stale);
  older = newer;
  older.progress.stalls = 0;
  EXPECT_EQ(settle("m1", older), Settled::stale);
  EXPECT_EQ(settle("m1", newer), Settled::done) << "the same again is no step back";
  EXPECT_EQ(pending().at(0).progress.attempts, 2U);
}

TEST_P(Settlements, DeadLetteredWorkMovesInOneStep) {
  const auto entry = append("a", R"({"n":7})");
  auto dead = bury(fetch_one("m1"), "it failed for good");
  dead.progress.attempts = 5;
  dead.progress.note = "five errors";
  EXPECT_EQ(settle("m1", dead), Settled::done);
  EXPECT_THAT(pending(), IsEmpty());
  const auto all = letters();
  ASSERT_THAT(all, SizeIs(1));
  EXPECT_EQ(all[0].number, 1U);
  EXPECT_EQ(all[0].id, entry);
  EXPECT_EQ(all[0].entry.event.data, R"({"n":7})");
  EXPECT_EQ(all[0].progress.attempts, 5U);
  EXPECT_EQ(all[0].progress.note, "five errors");
  EXPECT_EQ(all[0].reason, "it failed for good");
  EXPECT_EQ(all[0].died, now);
}

TEST_P(Settlements, ReleasedWorkGoesBackAsItWas) {
  const auto one = work();
  settle("m1", start_mark(one));
  EXPECT_EQ(settle("m1", release(one.ticket)), Settled::done);
  const auto next = fetch_one("m2");
  EXPECT_EQ(next.ticket.work, one.ticket.work);
  EXPECT_EQ(next.progress.attempts, 0U);
  EXPECT_EQ(next.progress.stalls, 0U);
  EXPECT_FALSE(next.progress.suspect);
  EXPECT_FALSE(next.progress.started);
}

TEST_P(Settlements, AnswersOneByOne) {
  append_some(3);
  const auto three = fetch("m1").deliveries;
  EXPECT_THAT(settle_all("m1", {acknowledge(three[2].ticket), acknowledge(three[2].ticket), park(three[0])}),
              ElementsAre(Settled::done, Settled::gone, Settled::done));
}

// --- by a stale token, by another member, when gone ---------------------------------------------------------------

TEST_P(Settlements, AStaleTokenChangesNothingButAcknowledges) {
  const auto old = work();
  const auto current = again(old);
  const auto before = pending().at(0);
  EXPECT_THAT(settle_all("m1", {park(old), start_mark(old), bury(old), release(old.ticket),
                                extend(old.ticket, now + hours(1))}),
              testing::Each(Settled::stale));
  const auto after = pending().at(0);
  EXPECT_EQ(after.ticket, current.ticket);
  EXPECT_EQ(after.member, before.member);
  EXPECT_EQ(after.progress.attempts, before.progress.attempts);
  EXPECT_THAT(letters(), IsEmpty());
  EXPECT_EQ(settle("m1", acknowledge(old.ticket)), Settled::done);
}

TEST_P(Settlements, AnotherMemberChangesNothingButAcknowledges) {
  const auto one = work();
  EXPECT_THAT(settle_all("m2", {park(one), start_mark(one), bury(one), release(one.ticket),
                                extend(one.ticket, now + hours(1))}),
              testing::Each(Settled::stale));
  EXPECT_EQ(pending().at(0).member, "m1");
  EXPECT_EQ(settle("m2", acknowledge(one.ticket)), Settled::done);
  EXPECT_THAT(pending(), IsEmpty());
}

TEST_P(Settlements, ALateAcknowledgementCountsForParkedWork) {
  const auto one = work();
  settle("m1", park(one, now + seconds(5)));
  EXPECT_EQ(settle("m1", acknowledge(one.ticket)), Settled::done);
  now += seconds(5);
  EXPECT_THAT(fetch("m2").deliveries, IsEmpty());
}

TEST_P(Settlements, ParkedWorkHasNoOwner) {
  const auto one = work();
  settle("m1", park(one, now + seconds(5)));
  EXPECT_THAT(settle_all("m1", {park(one), start_mark(one), bury(one), release(one.ticket)}),
              testing::Each(Settled::stale));
}

TEST_P(Settlements, OfWorkThatIsNotPendingAllAreGone) {
  const auto one = work();
  settle("m1", bury(one));
  EXPECT_THAT(settle_all("m1", {acknowledge(one.ticket), park(one), start_mark(one), bury(one), release(one.ticket),
                                extend(one.ticket, now + hours(1))}),
              testing::Each(Settled::gone));
  EXPECT_THAT(letters(), SizeIs(1));
}

TEST_P(Settlements, WorkOfAnUnknownGroupIsGone) {
  auto request = asking("m1");
  request.key.group = "nobody";
  request.settlements = {acknowledge(work().ticket)};
  const auto answer = exchange(request);
  EXPECT_THAT(answer.settled, ElementsAre(Settled::gone));
  EXPECT_TRUE(answer.member_lost);
  EXPECT_THAT(store().groups("things", now).value(), SizeIs(1)) << "asking creates no group";
}

TEST_P(Settlements, AMemberThatEndedStillAcknowledges) {
  const auto one = work();
  store().leave(readers, "m1", now).value();
  auto request = asking("m1");
  request.settlements = {acknowledge(one.ticket)};
  const auto answer = exchange(request);
  EXPECT_THAT(answer.settled, ElementsAre(Settled::done));
  EXPECT_TRUE(answer.member_lost);
}

TEST_P(Settlements, InAnOrderedExchangeOnlyTheTokenAcknowledges) {
  const auto old = work();
  const auto current = again(old);
  EXPECT_THAT(settle_all("m1", {acknowledge(old.ticket)}, true), ElementsAre(Settled::stale));
  EXPECT_THAT(settle_all("m2", {acknowledge(current.ticket)}, true), ElementsAre(Settled::stale));
  EXPECT_THAT(settle_all("m1", {acknowledge(current.ticket)}, true), ElementsAre(Settled::done));
}

}  // namespace
}  // namespace collective::conformance
