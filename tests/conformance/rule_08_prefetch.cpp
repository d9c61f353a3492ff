// Rule 8. Prefetch never exceeds the free workers plus what is expected to finish within a tenth of the lease.
#include "support/engine_test.hpp"

namespace collective {
namespace {

using namespace testing_support;

class Rule08 : public EngineTest {
 protected:
  static Script takes(Nanos duration) {
    return [duration](const Handling&) { return Reaction(true, duration); };
  }
  /// The most that the process ever held beyond its running handlers, sampled over a minute.
  std::size_t most_waiting(Process& process) {
    std::size_t most = 0;
    for (int i = 0; i < 600; ++i) {
      driver.advance(milliseconds(100));
      most = std::max(most, process.member().waiting());
    }
    return most;
  }
};

TEST_P(Rule08, BeforeAnythingIsMeasuredAProcessHoldsWhatItsWorkersTake) {
  auto& a = driver.start("a", {.concurrency = 3, .handler = runs});
  driver.publish_some("e", 20);
  driver.advance(minutes(1));
  EXPECT_EQ(a.holds(), 3u);
}

TEST_P(Rule08, ItWaitsForNoMoreThanFinishesWithinATenthOfTheLease) {
  driver.publish_some("e", 500);
  auto& a = driver.start("a", {.concurrency = 2, .lease = seconds(30), .handler = takes(seconds(1))});
  EXPECT_LE(most_waiting(a), 2u + 2u * 3u);  // two workers, three seconds, one event a second each
}

TEST_P(Rule08, SlowHandlersPrefetchNothing) {
  driver.publish_some("e", 100);
  auto& a = driver.start("a", {.concurrency = 2, .lease = seconds(30), .handler = takes(seconds(10))});
  driver.advance(seconds(15));
  EXPECT_LE(most_waiting(a), 0u);
}

TEST_P(Rule08, FastHandlersPrefetchUpToTheOption) {
  driver.publish_some("e", 300);
  auto& a = driver.start("a", {.concurrency = 2, .prefetch = 50, .handler = takes(milliseconds(10))});
  std::size_t most = 0;
  for (int i = 0; i < 500; ++i) {
    driver.advance(milliseconds(2));
    most = std::max(most, a.member().waiting());
  }
  EXPECT_GT(most, 2u);
  EXPECT_LE(most, 50u);
  EXPECT_TRUE(driver.settled() || a.alive());
}

TEST_P(Rule08, HandlersThatBecomeSlowShrinkTheWindow) {
  driver.publish_some("e", 1'000);
  auto& a = driver.start("a", {.concurrency = 1, .handler = takes(milliseconds(10))});
  driver.advance(seconds(1));
  a.script(takes(seconds(2)));
  driver.advance(minutes(20));
  ASSERT_FALSE(driver.settled());
  EXPECT_LE(most_waiting(a), 1u + 1u);
}

TEST_P(Rule08, WhatAProcessDoesNotHoldIsLeftToOthers) {
  auto& a = driver.start("a", {.concurrency = 1, .handler = runs});
  driver.publish_some("e", 3);
  auto& b = driver.start("b", {.concurrency = 2, .handler = runs});
  EXPECT_THAT(a.running(), ElementsAre("e1"));
  EXPECT_THAT(b.running(), UnorderedElementsAre("e2", "e3"));
}

COLLECTIVE_ON_EVERY_BROKER(Rule08);

}  // namespace
}  // namespace collective
