#include <cstdlib>
#include <iostream>

#include <gtest/gtest.h>

#include "simulation/cluster.hpp"

// The real engine, several processes, virtual time and one seed.
namespace collective::simulation {
namespace {

constexpr std::uint64_t seeds = 50;

class Seeds : public testing::TestWithParam<std::uint64_t> {};

TEST_P(Seeds, KeepEveryPromise) {
  std::size_t handled = 0;
  for (std::uint64_t seed = GetParam(); seed < GetParam() + seeds; ++seed) {
    const Scenario scenario{.seed = seed};
    const auto verdict = run(scenario);
    EXPECT_TRUE(verdict.broken.empty()) << report(scenario, verdict);
    handled += verdict.handled;
  }
  EXPECT_GT(handled, seeds * 100) << "the scenarios do too little to prove anything";
}

INSTANTIATE_TEST_SUITE_P(Simulation, Seeds, testing::Range<std::uint64_t>(1, 501, seeds));

TEST(Simulation, ASeedReplaysExactly) {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(run({.seed = seed}).hash, run({.seed = seed}).hash) << "seed " << seed;
  }
  EXPECT_NE(run({.seed = 1}).hash, run({.seed = 2}).hash);
}

/// For a person: COLLECTIVE_SEED=n tells all that happens in that seed.
TEST(Simulation, OneSeed) {
  const char* const seed = std::getenv("COLLECTIVE_SEED");
  if (seed == nullptr) GTEST_SKIP() << "set COLLECTIVE_SEED to replay a seed";
  Scenario scenario{.seed = std::strtoull(seed, nullptr, 10)};
  scenario.tell = [](Nanos at, std::string_view what, std::string_view detail) {
    std::cout << at.count() / 1'000'000 << " ms " << what << " " << detail << "\n";
  };
  const auto verdict = run(scenario);
  EXPECT_TRUE(verdict.broken.empty()) << report(scenario, verdict);
}

}  // namespace
}  // namespace collective::simulation
