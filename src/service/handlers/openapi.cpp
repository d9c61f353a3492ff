#include <algorithm>
#include <map>

#include "service/backend.hpp"
#include "service/json_text.hpp"

namespace collective::service {
namespace {

constexpr std::string_view schemas =
    R"({)"
    R"("Error":{"type":"object","required":["success","error","code"],"properties":{"success":{"const":false},)"
    R"("error":{"type":"string","description":"what happened, to what, and what to do"},)"
    R"("code":{"type":"string","description":"stable; for programs"},"details":{"type":"object","properties":{)"
    R"("problems":{"type":"array","items":{"type":"object","properties":{"pointer":{"type":"string","description":"a JSON Pointer"},)"
    R"("found":{"type":"string"},"allowed":{"type":"string"}}}}}}}},)"
    R"("Event":{"type":"object","required":["entry_id","id","stream","type","version","timestamp","data"],"properties":{)"
    R"("entry_id":{"type":"string","description":"its place in the stream"},"id":{"type":"string","description":"a ULID"},)"
    R"("stream":{"type":"string"},"type":{"type":"string"},"version":{"type":"integer"},)"
    R"("timestamp":{"type":"string","format":"date-time"},"correlation_id":{"type":"string"},"user_id":{"type":"string"},)"
    R"("data":{"type":["object","string"],"description":"a string when the stored entry is no JSON object"},"metadata":{"type":["object","string"]}}},)"
    R"("NewEvent":{"type":"object","required":["type","data"],"additionalProperties":false,"properties":{"type":{"type":"string"},)"
    R"("data":{"type":"object"},"id":{"type":"string","description":"a ULID of your own: published again within 10 minutes, it is stored once"},)"
    R"("correlation_id":{"type":"string"},"user_id":{"type":"string"},"key":{"type":"string","description":"events of one key keep their order"},)"
    R"("metadata":{"type":"object"},"timestamp":{"type":"string","format":"date-time"},"delay_ms":{"type":"integer","minimum":0}}},)"
    R"("Published":{"type":"object","required":["eventId","entryId","duplicate"],"properties":{"eventId":{"type":"string"},)"
    R"("entryId":{"type":["string","null"],"description":"null while a delayed event has none"},"duplicate":{"type":"boolean"}}},)"
    R"("Attempt":{"type":"object","properties":{"attempt":{"type":"integer"},"at":{"type":"string","format":"date-time"},)"
    R"("consumer":{"type":"string"},"error":{"type":"string"}}},)"
    R"("Group":{"type":"object","required":["name","consumers","pending","lag","lastDeliveredId"],"properties":{"name":{"type":"string"},)"
    R"("consumers":{"type":"integer"},"pending":{"type":"integer"},"lag":{"type":"integer"},"lastDeliveredId":{"type":"string"},)"
    R"("delayed":{"type":"integer"},"unowned":{"type":"integer"},"deadLetters":{"type":"integer"},"lost":{"type":"integer"},)"
    R"("droppedDeadLetters":{"type":"integer"},"oldestPending":{"type":"string","format":"date-time"},"activeConsumer":{"type":"string"},)"
    R"("epoch":{"type":"integer"},"types":{"type":"array","items":{"type":"object"}},"members":{"type":"array","items":{"type":"object"}}}},)"
    R"("DeadLetter":{"type":"object","required":["number","reason","event"],"properties":{"number":{"type":"integer"},)"
    R"("died":{"type":"string","format":"date-time"},"reason":{"type":"string"},"attempts":{"type":"integer"},"stalls":{"type":"integer"},)"
    R"("generation":{"type":"integer"},"history":{"type":"array","items":{"$ref":"#/components/schemas/Attempt"}},)"
    R"("event":{"$ref":"#/components/schemas/Event"}}}})";

std::string parameter(std::string_view name, std::string_view place, std::string_view description,
                      std::string_view schema) {
  JsonObject object;
  object.text("name", name).text("in", place);
  if (!description.empty()) object.text("description", description);
  if (place == "path") object.flag("required", true);
  return object.raw("schema", schema).str();
}

std::string parameters_of(const Route& route) {
  std::vector<std::string> all;
  for (auto rest = route.path; rest.find('{') != std::string_view::npos;) {
    rest.remove_prefix(rest.find('{') + 1);
    all.push_back(parameter(rest.substr(0, rest.find('}')), "path", "", R"({"type":"string"})"));
  }
  for (const auto& query : route.documentation.query)
    all.push_back(parameter(query.name, "query", query.description, query.schema));
  return json_list(all, [](const std::string& text) { return text; });
}

std::string content(std::string_view media_type, std::string_view schema) {
  return JsonObject().raw(media_type, JsonObject().raw("schema", schema).str()).str();
}

std::string success_of(const Documentation& documentation) {
  if (documentation.media_type != "application/json") return content(documentation.media_type, documentation.data);
  return content("application/json",
                 R"({"type":"object","required":["success","data"],"properties":{"success":{"const":true},"data":)" +
                     std::string(documentation.data) + "}}");
}

std::string responses_of(const Route& route) {
  JsonObject responses;
  const auto& documentation = route.documentation;
  responses.raw("200", JsonObject().text("description", "done").raw("content", success_of(documentation)).str());
  if (documentation.operation == "publish")
    responses.raw("201", JsonObject().text("description", "stored").raw("content", success_of(documentation)).str());
  std::vector<int> refusals = documentation.refusals;
  if (route.scope != Scope::open) refusals.insert(refusals.end(), {400, 401, 403, 421});
  if (!documentation.body.empty()) refusals.insert(refusals.end(), {413, 415});
  if (route.run != RunOn::io) refusals.push_back(503);
  std::sort(refusals.begin(), refusals.end());
  refusals.erase(std::unique(refusals.begin(), refusals.end()), refusals.end());
  for (const int status : refusals)
    responses.raw(std::to_string(status), JsonObject().text("$ref", "#/components/responses/Refusal").str());
  return responses.str();
}

std::string operation_of(const Route& route) {
  const auto& documentation = route.documentation;
  JsonObject operation;
  operation.text("operationId", documentation.operation)
      .raw("tags", "[" + json_string(documentation.tag) + "]")
      .text("summary", documentation.summary)
      .text("description", "Scope of the token: " + std::string(name(route.scope)) + ".")
      .raw("parameters", parameters_of(route));
  if (!documentation.body.empty())
    operation.raw("requestBody", JsonObject().raw("content", content("application/json", documentation.body)).str());
  operation.raw("responses", responses_of(route));
  return operation.raw("security", route.scope == Scope::open ? "[]" : R"([{"bearer":[]},{}])").str();
}

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(c - 'A' + 'a');
  return out;
}

std::string document_of(const std::vector<Route>& routes) {
  std::map<std::string_view, JsonObject> paths;
  for (const auto& route : routes) paths[route.path].raw(lower(route.method), operation_of(route));
  JsonObject path_items;
  for (const auto& [path, item] : paths) path_items.raw(path, item.str());
  const auto refusal = JsonObject()
                           .text("description", "refused; the error says why and what to do")
                           .raw("content", content("application/json", R"({"$ref":"#/components/schemas/Error"})"))
                           .str();
  const auto components = JsonObject()
                              .raw("schemas", schemas)
                              .raw("responses", JsonObject().raw("Refusal", refusal).str())
                              .raw("securitySchemes", R"({"bearer":{"type":"http","scheme":"bearer"}})")
                              .str();
  return JsonObject()
      .text("openapi", "3.1.0")
      .raw("info", JsonObject().text("title", "Collective Events").text("version", COLLECTIVE_VERSION).str())
      .raw("paths", path_items.str())
      .raw("components", components)
      .str();
}

}  // namespace

void add_openapi(RouteTable& table) {
  const auto text = std::make_shared<std::string>();
  table.add({"GET",
             "/openapi.json",
             Scope::info,
             RunOn::io,
             [text](const Request&) -> Answer {
               Response response;
               response.content_type = "application/openapi+json";
               response.body = *text;
               return {std::move(response), nullptr};
             },
             {"getOpenApi", "types", "This document", {}, {}, R"({"type":"object"})", "application/openapi+json"}});
  *text = document_of(table.routes());
}

}  // namespace collective::service
