#include "broker/memory/state.hpp"

#include <algorithm>

namespace collective::memory {

bool Group::declares(std::string_view type, EntryId id) const {
  const auto counts = [&](const std::string& route) {
    const auto found = routes.find(route);
    return found != routes.end() && found->second < id;
  };
  return counts(std::string(type)) || counts("*");
}

std::optional<EntryId> Group::lowest_pending() const {
  for (const auto& [work, value] : pending) {
    if (!work.side) return work.id;
  }
  return std::nullopt;
}

void Group::put(const broker::WorkId& work, Pending value) {
  if (value.owner.empty()) parked.emplace(value.progress.due, work);
  if (value.deadline != Timestamp{}) deadlines.emplace(value.deadline, work);
  pending.insert_or_assign(work, std::move(value));
}

broker::WorkId Group::put_aside(Pending value) {
  const broker::WorkId work{{0, ++side_numbers}, true};
  put(work, std::move(value));
  return work;
}

void Group::remove(std::map<broker::WorkId, Pending>::iterator at) {
  parked.erase({at->second.progress.due, at->first});
  deadlines.erase({at->second.deadline, at->first});
  pending.erase(at);
}

void Group::park(std::map<broker::WorkId, Pending>::iterator at, broker::Progress progress) {
  auto& value = at->second;
  parked.erase({value.progress.due, at->first});
  deadlines.erase({value.deadline, at->first});
  value.owner.clear();
  value.deadline = {};
  value.progress = std::move(progress);
  parked.emplace(value.progress.due, at->first);
}

void Group::own(std::map<broker::WorkId, Pending>::iterator at, const std::string& member, Timestamp deadline) {
  auto& value = at->second;
  parked.erase({value.progress.due, at->first});
  value.owner = member;
  value.token = ++tokens;
  set_deadline(at, deadline);
}

void Group::set_deadline(std::map<broker::WorkId, Pending>::iterator at, Timestamp deadline) {
  deadlines.erase({at->second.deadline, at->first});
  at->second.deadline = deadline;
  if (deadline != Timestamp{}) deadlines.emplace(deadline, at->first);
}

EntryId Stream::append(Envelope event, Timestamp now) {
  const auto first = EntryId::at(now);
  last = first > last ? first : EntryId{last.ms, last.seq + 1};
  log.push_back({last, std::make_shared<const Envelope>(std::move(event))});
  ++appended;
  return last;
}

bool Stream::was_seen(const std::string& event_id, Timestamp now) const {
  const auto found = seen.find(event_id);
  return found != seen.end() && found->second.until > now;
}

std::optional<EntryId> Stream::find(std::string_view event_id, EntryId from) const {
  const auto found =
      std::find_if(after(from), log.end(), [&](const LogEntry& entry) { return entry.event->id == event_id; });
  return found == log.end() ? std::nullopt : std::optional(found->id);
}

bool Stream::trimmed_after(EntryId from) const {
  const EntryId next{from.ms, from.seq + 1};
  return appended > log.size() && (log.empty() || (after(from) == log.begin() && log.front().id != next));
}

void Stream::remember(const std::string& event_id, EntryId id, Timestamp until) {
  if (const auto old = seen.find(event_id); old != seen.end()) seen_order.erase({old->second.until, event_id});
  seen[event_id] = {id, until};
  seen_order.emplace(until, event_id);
}

void Stream::forget_seen(Timestamp now, std::uint64_t limit) {
  for (; limit > 0 && !seen_order.empty() && seen_order.begin()->first <= now; --limit) {
    seen.erase(seen_order.begin()->second);
    seen_order.erase(seen_order.begin());
  }
}

std::deque<LogEntry>::const_iterator Stream::after(EntryId id) const {
  return std::upper_bound(log.begin(), log.end(), id,
                          [](EntryId bound, const LogEntry& entry) { return bound < entry.id; });
}

}  // namespace collective::memory
