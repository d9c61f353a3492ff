#include "broker/memory/hand_out.hpp"

#include "broker/rules.hpp"

namespace collective::memory {

HandOut::HandOut(Stream& stream, Group& group, const broker::Exchange& request, broker::Exchanged& answer)
    : stream_(stream), group_(group), request_(request), answer_(answer), passes_left_(broker::most_passed) {
  answer_.storage = storage_;
}

bool HandOut::full() const {
  return given_ >= request_.max_entries || (bytes_ >= request_.max_bytes && !answer_.deliveries.empty());
}

bool HandOut::takes(std::string_view route) const {
  return broker::takes(request_.routes, route);
}

void HandOut::deliver(At at) {
  const auto visible = request_.visibility > broker::Millis::zero();
  group_.own(at, request_.member, visible ? request_.now + request_.visibility : Timestamp{});
  const auto& [work, value] = *at;
  storage_->push_back(value.event);
  bytes_ += value.event->data.size() + value.event->metadata.size();
  answer_.deliveries.push_back({{work, value.token}, {value.origin, *value.event, {}}, value.progress});
}

void HandOut::recover() {
  for (auto at = group_.pending.begin(); at != group_.pending.end(); ++at) {
    if (at->second.owner != request_.member) continue;
    const broker::Ticket ticket{at->first, at->second.token};
    if (std::find(request_.known.begin(), request_.known.end(), ticket) == request_.known.end()) deliver(at);
  }
}

void HandOut::unordered() {
  give_due(broker::share_of_parked(request_.max_entries), false);
  give_replay();
  give_new();
  give_due(request_.max_entries, false);
  say_what_remains(false);
}

void HandOut::ordered() {
  const bool caught_up = give_in_order();
  if (suspects_ == 0) {
    give_due(broker::share_of_parked(request_.max_entries), true);
    give_replay();
    if (caught_up) give_new();
    give_due(request_.max_entries, true);
  }
  say_what_remains(true);
}

void HandOut::give_due(std::uint32_t quota, bool side_only) {
  std::uint32_t given = 0;
  for (auto next = group_.parked.begin(); next != group_.parked.end() && given < quota && !full();) {
    const auto [due, work] = *next++;
    if (due > request_.now) return;
    const auto at = group_.pending.find(work);
    auto& progress = at->second.progress;
    if ((side_only && !work.side) || !takes(progress.route)) continue;
    if (progress.suspect) {
      if (suspects_ >= request_.max_suspects) continue;
      progress.started = true;
      ++suspects_;
    }
    deliver(at);
    ++given;
    ++given_;
  }
}

// Everything pending in the log that nobody holds comes first, in the order of ids, due or not (the engine waits). A
// suspect comes alone. Returns true when nothing of it is left and new entries may follow.
bool HandOut::give_in_order() {
  bool held_by_others = false;
  for (auto at = group_.pending.begin(); at != group_.pending.end(); ++at) {
    auto& [work, value] = *at;
    if (work.side || !takes(value.progress.route)) continue;
    if (!value.owner.empty()) {
      held_by_others = held_by_others || value.owner != request_.member;
      continue;
    }
    const bool may = !value.progress.suspect || (answer_.deliveries.empty() && request_.max_suspects > 0);
    if (full() || !may || suspects_ > 0) {
      answer_.more = broker::more_in_order(full(), request_, value.progress.suspect);
      return false;
    }
    if (value.progress.suspect) {
      value.progress.started = true;
      ++suspects_;
    }
    deliver(at);
    ++given_;
  }
  return !held_by_others;
}

/// Passes one entry of the log: hands it out, parks it for others, or skips it. True when it was handed out.
bool HandOut::pass_entry(const LogEntry& entry, bool replayed) {
  const broker::WorkId work{entry.id, false};
  const auto& type = entry.event->type;
  if (!group_.declares(type, entry.id) || (replayed && group_.pending.contains(work))) {
    --passes_left_;
    return false;
  }
  Pending fresh;
  fresh.progress.route = type;
  fresh.event = entry.event;
  fresh.origin = entry.id;
  const auto put = replayed ? group_.put_aside(std::move(fresh)) : work;
  if (!replayed) group_.put(work, std::move(fresh));
  if (!takes(type)) {  // parked, for those that take it
    --passes_left_;
    return false;
  }
  deliver(group_.pending.find(put));
  ++given_;
  return true;
}

void HandOut::give_replay() {
  if (!group_.replay) return;
  auto& [after, until] = *group_.replay;
  auto entry = stream_.after(after);
  for (; entry != stream_.log.end() && entry->id <= until && !full() && passes_left_ > 0; ++entry) {
    after = entry->id;
    pass_entry(*entry, true);
  }
  if (entry == stream_.log.end() || entry->id > until) {
    group_.replay.reset();
  } else {
    answer_.more = true;
  }
}

void HandOut::give_new() {
  auto entry = stream_.after(group_.cursor);
  for (; entry != stream_.log.end() && !full() && passes_left_ > 0; ++entry) {
    group_.cursor = entry->id;
    pass_entry(*entry, false);
  }
  if (entry == stream_.log.end()) return;
  if (passes_left_ == 0) answer_.more = true;
  for (int looks = 0; entry != stream_.log.end() && !answer_.more; ++entry) {  // without passing any
    answer_.more = ++looks == 64 || (takes(entry->event->type) && group_.declares(entry->event->type, entry->id));
  }
}

void HandOut::say_what_remains(bool side_only) {
  for (const auto& [due, work] : group_.parked) {
    const auto& progress = group_.pending.find(work)->second.progress;
    if ((side_only && !work.side) || !takes(progress.route)) continue;
    if (due > request_.now) {
      answer_.due = due;
      return;
    }
    if (!progress.suspect || request_.max_suspects > 0) answer_.more = true;
  }
}

}  // namespace collective::memory
