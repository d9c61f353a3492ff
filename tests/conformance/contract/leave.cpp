#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Leave : public ContractTest {
 protected:
  void SetUp() override {
    join("m1");
    join("m2");
  }
  bool leave(const std::string& member) { return store().leave(readers, member, now).value(); }
};
COLLECTIVE_ON_EVERY_STORE(Leave);

TEST_P(Leave, HandsEverythingBackUncharged) {
  const auto entries = append_some(3);
  const auto work = fetch("m1").deliveries;
  auto mark = start_mark(work[1]);
  mark.progress.attempts = 2;
  settle("m1", mark);
  EXPECT_TRUE(leave("m1"));
  const auto again = fetch("m2");
  EXPECT_EQ(ids(again), entries);
  for (const auto& one : again.deliveries) {
    EXPECT_FALSE(one.progress.suspect);
    EXPECT_FALSE(one.progress.started);
    EXPECT_EQ(one.progress.stalls, 0U);
  }
  EXPECT_EQ(again.deliveries[1].progress.attempts, 2U) << "what was stored before is kept";
}

TEST_P(Leave, AlsoOfDeliveriesWithADeadline) {
  append();
  auto request = asking("m1");
  request.visibility = minutes(5);
  exchange(request);
  leave("m1");
  EXPECT_THAT(fetch("m2").deliveries, SizeIs(1));
}

TEST_P(Leave, UnlistsTheMember) {
  leave("m1");
  EXPECT_THAT(group().members, SizeIs(1));
  EXPECT_TRUE(fetch("m1").member_lost);
  EXPECT_FALSE(fetch("m1").group_lost);
}

TEST_P(Leave, SaysWhetherItWasAMember) {
  EXPECT_TRUE(leave("m1"));
  EXPECT_FALSE(leave("m1"));
  EXPECT_FALSE(leave("stranger"));
  EXPECT_FALSE(store().leave({"things", "nobody"}, "m1", now).value());
  EXPECT_FALSE(store().leave({"nothing", "readers"}, "m1", now).value());
}

TEST_P(Leave, MayJoinAgain) {
  append();
  const auto old = fetch_one("m1");
  leave("m1");
  join("m1");
  const auto fresh = fetch_one("m1");
  EXPECT_GT(fresh.ticket.token, old.ticket.token);
  EXPECT_EQ(settle("m1", park(old)), Settled::stale);
}

}  // namespace
}  // namespace collective::conformance
