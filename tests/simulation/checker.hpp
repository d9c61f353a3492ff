#pragma once

#include <map>
#include <string>
#include <vector>

#include "broker/admin.hpp"
#include "simulation/history.hpp"

namespace collective::simulation {

struct Rules {
  /// By group: the types it declares, and the entry after which each counts.
  std::map<std::string, std::map<std::string, EntryId>> groups;
  bool deduplicated = false;  ///< every event carries a chosen id
  std::uint32_t max_attempts = 3;
  std::uint32_t stall_limit = 3;
};

/// Compares what was promised with what happened:
///   L  every stored event was handled by each group that declares its type, or is in its dead letters
///   G  nothing was handled that nobody published (noted when it happens)
///   D  no event was charged more failures than allowed, nor out of turn
///   Q  no event became a dead letter twice, or without a reason
///   O  order where it was asked for (noted when it happens)
///   T  everything drained in time (noted when it happens)
///   U  an event with a chosen id was stored once
void check(const History& history, broker::Admin& store, const Rules& rules, std::vector<std::string>& broken);

/// Of one dead letter: it has a reason, and only what was being handled when its process ended is charged for that.
void check_letter(History& history, const broker::DeadLetter& letter, const History::Handling& handling,
                  const std::string& group);

}  // namespace collective::simulation
