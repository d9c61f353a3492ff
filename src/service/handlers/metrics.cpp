#include "service/backend.hpp"

namespace collective::service {
namespace {

double seconds_since(Timestamp time, Timestamp now) {
  return std::max(0.0, std::chrono::duration<double>(now - time).count());
}

std::string of_stream(const StreamSample& stream) {
  return label("stream", stream.info.name);
}

/// One metric of every group.
template <class Value>
void write_groups(std::string& out, const Snapshot& snapshot, std::string_view metric, std::string_view type,
                  std::string_view help, const Value& value) {
  describe_metric(out, metric, type, help);
  for (const auto& stream : snapshot.streams) {
    for (const auto& group : stream.groups)
      write_metric(out, metric, of_stream(stream) + "," + label("group", group.name), value(group));
  }
}

std::string text_of(const Snapshot& snapshot) {
  std::string out;
  describe_metric(out, "eventbus_up", "gauge", "1 while the broker answers.");
  write_metric(out, "eventbus_up", {}, snapshot.connected ? 1 : 0);
  describe_metric(out, "eventbus_stream_entries", "gauge", "Retained entries of a stream.");
  for (const auto& stream : snapshot.streams)
    write_metric(out, "eventbus_stream_entries", of_stream(stream), static_cast<double>(stream.info.length));
  describe_metric(out, "eventbus_stream_appended_total", "counter", "Entries ever appended to a stream.");
  for (const auto& stream : snapshot.streams)
    write_metric(out, "eventbus_stream_appended_total", of_stream(stream), static_cast<double>(stream.info.appended));
  const auto count = [](std::uint64_t GroupInfo::* member) {
    return [member](const GroupInfo& group) { return static_cast<double>(group.*member); };
  };
  write_groups(out, snapshot, "eventbus_group_lag", "gauge", "Entries the group has not looked at.",
               count(&GroupInfo::lag));
  write_groups(out, snapshot, "eventbus_group_pending", "gauge", "Deliveries not acknowledged.",
               count(&GroupInfo::pending));
  write_groups(out, snapshot, "eventbus_group_unowned", "gauge", "Deliveries of types that nobody handles now.",
               count(&GroupInfo::unowned));
  write_groups(out, snapshot, "eventbus_dead_letters", "gauge", "Dead letters waiting.",
               count(&GroupInfo::dead_letters));
  write_groups(out, snapshot, "eventbus_lost_by_trim_total", "counter",
               "Entries dropped before the group was done with them.", count(&GroupInfo::lost));
  write_groups(out, snapshot, "eventbus_oldest_pending_age_seconds", "gauge", "Age of the oldest pending entry.",
               [&](const GroupInfo& group) {
                 return group.oldest_pending ? seconds_since(*group.oldest_pending, snapshot.taken) : 0.0;
               });
  return out;
}

}  // namespace

void add_metrics(RouteTable& table, Backend& backend) {
  table.add({"GET",
             "/metrics",
             Scope::info,
             RunOn::io,
             [&backend](const Request&) -> Answer {
               Response response;
               response.content_type = "text/plain; version=0.0.4; charset=utf-8";
               response.body = text_of(*backend.monitor.latest()) + backend.telemetry.text();
               return {std::move(response), nullptr};
             },
             {"getMetrics",
              "health",
              "Everything measured, in the Prometheus text format",
              {},
              {},
              R"({"type":"string"})",
              "text/plain"}});
}

}  // namespace collective::service
