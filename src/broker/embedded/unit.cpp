#include "broker/embedded/unit.hpp"

namespace collective::embedded {
namespace {
constexpr std::size_t tree_overhead = 64u << 10;  // inner pages, and pages of other records that change along
}

Unit::Unit(Environment::WriteTransaction& transaction)
    : View(transaction.get(), transaction.environment().trees(), transaction.environment().path()),
      environment_(transaction.environment()) {}

void Unit::write(MDB_dbi tree, std::string_view key, std::string_view value) {
  MDB_val k = to_val(key);
  MDB_val v = to_val(value);
  if (const int rc = mdb_put(txn_, tree, &k, &v, 0); rc != 0) throw fault_of(rc, "writing", path_);
}

bool Unit::remove(MDB_dbi tree, std::string_view key) {
  MDB_val k = to_val(key);
  const int rc = mdb_del(txn_, tree, &k, nullptr);
  if (rc != 0 && rc != MDB_NOTFOUND) throw fault_of(rc, "deleting", path_);
  return rc == 0;
}

void Unit::put(std::string_view key, std::string_view value) {
  write(trees_.state, key, value);
}
void Unit::put_log(std::string_view key, std::string_view value) {
  write(trees_.log, key, value);
}
bool Unit::erase(std::string_view key) {
  return remove(trees_.state, key);
}
bool Unit::erase_log(std::string_view key) {
  return remove(trees_.log, key);
}

FormatRecord& Unit::format() {
  if (!format_) format_ = load<FormatRecord>(Key(Kind::format));
  if (!format_) throw corrupt(Key(Kind::format), "it is missing");
  return *format_;
}

// --- streams and groups -----------------------------------------------------------------------------------------

StreamState& Unit::load_stream(std::uint32_t number) {
  if (const auto found = streams_.find(number); found != streams_.end()) return found->second;
  const auto key = Key(Kind::stream).u32(number);
  auto record = load<StreamRecord>(key);
  if (!record) throw corrupt(key, "it is missing");
  return streams_.emplace(number, StreamState{number, std::move(*record), false}).first->second;
}

StreamState* Unit::stream(const std::string& name) {
  if (const auto found = streams_by_name_.find(name); found != streams_by_name_.end()) return found->second;
  const auto number = stream_number(name);
  if (!number) return nullptr;
  return streams_by_name_[name] = &load_stream(*number);
}

StreamState& Unit::create_stream(const std::string& name) {
  const auto number = format().next_stream++;
  put(Key(Kind::stream_name).name(name), Key::of_log(number));
  store(Key(Kind::format), format());
  auto& state = streams_.emplace(number, StreamState{number, {}, true}).first->second;
  state.record.name = name;
  streams_by_name_[name] = &state;
  return state;
}

StreamState& Unit::stream_of(const GroupState& group) {
  return load_stream(group.record.stream);
}

GroupState& Unit::load_group(std::uint32_t number) {
  if (const auto found = groups_.find(number); found != groups_.end()) return found->second;
  const auto key = Key(Kind::group).u32(number);
  auto record = load<GroupRecord>(key);
  if (!record) throw corrupt(key, "it is missing");
  GroupState state{number, std::move(*record), false, {}};
  const auto routes_key = Key(Kind::routes).u32(number);
  if (const auto routes = get(routes_key)) {
    state.routes = decoded(routes_key, [&] { return decode_routes(routes_key, *routes); });
  }
  return groups_.emplace(number, std::move(state)).first->second;
}

GroupState* Unit::group(const broker::GroupKey& key) {
  if (const auto found = groups_by_key_.find(key); found != groups_by_key_.end()) return found->second;
  const auto* const of = stream(key.stream);
  const auto number = of != nullptr ? group_number(of->number, key.group) : std::nullopt;
  if (!number) return nullptr;
  return groups_by_key_[key] = &load_group(*number);
}

GroupState& Unit::create_group(StreamState& stream, const std::string& name) {
  const auto number = format().next_group++;
  put(Key(Kind::group_name).u32(stream.number).name(name), Key::of_log(number));
  store(Key(Kind::format), format());
  auto& state = groups_.emplace(number, GroupState{number, {}, true, {}}).first->second;
  state.record.name = name;
  state.record.stream = stream.number;
  groups_by_key_[{stream.record.name, name}] = &state;
  return state;
}

void Unit::forget_group(const GroupState& group) {
  const auto number = group.number;
  std::erase_if(groups_by_key_, [&](const auto& entry) { return entry.second->number == number; });
  groups_.erase(number);
}

std::vector<GroupState*> Unit::groups_of(const StreamState& stream) {
  std::vector<std::uint32_t> numbers;
  const auto prefix = Key(Kind::group_name).u32(stream.number);
  auto cursor = state();
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
    numbers.push_back(KeyReader(cursor.value()).u32());
  }
  std::vector<GroupState*> groups;
  for (const auto number : numbers) groups.push_back(&load_group(number));
  return groups;
}

void Unit::set_routes(GroupState& group, std::vector<Route> routes) {
  group.routes = std::move(routes);
  const auto key = Key(Kind::routes).u32(group.number);
  put(key, encode(group.routes, key, scratch_));
}

// --- room, end --------------------------------------------------------------------------------------------------

void Unit::require_room(std::size_t bytes) {
  if (!claim_room(bytes)) throw fault_of(MDB_MAP_FULL, "storing " + std::to_string(bytes) + " bytes", path_);
}

bool Unit::claim_reserve(std::size_t bytes) {
  if (claim_room(bytes)) return true;
  const std::size_t wanted = promised_ + 2 * bytes + tree_overhead;
  if (wanted > environment_.room(wanted, environment_.reserve() / 2)) return false;
  promised_ += 2 * bytes;
  return true;
}

bool Unit::claim_room(std::size_t bytes) {
  const std::size_t wanted = promised_ + 2 * bytes + tree_overhead;
  if (wanted > room_) room_ = environment_.room(wanted);
  if (wanted > room_) return false;
  promised_ += 2 * bytes;
  return true;
}

bool Unit::short_of_room() {
  return environment_.room(1u << 20) < (1u << 20);
}

void Unit::finish() {
  for (auto& [number, stream] : streams_) {
    if (stream.changed) store(Key(Kind::stream).u32(number), stream.record);
  }
  for (auto& [number, group] : groups_) {
    if (group.changed) store(Key(Kind::group).u32(number), group.record);
  }
}

void Unit::ring(Doorbell& bell) const {
  for (std::size_t slot = rung_._Find_first(); slot < rung_.size(); slot = rung_._Find_next(slot)) bell.mark(slot);
  bell.ring();
}

}  // namespace collective::embedded
