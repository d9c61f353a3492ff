#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collective/attempt.hpp"

namespace collective::engine {

// The failed handlings of an event, as kept with it until it is acknowledged, and in its dead letter for good: a JSON
// array of {"attempt","at","consumer","error","took_ms"}, and "stall" where it was one.

/// Adds one attempt to a history. Errors are cut at 1 KiB, and beyond 50 attempts the oldest but the first is dropped,
/// so that a history stays bounded.
std::string with_attempt(std::string_view history, const Attempt& attempt);

/// Adds the stalls that the history does not tell of: a process that ends in the middle of a handling writes nothing down.
/// They interrupted this attempt, and were seen at this time.
std::string with_stalls(std::string_view history, std::uint32_t stalls, std::uint32_t attempt, Timestamp seen);

/// What a reader can make of a history, possibly written by another version: members that are missing stay empty.
std::vector<Attempt> read_history(std::string_view history);

}  // namespace collective::engine
