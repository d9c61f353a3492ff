#include "service/info_json.hpp"

#include <algorithm>

#include "service/json_text.hpp"

namespace collective::service {
namespace {

std::string json_of(const MemberInfo& member) {
  return JsonObject()
      .text("name", member.member.substr(0, member.member.find('~')))
      .number("pending", member.pending)
      .time("leaseUntil", member.lease_until)
      .str();
}

std::string json_of(const RouteInfo& route) {
  return JsonObject()
      .text("type", route.route)
      .flag("live", route.live)
      .number("waiting", route.waiting)
      .entry("since", route.since)
      .str();
}

std::string json_of(const std::vector<Attempt>& history) {
  return json_list(history, [](const Attempt& attempt) {
    return JsonObject()
        .number("attempt", attempt.number)
        .time("at", attempt.at)
        .text("consumer", attempt.consumer)
        .text("error", attempt.error)
        .str();
  });
}

}  // namespace

std::string json_of(const StreamSample& stream) {
  std::uint64_t lag = 0, pending = 0, dead = 0;
  for (const auto& group : stream.groups) {
    lag = std::max(lag, group.lag);
    pending += group.pending;
    dead += group.dead_letters;
  }
  return JsonObject()
      .text("name", stream.info.name)
      .number("length", stream.info.length)
      .number("delayed", stream.info.delayed)
      .number("entriesAdded", stream.info.appended)
      .real("eventsPerSecond", stream.rate)
      .entry("firstId", stream.info.first)
      .entry("lastId", stream.info.last)
      .number("groups", stream.groups.size())
      .number("maxLag", lag)
      .number("pending", pending)
      .number("deadLetters", dead)
      .str();
}

std::string json_of(const GroupInfo& group) {
  JsonObject object;
  object.text("name", group.name)
      .number("consumers", group.members.size())
      .number("pending", group.pending)
      .number("lag", group.lag)
      .entry("lastDeliveredId", group.cursor)
      .number("delayed", group.delayed)
      .number("unowned", group.unowned)
      .number("deadLetters", group.dead_letters)
      .number("lost", group.lost)
      .number("droppedDeadLetters", group.dropped_dead_letters);
  if (group.oldest_pending) object.time("oldestPending", *group.oldest_pending);
  if (!group.lane_holder.empty())
    object.text("activeConsumer", group.lane_holder.substr(0, group.lane_holder.find('~')))
        .number("epoch", group.epoch);
  object.raw("types", json_list(group.routes, [](const RouteInfo& route) { return json_of(route); }));
  object.raw("members", json_list(group.members, [](const MemberInfo& member) { return json_of(member); }));
  return object.str();
}

std::string json_of(const PendingEvent& event) {
  JsonObject object;
  object.entry("entryId", event.entry_id)
      .flag("republished", event.republished)
      .text("consumer", event.consumer)
      .text("type", event.type)
      .number("attempts", event.attempts)
      .number("stalls", event.stalls);
  if (event.due != Timestamp{}) object.time("due", event.due);
  return object.raw("history", json_of(event.history)).str();
}

std::string json_of(const DeadLetter& letter) {
  return JsonObject()
      .number("number", letter.number)
      .time("died", letter.died)
      .text("reason", letter.reason)
      .number("attempts", letter.attempts)
      .number("stalls", letter.stalls)
      .number("generation", letter.generation)
      .raw("history", json_of(letter.history))
      .raw("event", to_json(letter.event))
      .str();
}

std::string json_of(const TracedEvent& traced) {
  return JsonObject()
      .raw("event", to_json(traced.event))
      .number("depth", traced.depth)
      .raw("handlings", json_list(traced.handlings,
                                  [](const TracedHandling& handling) {
                                    return JsonObject()
                                        .text("group", handling.group)
                                        .text("state", name(handling.state))
                                        .text("consumer", handling.consumer)
                                        .number("attempts", handling.attempts)
                                        .raw("history", json_of(handling.history))
                                        .str();
                                  }))
      .str();
}

}  // namespace collective::service
