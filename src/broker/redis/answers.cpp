#include "broker/redis/answers.hpp"

#include <algorithm>
#include <map>

#include "broker/redis/wire.hpp"
#include "broker/rules.hpp"

namespace collective::redis {
namespace {

using broker::Settled;

Timestamp time_of(const Reply& reply) {
  return Timestamp(broker::Millis(reply.signed_whole()));
}

std::optional<Timestamp> maybe_time(const Reply& reply) {
  return reply.text.empty() && reply.kind != Reply::Kind::number ? std::nullopt : std::optional(time_of(reply));
}

std::uint32_t small(const Reply& reply) {
  return static_cast<std::uint32_t>(reply.whole());
}

broker::Progress progress_of(const Reply& list) {
  return {small(list.at(0)),
          small(list.at(1)),
          small(list.at(2)),
          list.at(3).whole() == 1,
          list.at(4).whole() == 1,
          time_of(list.at(5)),
          std::string(list.at(6).text),
          std::string(list.at(7).text)};
}

broker::Delivered delivered(Answer& answer, const Reply& one, std::string_view stream) {
  broker::Delivered result;
  result.ticket = {work_of(one.at(0).text), one.at(1).whole()};
  const bool fresh = one.items.size() == 3;
  const auto id = fresh ? result.ticket.work.id : id_of(one.at(3).text);
  result.entry = entry_of(answer, id, one.at(2).items, stream);
  if (fresh) {
    result.progress.route = std::string(result.entry.event.type);
  } else {
    result.progress = progress_of(one.at(4));
  }
  return result;
}

std::vector<broker::GroupLoss> losses(const Reply& flat) {
  std::vector<broker::GroupLoss> list;
  for (std::size_t i = 0; i + 1 < flat.items.size(); i += 2)
    list.push_back({std::string(flat.at(i).text), flat.at(i + 1).whole()});
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.group < b.group; });
  return list;
}

// --- groups -------------------------------------------------------------------------------------------------------

/// Work that waits under one route; what is suspect counts apart in the answer, and together here.
struct Waiting {
  std::uint64_t number = 0;
  std::uint64_t later = 0;
  std::string first{};  ///< the first of it, told where the order of undeclared routes depends on it
};

std::map<std::string, Waiting> waiting_by_route(const Reply& sections) {
  std::map<std::string, Waiting> routes;
  for (const auto& section : sections.items) {
    auto& waiting = routes[std::string(section.at(0).text)];
    waiting.number += section.at(1).whole();
    waiting.later += section.at(2).whole();
    const auto first = section.at(3).text;
    if (waiting.first.empty() || first < waiting.first) waiting.first = std::string(first);
  }
  return routes;
}

void add_members(broker::GroupInfo& info, const Reply& members, const Reply& held, Timestamp now,
                 std::vector<std::vector<std::string>>& live) {
  for (const auto& one : members.items) {
    broker::MemberInfo member{std::string(one.at(0).text), 0, time_of(one.at(1))};
    for (std::size_t i = 0; i + 1 < held.items.size(); i += 2)
      if (held.at(i).text == member.member) member.pending = held.at(i + 1).whole();
    if (member.lease_until > now) {
      auto& routes = live.emplace_back();
      for (std::size_t i = 2; i < one.items.size(); ++i) routes.emplace_back(one.at(i).text);
    }
    info.members.push_back(std::move(member));
  }
  std::sort(info.members.begin(), info.members.end(), [](const auto& a, const auto& b) { return a.member < b.member; });
}

void add_routes(broker::GroupInfo& info, const Reply& declared, const Reply& sections,
                const std::vector<std::vector<std::string>>& live) {
  const auto taken = [&](std::string_view route) {
    return std::any_of(live.begin(), live.end(), [&](const auto& routes) { return broker::takes(routes, route); });
  };
  for (std::size_t i = 0; i + 1 < declared.items.size(); i += 2) {
    const auto name = declared.at(i).text;
    info.routes.push_back({std::string(name), id_of(declared.at(i + 1).text), taken(name), 0});
  }
  std::sort(info.routes.begin(), info.routes.end(), [](const auto& a, const auto& b) { return a.route < b.route; });
  const auto number_declared = info.routes.size();
  std::vector<std::pair<std::string, std::string>> unknown;  // first work, route
  const auto routes = waiting_by_route(sections);
  for (const auto& [route, waiting] : routes) {
    info.delayed += waiting.later;
    if (!taken(route)) info.unowned += waiting.number;
    const auto end = info.routes.begin() + static_cast<std::ptrdiff_t>(number_declared);
    const auto known = std::find_if(info.routes.begin(), end, [&](const auto& one) { return one.route == route; });
    if (known != end) {
      known->waiting = waiting.number;
    } else {
      unknown.emplace_back(waiting.first, route);
    }
  }
  std::sort(unknown.begin(), unknown.end());
  for (const auto& [first, route] : unknown) info.routes.push_back({route, {}, taken(route), routes.at(route).number});
}

broker::GroupInfo group_info(const Reply& one, Timestamp now) {
  broker::GroupInfo info;
  info.name = std::string(one.at(0).text);
  info.cursor = id_of(one.at(1).text);
  info.lag = one.at(2).whole();
  info.pending = one.at(3).whole();
  info.dead_letters = one.at(4).whole();
  info.lost = one.at(5).whole();
  info.dropped_dead_letters = one.at(6).whole();
  info.lane_holder = std::string(one.at(7).text);
  info.epoch = one.at(8).whole();
  if (!one.at(9).text.empty())
    info.oldest_pending = Timestamp(broker::Millis(static_cast<broker::Millis::rep>(id_of(one.at(9).text).ms)));
  std::vector<std::vector<std::string>> live;
  add_members(info, one.at(11), one.at(12), now, live);
  add_routes(info, one.at(10), one.at(13), live);
  return info;
}

}  // namespace

std::vector<broker::Appended> appended(const Reply& reply) {
  std::vector<broker::Appended> list;
  list.reserve(reply.items.size());
  for (const auto& one : reply.items) {
    const bool duplicate = one.text.starts_with('=');
    list.push_back({id_of(one.text.substr(duplicate ? 1 : 0)), duplicate});
  }
  return list;
}

broker::Exchanged exchanged(const AnswerPointer& answer, std::string_view stream) {
  const auto& root = answer->root;
  broker::Exchanged result;
  for (const char letter : root.at(0).text)
    result.settled.push_back(letter == 'd' ? Settled::done : letter == 's' ? Settled::stale : Settled::gone);
  result.more = root.at(1).whole() == 1;
  result.member_lost = root.at(2).whole() > 0;
  result.group_lost = root.at(2).whole() == 2;
  result.due = maybe_time(root.at(3));
  result.lane = root.at(4).whole() == 1;
  result.epoch = root.at(5).whole();
  result.lane_free = maybe_time(root.at(6));
  result.position = id_of(root.at(7).text);
  const auto kept = answer->text.copy(stream);
  result.deliveries.reserve(root.at(8).items.size());
  for (const auto& one : root.at(8).items) result.deliveries.push_back(delivered(*answer, one, kept));
  result.storage = answer;
  return result;
}

broker::Page page(const AnswerPointer& answer, std::string_view stream) {
  broker::Page result;
  result.last = id_of(answer->root.at(0).text);
  const auto kept = answer->text.copy(stream);
  for (const auto& one : answer->root.at(1).items)
    result.entries.push_back(entry_of(*answer, id_of(one.at(0).text), one.at(1).items, kept));
  result.storage = answer;
  return result;
}

broker::UpkeepReport upkeep_report(const Reply& reply) {
  return {reply.at(0).whole(), maybe_time(reply.at(1)), reply.at(2).whole(),
          losses(reply.at(3)), losses(reply.at(4)),     reply.at(5).whole() == 1};
}

broker::StreamInfo stream_info(const Reply& reply, const std::string& stream) {
  return {stream,
          reply.at(0).whole(),
          reply.at(1).whole(),
          id_of(reply.at(2).text),
          id_of(reply.at(3).text),
          reply.at(4).whole()};
}

std::vector<broker::GroupInfo> group_infos(const Reply& reply, Timestamp now) {
  std::vector<broker::GroupInfo> list;
  for (const auto& one : reply.items) list.push_back(group_info(one, now));
  std::sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  return list;
}

std::vector<broker::PendingInfo> pending_infos(const Reply& reply) {
  std::vector<broker::PendingInfo> list;
  for (const auto& one : reply.items) {
    list.push_back({{work_of(one.at(0).text), one.at(1).whole()}, std::string(one.at(2).text), progress_of(one.at(3))});
  }
  return list;
}

// A letter is the event's fields as they were, then eleven of ours in a fixed order.
broker::DeadLetterPage dead_letters(const AnswerPointer& answer, std::string_view stream) {
  constexpr std::size_t ours = 22;
  broker::DeadLetterPage result;
  const auto kept = answer->text.copy(stream);
  for (const auto& one : answer->root.items) {
    const auto fields = one.at(1).items;
    if (fields.size() < ours) continue;
    const auto own = fields.subspan(fields.size() - ours);
    const auto text = [&](std::size_t i) { return own[2 * i + 1]; };
    broker::DeadLetter letter;
    letter.number = id_of(one.at(0).text).seq;
    letter.id = id_of(text(0).text);
    letter.entry = entry_of(*answer, letter.id, fields.first(fields.size() - ours), kept);
    letter.reason = std::string(text(1).text);
    letter.died = time_of(text(2));
    letter.progress = {small(text(3)),
                       small(text(4)),
                       small(text(5)),
                       text(6).whole() == 1,
                       text(7).whole() == 1,
                       time_of(text(8)),
                       std::string(text(9).text),
                       std::string(text(10).text)};
    result.letters.push_back(std::move(letter));
  }
  result.storage = answer;
  return result;
}

}  // namespace collective::redis
