#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collective/entry_id.hpp"
#include "engine/now.hpp"

namespace collective::engine {

/// One failed handling, as kept with the event until it is acknowledged, and in its dead letter for good.
struct FailedAttempt {
  std::uint32_t attempt = 0;   ///< from 1; a stall repeats the number of the attempt it interrupted
  Timestamp at{};
  std::string_view consumer;
  std::string_view error;
  Nanos took{};
};

/// Adds one attempt to a history: a JSON array of {"attempt","at","consumer","error","took_ms"}. Errors are cut at
/// 1 KiB, and beyond 50 attempts the oldest but the first is dropped, so that a history stays bounded.
std::string with_attempt(std::string_view history, const FailedAttempt& attempt);

}  // namespace collective::engine
