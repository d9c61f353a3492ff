#include "service/backend.hpp"
#include "service/json_text.hpp"
#include "service/positions.hpp"
#include "service/problem.hpp"
#include "service/sse.hpp"

namespace collective::service {
namespace {

/// Counts a subscriber, which counts itself off when it ends.
void admit(Backend& backend) {
  auto& count = backend.telemetry.subscribers;
  if (++count <= backend.options.limits.subscribers) return;
  --count;
  throw Problem(503, "too_many_subscribers",
                "the service has as many subscribers as it allows; try again later, or consume as a member of a group");
}

EntryId start_of(Backend& backend, const Request& request) {
  const auto& stream = request.parameter("stream");
  if (!request.last_event_id.empty()) {
    if (const auto last = EntryId::parse(request.last_event_id)) return *last;
    throw Problem(400, "invalid_request", "Last-Event-ID is the id of the last event that was received");
  }
  const auto* const from = request.query_value("from");
  if (from == nullptr || *from == "latest") return last_entry(backend.client, stream);
  if (*from == "earliest") return {};
  return before(parse_position("from", *from));
}

/// Where events may be missing: the one to go on after is no longer there, and neither may be what followed it.
std::string gap_notice(Backend& backend, const Request& request, EntryId after) {
  if (request.last_event_id.empty() || after == EntryId{}) return {};
  const auto& stream = request.parameter("stream");
  if (!backend.client.read(stream, {.after = before(after), .until = after, .limit = 1}).empty()) return {};
  const auto next = backend.client.read(stream, {.after = after, .limit = 1});
  if (next.empty()) return {};
  return "event: event-bus.gap\ndata: " +
         JsonObject().entry("after", after).entry("firstAvailable", next.front().entry_id).str() + "\n\n";
}

Answer subscribe(Backend& backend, const Request& request) {
  Subscriber::Options options{.stream = request.parameter("stream"),
                              .type = query_type(request),
                              .after = start_of(backend, request),
                              .keep_alive = backend.options.keep_alive};
  options.notice = gap_notice(backend, request, options.after);
  if (request.method == "HEAD") return {{.content_type = "text/event-stream"}, nullptr};
  admit(backend);
  const auto subscriber =
      std::make_shared<Subscriber>(std::move(options), backend.client, backend.workers, backend.telemetry.subscribers);
  subscriber->follow(backend.followers);
  return {{.content_type = "text/event-stream"}, subscriber};
}

}  // namespace

void add_subscribe(RouteTable& table, Backend& backend) {
  table.add({"GET",
             "/streams/{stream}/subscribe",
             Scope::read,
             RunOn::worker,
             [&backend](const Request& request) { return subscribe(backend, request); },
             {"subscribe",
              "events",
              "Server-Sent Events: each event with its entry id as id and its type as event. The header Last-Event-ID "
              "resumes; event-bus.gap tells that events may have been trimmed meanwhile, event-bus.end that the "
              "service stops",
              {{"type", "only this event type"},
               {"from", "earliest, latest (the default), an entry id or a time; Last-Event-ID goes before it"}},
              {},
              R"({"type":"string"})",
              "text/event-stream"}});
}

}  // namespace collective::service
