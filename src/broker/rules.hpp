#pragma once

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "broker/contract.hpp"

// The arithmetic of the contract that every broker shares.
namespace collective::broker {

/// Most entries an exchange passes without handing them out; then it says there is more.
inline constexpr std::size_t most_passed = 10'000;
/// Longest name of a stream, group, member or route, in bytes.
inline constexpr std::size_t longest_name = 255;

/// True for the route itself, for "*", and for "X/*" when the route begins with "X/".
inline bool matches(std::string_view asked, std::string_view route) {
  if (asked == route || asked == "*") return true;
  return asked.ends_with("/*") && route.starts_with(asked.substr(0, asked.size() - 1));
}

/// True when a member that asks for `routes` takes work of this route. Work without a route (a defect) suits everybody.
inline bool takes(const std::vector<std::string>& routes, std::string_view route) {
  if (route.empty()) return true;
  bool taken = false;
  for (const std::string_view asked : routes) {
    if (asked.starts_with('!')) {
      if (matches(asked.substr(1), route)) return false;
    } else {
      taken = taken || matches(asked, route);
    }
  }
  return taken;
}

/// The tokens of a new group begin above this. `given` is the highest token of any group of that name that the store
/// still knows of; the time stands in for those it lost, which gave less than a thousand tokens a millisecond.
inline std::uint64_t first_token(Timestamp now, std::uint64_t given) {
  const auto ms = std::max<Millis::rep>(0, now.time_since_epoch().count());
  return std::max(static_cast<std::uint64_t>(ms) * 1'000, given);
}

/// Up to which entry a group is done with the log.
inline EntryId position(EntryId cursor, const std::optional<EntryId>& first_pending) {
  if (!first_pending || *first_pending > cursor) return cursor;
  const auto [ms, seq] = *first_pending;
  if (seq > 0) return {ms, seq - 1};
  return ms > 0 ? EntryId{ms - 1, EntryId::max().seq} : EntryId{};
}

/// A lease is rewritten only when less than two thirds of it remain, so that a busy member's steps need not store it.
inline bool needs_renewal(Timestamp lease_until, Timestamp now, Millis lease) {
  return lease > Millis::zero() && lease_until - now < lease - lease / 3;
}

/// What the end of its owner does to work: nobody knows whether it was started, unless its start mark was stored.
inline void orphan(Progress& progress) {
  if (progress.started) ++progress.stalls;
  progress.started = false;
  progress.suspect = true;
  progress.due = {};
}

/// True for a step that was thought lost and lands after a newer one of the same owner: it may not undo what that stored.
inline bool goes_back(const Progress& stored, const Progress& held) {
  return held.attempts < stored.attempts || held.stalls < stored.stalls;
}

/// Whether an ordered exchange that stopped at waiting work says there is more. A suspect that was not asked for is not:
/// asking again would change nothing until the one before it has ended.
inline bool more_in_order(bool full, const Exchange& request, bool stopped_at_suspect) {
  return full || !stopped_at_suspect || request.max_suspects > 0;
}

/// How many events of a batch would take room: not those whose chosen id `was_seen`, nor the second one with an id.
template <class WasSeen>
std::size_t events_to_store(const AppendBatch& batch, WasSeen was_seen) {
  std::set<std::string_view> chosen;
  return static_cast<std::size_t>(std::count_if(batch.events().begin(), batch.events().end(), [&](const Append& one) {
    return !one.deduplicate || (!was_seen(one) && chosen.insert(one.event.id).second);
  }));
}

/// The answer to an append that could not look back far enough.
inline Failure cannot_tell(const Append& one) {
  return {Errc::unknown,
          "whether event " + std::string(one.event.id) + " is stored cannot be told: entries since " +
              one.look_back->to_string() +
              " in which it may have been are trimmed or cannot be read; it was not stored again: look for "
              "what it has caused, or publish it under a new id"};
}

/// Until when a chosen event id is remembered.
inline Timestamp remembered_until(const AppendBatch& batch, const Append& one) {
  return std::max(batch.now, one.not_before) + batch.duplicate_window;
}

/// How many of `max_entries` parked work may take while there are new entries.
inline std::uint32_t share_of_parked(std::uint32_t max_entries) {
  return std::max<std::uint32_t>(1, max_entries / 2);
}

}  // namespace collective::broker
