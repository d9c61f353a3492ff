#include "service/health.hpp"

#include "service/backend.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

HealthFacts facts_of(const Backend& backend) {
  const auto now = std::chrono::steady_clock::now();
  const auto told = backend.client.describe();  // the broker; what a returned publish survives
  const auto end = told.find("; ");
  HealthFacts facts;
  facts.snapshot = backend.monitor.latest();
  facts.sample_age = now - facts.snapshot->at;
  facts.sample_interval = backend.options.sample_interval;
  facts.description = told.substr(0, end);
  facts.durability = end == std::string::npos ? std::string() : told.substr(end + 2);
  facts.busy_workers = backend.workers.busy();
  facts.oldest_wait = backend.workers.oldest_wait();
  facts.stopping = backend.stopping;
  facts.connections = backend.telemetry.connections;
  facts.subscribers = backend.telemetry.subscribers;
  facts.uptime = now - backend.began;
  return facts;
}

Answer health(const Backend& backend, const Request& request) {
  auto facts = facts_of(backend);
  if (request.principal.name == "anonymous") facts.description.clear();  // it may name a path of this machine
  return {health_response(facts), nullptr};
}

Answer ready(const Backend& backend) {
  const auto wrong = troubles(facts_of(backend));
  if (wrong.empty()) return {success(R"({"status":"ready"})"), nullptr};
  throw Problem(503, "not_ready", wrong.front());
}

constexpr std::string_view health_schema =
    R"({"type":"object","required":["status","timestamp","services","stats"],)"
    R"("properties":{"status":{"type":"string","enum":["healthy","unhealthy"]},"timestamp":{"type":"string","format":"date-time"},)"
    R"("services":{"type":"object"},"stats":{"type":"object"},"problems":{"type":"array","items":{"type":"string"}}}})";
constexpr std::string_view status_schema = R"({"type":"object","properties":{"status":{"type":"string"}}})";

}  // namespace

void add_health(RouteTable& table, Backend& backend) {
  table.add({"GET",
             "/health",
             Scope::info,
             RunOn::io,
             [&backend](const Request& request) { return health(backend, request); },
             {"getHealth",
              "health",
              "How each part does; 503 when one does not work",
              {},
              {},
              health_schema,
              "application/json",
              {503}}});
  table.add({"GET",
             "/livez",
             Scope::open,
             RunOn::io,
             [](const Request&) -> Answer { return {success(R"({"status":"alive"})"), nullptr}; },
             {"getLiveness", "health", "Whether the process answers", {}, {}, status_schema}});
  table.add({"GET",
             "/readyz",
             Scope::open,
             RunOn::io,
             [&backend](const Request&) { return ready(backend); },
             {"getReadiness",
              "health",
              "Whether calls can be carried out now",
              {},
              {},
              status_schema,
              "application/json",
              {503}}});
}

}  // namespace collective::service
