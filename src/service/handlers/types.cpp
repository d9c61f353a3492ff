#include "collective/schema.hpp"

#include "service/asyncapi.hpp"
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
