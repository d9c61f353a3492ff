#include <algorithm>

#include "broker/embedded/exchange.hpp"
#include "broker/embedded/log.hpp"
#include "broker/embedded/members.hpp"
#include "broker/rules.hpp"

namespace collective::embedded {

using broker::Delivered;
using broker::Entry;

HandOut::HandOut(Unit& unit, GroupState& group, Work& work, const broker::Exchange& request, broker::Exchanged& answer)
    : unit_(unit), group_(group), stream_(unit.stream_of(group)), work_(work), request_(request), answer_(answer) {
  stream_name_ = arena_->copy(stream_.record.name);
  answer_.storage = arena_;
  const auto retained = std::min<std::uint64_t>(request.max_entries, stream_.record.length());
  if (group.record.cursor < stream_.record.last) answer_.deliveries.reserve(std::min<std::uint64_t>(retained, 256));
}

bool HandOut::full() const {
  return given_ >= request_.max_entries || (bytes_ >= request_.max_bytes && !answer_.deliveries.empty());
}

Timestamp HandOut::deadline() const {
  return request_.visibility > broker::Millis::zero() ? request_.now + request_.visibility : Timestamp{};
}

/// Hands out work that has a record of its own, or gets one. False when its event is gone.
bool HandOut::deliver(const WorkId& work, const Found* found, Progress progress) {
  auto event = load_event(unit_, group_, work, *arena_, stream_name_);
  if (!event) return false;
  Pending pending{++group_.record.tokens, request_.member, deadline(), std::move(progress)};
  group_.changed = true;
  bytes_ += event->event.data.size() + event->event.metadata.size();
  answer_.deliveries.push_back({{work, pending.token}, *event, pending.progress});
  if (found != nullptr) {
    work_.hold(work, *found, std::move(pending));
  } else {
    work_.hold_new(work, pending);
  }
  return true;
}

void HandOut::recover() {
  for (const auto& work : work_.owned_by(request_.member)) {
    const auto found = work_.find(work);
    const broker::Ticket ticket{work, found->token};
    if (std::find(request_.known.begin(), request_.known.end(), ticket) != request_.known.end()) continue;
    deliver(work, &*found, work_.progress_of(work, *found));
  }
}

// --- parked work ------------------------------------------------------------------------------------------------

void HandOut::give_parked(const Candidate& candidate) {
  const auto found = work_.find(candidate.work);
  if (!found || found->place != Found::Place::parked) return;
  auto progress = *found->progress;
  if (progress.suspect) {
    progress.started = true;
    ++suspects_;
  }
  if (deliver(candidate.work, &*found, std::move(progress))) {
    ++given_;
  } else {
    work_.remove(candidate.work, *found);  // its entry was dropped
  }
}

/// Looks for one more than can be handed out, to know whether there is more. Suspects nobody asked for do not count.
void HandOut::find_parked(bool side_only) {
  const std::size_t suspects = request_.max_suspects == 0 ? 0 : std::size_t{request_.max_suspects} + 1;
  parked_ = parked_work(unit_, group_.number, request_.routes, request_.now, std::size_t{request_.max_entries} + 1,
                        suspects, side_only);
  answer_.due = parked_.next;
}

void HandOut::give_due(std::size_t quota) {
  std::size_t given = 0;
  for (; next_candidate_ < parked_.due.size() && given < quota && !full(); ++next_candidate_) {
    const auto& candidate = parked_.due[next_candidate_];
    if (candidate.suspect && suspects_ >= request_.max_suspects) {
      answer_.more = true;
      continue;
    }
    give_parked(candidate);
    ++given;
  }
}

void HandOut::unordered() {
  find_parked(false);
  give_due(broker::share_of_parked(request_.max_entries));
  give_replay(request_.max_entries);
  give_new();
  give_due(request_.max_entries);
  answer_.more = answer_.more || next_candidate_ < parked_.due.size();
}

void HandOut::ordered() {
  const bool caught_up = give_in_order();
  find_parked(true);
  const bool alone = suspects_ > 0;
  if (!alone) give_due(broker::share_of_parked(request_.max_entries));
  if (!alone) give_replay(request_.max_entries);
  if (!alone && caught_up) give_new();
  if (!alone) give_due(request_.max_entries);
  answer_.more = answer_.more || next_candidate_ < parked_.due.size();
}

/// Everything pending in the log that this member does not hold comes first, in the order of ids, due or not.
bool HandOut::give_in_order() {
  std::vector<Candidate> waiting;
  {
    const auto prefix = Key(Kind::parked).u32(group_.number).flag(false);
    auto cursor = unit_.state();
    for (bool more = cursor.seek(prefix, prefix); more && waiting.size() <= request_.max_entries;
         more = cursor.next(prefix)) {
      const auto parked = unit_.decoded(cursor.key(), [&] { return Pending::decode(cursor.key(), cursor.value()); });
      if (!broker::takes(request_.routes, parked.progress.route)) continue;
      const auto id = KeyReader(cursor.key().substr(prefix.view().size())).id();
      waiting.push_back({parked.progress.due, {id, false}, parked.progress.suspect});
    }
  }
  for (const auto& candidate : waiting) {
    const bool first = answer_.deliveries.empty();
    const bool may = !candidate.suspect || (first && request_.max_suspects > 0);
    if (full() || !may || suspects_ > 0) {
      answer_.more = broker::more_in_order(full(), request_, candidate.suspect);
      return false;
    }
    give_parked(candidate);
  }
  return !work_.held_by_others(request_.member, request_.routes);
}

// --- entries of the log -----------------------------------------------------------------------------------------

void HandOut::deliver_fresh(Run& run, Entry entry) {
  if (run.ids.empty()) {
    run.token = group_.record.tokens + 1;
    run.member = request_.member;
    run.deadline = deadline();
  }
  run.ids.push_back(entry.id);
  Progress progress;
  progress.route = entry.event.type;
  bytes_ += entry.event.data.size() + entry.event.metadata.size();
  answer_.deliveries.push_back({{{entry.id, false}, ++group_.record.tokens}, entry, std::move(progress)});
  ++given_;
  if (run.ids.size() == Run::capacity) close_run(run);
}

void HandOut::close_run(Run& run) {
  if (!run.ids.empty()) work_.add_run(std::exchange(run, Run{}));
}

/// A declared type this member does not take waits for those that do.
void HandOut::park_for_others(const WorkId& work, const Entry& entry) {
  Pending pending;
  pending.progress.route = entry.event.type;
  work_.park_new(work, pending);
  unit_.news(stream_);
}

void HandOut::give_new() {
  const auto prefix = Key::of_log(stream_.number);
  auto& record = group_.record;
  if (record.cursor >= stream_.record.last) return;
  auto cursor = unit_.log();
  Run run;
  bool here = cursor.seek(log_key(stream_.number, next_after(record.cursor)), prefix);
  for (; here && !full(); here = cursor.next(prefix)) {
    if (passes_left_ == 0) {
      answer_.more = true;
      here = false;
      break;
    }
    const auto entry = take_entry(cursor.key(), cursor.value(), stream_name_, *arena_);
    record.cursor = entry.id;
    group_.changed = true;
    if (!entry.defect.empty() ||
        (broker::takes(request_.routes, entry.event.type) && declares(group_.routes, entry.event.type, entry.id))) {
      deliver_fresh(run, entry);
      continue;
    }
    --passes_left_;
    if (declares(group_.routes, entry.event.type, entry.id)) {
      park_for_others({entry.id, false}, entry);
    }
  }
  look_ahead(cursor, prefix, here);
  close_run(run);
}

/// Says whether another entry could be handed out, without passing any.
void HandOut::look_ahead(Cursor& cursor, std::string_view prefix, bool here) {
  for (int looks = 0; here && !answer_.more; here = cursor.next(prefix)) {
    broker::Arena scratch;
    const auto entry = take_entry(cursor.key(), cursor.value(), stream_name_, scratch);
    answer_.more =
        !entry.defect.empty() || ++looks == 64 ||
        (broker::takes(request_.routes, entry.event.type) && declares(group_.routes, entry.event.type, entry.id));
  }
}

/// What is replayed stands outside the order, so it is side work with a copy of the event. False when there is no room.
bool HandOut::copy_aside(const Entry& entry, WorkId& work) {
  if (!unit_.claim_room(entry.event.data.size() + entry.event.metadata.size() + 1024)) return false;
  work = {{0, ++group_.record.sides}, true};
  const auto key = Key(Kind::side).u32(group_.number).u64(work.id.seq);
  unit_.put(key, EventRecord{0, entry.id, entry.event, entry.defect}.encode(key, stream_name_, unit_.scratch()));
  return true;
}

void HandOut::give_replay(std::size_t quota) {
  auto& record = group_.record;
  if (!record.replaying()) return;
  const auto prefix = Key::of_log(stream_.number);
  auto cursor = unit_.log();
  std::size_t given = 0;
  bool here = cursor.seek(log_key(stream_.number, next_after(record.replay_after)), prefix);
  for (; here && given < quota && !full() && passes_left_ > 0; here = cursor.next(prefix)) {
    const auto id = id_of_log_key(cursor.key());
    if (id > record.replay_until) here = false;
    if (!here) break;
    const auto entry = take_entry(cursor.key(), cursor.value(), stream_name_, *arena_);
    const bool readable = entry.defect.empty();
    const bool skipped = (readable && !declares(group_.routes, entry.event.type, id)) || work_.find({id, false});
    WorkId work;
    if (!skipped && !copy_aside(entry, work)) return;  // goes on when the store has room again
    record.replay_after = id;
    group_.changed = true;
    if (skipped) {
      --passes_left_;
    } else if (readable && !broker::takes(request_.routes, entry.event.type)) {
      --passes_left_;
      park_for_others(work, entry);
    } else {
      Progress progress;
      progress.route = entry.event.type;
      deliver(work, nullptr, std::move(progress));
      ++given_;
      ++given;
    }
  }
  if (here && id_of_log_key(cursor.key()) > record.replay_until) here = false;
  if (here) {
    answer_.more = true;
  } else {
    record.replay_after = record.replay_until = {};
    group_.changed = true;
  }
}

}  // namespace collective::embedded
