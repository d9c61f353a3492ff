#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "service/http.hpp"
#include "service/monitor.hpp"

namespace collective::service {

/// What the service's health is told from.
struct HealthFacts {
  std::shared_ptr<const Snapshot> snapshot{};
  std::chrono::steady_clock::duration sample_age{};
  std::chrono::milliseconds sample_interval{};
  std::string description{};  ///< the broker; empty: not for this caller
  std::string durability{};   ///< what a returned publish survives
  std::size_t busy_workers = 0;
  std::chrono::steady_clock::duration oldest_wait{};  ///< of a call for a worker
  bool stopping = false;
  std::size_t connections = 0, subscribers = 0;
  std::chrono::steady_clock::duration uptime{};
};

/// What is wrong, in words; empty when the service is healthy.
[[nodiscard]] std::vector<std::string> troubles(const HealthFacts& facts);

/// The answer of /health: 200, or 503 with both the error and the data.
[[nodiscard]] Response health_response(const HealthFacts& facts);

}  // namespace collective::service
