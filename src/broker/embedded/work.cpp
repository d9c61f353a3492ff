#include "broker/embedded/work.hpp"

#include <algorithm>

#include "broker/embedded/log.hpp"
#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

constexpr std::size_t after_group = 5;  // kind and group number

}  // namespace

// --- places -----------------------------------------------------------------------------------------------------

Key Work::ready_key(const WorkId& work, const Progress& progress) const {
  return Key(Kind::ready)
      .u32(group_.number)
      .flag(progress.suspect)
      .counted(progress.route)
      .time(progress.due)
      .id(work.id)
      .flag(work.side);
}

Key Work::deadline_key(Timestamp deadline, bool is_run, const WorkId& work) const {
  return Key(Kind::deadline).u32(group_.number).time(deadline).flag(is_run).flag(work.side).id(work.id);
}

std::size_t Work::index_in_run(EntryId id) const {
  const auto& ids = loaded_->run.ids;
  const auto at = std::lower_bound(ids.begin(), ids.end(), id);
  const auto index = static_cast<std::size_t>(at - ids.begin());
  return at != ids.end() && *at == id && loaded_->run.live[index] ? index : ids.size();
}

/// Loads the run that may contain the entry: runs cover disjoint ranges of ids.
bool Work::load_run(EntryId id) {
  if (loaded_ && loaded_->first <= id && id <= loaded_->run.ids.back()) return true;
  const auto prefix = Key(Kind::run).u32(group_.number);
  const auto wanted = Key(Kind::run).u32(group_.number).id(id);
  auto cursor = unit_.state();
  const bool found = (cursor.seek(wanted) && cursor.key() == wanted.view()) || cursor.seek_before(wanted);
  if (!found || !cursor.key().starts_with(prefix)) return false;
  const auto first = KeyReader(cursor.key().substr(after_group)).id();
  if (loaded_ && loaded_->first == first) return true;
  auto run = unit_.decoded(cursor.key(), [&] { return Run::decode(cursor.key(), cursor.value()); });
  flush_run();
  loaded_ = Loaded{first, std::move(run), false};
  return true;
}

void Work::flush_run() {
  if (!loaded_ || !loaded_->changed) return;
  loaded_->changed = false;
  const auto key = Key(Kind::run).u32(group_.number).id(loaded_->first);
  const auto& run = loaded_->run;
  if (std::find(run.live.begin(), run.live.end(), true) != run.live.end()) {
    unit_.store(key, run);
    return;
  }
  unit_.erase(key);
  if (run.deadline != Timestamp{}) unit_.erase(deadline_key(run.deadline, true, {loaded_->first, false}));
  loaded_.reset();
}

std::optional<Found> Work::find(const WorkId& work) {
  if (!work.side && load_run(work.id)) {
    const auto& run = loaded_->run;
    if (const auto index = index_in_run(work.id); index < run.ids.size()) {
      return Found{Found::Place::run, run.token + index, run.member, run.deadline, std::nullopt};
    }
  }
  for (const auto kind : {Kind::held, Kind::parked}) {
    if (auto pending = unit_.load<Pending>(work_key(kind, group_.number, work))) {
      const auto place = kind == Kind::held ? Found::Place::held : Found::Place::parked;
      return Found{place, pending->token, std::move(pending->member), pending->deadline, std::move(pending->progress)};
    }
  }
  return std::nullopt;
}

Progress Work::progress_of(const WorkId& work, const Found& found) const {
  if (found.progress) return *found.progress;
  Progress progress;
  progress.route = route_of(unit_, group_.record.stream, work.id);
  return progress;
}

/// Takes the work out of its place; the caller puts it into another, or is done with it.
void Work::take_out(const WorkId& work, const Found& found) {
  switch (found.place) {
    case Found::Place::run: {
      load_run(work.id);
      loaded_->run.live[index_in_run(work.id)] = false;
      loaded_->changed = true;
      return;
    }
    case Found::Place::held:
      unit_.erase(work_key(Kind::held, group_.number, work));
      if (found.deadline != Timestamp{}) unit_.erase(deadline_key(found.deadline, false, work));
      return;
    case Found::Place::parked:
      unit_.erase(work_key(Kind::parked, group_.number, work));
      unit_.erase(ready_key(work, *found.progress));
      return;
  }
}

// --- moves ------------------------------------------------------------------------------------------------------

void Work::remove(const WorkId& work, const Found& found) {
  take_out(work, found);
  if (work.side) unit_.erase(Key(Kind::side).u32(group_.number).u64(work.id.seq));
}

void Work::park(const WorkId& work, const Found& found, Progress progress) {
  take_out(work, found);
  park_new(work, Pending{found.token, {}, {}, std::move(progress)});
}

void Work::hold(const WorkId& work, const Found& found, Pending pending) {
  take_out(work, found);
  hold_new(work, pending);
}

void Work::park_new(const WorkId& work, const Pending& pending) {
  unit_.put(ready_key(work, pending.progress), {});
  unit_.store(work_key(Kind::parked, group_.number, work), pending);
}

void Work::hold_new(const WorkId& work, const Pending& pending) {
  if (pending.deadline != Timestamp{}) unit_.put(deadline_key(pending.deadline, false, work), {});
  unit_.store(work_key(Kind::held, group_.number, work), pending);
}

void Work::orphan(const WorkId& work, const Found& found) {
  auto progress = progress_of(work, found);
  broker::orphan(progress);
  park(work, found, std::move(progress));
}

bool Work::bury(const WorkId& work, const Found& found, Progress progress, std::string_view reason, Timestamp now) {
  broker::Arena arena;
  const std::string stream = unit_.stream_of(group_).record.name;
  const auto event = load_event(unit_, group_, work, arena, stream);
  if (event) {
    std::string body;
    const auto bytes = EventRecord{0, {}, event->event, event->defect}.encode_body(stream, body);
    if (!unit_.claim_reserve(bytes.size() + reason.size() + progress.note.size() + 128)) return false;
    const auto key = Key(Kind::letter).u32(group_.number).u64(++group_.record.letters_given);
    Letter letter{event->id, now, std::move(progress), std::string(reason), {}};
    letter.event = bytes;
    unit_.store(key, letter);
    ++group_.record.letters;
    group_.changed = true;
  }
  remove(work, found);
  return true;
}

void Work::add_run(Run run) {
  run.live.assign(run.ids.size(), true);
  const auto first = run.ids.front();
  if (run.deadline != Timestamp{}) unit_.put(deadline_key(run.deadline, true, {first, false}), {});
  unit_.store(Key(Kind::run).u32(group_.number).id(first), run);
}

// --- looking around ---------------------------------------------------------------------------------------------

template <class Visit>
void Work::each_run(Visit visit) {
  flush_run();
  auto cursor = unit_.state();
  const auto prefix = Key(Kind::run).u32(group_.number);
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
    visit(unit_.decoded(cursor.key(), [&] { return Run::decode(cursor.key(), cursor.value()); }));
  }
}

template <class Visit>
void Work::each_held(Visit visit) {
  auto cursor = unit_.state();
  const auto prefix = Key(Kind::held).u32(group_.number);
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
    const auto pending = unit_.decoded(cursor.key(), [&] { return Pending::decode(cursor.key(), cursor.value()); });
    KeyReader fields(cursor.key().substr(after_group));
    const bool side = fields.byte() != 0;
    visit(WorkId{fields.id(), side}, pending);
  }
}

std::vector<WorkId> Work::owned_by(const std::string& member) {
  std::vector<WorkId> works;
  each_run([&](const Run& run) {
    for (std::size_t i = 0; run.member == member && i < run.ids.size(); ++i) {
      if (run.live[i]) works.push_back({run.ids[i], false});
    }
  });
  each_held([&](const WorkId& work, const Pending& pending) {
    if (pending.member == member) works.push_back(work);
  });
  std::sort(works.begin(), works.end());
  return works;
}

bool Work::held_by_others(const std::string& member, const std::vector<std::string>& routes) {
  bool found = false;
  each_held([&](const WorkId& work, const Pending& pending) {
    found = found || (!work.side && pending.member != member && broker::takes(routes, pending.progress.route));
  });
  each_run([&](const Run& run) {
    for (std::size_t i = 0; !found && run.member != member && i < run.ids.size(); ++i) {
      found = run.live[i] && broker::takes(routes, route_of(unit_, group_.record.stream, run.ids[i]));
    }
  });
  return found;
}

std::vector<WorkId> Work::expired(Timestamp now) {
  flush_run();
  std::vector<WorkId> works;
  const auto prefix = Key(Kind::deadline).u32(group_.number);
  auto cursor = unit_.state();
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
    KeyReader fields(cursor.key().substr(after_group));
    if (fields.time() > now) break;
    const bool is_run = fields.byte() != 0;
    const bool side = fields.byte() != 0;
    const auto id = fields.id();
    if (!is_run) {
      works.push_back({id, side});
      continue;
    }
    const auto run = unit_.load<Run>(Key(Kind::run).u32(group_.number).id(id));
    for (std::size_t i = 0; run && i < run->ids.size(); ++i) {
      if (run->live[i]) works.push_back({run->ids[i], false});
    }
  }
  return works;
}

std::optional<broker::Entry> load_event(const View& view, const GroupState& group, const WorkId& work,
                                        broker::Arena& arena, std::string_view stream) {
  if (!work.side) {
    const auto key = log_key(group.record.stream, work.id);
    const auto record = view.get_log(key);
    if (!record) return std::nullopt;
    return take_entry(key, *record, stream, arena);
  }
  const auto key = Key(Kind::side).u32(group.number).u64(work.id.seq);
  const auto record = view.get(key);
  if (!record) return std::nullopt;
  const auto copy = arena.copy(*record);
  const auto stored = view.decoded(key, [&] { return EventRecord::decode(key, copy, stream); });
  return broker::Entry{stored.origin, stored.event, stored.defect};
}

std::optional<EntryId> lowest_pending(const View& view, std::uint32_t group) {
  std::optional<EntryId> lowest;
  const auto consider = [&](EntryId id) {
    if (!lowest || id < *lowest) lowest = id;
  };
  auto cursor = view.state();
  const auto runs = Key(Kind::run).u32(group);
  if (cursor.seek(runs, runs)) {
    const auto run = view.decoded(cursor.key(), [&] { return Run::decode(cursor.key(), cursor.value()); });
    const auto live = std::find(run.live.begin(), run.live.end(), true);
    consider(run.ids[static_cast<std::size_t>(live - run.live.begin())]);
  }
  for (const auto kind : {Kind::held, Kind::parked}) {
    const auto prefix = Key(kind).u32(group).flag(false);
    if (cursor.seek(prefix, prefix)) consider(KeyReader(cursor.key().substr(after_group + 1)).id());
  }
  return lowest;
}

std::string route_of(const View& view, std::uint32_t stream, EntryId id) {
  const auto key = log_key(stream, id);
  const auto record = view.get_log(key);
  if (!record) return {};
  try {
    return std::string(EventRecord::decode(key, *record, {}).event.type);
  } catch (const BadRecord&) {
    return {};
  }
}

}  // namespace collective::embedded
