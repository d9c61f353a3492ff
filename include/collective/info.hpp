#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "collective/entry_id.hpp"

namespace collective {

/// What a stream holds now.
struct StreamInfo {
  std::string name{};
  std::uint64_t length = 0;    ///< retained entries
  std::uint64_t delayed = 0;   ///< published with a later time, not visible yet
  EntryId first{};             ///< first retained; {0,0} when none
  EntryId last{};              ///< last id ever given
  std::uint64_t appended = 0;  ///< entries ever appended
};

/// An event type a group has declared.
struct RouteInfo {
  std::string route{};        ///< the event type; TYPE/N where work of version N waits for members that know it
  EntryId since{};            ///< entries after this one count
  bool live = false;          ///< a live member handles it
  std::uint64_t waiting = 0;  ///< parked work of this type
};

struct MemberInfo {
  std::string member{};       ///< consumer name, `~`, and the process's incarnation
  std::uint64_t pending = 0;  ///< what it holds now
  Timestamp lease_until{};
};

/// Where a group stands.
struct GroupInfo {
  std::string name{};
  EntryId cursor{};           ///< last entry looked at
  std::uint64_t lag = 0;      ///< retained entries after the cursor
  std::uint64_t pending = 0;  ///< handed out or parked, not acknowledged
  std::uint64_t delayed = 0;  ///< of them waiting for a later time (retries)
  std::uint64_t unowned = 0;  ///< of them parked while no live member handles their type
  std::uint64_t dead_letters = 0;
  std::uint64_t lost = 0;                     ///< entries dropped before the group was done with them, ever
  std::uint64_t dropped_dead_letters = 0;     ///< dead letters dropped by their cap or age, ever
  std::optional<Timestamp> oldest_pending{};  ///< when the oldest pending entry was stored
  std::vector<RouteInfo> routes{};
  std::vector<MemberInfo> members{};
  std::string lane_holder{};  ///< ordered groups: the active member
  std::uint64_t epoch = 0;    ///< ordered groups: grows when the active member changes
};

}  // namespace collective
