#pragma once

#include <atomic>

#include "collective/bus.hpp"
#include "collective/catalog.hpp"

#include "service/followers.hpp"
#include "service/log.hpp"
#include "service/monitor.hpp"
#include "service/proof.hpp"
#include "service/route.hpp"
#include "service/telemetry.hpp"
#include "service/worker_pool.hpp"

namespace collective::service {

/// What the handlers work with. Outlives them.
struct Backend {
  const ServiceOptions& options;
  EventClient client;
  EventBus bus;
  TypeRegistry types;
  Monitor& monitor;
  Telemetry& telemetry;
  WorkerPool& workers;
  Followers& followers;
  Proof proof;
  std::chrono::steady_clock::time_point began;
  const std::atomic<bool>& stopping;
};

// Each adds the routes of one resource.
void add_health(RouteTable& table, Backend& backend);
void add_streams(RouteTable& table, Backend& backend);
void add_events(RouteTable& table, Backend& backend);
void add_trace(RouteTable& table, Backend& backend);
void add_publish(RouteTable& table, Backend& backend);
void add_subscribe(RouteTable& table, Backend& backend);
void add_groups(RouteTable& table, Backend& backend);
void add_consume(RouteTable& table, Backend& backend);
void add_dead_letters(RouteTable& table, Backend& backend);
void add_types(RouteTable& table, Backend& backend);
void add_metrics(RouteTable& table, Backend& backend);
/// The last one: it describes what the table holds then, itself included.
void add_openapi(RouteTable& table);

}  // namespace collective::service
