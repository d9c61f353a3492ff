#include <algorithm>

#include "service/backend.hpp"
#include "service/info_json.hpp"
#include "service/json_text.hpp"
#include "service/positions.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

Answer list(Backend& backend, const Request& request) {
  const auto groups = backend.client.groups(request.parameter("stream"));
  return {success(json_list(groups, [](const GroupInfo& group) { return json_of(group); }))};
}

Answer show(Backend& backend, const Request& request) {
  const auto& name = request.parameter("group");
  const auto groups = backend.client.groups(request.parameter("stream"));
  const auto found =
      std::find_if(groups.begin(), groups.end(), [&](const GroupInfo& group) { return group.name == name; });
  if (found == groups.end())
    throw Problem(404, "not_found",
                  "the stream has no group " + name + "; a group exists from its first subscription on");
  return {success(json_of(*found))};
}

Answer pending(Backend& backend, const Request& request) {
  const auto limit = query_number(request, "limit", 1, 1'000, 100);
  const auto events = backend.bus.pending(request.parameter("stream"), request.parameter("group"), limit);
  return {success(json_list(events, [](const PendingEvent& event) { return json_of(event); }))};
}

constexpr std::string_view group_schema = R"({"$ref":"#/components/schemas/Group"})";
constexpr std::string_view groups_schema = R"({"type":"array","items":{"$ref":"#/components/schemas/Group"}})";
constexpr std::string_view pending_schema =
    R"({"type":"array","items":{"type":"object","properties":{)"
    R"("entryId":{"type":"string"},"republished":{"type":"boolean"},"consumer":{"type":"string"},"type":{"type":"string"},)"
    R"("attempts":{"type":"integer"},"stalls":{"type":"integer"},"due":{"type":"string","format":"date-time"},)"
    R"("history":{"type":"array","items":{"$ref":"#/components/schemas/Attempt"}}}}})";

}  // namespace

void add_groups(RouteTable& table, Backend& backend) {
  table.add({"GET",
             "/streams/{stream}/groups",
             Scope::info,
             RunOn::worker,
             [&backend](const Request& request) { return list(backend, request); },
             {"listGroups",
              "groups",
              "The consumer groups of a stream and where they stand",
              {},
              {},
              groups_schema,
              "application/json",
              {404}}});
  table.add({"GET",
             "/streams/{stream}/groups/{group}",
             Scope::info,
             RunOn::worker,
             [&backend](const Request& request) { return show(backend, request); },
             {"getGroup", "groups", "One group", {}, {}, group_schema, "application/json", {404}}});
  table.add(
      {"GET",
       "/streams/{stream}/groups/{group}/pending",
       Scope::read,
       RunOn::worker,
       [&backend](const Request& request) { return pending(backend, request); },
       {"listPending",
        "groups",
        "What is handed out or waits for a retry, with its failures",
        {{"limit", "most entries, 1 to 1000; 100", R"({"type":"integer","minimum":1,"maximum":1000,"default":100})"}},
        {},
        pending_schema,
        "application/json",
        {404}}});
}

}  // namespace collective::service
