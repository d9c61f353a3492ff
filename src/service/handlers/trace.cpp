#include <algorithm>

#include "collective/time.hpp"

#include "service/backend.hpp"
#include "service/info_json.hpp"
#include "service/json_text.hpp"
#include "service/positions.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

/// The caller sees the events of the streams it may read; depths stay those of the whole flow.
Answer show(Backend& backend, const Request& request) {
  TraceOptions options;
  options.limit = query_number(request, "limit", 1, 10'000, 1'000);
  if (const auto* const since = request.query_value("since")) {
    options.since = parse_iso8601(*since);
    if (!options.since)
      throw Problem(400, "invalid_request", "the parameter since is a time such as 2026-01-31T09:30:00Z");
  }
  auto events = backend.client.trace(request.parameter("correlation"), options);
  std::erase_if(events, [&](const TracedEvent& traced) {
    return !request.principal.may(Scope::read, traced.event.envelope.stream);
  });
  if (events.empty())
    throw Problem(404, "not_found",
                  "no event of this flow was found; the parameter since looks further back (trimmed events are gone)");
  return {success(json_list(events, [](const TracedEvent& traced) { return json_of(traced); }))};
}

constexpr std::string_view schema =
    R"({"type":"array","items":{"type":"object","required":["event","depth","handlings"],"properties":{)"
    R"("event":{"$ref":"#/components/schemas/Event"},)"
    R"("depth":{"type":"integer","description":"0 for an event whose cause is not part of the flow"},)"
    R"("handlings":{"type":"array","items":{"type":"object","properties":{"group":{"type":"string"},)"
    R"("state":{"type":"string","enum":["waiting","delivered","retrying","dead letter","handled"]},)"
    R"("consumer":{"type":"string"},"attempts":{"type":"integer"},"history":{"type":"array"}}}}}}})";

}  // namespace

void add_trace(RouteTable& table, Backend& backend) {
  table.add({"GET",
             "/trace/{correlation}",
             Scope::read,
             RunOn::worker,
             [&backend](const Request& request) { return show(backend, request); },
             {"getTrace",
              "events",
              "The events of one flow across all streams, in causal order",
              {{"since", "a time to begin at; default: an hour before the correlation id was made, else a day ago"},
               {"limit", "most events, 1 to 10000; 1000",
                R"({"type":"integer","minimum":1,"maximum":10000,"default":1000})"}},
              {},
              schema,
              "application/json",
              {404}}});
}

}  // namespace collective::service
