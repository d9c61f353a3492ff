#include <map>

#include "collective/schema.hpp"

#include "service/backend.hpp"
#include "service/json_text.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

JsonObject described(const TypeDescriptor& type) {
  return JsonObject()
      .text("type", type.name)
      .number("version", type.version)
      .text("stream", type.stream)
      .text("title", type_title(type));
}

Answer list(const Backend& backend) {
  return {success(json_list(backend.types.list(), [](const TypeDescriptor* type) { return described(*type).str(); })),
          nullptr};
}

Answer show(const Backend& backend, const Request& request) {
  const auto& name = request.parameter("type");
  const auto* const type = backend.types.find(name);
  if (type == nullptr) {
    const auto near = backend.types.nearest(name);
    throw Problem(404, "unknown_type",
                  "there is no event type of this name; " +
                      (near.empty() ? std::string("see /types") : "did you mean " + std::string(near) + "?"));
  }
  return {success(described(*type).raw("schema", json_schema(*type)).str()), nullptr};
}

std::string json_reference(const std::string& path) {
  return JsonObject().text("$ref", path).str();
}

/// AsyncAPI 3: a channel for each stream, a message for each event type. A message's payload is the event's data, its
/// headers are the fields beside it.
std::string asyncapi(const TypeRegistry& types) {
  JsonObject channels, operations, messages;
  std::map<std::string, std::vector<const TypeDescriptor*>> streams;
  for (const auto* type : types.list()) streams[std::string(type->stream)].push_back(type);
  for (const auto& [stream, of_stream] : streams) {
    JsonObject channel_messages;
    for (const auto* type : of_stream) {
      const auto title = type_title(*type);
      channel_messages.raw(title, json_reference("#/components/messages/" + title));
      messages.raw(title, JsonObject()
                              .text("name", type->name)
                              .text("title", title)
                              .text("contentType", "application/json")
                              .raw("headers", json_reference("#/components/schemas/EventHeaders"))
                              .raw("payload", json_schema(*type))
                              .str());
    }
    channels.raw(stream, JsonObject().text("address", stream).raw("messages", channel_messages.str()).str());
    operations.raw("receive." + stream,
                   JsonObject().text("action", "receive").raw("channel", json_reference("#/channels/" + stream)).str());
    operations.raw("send." + stream,
                   JsonObject().text("action", "send").raw("channel", json_reference("#/channels/" + stream)).str());
  }
  constexpr std::string_view headers =
      R"({"EventHeaders":{"type":"object","required":["id","type","version","timestamp"],)"
      R"("properties":{"id":{"type":"string","description":"a ULID"},"stream":{"type":"string"},"type":{"type":"string"},)"
      R"("version":{"type":"integer"},"timestamp":{"type":"string","format":"date-time"},"correlation_id":{"type":"string"},)"
      R"("user_id":{"type":"string"},"metadata":{"type":"object"}}}})";
  return JsonObject()
      .text("asyncapi", "3.0.0")
      .raw("info", JsonObject().text("title", "Collective Events").text("version", COLLECTIVE_VERSION).str())
      .text("defaultContentType", "application/json")
      .raw("channels", channels.str())
      .raw("operations", operations.str())
      .raw("components", JsonObject().raw("schemas", headers).raw("messages", messages.str()).str())
      .str();
}

constexpr std::string_view type_properties =
    R"("type":{"type":"string"},"version":{"type":"integer"},"stream":{"type":"string"},"title":{"type":"string"})";

}  // namespace

void add_types(RouteTable& table, Backend& backend) {
  static const std::string list_schema =
      R"({"type":"array","items":{"type":"object","properties":{)" + std::string(type_properties) + "}}}";
  static const std::string type_schema =
      R"({"type":"object","properties":{)" + std::string(type_properties) +
      R"(,"schema":{"type":"object","description":"JSON Schema 2020-12 of the data"}}})";
  table.add({"GET",
             "/types",
             Scope::info,
             RunOn::io,
             [&backend](const Request&) { return list(backend); },
             {"listTypes", "types", "The event types", {}, {}, list_schema}});
  table.add(
      {"GET",
       "/types/{type}",
       Scope::info,
       RunOn::io,
       [&backend](const Request& request) { return show(backend, request); },
       {"getType", "types", "One event type with its JSON Schema", {}, {}, type_schema, "application/json", {404}}});
  table.add({"GET",
             "/asyncapi.json",
             Scope::info,
             RunOn::io,
             [text = asyncapi(backend.types)](const Request&) -> Answer {
               Response response;
               response.content_type = "application/asyncapi+json";
               response.body = text;
               return {std::move(response), nullptr};
             },
             {"getAsyncApi",
              "types",
              "The streams and event types as an AsyncAPI 3 document",
              {},
              {},
              R"({"type":"object"})",
              "application/asyncapi+json"}});
}

}  // namespace collective::service
