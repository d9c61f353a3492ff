#pragma once

#include <memory>
#include <string>
#include <vector>

#include "broker/admin.hpp"
#include "simulation/history.hpp"
#include "simulation/network.hpp"
#include "simulation/service.hpp"
#include "simulation/world.hpp"

namespace collective::simulation {

struct Scenario {
  std::uint64_t seed = 1;
  int events = 150;
  bool clocks_jump = true;
  Service::Bugs service_bugs{};
  Network::Bugs network_bugs{};
  World::Tell tell{};  ///< called with everything that happens; for a person
};

struct Verdict {
  std::vector<std::string> broken;  ///< empty: every promise was kept
  std::uint64_t hash = 0;
  std::size_t handled = 0;
};

/// Runs a whole cluster from one seed: publishers, three groups of several processes (without order, per key, strict), a
/// store that is hard to reach, crashes, freezes and jumping clocks. Then everything heals and must drain; the dead
/// letters are republished and must drain, too. What was promised is checked at the end.
Verdict run(const Scenario& scenario);

/// For a failed expectation: the seed, how to replay it, and what broke.
std::string report(const Scenario& scenario, const Verdict& verdict);

}  // namespace collective::simulation
