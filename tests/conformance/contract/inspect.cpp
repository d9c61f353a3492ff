#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

/// What people and tools see of streams and groups.
class Inspect : public ContractTest {
 protected:
  broker::RouteInfo route(const std::string& name) {
    for (auto& info : group().routes) {
      if (info.route == name) return info;
    }
    throw std::runtime_error("no route " + name);
  }
};
COLLECTIVE_ON_EVERY_STORE(Inspect);

TEST_P(Inspect, StreamsAreListedByName) {
  store().append(AppendBatch{.stream = "b", .events = {{event(), {}, false}}, .now = now}).value();
  store().append(AppendBatch{.stream = "a", .events = {{event(), {}, false}}, .now = now}).value();
  EXPECT_THAT(store().streams().value(), ElementsAre("a", "b"));
}

TEST_P(Inspect, AStreamSaysWhatItHolds) {
  const auto entries = append_some(3);
  auto delayed = batch({event()});
  delayed.events[0].not_before = now + seconds(1);
  store().append(delayed).value();
  const auto info = store().stream_info("things").value();
  EXPECT_EQ(info.name, "things");
  EXPECT_EQ(info.length, 3U);
  EXPECT_EQ(info.delayed, 1U);
  EXPECT_EQ(info.first, entries[0]);
  EXPECT_EQ(info.last, entries[2]);
  EXPECT_EQ(info.appended, 3U);
}

TEST_P(Inspect, WhatIsNotThereIsNotFound) {
  EXPECT_EQ(store().stream_info("things").error().code, Errc::not_found);
  EXPECT_EQ(store().groups("things", now).error().code, Errc::not_found);
  append();
  EXPECT_THAT(store().groups("things", now).value(), IsEmpty());
  EXPECT_EQ(store().pending(readers).error().code, Errc::not_found);
  EXPECT_EQ(store().forget(readers, "a").error().code, Errc::not_found);
  EXPECT_FALSE(store().destroy_group(readers).value());
  EXPECT_THAT(store().pending(readers).error().message, testing::AllOf(HasSubstr("things"), HasSubstr("readers")));
}

TEST_P(Inspect, LagCountsRetainedEntriesAfterTheCursor) {
  join("m1");
  append_some(3);
  EXPECT_EQ(group().lag, 3U);
  fetch_one("m1");
  EXPECT_EQ(group().lag, 2U);
  trim({.max_length = 1, .force = true});
  EXPECT_EQ(group().lag, 1U);
}

TEST_P(Inspect, PendingDelayedAndUnownedAreApart) {
  join("m1", {"a", "b"});
  append_some(2);
  append("b");
  const auto work = fetch("m1", 10, {"a"}).deliveries;
  settle("m1", park(work[0], now + seconds(5)));
  EXPECT_EQ(group().pending, 3U);
  EXPECT_EQ(group().delayed, 1U);
  EXPECT_EQ(group().unowned, 0U) << "m1 said that it takes b";
  join("m1", {"a"});
  EXPECT_EQ(group().unowned, 1U);
  EXPECT_EQ(route("b").waiting, 1U);
  EXPECT_FALSE(route("b").live);
  now += seconds(5);
  EXPECT_EQ(group().delayed, 0U);
}

TEST_P(Inspect, WithoutALiveMemberAllThatWaitsIsUnowned) {
  join("m1");
  append();
  settle("m1", park(fetch_one("m1")));
  EXPECT_EQ(group().unowned, 0U);
  now += seconds(30);
  EXPECT_EQ(group().unowned, 1U);
  EXPECT_FALSE(route("*").live);
}

TEST_P(Inspect, ALabelThatNobodyDeclaredIsListedWhileWorkWaits) {
  join("m1", {"a"});
  append();
  auto back = park(fetch_one("m1"));
  back.progress.route = "a/2";
  settle("m1", back);
  EXPECT_EQ(route("a/2").waiting, 1U);
  EXPECT_FALSE(route("a/2").live);
  EXPECT_EQ(group().unowned, 1U);
}

TEST_P(Inspect, MembersSayWhatTheyHold) {
  join("m1");
  join("m2");
  append_some(3);
  fetch("m1", 2);
  const auto members = group().members;
  ASSERT_THAT(members, SizeIs(2));
  EXPECT_EQ(members[0].member, "m1");
  EXPECT_EQ(members[0].pending, 2U);
  EXPECT_EQ(members[0].lease_until, now + seconds(30));
  EXPECT_EQ(members[1].pending, 0U);
}

TEST_P(Inspect, TheOldestPendingEntryIsSaid) {
  join("m1");
  EXPECT_EQ(group().oldest_pending, std::nullopt);
  const auto stored = now;
  append();
  now += seconds(3);
  append();
  const auto work = fetch("m1").deliveries;
  EXPECT_EQ(group().oldest_pending, stored);
  settle("m1", acknowledge(work[0].ticket));
  EXPECT_EQ(group().oldest_pending, stored + seconds(3));
}

TEST_P(Inspect, PendingWorkComesInPages) {
  join("m1");
  const auto entries = append_some(4);
  const auto work = fetch("m1", 3).deliveries;
  settle("m1", park(work[1], now + seconds(5)));
  const auto first = store().pending(readers, {}, 2).value();
  ASSERT_THAT(first, SizeIs(2));
  EXPECT_EQ(first[0].ticket, work[0].ticket);
  EXPECT_EQ(first[0].member, "m1");
  EXPECT_EQ(first[0].progress.route, "a");
  EXPECT_EQ(first[1].ticket.work.id, entries[1]);
  EXPECT_EQ(first[1].member, "");
  EXPECT_EQ(first[1].progress.attempts, 1U);
  EXPECT_EQ(first[1].progress.due, now + seconds(5));
  const auto rest = store().pending(readers, first[1].ticket.work, 2).value();
  ASSERT_THAT(rest, SizeIs(1));
  EXPECT_EQ(rest[0].ticket.work.id, entries[2]);
}

TEST_P(Inspect, RepublishedWorkIsListedBeforeTheLogs) {
  join("m1");
  append_some(2);
  settle("m1", bury(fetch_one("m1")));
  fetch_one("m1");
  store().republish(readers, {1}, now).value();
  const auto all = pending();
  ASSERT_THAT(all, SizeIs(2));
  EXPECT_TRUE(all[0].ticket.work.side);
  EXPECT_FALSE(all[1].ticket.work.side);
}

// --- forget, destroy
// --------------------------------------------------------------------------------------------------

TEST_P(Inspect, ForgetSettlesWhatWaitsForARoute) {
  join("m1", {"a", "b"});
  append("b");
  append("b");
  append("a");
  fetch("m1", 10, {"a"});
  EXPECT_EQ(store().forget(readers, "b").value(), 2U);
  EXPECT_EQ(group().pending, 1U);
  append("b");
  EXPECT_THAT(fetch("m1", 10, {"b"}).deliveries, IsEmpty());
  EXPECT_EQ(store().forget(readers, "b").value(), 0U);
}

TEST_P(Inspect, ForgetLeavesWhatAMemberHolds) {
  join("m1", {"a"});
  append();
  const auto one = fetch_one("m1");
  EXPECT_EQ(store().forget(readers, "a").value(), 0U);
  EXPECT_EQ(settle("m1", acknowledge(one.ticket)), Settled::done);
}

TEST_P(Inspect, AForgottenRouteMayBeDeclaredAgain) {
  join("m1", {"a"});
  store().forget(readers, "a").value();
  const auto before = append("a");
  join("m1", {"a"});
  EXPECT_EQ(route("a").since, before);
}

TEST_P(Inspect, ADestroyedGroupIsGoneWithAllItHad) {
  const auto entries = append_some(3);
  join("m1");
  const auto work = fetch("m1", 2).deliveries;
  settle("m1", bury(work[0]));
  EXPECT_TRUE(store().destroy_group(readers).value());
  EXPECT_THAT(store().groups("things", now).value(), IsEmpty());
  EXPECT_EQ(settle("m1", acknowledge(work[1].ticket)), Settled::gone);
  EXPECT_TRUE(fetch("m1").member_lost);
  EXPECT_EQ(join("m1"), EntryId{});
  EXPECT_EQ(ids(fetch("m1")), entries) << "the new group starts anew";
  EXPECT_THAT(letters(), IsEmpty());
}

}  // namespace
}  // namespace collective::conformance
