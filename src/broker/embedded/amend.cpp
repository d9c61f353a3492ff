#include <algorithm>

#include "broker/embedded/inspect.hpp"
#include "broker/embedded/log.hpp"
#include "broker/embedded/work.hpp"

namespace collective::embedded {
namespace {

/// Moves one letter to the side stream; false when it is gone.
bool move_to_side(Unit& unit, GroupState& group, std::uint64_t number, Timestamp now) {
  const auto key = Key(Kind::letter).u32(group.number).u64(number);
  const auto record = unit.get(key);
  if (!record) return false;
  const std::string copy(*record);
  const auto& stream = unit.stream_of(group).record.name;
  const auto letter = unit.decoded(key, [&] { return Letter::decode(key, copy); });
  auto event = unit.decoded(key, [&] { return EventRecord::decode_body(letter.event, stream); });
  event.origin = letter.id;
  unit.require_room(copy.size());

  const WorkId work{{0, ++group.record.sides}, true};
  const auto side_key = Key(Kind::side).u32(group.number).u64(work.id.seq);
  unit.put(side_key, event.encode(side_key, stream, unit.scratch()));
  Pending pending;
  pending.progress.route = letter.progress.route;
  pending.progress.generation = letter.progress.generation + 1;
  pending.progress.due = now;
  Work(unit, group).park_new(work, pending);
  unit.erase(key);
  --group.record.letters;
  group.changed = true;
  return true;
}

/// All parked work with this route.
std::vector<WorkId> parked_with(const View& view, std::uint32_t group, const std::string& route) {
  std::vector<WorkId> works;
  auto cursor = view.state();
  for (const bool suspect : {false, true}) {
    const auto prefix = Key(Kind::ready).u32(group).flag(suspect).counted(route);
    for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
      KeyReader fields(cursor.key().substr(prefix.view().size()));
      fields.time();
      const auto id = fields.id();
      works.push_back({id, fields.byte() != 0});
    }
  }
  return works;
}

void erase_all(Unit& unit, const Key& prefix) {
  auto cursor = unit.state();
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) cursor.erase();
}

}  // namespace

broker::Result<std::uint64_t> republish(Unit& unit, const broker::GroupKey& key,
                                        const std::vector<std::uint64_t>& numbers, Timestamp now) {
  auto* const group = unit.group(key);
  if (group == nullptr) return no_such_group(key);
  std::uint64_t moved = 0;
  for (const auto number : numbers) moved += move_to_side(unit, *group, number, now) ? 1 : 0;
  if (moved > 0) unit.news(unit.stream_of(*group));
  return moved;
}

broker::Result<std::uint64_t> discard(Unit& unit, const broker::GroupKey& key,
                                      const std::vector<std::uint64_t>& numbers) {
  auto* const group = unit.group(key);
  if (group == nullptr) return no_such_group(key);
  std::uint64_t discarded = 0;
  for (const auto number : numbers) {
    if (unit.erase(Key(Kind::letter).u32(group->number).u64(number))) ++discarded;
  }
  group->record.letters -= discarded;
  group->changed = true;
  return discarded;
}

broker::Result<std::uint64_t> replay(Unit& unit, const broker::GroupKey& key, EntryId after) {
  auto* const group = unit.group(key);
  if (group == nullptr) return no_such_group(key);
  auto& record = group->record;
  if (record.replaying()) {
    return broker::Failure{Errc::conflict, "group " + key.group + " of stream " + key.stream +
                                               " is still replaying an earlier range; wait until it is through"};
  }
  if (after >= record.cursor) return std::uint64_t{0};
  const auto& stream = unit.stream_of(*group);
  const auto first = first_ordinal_after(unit, stream.number, stream.record, after);
  const auto end = first_ordinal_after(unit, stream.number, stream.record, record.cursor);
  if (first >= end) return std::uint64_t{0};
  record.replay_after = after;
  record.replay_until = record.cursor;
  group->changed = true;
  unit.news(stream);
  return end - first;
}

broker::Result<std::uint64_t> forget(Unit& unit, const broker::GroupKey& key, const std::string& route) {
  auto* const group = unit.group(key);
  if (group == nullptr) return no_such_group(key);
  auto routes = group->routes;
  if (std::erase_if(routes, [&](const Route& declared) { return declared.name == route; }) > 0) {
    unit.set_routes(*group, std::move(routes));
  }
  const auto waiting = parked_with(unit, group->number, route);
  Work work(unit, *group);
  for (const auto& id : waiting) work.remove(id, *work.find(id));
  work.finish();
  unit.news(unit.stream_of(*group));
  return waiting.size();
}

broker::Result<bool> destroy_group(Unit& unit, const broker::GroupKey& key) {
  auto* const group = unit.group(key);
  if (group == nullptr) return false;
  const auto number = group->number;
  for (const auto kind : {Kind::routes, Kind::member, Kind::run, Kind::held, Kind::parked, Kind::ready, Kind::deadline,
                          Kind::side, Kind::letter}) {
    erase_all(unit, Key(kind).u32(number));
  }
  auto& stream = unit.stream_of(*group);
  stream.record.tokens_given = std::max(stream.record.tokens_given, group->record.tokens);
  stream.changed = true;
  unit.erase(Key(Kind::group).u32(number));
  unit.erase(Key(Kind::group_name).u32(group->record.stream).name(key.group));
  unit.news(stream);
  unit.forget_group(*group);
  return true;
}

}  // namespace collective::embedded
