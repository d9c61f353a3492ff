#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collective/catalog/streams.hpp"
#include "collective/event_type.hpp"

namespace collective {

enum class ServiceStatus : std::uint8_t { healthy = 1, degraded, unhealthy };
BOOST_DESCRIBE_ENUM(ServiceStatus, healthy, degraded, unhealthy)

/// How a service is doing.
struct SystemServiceHealth {
  static constexpr EventType event{"system.service.health", streams::system};

  std::string service_name;
  ServiceStatus status;
  NonNegative response_time_ms;
  NonNegative memory_usage_mb;
  double cpu_usage_percent;
  double error_rate;

  bool operator==(const SystemServiceHealth&) const = default;
};
BOOST_DESCRIBE_STRUCT(SystemServiceHealth, (),
                      (service_name, status, response_time_ms, memory_usage_mb, cpu_usage_percent, error_rate))

/// A service failed in a way that someone should know.
struct SystemErrorCritical {
  static constexpr EventType event{"system.error.critical", streams::system};

  std::string service_name;
  std::string error_type;
  std::string error_message;
  std::string stack_trace;
  std::optional<Id> user_id{};
  std::optional<Id> request_id{};
  bool requires_immediate_attention;

  bool operator==(const SystemErrorCritical&) const = default;
};
BOOST_DESCRIBE_STRUCT(SystemErrorCritical, (),
                      (service_name, error_type, error_message, stack_trace, user_id, request_id,
                       requires_immediate_attention))

/// A measured value passed its threshold.
struct SystemPerformanceDegraded {
  static constexpr EventType event{"system.performance.degraded", streams::system};

  std::string metric_name;
  double current_value;
  double threshold_value;
  std::vector<std::string> affected_services;
  std::vector<std::string> suggested_actions;

  bool operator==(const SystemPerformanceDegraded&) const = default;
};
BOOST_DESCRIBE_STRUCT(SystemPerformanceDegraded, (),
                      (metric_name, current_value, threshold_value, affected_services, suggested_actions))

}  // namespace collective
