#include "service/asyncapi.hpp"

#include <map>

#include "collective/schema.hpp"

#include "service/json_text.hpp"

namespace collective::service {
namespace {

std::string json_reference(const std::string& path) {
  return JsonObject().text("$ref", path).str();
}

}  // namespace

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

}  // namespace collective::service
