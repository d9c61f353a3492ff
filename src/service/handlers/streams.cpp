#include <algorithm>

#include "collective/time.hpp"

#include "service/backend.hpp"
#include "service/info_json.hpp"
#include "service/json_text.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

double rate_of(const Backend& backend, const std::string& stream) {
  const auto snapshot = backend.monitor.latest();
  const auto found = std::find_if(snapshot->streams.begin(), snapshot->streams.end(),
                                  [&](const StreamSample& sample) { return sample.info.name == stream; });
  return found == snapshot->streams.end() ? 0 : found->rate;
}

Answer list(Backend& backend) {
  std::vector<StreamSample> streams;
  for (const auto& name : backend.client.streams())
    streams.push_back({backend.client.stream_info(name), rate_of(backend, name), backend.client.groups(name)});
  return {success(json_list(streams, [](const StreamSample& stream) { return json_of(stream); }))};
}

/// An entry as XINFO STREAM shows it: its fields as text. Without the right to read events, its id alone.
std::string entry_of(const std::vector<AnyEvent>& events, bool may_read) {
  if (events.empty()) return "null";
  const auto& event = events.front();
  JsonObject object;
  object.entry("id", event.entry_id);
  if (!may_read) return object.str();
  const auto& envelope = event.envelope;
  return object
      .raw("message", JsonObject()
                          .text("id", envelope.id)
                          .text("stream", envelope.stream)
                          .text("type", envelope.type)
                          .text("version", std::to_string(envelope.version))
                          .text("timestamp", to_iso8601(envelope.timestamp))
                          .text("correlation_id", envelope.correlation_id)
                          .text("user_id", envelope.user_id)
                          .text("data", envelope.data)
                          .text("metadata", envelope.metadata.empty() ? "{}" : envelope.metadata)
                          .str())
      .str();
}

Answer info(Backend& backend, const Request& request) {
  const auto& stream = request.parameter("stream");
  const bool may_read = request.principal.may(Scope::read, stream);
  const auto info = backend.client.stream_info(stream);
  return {
      success(JsonObject()
                  .text("name", info.name)
                  .number("length", info.length)
                  .number("groups", backend.client.groups(stream).size())
                  .entry("lastGeneratedId", info.last)
                  .raw("firstEntry", entry_of(backend.client.read(stream, {.limit = 1}), may_read))
                  .raw("lastEntry", entry_of(backend.client.read(stream, {.limit = 1, .backwards = true}), may_read))
                  .number("delayed", info.delayed)
                  .number("entriesAdded", info.appended)
                  .real("eventsPerSecond", rate_of(backend, stream))
                  .str())};
}

constexpr std::string_view list_schema =
    R"({"type":"array","items":{"type":"object","required":["name","length"],"properties":{)"
    R"("name":{"type":"string"},"length":{"type":"integer"},"delayed":{"type":"integer"},"entriesAdded":{"type":"integer"},)"
    R"("eventsPerSecond":{"type":"number"},"firstId":{"type":"string"},"lastId":{"type":"string"},"groups":{"type":"integer"},)"
    R"("maxLag":{"type":"integer"},"pending":{"type":"integer"},"deadLetters":{"type":"integer"}}}})";
constexpr std::string_view info_schema =
    R"({"type":"object","required":["length","groups"],"properties":{"name":{"type":"string"},)"
    R"("length":{"type":"integer"},"groups":{"type":"integer"},"lastGeneratedId":{"type":"string"},)"
    R"("firstEntry":{"type":["object","null"]},"lastEntry":{"type":["object","null"]},"delayed":{"type":"integer"},)"
    R"("entriesAdded":{"type":"integer"},"eventsPerSecond":{"type":"number"}}})";

}  // namespace

void add_streams(RouteTable& table, Backend& backend) {
  table.add({"GET",
             "/streams",
             Scope::info,
             RunOn::worker,
             [&backend](const Request&) { return list(backend); },
             {"listStreams", "streams", "The streams, with lengths and rates", {}, {}, list_schema}});
  table.add({"GET",
             "/streams/{stream}/info",
             Scope::info,
             RunOn::worker,
             [&backend](const Request& request) { return info(backend, request); },
             {"getStreamInfo",
              "streams",
              "What a stream holds; its first and last entry whole for those who may read events",
              {},
              {},
              info_schema,
              "application/json",
              {404}}});
}

}  // namespace collective::service
