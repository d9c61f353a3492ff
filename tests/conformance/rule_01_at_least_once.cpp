// Rule 1. At least once: every group that existed at publish time handles an event, or it is in that group's dead
// letters. A new group starts at the earliest retained event unless told otherwise.
#include "support/engine_test.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule01 : public EngineTest {};

TEST_P(Rule01, EveryGroupThatExistedAtPublishTimeHandlesAnEvent) {
  driver.start("mail", {.group = "mail"});
  auto& audit = driver.start("audit", {.group = "audit"});
  audit.drain();  // the group lives on without a member
  driver.publish_some("e", 50);
  audit.start();
  EXPECT_TRUE(driver.settled("mail"));
  EXPECT_TRUE(driver.settled("audit"));
  EXPECT_EQ(driver.handlings().size(), 100u);
}

TEST_P(Rule01, WhatAGroupCannotHandleIsInItsDeadLetters) {
  driver.start("a", {.handler = [](const Handling& e) { return e.event != "e2"; }});
  driver.publish_some("e", 3);
  driver.advance(hours(1));
  EXPECT_TRUE(driver.settled());
  ASSERT_EQ(driver.dead_letters().size(), 1u);
  EXPECT_EQ(driver.dead_letters()[0].event.envelope.id, "e2");
}

TEST_P(Rule01, AnEventIsNotAcknowledgedBeforeItsHandlerEnded) {
  auto& a = driver.start("a", {.handler = runs});
  driver.publish("e1");
  driver.advance(minutes(1));
  EXPECT_EQ(driver.group().pending, 1u);
  a.finish("e1", Outcome::acknowledge());
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule01, ACrashBeforeTheAcknowledgementHandsTheEventOutAgain) {
  auto& a = driver.start("a", {.handler = runs});
  driver.publish("e1");
  a.crash();
  driver.start("b", {});
  driver.advance(seconds(31));
  EXPECT_THAT(driver.starts(), ElementsAre("a:e1", "b:e1"));
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule01, LostRequestsAndRepliesLoseNoEvent) {
  for (const auto link : {Process::Link::loses_requests, Process::Link::loses_replies, Process::Link::refuses}) {
    auto& a = driver.start("a" + std::to_string(static_cast<int>(link)), {});
    a.link(link);
    driver.publish_some("during" + std::to_string(static_cast<int>(link)) + "-", 10);
    driver.advance(seconds(5));
    a.link(Process::Link::whole);
    driver.advance(minutes(1));
    EXPECT_TRUE(driver.settled());
    a.drain();
  }
  EXPECT_TRUE(driver.dead_letters().empty());
}

TEST_P(Rule01, ANewGroupStartsAtTheEarliestRetainedEvent) {
  driver.publish_some("e", 2);
  driver.start("a", {});
  EXPECT_THAT(driver.events(), ElementsAre("e1", "e2"));
}

TEST_P(Rule01, UnlessToldOtherwiseANewGroupStartsAtTheLatestOrAfterAnEntry) {
  const auto first = driver.publish("e1");
  driver.publish("e2");
  driver.start("latest", {.group = "latest", .start = {broker::Start::At::latest, {}}});
  EXPECT_THAT(driver.events(), IsEmpty());
  driver.start("after", {.group = "after", .start = {broker::Start::At::after, first}});
  EXPECT_THAT(driver.starts(), ElementsAre("after:e2"));
  driver.publish("e3");
  EXPECT_THAT(driver.starts(), ElementsAre("after:e2", "latest:e3", "after:e3"));
}

TEST_P(Rule01, AStartIsForANewGroupOnly) {
  auto& a = driver.start("a", {});
  a.drain();
  driver.publish("e1");
  driver.start("b", {.start = {broker::Start::At::latest, {}}});
  EXPECT_THAT(driver.starts(), ElementsAre("b:e1"));
}

TEST_P(Rule01, TheBusHandsAPublishedEventToEveryGroupOnce) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::string> mailer, audit;
  const auto into = [](Collected<std::string>& list) {
    return [&list](const Event<UserRegistered>& e) { return list.add(e.data.user_id.str()), true; };
  };
  const auto a = bus.subscribe<UserRegistered>(into(mailer), group("mailer"));
  const auto b = bus.subscribe<UserRegistered>(into(audit), group("audit"));
  for (int i = 0; i < 50; ++i) client.publish(user("u" + std::to_string(i)));
  EXPECT_EQ(mailer.wait_for(50).size(), 50u);
  EXPECT_EQ(audit.wait_for(50).size(), 50u);
}

TEST_P(Rule01, ASubscriptionsNewGroupStartsAtTheEarliestEventUnlessToldOtherwise) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("before"));
  Collected<std::string> all, later;
  const auto into = [](Collected<std::string>& list) {
    return [&list](const Event<UserRegistered>& e) { return list.add(e.data.user_id.str()), true; };
  };
  auto latest = group("latest");
  latest.start = StartAt::latest();
  const auto a = bus.subscribe<UserRegistered>(into(all), group("all"));
  const auto b = bus.subscribe<UserRegistered>(into(later), latest);
  client.publish(user("after"));
  EXPECT_THAT(all.wait_for(2), ElementsAre("before", "after"));
  EXPECT_THAT(later.wait_for(1), ElementsAre("after"));
}

COLLECTIVE_ON_EVERY_BROKER(Rule01);

}  // namespace
}  // namespace collective
