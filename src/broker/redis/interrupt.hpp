#pragma once

#include <chrono>

namespace collective::redis {

using Clock = std::chrono::steady_clock;

/// Wakes one thread out of its wait for a socket. `raise` may be called from any thread.
class Interrupt {
 public:
  Interrupt();
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  void raise() const;
  void clear() const;
  [[nodiscard]] int descriptor() const { return descriptor_; }

  /// Waits until the socket is ready for `events` (of poll), the deadline passes, or somebody interrupts. Returns
  /// whether the socket is ready. Without a socket (-1) it only waits.
  bool wait(int socket, short events, Clock::time_point deadline) const;

 private:
  int descriptor_;
};

}  // namespace collective::redis
