#include "service/telemetry.hpp"

#include <algorithm>
#include <charconv>

namespace collective::service {
namespace {

std::string number(double value) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

std::string destination(std::string_view stream) {
  return label("messaging_system", "event-bus") + "," + label("messaging_destination_name", stream);
}

}  // namespace

std::string label(std::string_view name, std::string_view value) {
  std::string text(name);
  text += "=\"";
  for (const char c : value) {
    if (c == '\n') {
      text += "\\n";
    } else {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
  }
  return text += '"';
}

void describe_metric(std::string& out, std::string_view metric, std::string_view type, std::string_view help) {
  ((out += "# HELP ") += metric) += ' ';
  ((out += help) += "\n# TYPE ") += metric;
  ((out += ' ') += type) += '\n';
}

void write_metric(std::string& out, std::string_view metric, const std::string& labels, double value) {
  out += metric;
  if (!labels.empty()) out += "{" + labels + "}";
  out += " " + number(value) + "\n";
}

void Telemetry::log(Severity severity, std::string_view message) {
  log_.write(severity, message);
}

void Telemetry::published(std::string_view stream, std::size_t events, std::chrono::nanoseconds took,
                          std::string_view error) {
  const std::lock_guard lock(mutex_);
  auto labels = destination(stream) + "," + label("messaging_operation_name", "publish");
  if (error.empty()) {
    sent_[labels] += events;
  } else {
    labels += "," + label("error_type", "failed");
  }
  publishes_[labels].add(took);
}

void Telemetry::alarm(Alarm alarm, std::string_view stream, std::string_view group, std::string_view detail) {
  log_.write(Severity::warning, detail, {{"alarm", name(alarm)}, {"stream", stream}, {"group", group}});
  const std::lock_guard lock(mutex_);
  ++alarms_[label("alarm", name(alarm))];
}

void Telemetry::answered(std::string_view method, std::string_view route, int status, std::chrono::nanoseconds took) {
  static constexpr std::array<std::string_view, 4> methods{"GET", "HEAD", "POST", "DELETE"};
  const bool known = std::find(methods.begin(), methods.end(), method) != methods.end();
  const auto labels = label("http_request_method", known ? method : "_OTHER") + "," + label("http_route", route) + "," +
                      label("http_response_status_code", std::to_string(status));
  const std::lock_guard lock(mutex_);
  requests_[labels].add(took);
}

void Telemetry::refused(std::string_view code) {
  const std::lock_guard lock(mutex_);
  ++refused_[label("code", code)];
}

void Telemetry::consumed(std::string_view stream, std::string_view group, std::size_t events, std::size_t redelivered) {
  const auto labels = destination(stream) + "," + label("messaging_consumer_group_name", group);
  const auto ours = label("stream", stream) + "," + label("group", group);
  const std::lock_guard lock(mutex_);
  consumed_[labels] += events;
  redelivered_[ours] += redelivered;
}

void Telemetry::Histogram::add(std::chrono::nanoseconds took) {
  const double value = std::chrono::duration<double>(took).count();
  ++counts[static_cast<std::size_t>(std::lower_bound(bounds.begin(), bounds.end(), value) - bounds.begin())];
  seconds += value;
}

void Telemetry::Histogram::write(std::string& out, std::string_view metric, const std::string& labels) const {
  const std::string name(metric);
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < counts.size(); ++i) {
    sum += counts[i];
    const auto bound = i < bounds.size() ? number(bounds[i]) : std::string("+Inf");
    write_metric(out, name + "_bucket", labels + "," + label("le", bound), static_cast<double>(sum));
  }
  write_metric(out, name + "_sum", labels, seconds);
  write_metric(out, name + "_count", labels, static_cast<double>(sum));
}

std::string Telemetry::text() const {
  std::string out;
  const auto gauge = [&](std::string_view metric, std::string_view help, std::size_t value) {
    describe_metric(out, metric, "gauge", help);
    write_metric(out, metric, {}, static_cast<double>(value));
  };
  const auto counters = [&](std::string_view metric, std::string_view help, const auto& values) {
    describe_metric(out, metric, "counter", help);
    for (const auto& [labels, value] : values) write_metric(out, metric, labels, static_cast<double>(value));
  };
  const auto histograms = [&](std::string_view metric, std::string_view help, const auto& values) {
    describe_metric(out, metric, "histogram", help);
    for (const auto& [labels, histogram] : values) histogram.write(out, metric, labels);
  };
  gauge("eventbus_http_connections", "Open connections.", connections);
  gauge("eventbus_http_subscribers", "Open Server-Sent Events streams.", subscribers);
  const std::lock_guard lock(mutex_);
  histograms("http_server_request_duration_seconds", "From a request's body to its answer.", requests_);
  histograms("messaging_client_operation_duration_seconds", "Duration of publishes.", publishes_);
  counters("messaging_client_sent_messages_total", "Events stored by this process.", sent_);
  counters("messaging_client_consumed_messages_total", "Events handed out over HTTP.", consumed_);
  counters("eventbus_redeliveries_total", "Events handed out over HTTP that had failed before.", redelivered_);
  counters("eventbus_alarms_total", "Facts that want a person's attention.", alarms_);
  counters("eventbus_http_refused_total", "Connections and texts refused before they were a request.", refused_);
  return out;
}

}  // namespace collective::service
