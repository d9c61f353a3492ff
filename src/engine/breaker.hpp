#pragma once

#include <algorithm>

#include "collective/retry.hpp"

#include "engine/now.hpp"

namespace collective::engine {

/// Pauses a group when everything fails, and probes it with one event at a time until one succeeds.
///
/// closed --(failures in a row)--> open --(pause over)--> probing --success--> closed
///                                  ^------------ failure, pause doubled ------'
class Breaker {
 public:
  explicit Breaker(const BreakerPolicy& policy) : policy_(policy) {
    policy_.max_pause = bounded(policy_.max_pause);
    policy_.probe_after = std::min(policy_.probe_after, policy_.max_pause);
    pause_ = policy_.probe_after;
  }

  /// True when a handler may start now; while probing, one at a time.
  [[nodiscard]] bool allows(Nanos now) const { return !open_ || (now >= probe_at_ && !probe_running_); }
  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] Nanos probe_at() const { return probe_at_; }

  /// A handler started. True when it is the probe.
  bool started() { return probe_running_ = open_; }

  void succeeded() {
    open_ = probe_running_ = false;
    failures_ = 0;
    pause_ = policy_.probe_after;
  }

  /// A handler made an event a dead letter. That says something of the event, and nothing of the others: it neither breaks
  /// a row of failures nor lengthens it, and the next event is the probe.
  void decided(bool probe) {
    if (probe) probe_running_ = false;
  }

  /// A handler failed; `probe` is what `started` said of it. Returns true when this failure opened the breaker.
  bool failed(Nanos now, bool probe) {
    if (open_) {
      if (!probe || !probe_running_) return false;  // began before the breaker opened
      probe_running_ = false;
      pause_ = std::min<Millis>(pause_ * 2, policy_.max_pause);
      probe_at_ = now + pause_;
      return false;
    }
    if (policy_.failures == 0 || ++failures_ < policy_.failures) return false;
    open_ = true;
    probe_at_ = now + pause_;
    return true;
  }

 private:
  BreakerPolicy policy_;
  Millis pause_{};
  Nanos probe_at_{};
  std::uint32_t failures_ = 0;
  bool open_ = false;
  bool probe_running_ = false;
};

}  // namespace collective::engine
