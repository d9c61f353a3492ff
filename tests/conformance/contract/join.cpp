#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Join : public ContractTest {
 protected:
  broker::RouteInfo route(const std::string& name) {
    for (auto& info : group().routes) {
      if (info.route == name) return info;
    }
    throw std::runtime_error("the group does not declare " + name);
  }
  EntryId join_from(broker::Start start) {
    auto request = joining("m1");
    request.start = start;
    return store().join(request).value();
  }
};
COLLECTIVE_ON_EVERY_STORE(Join);

TEST_P(Join, ANewGroupStartsAtTheEarliestRetainedEntry) {
  const auto entries = append_some(2);
  EXPECT_EQ(join("m1"), EntryId{});
  EXPECT_EQ(ids(fetch("m1")), entries);
}

TEST_P(Join, LatestStartsAfterTheLastEntry) {
  const auto last = append_some(2).back();
  EXPECT_EQ(join_from({broker::Start::At::latest}), last);
  const auto next = append();
  EXPECT_THAT(ids(fetch("m1")), ElementsAre(next));
}

TEST_P(Join, AfterStartsBehindTheEntryNamed) {
  const auto entries = append_some(3);
  EXPECT_EQ(join_from({broker::Start::At::after, entries[0]}), entries[0]);
  EXPECT_THAT(ids(fetch("m1")), ElementsAre(entries[1], entries[2]));
}

TEST_P(Join, AGroupThatExistsKeepsItsPlace) {
  append_some(2);
  join("m1");
  const auto last = ids(fetch("m1")).back();
  EXPECT_EQ(join_from({broker::Start::At::latest}), last);
  EXPECT_EQ(group().cursor, last);
}

TEST_P(Join, CreatesTheStreamWhenItIsAbsent) {
  join("m1");
  EXPECT_THAT(store().streams().value(), ElementsAre("things"));
  EXPECT_EQ(store().stream_info("things").value().last, EntryId{});
}

TEST_P(Join, IsIdempotent) {
  append();
  join("m1", {"a"});
  const auto work = fetch_one("m1");
  const auto before = route("a").since;
  join("m1", {"a"});
  EXPECT_EQ(route("a").since, before);
  EXPECT_THAT(group().members, SizeIs(1));
  EXPECT_EQ(settle("m1", park(work)), Settled::done) << "what it held before is still its own";
}

TEST_P(Join, RenewsTheLease) {
  join("m1");
  now += seconds(20);
  join("m1");
  EXPECT_EQ(group().members.at(0).lease_until, now + seconds(30));
}

TEST_P(Join, ARouteOfANewGroupCountsFromItsStart) {
  const auto entries = append_some(2);
  join("m1", {"a"});
  EXPECT_EQ(route("a").since, EntryId{});
  EXPECT_EQ(ids(fetch("m1", 10, {"a"})), entries);
}

TEST_P(Join, ARouteDeclaredLaterCountsFromItsDeclaration) {
  join("m1", {"a"});
  append("b");
  const auto last = append("b");
  join("m2", {"a", "b"});
  EXPECT_EQ(route("b").since, last);
  const auto fresh = append("b");
  EXPECT_THAT(ids(fetch("m2", 10, {"a", "b"})), ElementsAre(fresh));
}

TEST_P(Join, RoutesStayDeclaredWhenAMemberNoLongerNamesThem) {
  join("m1", {"a", "b"});
  join("m1", {"a"});
  EXPECT_THAT(group().routes, SizeIs(2));
  EXPECT_FALSE(route("b").live) << "the member says what it takes now";
  EXPECT_TRUE(route("a").live);
}

TEST_P(Join, GroupsOfAStreamAreIndependent) {
  append();
  join("m1");
  auto other = joining("m1");
  other.key.group = "writers";
  store().join(other).value();
  EXPECT_THAT(fetch("m1").deliveries, SizeIs(1));
  auto request = asking("m1");
  request.key.group = "writers";
  EXPECT_THAT(exchange(request).deliveries, SizeIs(1));
}

}  // namespace
}  // namespace collective::conformance
