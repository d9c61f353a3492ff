// Rule 2. A group means one application with a durable set of declared types. Undeclared types are skipped, newly
// declared ones count from their declaration, declared ones without a live subscriber wait as unowned until `forget`.
// Members hand over what others handle, newer versions included; a newer version that nobody takes within a stated time is
// a dead letter.
#include "runtime/upkeeper.hpp"
#include "support/answer.hpp"
#include "support/core_test.hpp"
#include "support/engine_test.hpp"
#include "support/manual_clock.hpp"
#include "support/recorded.hpp"

namespace collective {
namespace {

using namespace testing_support;

/// user.updated as a later release publishes it.
struct NewUserUpdated {
  static constexpr EventType event{"user.updated", streams::user, 2};
  Id user_id;
};
BOOST_DESCRIBE_STRUCT(NewUserUpdated, (), (user_id))

class Rule02 : public EngineTest {
 protected:
  std::uint64_t forget(const std::string& type) {
    return answer<std::uint64_t>(
               [&](auto reply) { driver.store().admin->forget({EngineDriver::stream, "g"}, type, std::move(reply)); })
        .value();
  }
  RouteInfo route(const std::string& name) {
    for (const auto& route : driver.group().routes) {
      if (route.route == name) return route;
    }
    return {};
  }
};

TEST_P(Rule02, AnUndeclaredTypeIsSettledAsSkipped) {
  driver.start("a", {});
  driver.publish("p1", {.type = "parcel"});
  EXPECT_THAT(driver.events(), IsEmpty());
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule02, ANewlyDeclaredTypeCountsFromItsDeclaration) {
  auto& a = driver.start("a", {});
  driver.publish("before", {.type = "parcel"});
  driver.start("b", {.routes = {{"parcel", 1}}});
  driver.publish("after", {.type = "parcel"});
  EXPECT_THAT(driver.starts(), ElementsAre("b:after"));
  EXPECT_TRUE(driver.settled());
  EXPECT_TRUE(a.alive());
}

TEST_P(Rule02, ANewlyDeclaredTypeCountsFromItsDeclarationAlsoWhenTheGroupIsBehind) {
  auto& a = driver.start("a", {.handler = runs});
  driver.publish_some("e", 3);
  driver.publish("before", {.type = "parcel"});
  a.crash();
  driver.start("b", {.routes = {{"letter", 1}, {"parcel", 1}}});
  driver.publish("after", {.type = "parcel"});
  driver.advance(minutes(1));
  EXPECT_EQ(driver.count("before"), 0);
  EXPECT_EQ(driver.count("after"), 1);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule02, TheDeclaredTypesAreDurable) {
  auto& a = driver.start("a", {.routes = {{"letter", 1}, {"parcel", 1}}});
  a.crash();
  driver.advance(hours(1));
  driver.publish("p1", {.type = "parcel"});
  driver.start("b", {});
  EXPECT_EQ(driver.group().pending, 1u);
  driver.start("c", {.routes = {{"parcel", 1}}});
  EXPECT_THAT(driver.starts(), ElementsAre("c:p1"));
}

TEST_P(Rule02, ADeclaredTypeWithoutALiveSubscriberWaitsAsUnowned) {
  driver.start("a", {.routes = {{"parcel", 1}}}).drain();
  driver.start("b", {});
  driver.publish("p1", {.type = "parcel"});
  driver.publish("e1");
  driver.advance(hours(10));
  EXPECT_THAT(driver.starts(), ElementsAre("b:e1"));
  EXPECT_EQ(driver.group().unowned, 1u);
  EXPECT_FALSE(route("parcel").live);
  EXPECT_EQ(route("parcel").waiting, 1u);
}

TEST_P(Rule02, ATypeIsUnownedOnceItsSubscriptionEndedAlthoughItsMemberHasOthers) {
  auto& a = driver.start("a", {});
  a.member().add({.id = 2, .routes = {{"parcel", 1}}});
  driver.run_until_idle();
  EXPECT_TRUE(route("parcel").live);
  a.member().remove(2);
  driver.run_until_idle();
  driver.publish("p1", {.type = "parcel"});
  EXPECT_FALSE(route("parcel").live);
  EXPECT_EQ(driver.group().unowned, 1u);
  EXPECT_TRUE(route("letter").live);
}

TEST_P(Rule02, AnUnownedTypeRaisesAnAlarmOnce) {
  driver.start("a", {.routes = {{"parcel", 1}}}).drain();
  driver.start("b", {});
  driver.publish("p1", {.type = "parcel"});
  auto clock = std::make_shared<ManualClock>();
  auto alarms = std::make_shared<Alarms>();
  runtime::Upkeeper upkeeper(driver.store(), clock, alarms);
  upkeeper.look_after("work");
  clock->advance(seconds(11));
  upkeeper.look_after("wakes it");
  EXPECT_THAT(alarms->seen.wait_for(1), ElementsAre("unowned_type work/g"));
  clock->advance(seconds(11));
  upkeeper.look_after("wakes it again");
  upkeeper.close();
  EXPECT_EQ(alarms->seen.now().size(), 1u);
}

TEST_P(Rule02, ForgetSettlesWhatIsUnownedAndTheTypeIsUndeclared) {
  driver.start("a", {.routes = {{"parcel", 1}}}).drain();
  driver.start("b", {});
  driver.publish("p1", {.type = "parcel"});
  EXPECT_EQ(forget("parcel"), 1u);
  EXPECT_TRUE(driver.settled());
  driver.publish("p2", {.type = "parcel"});
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule02, ForgetSettlesWhatWaitsOfNewerVersionsToo) {
  auto client = connected();
  EventBus bus(client);
  Collected<int> handled;
  const auto old =
      bus.subscribe<UserUpdated>([&](const Event<UserUpdated>&) { return handled.add(1), true; }, group("g"));
  client.publish(NewUserUpdated{.user_id = "newer"});
  client.publish(UserUpdated{.user_id = "known"});
  ASSERT_EQ(handled.wait_for(1).size(), 1u);
  ASSERT_TRUE(eventually([&] { return bus.pending("user.events", "g").size() == 1; }));  // the newer one, handed over
  EXPECT_EQ(bus.forget("user.events", "g", "user.updated"), 1u);
  EXPECT_TRUE(bus.pending("user.events", "g").empty());
}

TEST_P(Rule02, AMemberHandsOverWhatAnotherMemberHandlesAndNeverAcknowledgesIt) {
  auto& b = driver.start("b", {.routes = {{"parcel", 1}}});
  driver.start("a", {});
  b.freeze();
  driver.publish("p1", {.type = "parcel"});
  driver.publish("e1");
  driver.advance(seconds(5));
  EXPECT_THAT(driver.starts(), ElementsAre("a:e1"));
  EXPECT_EQ(driver.group().pending, 1u);
  b.thaw();
  EXPECT_THAT(driver.starts(), ElementsAre("a:e1", "b:p1"));
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule02, OldAndNewVersionsOfAServiceShareAGroupInARollingDeploy) {
  auto& old = driver.start("old", {});
  driver.start("new", {.routes = {{"letter", 1}, {"parcel", 1}}});
  for (int i = 0; i < 20; ++i) driver.publish("n" + std::to_string(i), {.type = i % 2 == 0 ? "letter" : "parcel"});
  old.drain();
  driver.publish("last");
  EXPECT_EQ(driver.handlings().size(), 21u);
  EXPECT_TRUE(driver.settled());
  for (const auto& handling : driver.handlings()) EXPECT_TRUE(handling.type == "letter" || handling.process == "new");
}

TEST_P(Rule02, ANewerVersionThanKnownIsHandedOverAndNotDeadLettered) {
  driver.start("old", {});
  driver.publish("v2", {.version = 2});
  driver.publish("v1");
  driver.advance(hours(23));
  EXPECT_THAT(driver.starts(), ElementsAre("old:v1"));
  EXPECT_THAT(driver.dead_letters(), IsEmpty());
  EXPECT_EQ(driver.group().unowned, 1u);
  driver.start("new", {.routes = {{"letter", 2}}});
  EXPECT_THAT(driver.starts(), ElementsAre("old:v1", "new:v2"));
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule02, ANewerVersionThatNobodyTakesIsADeadLetterAfterTheStatedTime) {
  EXPECT_EQ(SubscribeOptions{}.newer_version_wait, hours(24));
  driver.start("old", {});
  driver.publish_some("v1-", 3);
  for (int i = 0; i < 3; ++i) driver.publish("v2-" + std::to_string(i), {.version = 2});
  driver.advance(hours(24) - minutes(1));
  EXPECT_THAT(driver.dead_letters(), IsEmpty());
  driver.advance(hours(1));
  const auto letters = driver.dead_letters();
  ASSERT_EQ(letters.size(), 3u);
  EXPECT_NE(letters[0].reason.find("version 2"), std::string::npos) << letters[0].reason;
  EXPECT_EQ(letters[0].attempts, 0u);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule02, ARepublishedNewerVersionWaitsAnew) {
  driver.start("old", {.newer_version_wait = minutes(10)});
  driver.publish("v2", {.version = 2});
  driver.advance(minutes(12));
  ASSERT_EQ(driver.dead_letters().size(), 1u);
  driver.republish();
  EXPECT_THAT(driver.dead_letters(), IsEmpty());
  driver.start("new", {.routes = {{"letter", 2}}});
  EXPECT_THAT(driver.starts(), ElementsAre("new:v2"));
}

TEST_P(Rule02, ASubscriberByNameTakesWhatWasParkedAsANewerVersion) {
  driver.start("old", {});
  driver.publish("v7", {.version = 7});
  EXPECT_EQ(driver.group().unowned, 1u);
  driver.start("undecoded", {.routes = {{"letter", engine::any_version}}});
  EXPECT_THAT(driver.starts(), ElementsAre("undecoded:v7"));
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule02, ANewerVersionIsNotUnownedWhileALiveMemberKnowsIt) {
  driver.start("old", {});
  driver.publish("v2", {.version = 2});
  driver.start("new", {.routes = {{"letter", 2}}, .handler = fails});
  EXPECT_EQ(driver.group().delayed, 1u);  // waits for its second attempt
  EXPECT_EQ(driver.group().unowned, 0u);
}

TEST_P(Rule02, AMemberThatTakesEverythingTakesAnyVersion) {
  driver.start("all", {.routes = {{"*", 1}}});
  driver.publish("v7", {.type = "parcel", .version = 7});
  EXPECT_THAT(driver.starts(), ElementsAre("all:v7"));
}

class Rule02Runtime : public CoreTest {
 protected:
  static constexpr auto acknowledges = [](auto deliveries) { return std::vector<Outcome>(deliveries.size(), true); };
};

TEST_P(Rule02Runtime, ATypeCanBeSubscribedWhileTheLastSubscriptionOfItsGroupDrains) {
  const auto core = connect();
  Gate gate;
  Collected<int> started, handled;
  auto slow = core->subscribe(
      {{"user.events", "user.registered", 1}},
      [&](auto deliveries) {
        started.add(1);
        gate.wait();
        return std::vector<Outcome>(deliveries.size(), true);
      },
      group("g"), false);
  publish(*core, user("u1"));
  ASSERT_EQ(started.wait_for(1).size(), 1u);
  std::thread closing([&] { slow.close(limit); });
  ASSERT_TRUE(eventually([&] {
    try {
      const auto next = core->subscribe(
          {{"user.events", "user.registered", 1}},
          [&](auto deliveries) {
            handled.add(1);
            return std::vector<Outcome>(deliveries.size(), true);
          },
          group("g"), false);
      publish(*core, user("u2"));
      return handled.wait_for(1).size() == 1 && !handled.now().empty();
    } catch (const Error&) {
      return false;
    }
  }));
  gate.open();
  closing.join();
  EXPECT_EQ(started.now().size(), 1u);
}

TEST_P(Rule02Runtime, APullByNameTakesWhatWasParkedAsANewerVersion) {
  const auto core = connect();
  const auto old = core->subscribe({{"user.events", "user.updated", 1}}, acknowledges, group("g"), false);
  publish(*core, NewUserUpdated{.user_id = "newer"});
  ASSERT_TRUE(eventually([&] {
    const auto pending = core->pending("user.events", "g", 10);
    return pending.size() == 1 && pending[0].consumer.empty();
  }));
  EXPECT_EQ(core->fetch("user.events", {.group = "g", .types = {"user.updated"}}).size(), 1u);
}

COLLECTIVE_ON_EVERY_BROKER(Rule02);
COLLECTIVE_ON_EVERY_BROKER(Rule02Runtime);

}  // namespace
}  // namespace collective
