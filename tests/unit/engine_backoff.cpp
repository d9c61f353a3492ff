#include <gtest/gtest.h>

#include "engine/backoff.hpp"

namespace collective::engine {
namespace {

Millis wait(const RetryPolicy& policy, std::uint32_t failures, double uniform = 0.5) {
  return backoff_delay(policy, failures, [uniform] { return uniform; });
}

constexpr double almost_one = 0.9999999;

TEST(EngineBackoff, ExponentialDoublesUpToTheCap) {
  const RetryPolicy policy{.base_delay = Millis(1'000), .max_delay = Millis(30'000), .jitter = 0};
  EXPECT_EQ(wait(policy, 1), Millis(1'000));
  EXPECT_EQ(wait(policy, 2), Millis(2'000));
  EXPECT_EQ(wait(policy, 5), Millis(16'000));
  EXPECT_EQ(wait(policy, 6), Millis(30'000));
  EXPECT_EQ(wait(policy, UINT32_MAX), Millis(30'000));
}

TEST(EngineBackoff, LinearAddsTheBaseAndFixedRepeatsIt) {
  RetryPolicy policy{.backoff = Backoff::linear, .base_delay = Millis(100), .max_delay = Millis(350), .jitter = 0};
  EXPECT_EQ(wait(policy, 3), Millis(300));
  EXPECT_EQ(wait(policy, 4), Millis(350));
  policy.backoff = Backoff::fixed;
  EXPECT_EQ(wait(policy, 9), Millis(100));
}

TEST(EngineBackoff, JitterSpreadsEvenlyAroundTheDelay) {
  const RetryPolicy policy{.base_delay = Millis(1'000), .jitter = 0.2};
  EXPECT_EQ(wait(policy, 1, 0.0), Millis(800));
  EXPECT_EQ(wait(policy, 1, almost_one), Millis(1'199));
}

TEST(EngineBackoff, NoWaitPassesTheCapJitterIncluded) {
  const RetryPolicy policy{.base_delay = Millis(1'000), .max_delay = Millis(1'000), .jitter = 1};
  EXPECT_EQ(wait(policy, 7, almost_one), Millis(1'000));
  EXPECT_EQ(wait(policy, 7, 0.0), Millis(0));
}

TEST(EngineBackoff, ABaseOfZeroRetriesAtOnce) {
  EXPECT_EQ(wait({.base_delay = Millis(0)}, 20), Millis(0));
}

TEST(EngineBackoff, WithoutACapTheDelayStaysADuration) {
  const RetryPolicy policy{.base_delay = Millis(1'000), .max_delay = Millis::max(), .jitter = 1};
  EXPECT_EQ(wait(policy, 100, almost_one), bounded(Millis::max()));
}

}  // namespace
}  // namespace collective::engine
