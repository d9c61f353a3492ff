#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "broker/admin.hpp"

// What the in-memory broker remembers. Not thread-safe: the broker holds its lock.
namespace collective::memory {

using EventPointer = std::shared_ptr<const Envelope>;

struct LogEntry {
  EntryId id;
  EventPointer event;
};

struct Pending {
  std::string owner{};  ///< empty: parked
  std::uint64_t token = 0;
  broker::Progress progress{};
  Timestamp deadline{};  ///< the delivery's own; epoch: the owner's lease
  EventPointer event{};
  EntryId origin{};  ///< the entry it is of; side work: the one its dead letter came from
};

struct Member {
  Timestamp lease_until{};
  std::vector<std::string> routes{};
};

struct Letter {
  EntryId id{};
  EventPointer event{};
  broker::Progress progress{};
  std::string reason{};
  Timestamp died{};
};

struct Group {
  std::string name{};
  EntryId cursor{};
  std::uint64_t tokens = 0;
  std::uint64_t side_numbers = 0;
  std::uint64_t letter_numbers = 0;
  std::map<std::string, EntryId> routes{};  ///< declared type, and since when
  std::map<std::string, Member> members{};
  std::map<broker::WorkId, Pending> pending{};
  std::set<std::pair<Timestamp, broker::WorkId>> parked{};     ///< by due time
  std::set<std::pair<Timestamp, broker::WorkId>> deadlines{};  ///< deliveries that expire by themselves
  std::optional<std::pair<EntryId, EntryId>> replay{};         ///< (after, until] still to be handed out
  std::string lane_holder{};
  std::uint64_t epoch = 0;
  std::map<std::uint64_t, Letter> letters{};
  std::uint64_t lost = 0;
  std::uint64_t dropped_letters = 0;
  std::optional<Timestamp> deserted{};  ///< when its last member went

  [[nodiscard]] bool declares(std::string_view type, EntryId id) const;
  [[nodiscard]] std::optional<EntryId> lowest_pending() const;

  // Every change of `pending` goes through these, which keep the indexes.
  void put(const broker::WorkId& work, Pending value);
  void remove(std::map<broker::WorkId, Pending>::iterator at);
  void park(std::map<broker::WorkId, Pending>::iterator at, broker::Progress progress);
  void own(std::map<broker::WorkId, Pending>::iterator at, const std::string& member, Timestamp deadline);
  void set_deadline(std::map<broker::WorkId, Pending>::iterator at, Timestamp deadline);
  /// Work beside the log, parked: a copy of its own.
  broker::WorkId put_aside(Pending value);
};

struct Stream {
  std::string name{};
  std::deque<LogEntry> log{};
  EntryId last{};
  std::uint64_t appended = 0;
  std::multimap<Timestamp, Envelope> delayed{};
  struct Seen {
    EntryId id;
    Timestamp until;
  };
  std::unordered_map<std::string, Seen> seen{};  ///< event ids that may be published again
  std::set<std::pair<Timestamp, std::string>> seen_order{};
  std::map<std::string, Group> groups{};
  std::uint64_t tokens_given = 0;  ///< by groups that are gone: the highest

  EntryId append(Envelope event, Timestamp now);
  [[nodiscard]] bool was_seen(const std::string& event_id, Timestamp now) const;
  /// The entry after this one that has the event id.
  [[nodiscard]] std::optional<EntryId> find(std::string_view event_id, EntryId from) const;
  /// True when an entry after this one may have been trimmed.
  [[nodiscard]] bool trimmed_after(EntryId from) const;
  void remember(const std::string& event_id, EntryId id, Timestamp until);
  /// Forgets ids whose window has ended: at most so many, oldest first.
  void forget_seen(Timestamp now, std::uint64_t limit);
  /// The first entry after this id.
  [[nodiscard]] std::deque<LogEntry>::const_iterator after(EntryId id) const;
};

}  // namespace collective::memory
