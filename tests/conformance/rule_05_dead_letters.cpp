// Rule 5. After the last attempt the event moves to the group's dead letters, with every attempt's error, in one atomic
// step. What cannot be decoded goes there at once, raw bytes kept; a consumer never stops on it. Readers tolerate
// unknown enum values and fields; publishers do not. Dead letters have a cap and an age, and say when they drop.
#include "runtime/upkeeper.hpp"
#include "support/engine_test.hpp"
#include "support/manual_clock.hpp"
#include "support/recorded.hpp"

namespace collective {
namespace {

using namespace testing_support;

/// What a service that means something else by the same name would publish.
struct OtherShape {
  static constexpr EventType event{"user.registered", streams::user};
  std::string shape{};
};
BOOST_DESCRIBE_STRUCT(OtherShape, (), (shape))

/// user.registered as a later release publishes it: another tier, another field.
struct LaterShape {
  static constexpr EventType event{"user.registered", streams::user};
  Id user_id;
  Email email;
  std::string tier;
  std::string campaign;
};
BOOST_DESCRIBE_STRUCT(LaterShape, (), (user_id, email, tier, campaign))

class Rule05 : public EngineTest {
 protected:
  void make_letters(int count) {
    driver.start("a", {.handler = [](const Handling&) { return Outcome::dead_letter("hopeless"); }});
    for (int i = 1; i <= count; ++i) {
      driver.publish("e" + std::to_string(i));
      driver.advance(hours(1));
    }
  }
  std::vector<std::string> letters() {
    std::vector<std::string> ids;
    for (const auto& letter : driver.dead_letters()) ids.push_back(letter.event.envelope.id);
    return ids;
  }
  static std::vector<DeadLetter> letters_of(EventBus& bus) {
    eventually([&] { return !bus.dead_letters("user.events", "g").empty(); });
    return bus.dead_letters("user.events", "g");
  }
};

TEST_P(Rule05, AfterTheLastAttemptAnEventIsADeadLetterWithEveryAttemptsError) {
  driver.start("a",
               {.handler = [](const Handling& e) { return Outcome::retry("error " + std::to_string(e.attempt)); }});
  driver.publish("e1");
  driver.advance(hours(1));
  EXPECT_TRUE(driver.settled());
  const auto found = driver.dead_letters();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].attempts, 3u);
  ASSERT_EQ(found[0].history.size(), 3u);
  for (std::uint32_t i = 0; i < 3; ++i) {
    EXPECT_EQ(found[0].history[i].number, i + 1);
    EXPECT_EQ(found[0].history[i].error, "error " + std::to_string(i + 1));
    EXPECT_EQ(found[0].history[i].consumer, "a");
  }
  EXPECT_NE(found[0].reason.find("error 3"), std::string::npos) << found[0].reason;
  EXPECT_EQ(driver.alarms(Alarm::dead_letter), 1);
}

TEST_P(Rule05, AHandlersErrorsSurviveCrashesBetweenTheAttempts) {
  auto& a = driver.start("a", {.handler = [](const Handling&) { return Outcome::retry("error of a"); }});
  driver.publish("e1");
  driver.advance(milliseconds(500));
  a.crash();
  driver.start("b", {.handler = [](const Handling&) { return Outcome::retry("error of b"); }});
  driver.advance(hours(1));
  const auto found = driver.dead_letters();
  ASSERT_EQ(found.size(), 1u);
  ASSERT_EQ(found[0].history.size(), 3u);
  EXPECT_EQ(found[0].history[0].error, "error of a");
  EXPECT_EQ(found[0].history[1].error, "error of b");
}

TEST_P(Rule05, TheMoveIsOneStepThatALostReplyCannotDouble) {
  for (const auto link : {Process::Link::loses_replies, Process::Link::loses_requests}) {
    const auto event = "e" + std::to_string(static_cast<int>(link));
    auto& a = driver.start("a", {.handler = runs});
    driver.publish(event);
    a.link(link);
    a.finish(event, Outcome::dead_letter("hopeless"));
    driver.advance(seconds(5));
    a.link(Process::Link::whole);
    driver.advance(minutes(1));
    EXPECT_TRUE(driver.settled());
    EXPECT_EQ(driver.count(event), 1);
    a.drain();
  }
  EXPECT_EQ(driver.dead_letters().size(), 2u);
}

TEST_P(Rule05, AHandlerMayDeadLetterAtOnceWithAReason) {
  make_letters(1);
  EXPECT_EQ(driver.count("e1"), 1);
  EXPECT_EQ(driver.dead_letters()[0].reason, "hopeless");
}

TEST_P(Rule05, FalseAndExceptionRetryUpToTheLastAttemptThenDeadLetterWithTheHistory) {
  auto client = connected();
  EventBus bus(client);
  Collected<std::uint32_t> attempts;
  client.publish(user("u1"));
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>&, Delivery& delivery) -> bool {
        attempts.add(delivery.attempt());
        if (delivery.attempt() == 2) throw std::runtime_error("the mail server is away");
        return false;
      },
      group("g"));
  const auto found = letters_of(bus);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_THAT(attempts.now(), ElementsAre(1u, 2u, 3u));
  std::vector<std::string> errors;
  for (const auto& attempt : found[0].history) errors.push_back(attempt.error);
  EXPECT_THAT(errors,
              ElementsAre("the handler returned false", "the mail server is away", "the handler returned false"));
}

TEST_P(Rule05, AnEventThatDoesNotDecodeIsADeadLetterAtOnceAndTheConsumerGoesOn) {
  auto client = connected();
  EventBus bus(client);
  client.publish(OtherShape{.shape = "round"});
  client.publish(user("u1"));
  Collected<std::string> seen;
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e) { return seen.add(e.data.user_id.str()), true; }, group("g"));
  EXPECT_THAT(seen.wait_for(1), ElementsAre("u1"));
  const auto found = letters_of(bus);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_NE(found[0].reason.find("/user_id"), std::string::npos) << found[0].reason;
  EXPECT_EQ(found[0].attempts, 1u);
  EXPECT_EQ(found[0].event.envelope.data, R"({"shape":"round"})");
}

TEST_P(Rule05, ReadersTolerateUnknownEnumValuesAndFields) {
  auto client = connected();
  EventBus bus(client);
  client.publish(LaterShape{.user_id = "u1", .email = "a@b.example", .tier = "galactic", .campaign = "spring"});
  Collected<Event<UserRegistered>> seen;
  const auto s =
      bus.subscribe<UserRegistered>([&](const Event<UserRegistered>& e) { return seen.add(e), true; }, group("g"));
  const auto events = seen.wait_for(1);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].data.tier, unknown_value<Tier>);
  EXPECT_EQ(events[0].unknown_fields, R"({"campaign":"spring"})");
}

TEST_P(Rule05, PublishersDoNotTolerateUnknownEnumValues) {
  auto client = connected();
  const auto failed = failure_of(
      [&] { client.publish("user.registered", R"({"user_id":"u1","email":"a@b.example","tier":"galactic"})"); });
  EXPECT_EQ(failed.code, Errc::invalid);
  EXPECT_NE(failed.message.find("/tier"), std::string::npos) << failed.message;
  EXPECT_TRUE(client.read("user.events").empty());
}

TEST_P(Rule05, DeadLettersHaveACapAndSayWhenTheyDrop) {
  make_letters(5);
  const auto report = driver.upkeep({.dead_letter_cap = 2});
  ASSERT_EQ(report.dropped_dead_letters.size(), 1u);
  EXPECT_EQ(report.dropped_dead_letters[0].group, "g");
  EXPECT_EQ(report.dropped_dead_letters[0].entries, 3u);
  EXPECT_THAT(letters(), ElementsAre("e4", "e5"));
  EXPECT_EQ(driver.group().dropped_dead_letters, 3u);
}

TEST_P(Rule05, DeadLettersHaveAnAgeAndSayWhenTheyDrop) {
  make_letters(5);
  const auto report = driver.upkeep({.dead_letter_age = minutes(150)});
  ASSERT_EQ(report.dropped_dead_letters.size(), 1u);
  EXPECT_EQ(report.dropped_dead_letters[0].entries, 3u);
  EXPECT_THAT(letters(), ElementsAre("e4", "e5"));
}

TEST_P(Rule05, DroppedDeadLettersRaiseAnAlarm) {
  make_letters(2);
  auto clock = std::make_shared<ManualClock>();
  auto alarms = std::make_shared<Alarms>();
  runtime::Upkeeper upkeeper(driver.store(), clock, alarms);
  upkeeper.set_retention("work", {.dead_letter_cap = 1});
  clock->advance(seconds(2));
  upkeeper.look_after("wakes it");
  EXPECT_THAT(alarms->seen.wait_for(1), ElementsAre("dead_letters_lost work/g"));
}

TEST_P(Rule05, ADiscardedDeadLetterIsGone) {
  auto client = connected();
  EventBus bus(client);
  client.publish(user("u1"));
  const auto s = bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return Outcome::dead_letter("no"); },
                                               group("g"));
  const auto found = letters_of(bus);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(bus.discard_dead_letters("user.events", "g", {found[0].number}), 1u);
  EXPECT_TRUE(bus.dead_letters("user.events", "g").empty());
}

COLLECTIVE_ON_EVERY_BROKER(Rule05);

}  // namespace
}  // namespace collective
