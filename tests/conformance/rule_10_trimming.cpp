// Rule 10. Trimming (MAXLEN or MINID) never drops what a group has not acknowledged, unless forced; forced losses are
// counted and listed; max_length is soft. It runs about once a second per stream, in slices, never per publish. By
// default a stream keeps what some group needs plus about its newest 100,000 events; groups without consumers for a
// stated time stop pinning it; a hard cap refuses publishes.
//
// A cap that drops instead is max_length with trim_unacknowledged.
#include "support/answer.hpp"
#include "support/core_test.hpp"
#include "support/engine_test.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule10 : public EngineTest {
 protected:
  std::uint64_t length() {
    return answer<StreamInfo>(
               [&](auto reply) { driver.store().admin->stream_info(EngineDriver::stream, std::move(reply)); })
        .value()
        .length;
  }
};

class Rule10Runtime : public CoreTest {
 protected:
  /// Lets the upkeep look at its clock, and returns once it has trimmed this often.
  bool trimmed(detail::Core& core, int times) {
    core.upkeeper()->look_after("wakes-it-" + std::to_string(times));
    return eventually([&] { return network->upkeeps() >= times; });
  }
};

TEST_P(Rule10, MaxlenKeepsTheNewestEvents) {
  driver.publish_some("e", 10);
  EXPECT_EQ(driver.upkeep({.max_length = 3}).trimmed, 7u);
  driver.start("a", {});
  EXPECT_THAT(driver.events(), ElementsAre("e8", "e9", "e10"));
}

TEST_P(Rule10, MinidDropsWhatIsOlder) {
  driver.publish_some("e", 2);
  driver.advance(seconds(1));
  const auto kept = driver.publish("kept");
  EXPECT_EQ(driver.upkeep({.min_id = kept}).trimmed, 2u);
  driver.start("a", {});
  EXPECT_THAT(driver.events(), ElementsAre("kept"));
}

TEST_P(Rule10, MaxlenNeverDropsWhatAGroupHasNotAcknowledgedAndSoIsSoft) {
  auto& a = driver.start("a", {.concurrency = 2, .handler = runs});
  driver.publish_some("e", 10);
  a.finish("e1", Outcome::acknowledge());
  EXPECT_EQ(driver.upkeep({.max_length = 3}).trimmed, 1u);
  EXPECT_EQ(length(), 9u);
}

TEST_P(Rule10, MinidNeverDropsWhatAGroupHasNotAcknowledged) {
  driver.start("a", {.handler = runs});
  driver.publish_some("e", 10);
  EXPECT_EQ(driver.upkeep({.min_id = EntryId::max()}).trimmed, 0u);
}

TEST_P(Rule10, WhatWaitsForARetryIsNotAcknowledged) {
  driver.start("a", {.retry = {.base_delay = hours(1), .max_delay = hours(1)}, .handler = fails});
  driver.publish_some("e", 5);
  EXPECT_EQ(driver.upkeep({.max_length = 1}).trimmed, 0u);
}

TEST_P(Rule10, EveryGroupPinsForItself) {
  driver.start("fast", {.group = "fast"});
  driver.start("slow", {.group = "slow", .handler = runs});
  driver.publish_some("e", 5);
  EXPECT_EQ(driver.upkeep({.max_length = 1}).trimmed, 0u);
}

TEST_P(Rule10, ForcedLossesAreCountedAndListed) {
  driver.start("fast", {.group = "fast"});
  auto& slow = driver.start("slow", {.group = "slow", .handler = runs});
  driver.publish_some("e", 10);
  slow.crash();
  const auto report = driver.upkeep({.max_length = 3, .force = true});
  EXPECT_EQ(report.trimmed, 7u);
  ASSERT_EQ(report.lost.size(), 1u);
  EXPECT_EQ(report.lost[0].group, "slow");
  EXPECT_EQ(report.lost[0].entries, 7u);
  EXPECT_EQ(driver.group("slow").lost, 7u);
  EXPECT_EQ(driver.group("fast").lost, 0u);
}

TEST_P(Rule10, WhatAGroupDidNotDeclareIsNoLossOfIt) {
  driver.start("a", {.handler = runs});
  driver.publish("e1");
  for (int i = 0; i < 5; ++i) driver.publish("p" + std::to_string(i), {.type = "parcel"});
  driver.upkeep({.max_length = 1, .force = true});
  EXPECT_EQ(driver.group().lost, 1u);
}

TEST_P(Rule10, DeadLettersKeepTheirEventWhenTheStreamIsTrimmed) {
  driver.start("a", {.handler = [](const Handling&) { return Outcome::dead_letter("no"); }});
  driver.publish("e1");
  driver.publish("e2");
  EXPECT_EQ(driver.upkeep({.max_length = 1}).trimmed, 1u);
  EXPECT_EQ(driver.dead_letters().at(0).event.envelope.id, "e1");
}

TEST_P(Rule10, AGroupWithoutConsumersForAStatedTimeStopsPinningAndItsLossIsCounted) {
  driver.start("a", {.handler = runs}).crash();
  driver.publish_some("e", 5);
  driver.advance(hours(24 * 7));
  EXPECT_EQ(driver.upkeep({.max_length = 1}).trimmed, 0u);
  driver.advance(minutes(1));
  const auto report = driver.upkeep({.max_length = 1});
  EXPECT_EQ(report.trimmed, 4u);
  ASSERT_EQ(report.lost.size(), 1u);
  EXPECT_EQ(driver.group().lost, 4u);
}

TEST_P(Rule10, AGroupWithALiveConsumerPinsHoweverLongItTakes) {
  driver.start("a", {.max_handling_time = hours(10'000), .handler = runs});
  driver.publish_some("e", 5);
  for (int day = 0; day < 8; ++day) driver.advance(hours(1));
  EXPECT_EQ(driver.upkeep({.max_length = 1, .idle_group = hours(4)}).trimmed, 0u);
}

TEST_P(Rule10, ItWorksInSlices) {
  driver.publish_some("e", 25);
  broker::Upkeep step{.stream = EngineDriver::stream, .now = driver.now().wall};
  step.retention.max_length = 1;
  step.slice = 10;
  step.trim = true;
  for (const std::uint64_t trimmed : {10u, 10u, 4u}) {
    const auto report =
        answer<broker::UpkeepReport>([&](auto reply) { driver.store().broker->upkeep(step, std::move(reply)); });
    EXPECT_EQ(report->trimmed, trimmed);
    EXPECT_EQ(report->more, trimmed == 10);
  }
}

TEST_P(Rule10, ByDefaultAStreamKeepsItsNewestHundredThousandEvents) {
  for (int batch = 0; batch < 101; ++batch) {
    broker::AppendBatch events;
    events.stream = EngineDriver::stream;
    events.now = driver.now().wall;
    Envelope event;
    event.stream = EngineDriver::stream;
    event.type = "letter";
    event.data = "{}";
    for (int i = 0; i < 1'000; ++i) {
      event.id = std::to_string(batch) + "-" + std::to_string(i);
      events.add(event);
    }
    answer<std::vector<broker::Appended>>(
        [&](auto reply) { driver.store().broker->append(std::move(events), std::move(reply)); });
  }
  EXPECT_EQ(driver.upkeep({}).trimmed, 1'000u);
  EXPECT_EQ(length(), 100'000u);
}

TEST_P(Rule10, OnTheBusTrimmingKeepsWhatAGroupHasNotAcknowledgedUnlessForced) {
  auto client = connected();
  EventBus bus(client);
  for (int i = 0; i < 10; ++i) client.publish(user("u" + std::to_string(i)));
  {
    const auto s = bus.subscribe<UserRegistered>(
        [](const Event<UserRegistered>&) { return Outcome::retry_after(hours(1)); }, group("g"));
  }
  EXPECT_EQ(bus.trim("user.events", 3), 0u);
  EXPECT_EQ(client.stream_info("user.events").length, 10u);
  EXPECT_EQ(bus.trim("user.events", 3, true), 7u);
  EXPECT_EQ(client.stream_info("user.events").length, 3u);
  EXPECT_EQ(bus.groups("user.events").at(0).lost, 7u);
}

TEST_P(Rule10, AHardCapRefusesWhatWouldPassIt) {
  auto client = connected();
  PublishOptions capped;
  capped.hard_cap = 2;
  client.publish(user("a"), capped);
  client.publish(user("b"), capped);
  EXPECT_EQ(failure_of([&] { client.publish(user("c"), capped); }).code, Errc::full);
  EXPECT_EQ(client.read("user.events").size(), 2u);
}

TEST_P(Rule10Runtime, RunsAboutOnceASecondPerStreamAndNeverPerPublish) {
  const auto core = connect();
  PublishOptions newest;
  newest.max_length = 3;
  for (int i = 0; i < 50; ++i) publish(*core, user("u" + std::to_string(i)), newest);
  EXPECT_EQ(network->upkeeps(), 0);
  EXPECT_EQ(core->stream_info("user.events").length, 50u);
  for (int second = 1; second <= 3; ++second) {
    clock->advance(milliseconds(1'001));
    ASSERT_TRUE(trimmed(*core, second));
  }
  EXPECT_TRUE(eventually([&] { return core->stream_info("user.events").length == 3; }));
}

TEST_P(Rule10Runtime, ForcedLossesRaiseAnAlarm) {
  Options watched;
  const auto alarms = std::make_shared<Alarms>();
  watched.observer = alarms;
  const auto core = connect(watched);
  store.broker->join(
      {.key = {"user.events", "g"}, .member = "m", .routes = {"user.registered"}, .now = clock->now().wall},
      [](const auto&) {});
  PublishOptions newest;
  newest.max_length = 1;
  newest.trim_unacknowledged = true;
  for (int i = 0; i < 5; ++i) publish(*core, user("u" + std::to_string(i)), newest);
  clock->advance(milliseconds(1'001));
  core->upkeeper()->look_after("wakes-it");
  EXPECT_THAT(alarms->seen.wait_for(1), ElementsAre("events_lost user.events/g"));
}

TEST_P(Rule10Runtime, AnUpkeepThatFailsAgainAndAgainRaisesOneAlarmUntilItSucceeds) {
  Options watched;
  const auto alarms = std::make_shared<Alarms>();
  watched.observer = alarms;
  const auto core = connect(watched);
  core->upkeeper()->look_after("user.events");
  int times = 0;
  const auto upkeep = [&] {  // one may be under way meanwhile, and miss that time went on
    const bool done = eventually([&] {
      clock->advance(milliseconds(1'001));
      core->upkeeper()->delayed_until("user.events", clock->now().wall);  // wakes it
      return network->upkeeps() > times;
    });
    times = network->upkeeps();
    return done;
  };
  for (const bool fails : {true, false, true}) {
    network->everything_fails(fails);
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(upkeep());
  }
  core->close(seconds(1));  // what the last one found is told by now
  EXPECT_THAT(alarms->seen.now(), ElementsAre("broker_trouble user.events/", "broker_trouble user.events/"));
}

COLLECTIVE_ON_EVERY_BROKER(Rule10);
COLLECTIVE_ON_EVERY_BROKER(Rule10Runtime);

}  // namespace
}  // namespace collective
