#pragma once

#include <cstdint>

#include "collective/duration.hpp"

namespace collective {

enum class Backoff : std::uint8_t {
  exponential,  ///< base, 2·base, 4·base, … up to the cap
  linear,       ///< base, 2·base, 3·base, … up to the cap
  fixed,        ///< base every time
};

/// How a failed event is tried again. After the last attempt it moves to the group's dead letters.
struct RetryPolicy {
  std::uint32_t max_attempts = 3;  ///< handler runs per event, the first one included; at least 1
  Backoff backoff = Backoff::exponential;
  Millis base_delay{1'000};  ///< the wait after the first failure; 0: at once
  Millis max_delay{30'000};  ///< no wait is longer, jitter included
  double jitter = 0.2;       ///< each wait is spread evenly over ± this part of it; 0 to 1
};

/// When everything fails, a group pauses and probes with single events instead of dead-lettering the whole stream
/// within seconds. An event's first failure while paused is not charged to its attempts.
struct BreakerPolicy {
  std::uint32_t failures = 20;  ///< consecutive failed handlings, of different events, that open it; 0: never
  Millis probe_after{5'000};    ///< the first pause
  Millis max_pause{60'000};     ///< each failed probe doubles the pause up to this
};

}  // namespace collective
