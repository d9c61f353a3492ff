#include "engine/backoff.hpp"

#include <algorithm>
#include <cmath>

namespace collective::engine {

Millis backoff_delay(const RetryPolicy& policy, std::uint32_t failures, const Uniform& uniform) {
  const double base = static_cast<double>(bounded(policy.base_delay).count());
  const double cap = static_cast<double>(bounded(policy.max_delay).count());
  const double n = std::max(1.0, static_cast<double>(failures));
  double delay = base;
  if (policy.backoff == Backoff::exponential) delay = base * std::exp2(std::min(n - 1, 62.0));
  if (policy.backoff == Backoff::linear) delay = base * n;
  delay = std::min(delay, cap);
  const double spread = std::clamp(policy.jitter, 0.0, 1.0);
  delay *= 1.0 + spread * (2.0 * uniform() - 1.0);
  return Millis(static_cast<Millis::rep>(std::clamp(delay, 0.0, cap)));
}

}  // namespace collective::engine
