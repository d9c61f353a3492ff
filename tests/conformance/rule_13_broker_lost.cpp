// Rule 13, as far as it concerns any broker: a broker that cannot be reached, or lost a group, costs nothing but time.
// Groups come back at the right place, loops resume by themselves, and a watchdog reports their progress.
//
// Of brokers over a network, and tested with the first one: a server that was flushed, restarted empty or failed over; never
// BLOCK 0.
#include "support/answer.hpp"
#include "support/core_test.hpp"
#include "support/engine_test.hpp"

namespace collective {
namespace {

using namespace testing_support;
using Link = Process::Link;

class Rule13 : public EngineTest {};

class Rule13Runtime : public CoreTest {
 protected:
  static SubscribeOptions brief(const std::string& name) {
    auto options = group(name);
    options.drain_timeout = milliseconds(1);
    return options;
  }
  /// Something new on the stream, which makes a member look.
  void stir() {
    broker::AppendBatch batch;
    batch.stream = "user.events";
    batch.now = clock->now().wall;
    Envelope event;
    event.id = new_ulid();
    event.stream = "user.events";
    event.type = "user.registered";
    event.data = encode(user("stirred"));
    batch.add(event);
    store.broker->append(std::move(batch), [](const auto&) {});
  }
};

TEST_P(Rule13, AMemberGoesOnByItselfWhenTheBrokerIsBack) {
  for (const auto link : {Link::refuses, Link::loses_requests, Link::loses_replies}) {
    const auto name = std::to_string(static_cast<int>(link));
    auto& a = driver.start("a" + name, {});
    a.link(link);
    driver.publish("during" + name);
    driver.advance(seconds(10));
    a.link(Link::whole);
    driver.advance(seconds(10));  // the longest pause between two tries is 5 s
    EXPECT_EQ(driver.count("during" + name), 1);
    EXPECT_TRUE(driver.settled());
    a.drain();
  }
}

TEST_P(Rule13, AMemberWhoseLeaseEndedMeanwhileComesBackAtTheRightPlace) {
  auto& a = driver.start("a", {});
  driver.publish("e1");
  a.link(Link::refuses);
  driver.advance(minutes(10));
  driver.publish_some("during", 5);
  driver.advance(minutes(10));
  EXPECT_EQ(driver.handlings().size(), 1u);
  a.link(Link::whole);
  driver.advance(seconds(10));
  EXPECT_THAT(driver.events(), ElementsAre("e1", "during1", "during2", "during3", "during4", "during5"));
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule13, AHandlersOutcomeIsKeptUntilTheBrokerIsBack) {
  auto& a = driver.start("a", {.handler = runs});
  driver.publish("e1");
  a.link(Link::loses_requests);
  a.finish("e1", Outcome::acknowledge());
  driver.advance(seconds(20));
  a.link(Link::whole);
  driver.advance(seconds(10));
  EXPECT_EQ(driver.count("e1"), 1);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule13, AMemberThatStartsWhileTheBrokerIsAwayJoinsWhenItIsBack) {
  driver.publish("e1");
  ProcessPlan plan;
  auto& a = driver.start("a", plan);
  a.drain();
  a.link(Link::refuses);
  a.start();
  driver.publish("e2");
  driver.advance(minutes(1));
  EXPECT_EQ(driver.count("e2"), 0);
  a.link(Link::whole);
  driver.advance(seconds(10));
  EXPECT_EQ(driver.count("e2"), 1);
}

TEST_P(Rule13, AGroupThatTheStoreLostIsMadeAgainAndItsMemberResumes) {
  driver.start("a", {});
  driver.publish("e1");
  answer<bool>([&](auto reply) { driver.store().admin->destroy_group({EngineDriver::stream, "g"}, std::move(reply)); });
  driver.publish("e2");
  driver.advance(seconds(11));
  EXPECT_EQ(driver.count("e2"), 1);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule13, AGroupThatBeganAtTheEndComesBackWhereItWas) {
  driver.publish("before");
  auto& a = driver.start("a", {.start = {broker::Start::At::latest}});
  driver.publish("e1");
  a.link(Link::refuses);
  answer<bool>([&](auto reply) { driver.store().admin->destroy_group({EngineDriver::stream, "g"}, std::move(reply)); });
  driver.publish_some("during", 2);
  a.link(Link::whole);
  driver.advance(seconds(11));
  EXPECT_THAT(driver.events(), ElementsAre("e1", "during1", "during2"));
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule13, WhatWasPendingInALostGroupIsHandledAgain) {
  auto& a =
      driver.start("a", {.concurrency = 2, .start = {broker::Start::At::latest}, .handler = [](const Handling& e) {
                           return e.event == "slow" ? Reaction(true, minutes(1)) : Reaction(true);
                         }});
  driver.publish("slow");
  driver.publish("e1");
  driver.advance(seconds(1));
  answer<bool>([&](auto reply) { driver.store().admin->destroy_group({EngineDriver::stream, "g"}, std::move(reply)); });
  driver.advance(minutes(3));
  EXPECT_EQ(driver.count("slow"), 2);
  EXPECT_EQ(driver.count("e1"), 2);
  EXPECT_TRUE(driver.settled());
  EXPECT_TRUE(a.alive());
}

TEST_P(Rule13, EachProcessReportsASuspectedLossOnceAndALostLeaseIsNone) {
  auto& a = driver.start("a", {});
  driver.publish("e1");
  a.link(Link::refuses);
  driver.advance(minutes(10));
  driver.start("b", {});
  a.link(Link::whole);
  driver.advance(minutes(1));
  EXPECT_EQ(driver.alarms(Alarm::suspected_loss), 0);
  answer<bool>([&](auto reply) { driver.store().admin->destroy_group({EngineDriver::stream, "g"}, std::move(reply)); });
  driver.advance(minutes(1));
  EXPECT_EQ(driver.alarms(Alarm::suspected_loss), 2);
  driver.advance(minutes(10));
  EXPECT_EQ(driver.alarms(Alarm::suspected_loss), 2);
}

TEST_P(Rule13, TriesGrowRarerWhileTheBrokerIsAway) {
  auto& a = driver.start("a", {});
  a.link(Link::refuses);
  driver.publish("e1");
  int tries = 0;
  for (int i = 0; i < 600; ++i) {
    const auto before = a.next();
    driver.advance(milliseconds(100));
    tries += before != a.next() ? 1 : 0;
  }
  EXPECT_LT(tries, 25);  // 50 ms, doubled up to 5 s
  EXPECT_TRUE(a.member().troubled());
}

TEST_P(Rule13Runtime, AWatchdogReportsProgressAndTroubleRaisesAnAlarm) {
  Options watched;
  const auto alarms = std::make_shared<Alarms>();
  watched.observer = alarms;
  const auto core = connect(watched);
  detail::RawHandler handler = [](auto deliveries) { return std::vector<Outcome>(deliveries.size(), true); };
  auto s = core->subscribe({{"user.events", "user.registered", 1}}, handler, brief("g"), false);
  EXPECT_TRUE(core->ready());
  network->everything_fails(true);
  stir();
  EXPECT_THAT(alarms->seen.wait_for(1), ElementsAre("broker_trouble user.events/g"));
  EXPECT_TRUE(core->ready());  // trouble of a moment is none
  clock->advance(seconds(31));
  EXPECT_FALSE(core->ready());
  network->everything_fails(false);
  clock->advance(seconds(6));
  stir();
  EXPECT_TRUE(eventually([&] { return core->ready(); }));
}

COLLECTIVE_ON_EVERY_BROKER(Rule13);
COLLECTIVE_ON_EVERY_BROKER(Rule13Runtime);

}  // namespace
}  // namespace collective
