#include <optional>

#include "collective/ulid.hpp"

#include "service/backend.hpp"
#include "service/json_text.hpp"
#include "service/positions.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

constexpr std::size_t step = 64;                   // entries read at once
constexpr std::size_t most_looked_at = 10'000;     // entries of one call
constexpr std::size_t most_bytes = 4u << 20;       // of one answer
constexpr std::chrono::milliseconds skew(60'000);  // between an event's clock and the broker's

struct Range {
  EntryId after{}, until = EntryId::max();
  bool backwards = false;
};

Range range_of(const Request& request) {
  Range range;
  if (const auto* const from = request.query_value("from")) range.after = before(parse_position("from", *from));
  if (const auto* const to = request.query_value("to")) range.until = parse_position("to", *to);
  if (const auto* const order = request.query_value("order")) {
    if (*order != "asc" && *order != "desc")
      throw Problem(400, "invalid_request", "the parameter order is asc (oldest first) or desc");
    range.backwards = *order == "desc";
  }
  if (const auto* const cursor = request.query_value("cursor")) {
    const auto at = EntryId::parse(*cursor);
    if (!at) throw Problem(400, "invalid_request", "the parameter cursor is the nextCursor of the page before");
    range.backwards ? range.until = before(*at) : range.after = *at;
  }
  return range;
}

struct Page {
  std::vector<std::string> events{};
  std::optional<EntryId> cursor{};  ///< the last entry looked at, when there may be more
};

/// Goes through a range in small steps, so that a page of large events stays within its bytes.
Page read_page(EventClient& client, const std::string& stream, Range range, const std::string& type,
               std::size_t limit) {
  Page page;
  EntryId last{};
  std::size_t bytes = 0, looked_at = 0;
  while (true) {
    const auto events =
        client.read(stream, {.after = range.after, .until = range.until, .limit = step, .backwards = range.backwards});
    for (const auto& event : events) {
      if (page.events.size() == limit || bytes > most_bytes || looked_at == most_looked_at) {
        page.cursor = last;
        return page;
      }
      ++looked_at;
      last = event.entry_id;
      range.backwards ? range.until = before(last) : range.after = last;
      if (!type.empty() && event.envelope.type != type) continue;
      page.events.push_back(to_json(event));
      bytes += page.events.back().size();
    }
    if (events.size() < step) return page;
  }
}

Answer list(Backend& backend, const Request& request) {
  const auto limit = query_number(request, "limit", 1, 1'000, 100);
  const auto page =
      read_page(backend.client, request.parameter("stream"), range_of(request), query_type(request), limit);
  return {success(JsonObject()
                      .raw("events", json_list(page.events, [](const std::string& text) { return text; }))
                      .raw("nextCursor", page.cursor ? json_string(page.cursor->to_string()) : "null")
                      .str())};
}

/// By its entry id, or by its event id: then it is looked for among the entries that were stored after the time in it.
std::optional<AnyEvent> find(EventClient& client, const std::string& stream, const std::string& id) {
  if (const auto entry = EntryId::parse(id)) {
    auto found = client.read(stream, {.after = before(*entry), .until = *entry, .limit = 1});
    if (found.empty() || found.front().entry_id != *entry) return std::nullopt;
    return std::move(found.front());
  }
  const auto time = ulid_time(id);
  if (!time) throw Problem(400, "invalid_request", "an event is named by its id, a ULID, or by its entry id");
  auto after = before(EntryId::at(*time - skew));
  for (std::size_t looked_at = 0; looked_at < most_looked_at; looked_at += step) {
    const auto read = client.read(stream, {.after = after, .limit = step});
    for (const auto& event : read) {
      if (event.envelope.id == id) return event;
    }
    if (read.size() < step) break;
    after = read.back().entry_id;
  }
  return std::nullopt;
}

Answer show(Backend& backend, const Request& request) {
  const auto& id = request.parameter("event");
  const auto event = find(backend.client, request.parameter("stream"), id);
  if (event) return {success(to_json(*event))};
  throw Problem(
      404, "not_found",
      "the stream has no such event: it was trimmed, belongs to another stream, or is delayed; an event id is "
      "looked for among the 10000 entries after its own time");
}

constexpr std::string_view page_schema =
    R"({"type":"object","required":["events","nextCursor"],"properties":{)"
    R"("events":{"type":"array","items":{"$ref":"#/components/schemas/Event"}},)"
    R"("nextCursor":{"type":["string","null"],"description":"null at the end of the range"}}})";
constexpr std::string_view event_schema = R"({"$ref":"#/components/schemas/Event"})";

}  // namespace

void add_events(RouteTable& table, Backend& backend) {
  table.add({"GET",
             "/streams/{stream}/events",
             Scope::read,
             RunOn::worker,
             [&backend](const Request& request) { return list(backend, request); },
             {"listEvents",
              "events",
              "Events of a stream, page by page",
              {{"from", "first one: an entry id or a time; default: the oldest retained"},
               {"to", "last one: an entry id or a time; default: the newest"},
               {"type", "only this event type"},
               {"order", "asc, oldest first (the default), or desc", R"({"type":"string","enum":["asc","desc"]})"},
               {"limit", "most events of a page, 1 to 1000; 100",
                R"({"type":"integer","minimum":1,"maximum":1000,"default":100})"},
               {"cursor", "the nextCursor of the page before; the other parameters stay the same"}},
              {},
              page_schema}});
  table.add(
      {"GET",
       "/streams/{stream}/events/{event}",
       Scope::read,
       RunOn::worker,
       [&backend](const Request& request) { return show(backend, request); },
       {"getEvent", "events", "One event, by event id or entry id", {}, {}, event_schema, "application/json", {404}}});
}

}  // namespace collective::service
