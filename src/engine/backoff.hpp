#pragma once

#include "collective/retry.hpp"

#include "engine/now.hpp"

namespace collective::engine {

/// The wait after the `failures`-th failure (from 1), spread by the policy's jitter, never above its cap.
Millis backoff_delay(const RetryPolicy& policy, std::uint32_t failures, const Uniform& uniform);

}  // namespace collective::engine
