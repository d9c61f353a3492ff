#pragma once

#include <bitset>
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "broker/embedded/environment.hpp"
#include "broker/embedded/view.hpp"

namespace collective::embedded {

/// A stream or group record being worked on. Set `changed` after changing `record`.
struct StreamState {
  std::uint32_t number = 0;
  StreamRecord record;
  bool changed = false;
};
struct GroupState {
  std::uint32_t number = 0;
  GroupRecord record;
  bool changed = false;
  std::vector<Route> routes;
};

/// A unit of work: one write transaction, shared by the steps of one group commit. Stream and group records are read
/// once and written once, at its end. A step that throws spoils the unit; whoever runs it begins another without it.
class Unit : public View {
 public:
  explicit Unit(Environment::WriteTransaction& transaction);

  void put(std::string_view key, std::string_view value);
  void put_log(std::string_view key, std::string_view value);
  bool erase(std::string_view key);
  bool erase_log(std::string_view key);
  template <class Record>
  void store(const Key& key, const Record& record) {
    put(key, record.encode(key, scratch_));
  }

  StreamState* stream(const std::string& name);  ///< null: there is none
  StreamState& create_stream(const std::string& name);
  StreamState& stream_of(const GroupState& group);
  GroupState* group(const broker::GroupKey& key);
  GroupState& create_group(StreamState& stream, const std::string& name);
  void forget_group(const GroupState& group);  ///< its records are gone
  std::vector<GroupState*> groups_of(const StreamState& stream);
  void set_routes(GroupState& group, std::vector<Route> routes);

  /// Throws Errc::full, before anything is written, when storing `bytes` would leave no room for acknowledgements.
  void require_room(std::size_t bytes);
  /// The same as an answer: true when there is room, which is then taken.
  [[nodiscard]] bool claim_room(std::size_t bytes);
  /// The same for what makes room in the end, as a dead letter whose event can then be trimmed: it may use half of the reserve.
  [[nodiscard]] bool claim_reserve(std::size_t bytes);
  /// True when room is short: large deletions might not find the pages they need.
  [[nodiscard]] bool short_of_room();

  void news(const StreamState& stream) { rung_.set(Doorbell::slot_of(stream.record.name)); }
  void check_in_place() const { environment_.check_in_place(); }
  [[nodiscard]] bool has_news() const { return rung_.any(); }
  void finish();                    ///< writes what is changed; before the commit
  void ring(Doorbell& bell) const;  ///< after the commit
  [[nodiscard]] std::string& scratch() { return scratch_; }

 private:
  StreamState& load_stream(std::uint32_t number);
  GroupState& load_group(std::uint32_t number);
  void write(MDB_dbi tree, std::string_view key, std::string_view value);
  bool remove(MDB_dbi tree, std::string_view key);
  FormatRecord& format();

  Environment& environment_;
  std::string scratch_;
  std::map<std::string, StreamState*, std::less<>> streams_by_name_;
  std::unordered_map<std::uint32_t, StreamState> streams_;
  std::map<broker::GroupKey, GroupState*> groups_by_key_;
  std::unordered_map<std::uint32_t, GroupState> groups_;
  std::optional<FormatRecord> format_;
  std::size_t promised_ = 0;  ///< bytes that earlier steps of this unit were given
  std::size_t room_ = 0;
  std::bitset<Doorbell::slots> rung_;
};

}  // namespace collective::embedded
