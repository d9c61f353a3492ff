#include "broker/embedded/members.hpp"

#include <algorithm>

#include "broker/embedded/log.hpp"
#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

EntryId start_of(const StreamState& stream, const broker::Start& start) {
  switch (start.at) {
    case broker::Start::At::earliest:
      return {};
    case broker::Start::At::latest:
      return stream.record.last;
    case broker::Start::At::after:
      return start.after;
  }
  return {};
}

void unlist(Unit& unit, GroupState& group, const std::string& name, Timestamp now) {
  unit.erase(Key(Kind::member).u32(group.number).name(name));
  auto& record = group.record;
  if (record.lane_holder == name) record.lane_holder.clear();
  if (--record.members == 0) record.deserted = now;
  group.changed = true;
  unit.news(unit.stream_of(group));
}

void add_routes(Unit& unit, GroupState& group, const std::vector<std::string>& names, EntryId since) {
  auto routes = group.routes;
  for (const auto& name : names) {
    const bool known =
        std::any_of(routes.begin(), routes.end(), [&](const Route& route) { return route.name == name; });
    if (!known) routes.push_back({name, since});
  }
  std::sort(routes.begin(), routes.end(), [](const Route& a, const Route& b) { return a.name < b.name; });
  if (routes.size() != group.routes.size()) unit.set_routes(group, std::move(routes));
}

}  // namespace

bool declares(const std::vector<Route>& routes, std::string_view type, EntryId id) {
  return std::any_of(routes.begin(), routes.end(),
                     [&](const Route& route) { return (route.name == type || route.name == "*") && route.since < id; });
}

std::optional<MemberRecord> load_member(const View& view, std::uint32_t group, const std::string& name) {
  return view.load<MemberRecord>(Key(Kind::member).u32(group).name(name));
}

void store_member(Unit& unit, GroupState& group, const std::string& name, const MemberRecord& record) {
  unit.store(Key(Kind::member).u32(group.number).name(name), record);
  if (record.lease_until < group.record.lease_bound) {
    group.record.lease_bound = record.lease_until;
    group.changed = true;
  }
}

broker::Result<EntryId> join(Unit& unit, const broker::Join& request) {
  auto* stream = unit.stream(request.key.stream);
  auto* group = stream == nullptr ? nullptr : unit.group(request.key);
  // Only what is new needs room of its own: a full store is emptied by members of the groups it has.
  if (group == nullptr) unit.require_room(1024);
  if (stream == nullptr) stream = &unit.create_stream(request.key.stream);
  if (group == nullptr) {
    group = &unit.create_group(*stream, request.key.group);
    group->record.cursor = start_of(*stream, request.start);
    group->record.tokens = broker::first_token(request.now, stream->record.tokens_given);
    add_routes(unit, *group, request.routes, group->record.cursor);
  } else {
    add_routes(unit, *group, request.routes, stream->record.last);
  }
  if (!load_member(unit, group->number, request.member)) {
    ++group->record.members;
    group->changed = true;
  }
  auto taken = request.routes;
  taken.insert(taken.end(), request.labels.begin(), request.labels.end());
  store_member(unit, *group, request.member, {request.now + request.lease, std::move(taken)});
  return group->record.cursor;
}

broker::Result<bool> leave(Unit& unit, const broker::GroupKey& key, const std::string& member, Timestamp now) {
  auto* group = unit.group(key);
  if (group == nullptr || !load_member(unit, group->number, member)) return false;
  Work work(unit, *group);
  for (const auto& id : work.owned_by(member)) {
    const auto found = work.find(id);
    auto progress = work.progress_of(id, *found);
    progress.started = false;
    work.park(id, *found, std::move(progress));
  }
  work.finish();
  unlist(unit, *group, member, now);
  return true;
}

void reap(Unit& unit, GroupState& group, Work& work, const std::string& spared, Timestamp now) {
  const auto orphaned = work.expired(now);
  for (const auto& id : orphaned) work.orphan(id, *work.find(id));
  if (!orphaned.empty()) unit.news(unit.stream_of(group));
  if (now < group.record.lease_bound) return;

  std::vector<std::string> ended;
  auto bound = Timestamp::max();
  const auto prefix = Key(Kind::member).u32(group.number);
  {
    auto cursor = unit.state();
    for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
      const std::string name(cursor.key().substr(prefix.view().size()));
      const auto member =
          unit.decoded(cursor.key(), [&] { return MemberRecord::decode(cursor.key(), cursor.value()); });
      if (member.lease_until <= now && name != spared) {
        ended.push_back(name);
      } else {
        bound = std::min(bound, member.lease_until);
      }
    }
  }
  group.record.lease_bound = bound;
  group.changed = true;
  for (const auto& name : ended) {
    for (const auto& id : work.owned_by(name)) {
      const auto found = work.find(id);
      if (found->deadline == Timestamp{}) work.orphan(id, *found);
    }
    unlist(unit, group, name, now);
  }
}

}  // namespace collective::embedded
