#include <algorithm>

#include <gtest/gtest.h>

#include "simulation/cluster.hpp"

// The checker itself: each bug is planted on purpose, and must be found within a few seeds.
namespace collective::simulation {
namespace {

void expect_found(Scenario scenario, const std::string& rule) {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    scenario.seed = seed;
    const auto broken = run(scenario).broken;
    const auto names_it = [&](const std::string& text) { return text.find(rule) != std::string::npos; };
    if (std::any_of(broken.begin(), broken.end(), names_it)) return;
  }
  ADD_FAILURE() << "40 seeds did not show \"" << rule << "\"";
}

TEST(PlantedBugs, AcknowledgingBeforeHandlingIsFound) {
  expect_found({.service_bugs = {.acknowledges_before_handling = true}}, "never handled");
}

TEST(PlantedBugs, AGroupCreatedAtTheEndIsFound) {
  expect_found({.network_bugs = {.group_at_end = true}}, "never handled");
}

TEST(PlantedBugs, ARetryForgottenOnRestartIsFound) {
  expect_found({.service_bugs = {.keeps_retries_in_memory = true}}, "never handled");
}

TEST(PlantedBugs, ADeadLetterAcknowledgedButNotStoredIsFound) {
  expect_found({.network_bugs = {.dead_letter_forgotten = true}}, "never handled");
}

TEST(PlantedBugs, ARetryThatIsNotCountedIsFound) {
  expect_found({.network_bugs = {.retry_not_counted = true}}, "not drained");
}

TEST(PlantedBugs, OrderThatIsNotAskedForIsFound) {
  expect_found({.network_bugs = {.order_ignored = true}}, "of the same key");
}

}  // namespace
}  // namespace collective::simulation
