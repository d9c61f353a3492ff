#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "broker/contract.hpp"

// The records of the state tree and of the log, and how each is written. The bytes are specified in
// docs/formats/embedded.md. Every decode throws BadRecord; every encode returns a view into `out`.
namespace collective::embedded {

struct FormatRecord {
  std::uint32_t version = 1;        ///< of the layout that wrote the store
  std::uint32_t oldest_reader = 1;  ///< a library of an older layout must not touch it
  std::uint32_t next_stream = 1;
  std::uint32_t next_group = 1;

  std::string_view encode(std::string_view key, std::string& out) const;
  static FormatRecord decode(std::string_view key, std::string_view record);
};
constexpr std::uint32_t layout_version = 1;

struct StreamRecord {
  std::string name;
  EntryId last{};              ///< last id ever given
  std::uint64_t appended = 0;  ///< entries ever appended: the last one's ordinal
  std::uint64_t trimmed = 0;   ///< ordinal of the last trimmed entry
  std::uint64_t delayed = 0;
  std::uint64_t delayed_given = 0;  ///< counter of delayed events, for their keys
  std::uint64_t tokens_given = 0;   ///< by groups that are gone: the highest

  [[nodiscard]] std::uint64_t length() const { return appended - trimmed; }
  std::string_view encode(std::string_view key, std::string& out) const;
  static StreamRecord decode(std::string_view key, std::string_view record);
};

struct GroupRecord {
  std::string name;
  std::uint32_t stream = 0;
  EntryId cursor{};
  std::uint64_t tokens = 0;
  std::uint64_t sides = 0;          ///< counter of side work
  std::uint64_t letters_given = 0;  ///< counter of dead letters
  std::uint64_t letters = 0;        ///< dead letters kept
  std::uint64_t lost = 0;
  std::uint64_t letters_dropped = 0;
  std::uint64_t members = 0;                 ///< listed members
  Timestamp lease_bound = Timestamp::max();  ///< no member's lease ends before it
  Timestamp deserted{};                      ///< when the last member went
  EntryId replay_after{};                    ///< a running replay hands out (replay_after, replay_until]
  EntryId replay_until{};                    ///< {0,0}: none runs
  std::string lane_holder;
  std::uint64_t epoch = 0;

  [[nodiscard]] bool replaying() const { return replay_until != EntryId{}; }
  std::string_view encode(std::string_view key, std::string& out) const;
  static GroupRecord decode(std::string_view key, std::string_view record);
};

struct Route {
  std::string name;
  EntryId since{};
};
std::string_view encode(const std::vector<Route>& routes, std::string_view key, std::string& out);
std::vector<Route> decode_routes(std::string_view key, std::string_view record);

struct MemberRecord {
  Timestamp lease_until{};
  std::vector<std::string> routes;  ///< what it said it takes when it joined

  std::string_view encode(std::string_view key, std::string& out) const;
  static MemberRecord decode(std::string_view key, std::string_view record);
};

/// One piece of pending work with a record of its own: held by a member, or parked.
struct Pending {
  std::uint64_t token = 0;
  std::string member;    ///< empty: parked
  Timestamp deadline{};  ///< of this delivery; epoch: its member's lease counts
  broker::Progress progress;

  std::string_view encode(std::string_view key, std::string& out) const;
  static Pending decode(std::string_view key, std::string_view record);
};

/// Fresh entries handed out together: one record instead of one each. An entry that is more than held or
/// acknowledged leaves the run for a Pending of its own.
struct Run {
  std::uint64_t token = 0;  ///< of the first entry; the others follow
  std::string member;
  Timestamp deadline{};
  std::vector<EntryId> ids;
  std::vector<bool> live;  ///< which are still pending
  static constexpr std::size_t capacity = 256;

  std::string_view encode(std::string_view key, std::string& out) const;
  static Run decode(std::string_view key, std::string_view record);
};

struct Letter {
  EntryId id{};
  Timestamp died{};
  broker::Progress progress;
  std::string reason;
  std::string_view event;  ///< an EventRecord's body

  std::string_view encode(std::string_view key, std::string& out) const;
  static Letter decode(std::string_view key, std::string_view record);  ///< `event` points into the record
};

struct SeenRecord {
  EntryId id{};  ///< {0,0} while delayed
  Timestamp until{};

  std::string_view encode(std::string_view key, std::string& out) const;
  static SeenRecord decode(std::string_view key, std::string_view record);
};

/// An event as stored: in the log, delayed, or as a copy.
struct EventRecord {
  std::uint64_t ordinal = 0;  ///< in the log: how many entries were appended up to it
  EntryId origin{};           ///< copies: the entry it was
  EnvelopeView event;
  std::string_view defect;

  /// `stream`: the name that need not be stored because the place implies it.
  std::string_view encode(std::string_view key, std::string_view stream, std::string& out) const;
  std::string_view encode_body(std::string_view stream, std::string& out) const;
  static EventRecord decode(std::string_view key, std::string_view record, std::string_view stream);
  static EventRecord decode_body(std::string_view body, std::string_view stream);
};

}  // namespace collective::embedded
