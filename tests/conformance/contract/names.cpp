#include "conformance/contract/contract_test.hpp"

namespace collective::conformance {
namespace {

class Names : public ContractTest {
 protected:
  const std::string longest = std::string(255, 'n');
  const std::string too_long = std::string(256, 'n');

  template <class T>
  static bool refused(const broker::Result<T>& result) {
    return result.has_error() && result.error().code == Errc::invalid;
  }
};
COLLECTIVE_ON_EVERY_STORE(Names);

TEST_P(Names, MayHave255Bytes) {
  auto long_event = event(longest);
  long_event.id = longest;
  long_event.stream = longest;
  AppendBatch long_batch{.stream = longest, .events = {{long_event, {}, true}}, .now = now};
  store().append(long_batch).value();
  const broker::GroupKey key{longest, longest};
  store().join({.key = key, .member = longest, .routes = {longest}, .now = now}).value();
  auto request = asking(longest, 1, {longest});
  request.key = key;
  const auto work = exchange(request).deliveries.at(0);
  request.settlements = {park(work)};
  EXPECT_THAT(exchange(request).deliveries, SizeIs(1));
  EXPECT_EQ(store().forget(key, longest).value(), 0U);
  EXPECT_TRUE(store().leave(key, longest, now).value());
}

TEST_P(Names, OfStreamsHaveOneTo255Bytes) {
  for (const auto& stream : {std::string(), too_long}) {
    EXPECT_TRUE(refused(store().append(AppendBatch{.stream = stream, .now = now})));
    EXPECT_TRUE(refused(store().join({.key = {stream, "g"}, .member = "m", .now = now})));
    EXPECT_TRUE(refused(store().exchange({.key = {stream, "g"}, .member = "m", .now = now})));
    EXPECT_TRUE(refused(store().leave({stream, "g"}, "m", now)));
    EXPECT_TRUE(refused(store().read({.stream = stream})));
    EXPECT_TRUE(refused(store().upkeep({.stream = stream, .now = now})));
    EXPECT_TRUE(refused(store().stream_info(stream)));
    EXPECT_TRUE(refused(store().groups(stream, now)));
  }
}

TEST_P(Names, OfGroupsHaveOneTo255Bytes) {
  for (const auto& name : {std::string(), too_long}) {
    const broker::GroupKey key{"things", name};
    EXPECT_TRUE(refused(store().join({.key = key, .member = "m", .now = now})));
    EXPECT_TRUE(refused(store().exchange({.key = key, .member = "m", .now = now})));
    EXPECT_TRUE(refused(store().leave(key, "m", now)));
    EXPECT_TRUE(refused(store().pending(key)));
    EXPECT_TRUE(refused(store().dead_letters(key)));
    EXPECT_TRUE(refused(store().republish(key, {1}, now)));
    EXPECT_TRUE(refused(store().discard(key, {1})));
    EXPECT_TRUE(refused(store().replay(key, {})));
    EXPECT_TRUE(refused(store().forget(key, "a")));
    EXPECT_TRUE(refused(store().destroy_group(key)));
  }
}

TEST_P(Names, OfMembersAndRoutesHaveOneTo255Bytes) {
  for (const auto& name : {std::string(), too_long}) {
    EXPECT_TRUE(refused(store().join(joining(name))));
    EXPECT_TRUE(refused(store().join(joining("m", {"a", name}))));
    EXPECT_TRUE(refused(store().exchange(asking(name))));
    EXPECT_TRUE(refused(store().leave(readers, name, now)));
    EXPECT_TRUE(refused(store().forget(readers, name)));
  }
  EXPECT_THAT(store().streams().value(), IsEmpty()) << "a refused join creates nothing";
}

TEST_P(Names, OfTypesHaveAtMost255Bytes) {
  EXPECT_TRUE(refused(store().append(batch({event("a"), event(too_long)}))));
  EXPECT_THAT(store().streams().value(), IsEmpty());
}

TEST_P(Names, OfChosenEventIdsHaveOneTo255Bytes) {
  for (const auto& id : {std::string(), too_long}) {
    auto one = batch({event()});
    one.events[0].event.id = id;
    EXPECT_TRUE(store().append(one)) << "an id that is not compared may be anything";
    one.events[0].deduplicate = true;
    EXPECT_TRUE(refused(store().append(one)));
  }
}

TEST_P(Names, OfASettlementsRouteHasAtMost255Bytes) {
  join("m");
  append();
  auto back = park(fetch_one("m"));
  back.progress.route = too_long;
  auto request = asking("m");
  request.settlements = {back};
  EXPECT_TRUE(refused(store().exchange(request)));
  EXPECT_EQ(pending().at(0).member, "m") << "a refused exchange changes nothing";
}

TEST_P(Names, ThatAreRefusedAreSaidWithTheirLength) {
  EXPECT_THAT(store().read({.stream = too_long}).error().message, testing::AllOf(HasSubstr("256"), HasSubstr("255")));
}

}  // namespace
}  // namespace collective::conformance
