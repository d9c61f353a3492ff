#include "service/service.hpp"

#include "service/backend.hpp"
#include "service/gateway.hpp"
#include "service/server.hpp"

namespace collective::service {
namespace {

ServiceOptions checked(ServiceOptions options) {
  options.check();
  return options;
}

EventClient connected(const ServiceOptions& options, std::shared_ptr<Observer> observer) {
  EventClient client({.broker = options.broker, .observer = std::move(observer)});  // the caller is the source
  client.connect();
  return client;
}

}  // namespace

/// In the order in which they need each other.
struct Service::Parts {
  explicit Parts(ServiceOptions given)
      : options(checked(std::move(given))),
        log(options),
        telemetry(std::make_shared<Telemetry>(log)),
        client(connected(options, telemetry)),
        monitor(client, options.sample_interval),
        workers(options.limits.workers, options.limits.queued_calls),
        waiters(options.limits.waiting_fetches, 0),
        followers(client, options.keep_alive, log),
        backend{options, client,    EventBus(client),      TypeRegistry::catalog(),          monitor, *telemetry,
                workers, followers, Proof(options.tokens), std::chrono::steady_clock::now(), stopping},
        gateway({options, table, workers, waiters, log, *telemetry}),
        server(options, gateway, *telemetry, log) {
    add_health(table, backend);
    add_streams(table, backend);
    add_groups(table, backend);
    add_events(table, backend);
    add_trace(table, backend);
    add_publish(table, backend);
    add_subscribe(table, backend);
    add_consume(table, backend);
    add_dead_letters(table, backend);
    add_types(table, backend);
    add_metrics(table, backend);
    add_openapi(table);
  }

  const ServiceOptions options;
  Log log;
  const std::shared_ptr<Telemetry> telemetry;
  std::atomic<bool> stopping{false};
  EventClient client;
  Monitor monitor;
  WorkerPool workers, waiters;
  Followers followers;
  Backend backend;
  RouteTable table;
  Gateway gateway;
  Server server;
};

Service::Service(ServiceOptions options) : parts_(std::make_unique<Parts>(std::move(options))) {}

Service::~Service() {
  stop();
}

void Service::start() {
  parts_->monitor.sample_now();
  parts_->server.start();
  parts_->log.write(Severity::info, "serving", {{"address", address()}, {"broker", broker()}});
}

void Service::stop(std::chrono::milliseconds deadline) {
  if (parts_->stopping.exchange(true)) return;
  parts_->log.write(Severity::info, "stopping");
  parts_->server.stop(deadline);
  parts_->workers.stop();
  parts_->waiters.stop();
  parts_->followers.stop();
  parts_->monitor.stop();
  parts_->client.close(deadline);
  parts_->log.write(Severity::info, "stopped");
}

std::uint16_t Service::port() const {
  return parts_->server.port();
}

std::string Service::address() const {
  const auto& host = parts_->options.host;
  const bool bare_v6 = host.find(':') != std::string::npos && !host.starts_with('[');
  return (parts_->options.tls() ? "https://" : "http://") + (bare_v6 ? "[" + host + "]" : host) + ":" +
         std::to_string(port());
}

std::string Service::broker() const {
  return parts_->log.redactor().clean(parts_->client.describe());
}

void Service::refresh() {
  parts_->monitor.sample_now();
}

}  // namespace collective::service
