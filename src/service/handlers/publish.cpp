#include "collective/time.hpp"
#include "collective/ulid.hpp"

#include "service/backend.hpp"
#include "service/body.hpp"
#include "service/json_text.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

constexpr std::size_t most_events = 1'000;
constexpr std::uint64_t longest_delay = 365ull * 24 * 3'600 * 1'000;

/// An event as a caller gives it.
struct Given {
  std::string type{};
  std::string data{};
  PublishOptions options{};
};

/// Everything that is wrong with the event goes to `problems`.
Given read_event(const Backend& backend, const std::string& stream, std::string_view json, const std::string& pointer,
                 std::vector<FieldProblem>& problems) {
  Body body(json, pointer);
  Given given;
  given.type = body.take_text("type").value_or("");
  body.require("type", !given.type.empty(), "the name of an event type, such as user.registered");
  const auto data = body.take_object("data");
  body.require("data", data.has_value(), "an object: the event's fields");
  given.data = data.value_or("{}");
  given.options.event_id = body.take_text("id").value_or("");
  if (!given.options.event_id.empty() && !is_ulid(given.options.event_id))
    body.refuse("id", given.options.event_id.substr(0, 60), "a ULID of your own, or nothing");
  given.options.correlation_id = body.take_text("correlation_id").value_or("");
  given.options.user_id = body.take_text("user_id").value_or("");
  given.options.key = body.take_text("key").value_or("");
  given.options.metadata = body.take_object("metadata").value_or("");
  given.options.delay = Millis(body.take_number("delay_ms", 0, longest_delay).value_or(0));
  if (const auto text = body.take_text("timestamp")) {
    given.options.timestamp = parse_iso8601(*text);
    if (!given.options.timestamp)
      body.refuse("timestamp", text->substr(0, 60), "a time such as 2026-01-31T09:30:00.000Z");
  }
  if (const auto* const known = backend.types.find(given.type)) {
    if (known->stream != stream) body.refuse("type", given.type, "a type of the stream " + stream);
    if (data) {
      for (auto& problem : validate_json(*known, *data))
        problems.push_back({pointer + "/data" + problem.pointer, problem.found, problem.allowed});
    }
  } else if (!given.type.empty()) {
    const auto near = backend.types.nearest(given.type);
    body.refuse("type", given.type.substr(0, 60),
                near.empty() ? "a known event type; see /types"
                             : "a known event type; did you mean " + std::string(near) + "?");
  }
  for (auto& problem : body.problems()) problems.push_back(std::move(problem));
  return given;
}

std::string json_of(const Published& published) {
  JsonObject object;
  object.text("eventId", published.event_id);
  if (published.entry_id == EntryId{}) {
    object.raw("entryId", "null");  // a delayed event has none yet
  } else {
    object.entry("entryId", published.entry_id);
  }
  return object.flag("duplicate", published.duplicate).str();
}

[[noreturn]] void refuse(const std::vector<FieldProblem>& problems) {
  std::string message = "nothing was published; these fields are wrong:";
  for (const auto& problem : problems)
    message += "\n  " + problem.pointer + ": found " + problem.found + "; allowed: " + problem.allowed;
  throw bad_fields(422, "invalid", message, problems);
}

/// One after the other. Where one fails, the error says which ones were stored: they were not undone.
Answer publish_all(Backend& backend, const std::vector<Given>& events) {
  std::vector<std::string> stored;
  bool all_known = true;
  for (const auto& event : events) {
    try {
      const auto published = backend.client.publish(event.type, event.data, event.options);
      all_known = all_known && published.duplicate;
      stored.push_back(json_of(published));
    } catch (const Error& error) {
      if (stored.empty()) throw;
      const auto problem = problem_of(error);
      const auto results = json_list(stored, [](const std::string& text) { return text; });
      throw Problem(problem.status(), problem.code(),
                    "the first " + std::to_string(stored.size()) + " of " + std::to_string(events.size()) +
                        " events are stored, then: " + error.what() + "; publish the rest again with their ids",
                    JsonObject().raw("results", results).str());
    }
  }
  return {success(JsonObject()
                      .number("count", stored.size())
                      .raw("results", json_list(stored, [](const std::string& text) { return text; }))
                      .str(),
                  all_known ? 200 : 201)};
}

Answer publish(Backend& backend, const Request& request) {
  const auto& stream = request.parameter("stream");
  std::vector<FieldProblem> problems;
  Body batch(request.body);
  const auto texts = batch.take_objects("events");
  if (!texts) {
    const auto event = read_event(backend, stream, request.body, "", problems);
    if (!problems.empty()) refuse(problems);
    const auto published = backend.client.publish(event.type, event.data, event.options);
    return {success(json_of(published), published.duplicate ? 200 : 201)};
  }
  if (texts->empty() || texts->size() > most_events)
    batch.refuse("events", std::to_string(texts->size()) + " events", "1 to 1000 events");
  batch.finish();
  std::vector<Given> events;
  for (const auto& text : *texts)
    events.push_back(read_event(backend, stream, text, "/events/" + std::to_string(events.size()), problems));
  if (!problems.empty()) refuse(problems);
  return publish_all(backend, events);
}

constexpr std::string_view body_schema =
    R"({"oneOf":[{"$ref":"#/components/schemas/NewEvent"},{"type":"object","required":["events"],)"
    R"("properties":{"events":{"type":"array","minItems":1,"maxItems":1000,"items":{"$ref":"#/components/schemas/NewEvent"}}},)"
    R"("additionalProperties":false}]})";
constexpr std::string_view data_schema =
    R"({"oneOf":[{"$ref":"#/components/schemas/Published"},{"type":"object","required":["count","results"],)"
    R"("properties":{"count":{"type":"integer"},"results":{"type":"array","items":{"$ref":"#/components/schemas/Published"}}}}]})";

}  // namespace

void add_publish(RouteTable& table, Backend& backend) {
  table.add(
      {"POST",
       "/streams/{stream}/events",
       Scope::publish,
       RunOn::worker,
       [&backend](const Request& request) { return publish(backend, request); },
       {"publish",
        "events",
        "Publish one event, or several in order after all were checked; an event whose id was published within 10 "
        "minutes is stored once (200 instead of 201)",
        {},
        body_schema,
        data_schema,
        "application/json",
        {413, 422, 504, 507}}});
}

}  // namespace collective::service
