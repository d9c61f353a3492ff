// Rule 6. Republishing dead letters reaches only the group that failed, keeps event id and correlation, resets attempts
// and counts generations. It is idempotent: a crash in the middle loses and doubles nothing.
#include "support/core_test.hpp"
#include "support/engine_test.hpp"
#include "support/recorded.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule06 : public EngineTest {
 protected:
  static Reaction fails_at_first(const Handling& e) { return e.generation > 0; }
};

TEST_P(Rule06, RepublishingReachesOnlyTheGroupThatFailed) {
  driver.start("other", {.group = "other"});
  driver.start("a", {.handler = fails_at_first});
  driver.publish("e1");
  driver.advance(hours(1));
  EXPECT_EQ(driver.republish(), 1u);
  EXPECT_THAT(driver.starts(), ElementsAre("other:e1", "a:e1", "a:e1", "a:e1", "a:e1"));
  EXPECT_THAT(driver.dead_letters(), IsEmpty());
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule06, AGroupCreatedLaterSeesTheEventOnce) {
  driver.start("a", {.handler = fails_at_first});
  driver.publish("e1");
  driver.advance(hours(1));
  driver.republish();
  driver.start("late", {.group = "late"});
  EXPECT_EQ(driver.starts().back(), "late:e1");
  EXPECT_EQ(driver.count("e1"), 5);
}

TEST_P(Rule06, AttemptsAreResetAndGenerationsCounted) {
  driver.start("a", {.handler = fails});
  driver.publish("e1");
  for (std::uint32_t generation = 0; generation < 3; ++generation) {
    driver.advance(hours(1));
    const auto letters = driver.dead_letters();
    ASSERT_EQ(letters.size(), 1u);
    EXPECT_EQ(letters[0].generation, generation);
    EXPECT_EQ(letters[0].attempts, 3u);
    EXPECT_EQ(letters[0].history.size(), 3u);
    EXPECT_EQ(driver.handlings().back().generation, generation);
    EXPECT_EQ(driver.handlings().back().attempt, 3u);
    driver.republish();
  }
}

TEST_P(Rule06, StallsAreResetToo) {
  auto& a = driver.start(
      "a", {.handler = [](const Handling& e) { return e.generation > 0 ? Reaction(true) : Reaction::dies(); }});
  driver.publish("killer");
  for (int i = 0; i < 5; ++i) {
    driver.advance(seconds(31));
    if (!a.alive()) a.start();
  }
  ASSERT_EQ(driver.dead_letters().size(), 1u);
  driver.republish();
  EXPECT_TRUE(driver.settled());
  EXPECT_THAT(driver.dead_letters(), IsEmpty());
}

TEST_P(Rule06, RepeatingARepublishDoublesNothing) {
  auto& a = driver.start("a", {.handler = fails});
  driver.publish_some("e", 3);
  driver.advance(hours(1));
  a.script([](const Handling&) { return true; });
  std::vector<std::uint64_t> numbers;
  for (const auto& letter : driver.dead_letters()) numbers.push_back(letter.number);
  EXPECT_EQ(driver.republish("g", numbers), 3u);
  EXPECT_EQ(driver.republish("g", numbers), 0u);  // as after a reply that was lost
  EXPECT_EQ(driver.handlings().size(), 3u * 3 + 3);
}

TEST_P(Rule06, ACrashBetweenTwoStepsLeavesTheRestToBeRepublished) {
  auto& a = driver.start("a", {.handler = fails});
  driver.publish_some("e", 3);
  driver.advance(hours(1));
  a.script([](const Handling&) { return true; });
  EXPECT_EQ(driver.republish("g", {driver.dead_letters()[0].number}), 1u);
  EXPECT_EQ(driver.republish(), 2u);
  for (int i = 1; i <= 3; ++i) EXPECT_EQ(driver.count("e" + std::to_string(i)), 4);
  EXPECT_TRUE(driver.settled());
}

TEST_P(Rule06, AMemberThatCrashesWithARepublishedEventLosesNothing) {
  auto& a = driver.start(
      "a", {.handler = [](const Handling& e) { return e.generation == 0 ? Reaction(false) : Reaction::runs(); }});
  driver.publish("e1");
  driver.advance(hours(1));
  driver.republish();
  ASSERT_THAT(a.running(), ElementsAre("e1"));
  a.crash();
  driver.advance(seconds(31));
  driver.start("b", {});
  EXPECT_EQ(driver.starts().back(), "b:e1");
  EXPECT_EQ(driver.handlings().back().generation, 1u);
  EXPECT_TRUE(driver.settled());
  EXPECT_THAT(driver.dead_letters(), IsEmpty());
}

TEST_P(Rule06, ARepublishedEventOutlivesTheTrimmingOfItsStream) {
  auto& a = driver.start("a", {.handler = fails});
  driver.publish("e1");
  driver.advance(hours(1));
  a.drain();
  driver.republish();
  EXPECT_EQ(driver.upkeep({.max_length = 0, .min_id = EntryId::max(), .force = true}).trimmed, 1u);
  driver.start("b", {});
  EXPECT_EQ(driver.starts().back(), "b:e1");
}

TEST_P(Rule06, EventIdAndCorrelationAreKept) {
  auto client = connected();
  EventBus bus(client);
  std::atomic<bool> fixed{false};
  Collected<std::string> seen;
  const auto s = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>& e, Delivery& delivery) {
        if (!fixed) return false;
        seen.add(e.id + " " + e.correlation_id + " attempt " + std::to_string(delivery.attempt()) + " generation " +
                 std::to_string(delivery.generation()));
        return true;
      },
      group("g"));
  const auto published = client.publish(user("u1"), {.correlation_id = "c-1"});
  ASSERT_TRUE(eventually([&] { return bus.dead_letters("user.events", "g").size() == 1; }));
  fixed = true;
  EXPECT_EQ(bus.republish_dead_letters("user.events", "g"), 1u);
  EXPECT_THAT(seen.wait_for(1), ElementsAre(published.event_id + " c-1 attempt 1 generation 1"));
  EXPECT_EQ(bus.republish_dead_letters("user.events", "g"), 0u);
}

COLLECTIVE_ON_EVERY_BROKER(Rule06);

class Rule06Runtime : public CoreTest {};

TEST_P(Rule06Runtime, DeadLettersOlderThanMaxAgeStay) {
  const auto core = connect();
  publish(*core, user("u1"));
  detail::RawHandler refuse = [](auto deliveries) {
    return std::vector<Outcome>(deliveries.size(), Outcome::dead_letter("no"));
  };
  const auto s = core->subscribe({{"user.events", "user.registered", 1}}, refuse, group("g"), false);
  ASSERT_TRUE(eventually([&] { return core->dead_letters("user.events", "g", 0, 10).size() == 1; }));
  clock->advance(hours(1));
  EXPECT_EQ(core->republish("user.events", "g", minutes(59)), 0u);
  EXPECT_EQ(core->republish("user.events", "g", minutes(61)), 1u);
}

COLLECTIVE_ON_EVERY_BROKER(Rule06Runtime);

}  // namespace
}  // namespace collective
