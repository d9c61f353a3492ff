#include "broker/memory/inspect.hpp"

#include <algorithm>

#include "broker/rules.hpp"

namespace collective::memory {

broker::StreamInfo describe(const Stream& stream) {
  broker::StreamInfo info;
  info.name = stream.name;
  info.length = stream.log.size();
  info.delayed = stream.delayed.size();
  if (!stream.log.empty()) info.first = stream.log.front().id;
  info.last = stream.last;
  info.appended = stream.appended;
  return info;
}

broker::GroupInfo describe(const Stream& stream, const Group& group, Timestamp now) {
  broker::GroupInfo info;
  info.name = group.name;
  info.cursor = group.cursor;
  info.lag = static_cast<std::uint64_t>(std::distance(stream.after(group.cursor), stream.log.end()));
  info.pending = group.pending.size();
  info.dead_letters = group.letters.size();
  info.lost = group.lost;
  info.dropped_dead_letters = group.dropped_letters;
  info.lane_holder = group.lane_holder;
  info.epoch = group.epoch;
  const auto live = [&](std::string_view route) {
    return std::any_of(group.members.begin(), group.members.end(), [&](const auto& member) {
      return member.second.lease_until > now && broker::takes(member.second.routes, route);
    });
  };
  for (const auto& [route, since] : group.routes) info.routes.push_back({route, since, live(route), 0});
  for (const auto& [name, member] : group.members) info.members.push_back({name, 0, member.lease_until});
  for (const auto& [work, value] : group.pending) {
    if (!work.side && !info.oldest_pending) info.oldest_pending = Timestamp(broker::Millis(work.id.ms));
    if (!value.owner.empty()) {
      for (auto& member : info.members) member.pending += member.member == value.owner ? 1 : 0;
      continue;
    }
    if (value.progress.due > now) ++info.delayed;
    if (!live(value.progress.route)) ++info.unowned;
    auto route = std::find_if(info.routes.begin(), info.routes.end(),
                              [&](const auto& known) { return known.route == value.progress.route; });
    if (route == info.routes.end()) {
      info.routes.push_back({value.progress.route, {}, live(value.progress.route), 0});
      route = std::prev(info.routes.end());
    }
    ++route->waiting;
  }
  return info;
}

std::vector<broker::PendingInfo> pending_of(const Group& group, const broker::WorkId& after, std::size_t limit) {
  std::vector<broker::PendingInfo> list;
  for (auto at = group.pending.upper_bound(after); at != group.pending.end() && list.size() < limit; ++at) {
    list.push_back({{at->first, at->second.token}, at->second.owner, at->second.progress});
  }
  return list;
}

broker::DeadLetterPage letters_of(const Group& group, std::uint64_t after, std::size_t limit) {
  broker::DeadLetterPage page;
  auto storage = std::make_shared<std::vector<EventPointer>>();
  for (auto at = group.letters.upper_bound(after); at != group.letters.end() && page.letters.size() < limit; ++at) {
    const auto& letter = at->second;
    storage->push_back(letter.event);
    page.letters.push_back(
        {at->first, letter.id, {letter.id, *letter.event, {}}, letter.progress, letter.reason, letter.died});
  }
  page.storage = std::move(storage);
  return page;
}

std::uint64_t republish(Group& group, const std::vector<std::uint64_t>& numbers, Timestamp now) {
  std::uint64_t moved = 0;
  for (const auto number : numbers) {
    const auto at = group.letters.find(number);
    if (at == group.letters.end()) continue;
    Pending pending;
    pending.progress.generation = at->second.progress.generation + 1;
    pending.progress.route = at->second.progress.route;
    pending.progress.due = now;
    pending.event = at->second.event;
    pending.origin = at->second.id;
    group.put_aside(std::move(pending));
    group.letters.erase(at);
    ++moved;
  }
  return moved;
}

std::uint64_t forget(Group& group, const std::string& route) {
  group.routes.erase(route);
  std::uint64_t settled = 0;
  for (auto at = group.pending.begin(); at != group.pending.end();) {
    const auto next = std::next(at);
    if (at->second.owner.empty() && at->second.progress.route == route) {
      group.remove(at);
      ++settled;
    }
    at = next;
  }
  return settled;
}

}  // namespace collective::memory
