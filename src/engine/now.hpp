#pragma once

#include <algorithm>
#include <chrono>
#include <functional>

#include "collective/entry_id.hpp"

namespace collective::engine {

using Nanos = std::chrono::nanoseconds;

/// The two clocks, read together by the runtime (or the simulation) and handed in with every input.
struct Now {
  Timestamp wall{};  ///< due times and leases, which processes compare; may jump
  Nanos mono{};      ///< durations within this process; never goes back
};

/// A duration as users may give it ("for ever" is a way to say "never"), such that a clock's reading plus it is a time.
inline std::chrono::milliseconds bounded(std::chrono::milliseconds duration) {
  constexpr std::chrono::milliseconds longest = std::chrono::years(100);
  return std::clamp(duration, -longest, longest);
}

/// A source of numbers evenly spread over [0, 1).
using Uniform = std::function<double()>;

}  // namespace collective::engine
