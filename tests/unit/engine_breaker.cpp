#include <gtest/gtest.h>

#include "engine/breaker.hpp"
#include "support/hand_made.hpp"

namespace collective::engine {
namespace {

using testing_support::ms;

constexpr BreakerPolicy policy{.failures = 3, .probe_after = Millis(100), .max_pause = Millis(350)};

Breaker opened_at_zero() {
  Breaker breaker(policy);
  for (int i = 0; i < 3; ++i) breaker.failed(ms(0), false);
  return breaker;
}

TEST(EngineBreaker, OpensAtTheStatedNumberOfFailuresInARow) {
  Breaker breaker(policy);
  EXPECT_FALSE(breaker.failed(ms(0), false));
  EXPECT_FALSE(breaker.failed(ms(0), false));
  EXPECT_TRUE(breaker.failed(ms(0), false));
  EXPECT_FALSE(breaker.allows(ms(99)));
  EXPECT_TRUE(breaker.allows(ms(100)));
}

TEST(EngineBreaker, ASuccessBreaksTheRow) {
  Breaker breaker(policy);
  breaker.failed(ms(0), false);
  breaker.failed(ms(0), false);
  breaker.succeeded();
  EXPECT_FALSE(breaker.failed(ms(0), false));
  EXPECT_FALSE(breaker.open());
}

TEST(EngineBreaker, ProbesOneAtATime) {
  auto breaker = opened_at_zero();
  EXPECT_TRUE(breaker.started());
  EXPECT_FALSE(breaker.allows(ms(1'000)));
}

TEST(EngineBreaker, AFailedProbeDoublesThePauseUpToItsCap) {
  auto breaker = opened_at_zero();
  std::vector<Nanos> pauses;
  auto now = breaker.probe_at();
  for (int i = 0; i < 4; ++i) {
    breaker.failed(now, breaker.started());
    pauses.push_back(breaker.probe_at() - now);
    now = breaker.probe_at();
  }
  EXPECT_EQ(pauses, (std::vector<Nanos>{ms(200), ms(350), ms(350), ms(350)}));
}

TEST(EngineBreaker, ASuccessClosesItAndTheNextPauseStartsSmall) {
  auto breaker = opened_at_zero();
  breaker.failed(ms(100), breaker.started());
  breaker.succeeded();
  EXPECT_TRUE(breaker.allows(ms(100)));
  for (int i = 0; i < 3; ++i) breaker.failed(ms(500), false);
  EXPECT_EQ(breaker.probe_at(), ms(600));
}

TEST(EngineBreaker, WhatBeganBeforeItOpenedIsNeverTakenForTheProbe) {
  auto breaker = opened_at_zero();
  breaker.started();
  breaker.failed(ms(150), false);  // a handler from before; the probe still runs
  EXPECT_EQ(breaker.probe_at(), ms(100));
  EXPECT_FALSE(breaker.allows(ms(1'000)));
}

TEST(EngineBreaker, ADeadLetterNeitherBreaksARowNorLengthensIt) {
  Breaker breaker(policy);
  breaker.failed(ms(0), false);
  breaker.decided(false);
  breaker.failed(ms(0), false);
  breaker.decided(false);
  EXPECT_FALSE(breaker.open());
  EXPECT_TRUE(breaker.failed(ms(0), false));
}

TEST(EngineBreaker, AfterAProbeThatBecameADeadLetterTheNextEventIsTheProbe) {
  auto breaker = opened_at_zero();
  breaker.decided(breaker.started());
  EXPECT_TRUE(breaker.open());
  EXPECT_TRUE(breaker.allows(ms(100)));
  EXPECT_TRUE(breaker.started());
}

TEST(EngineBreaker, ZeroFailuresMeansNever) {
  Breaker breaker({.failures = 0});
  for (int i = 0; i < 1'000; ++i) breaker.failed(ms(0), false);
  EXPECT_FALSE(breaker.open());
}

TEST(EngineBreaker, TheFirstPauseKeepsToTheCapToo) {
  Breaker breaker({.failures = 1, .probe_after = Millis(500), .max_pause = Millis(100)});
  breaker.failed(ms(0), false);
  EXPECT_EQ(breaker.probe_at(), ms(100));
}

}  // namespace
}  // namespace collective::engine
