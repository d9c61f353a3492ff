#pragma once

#include <memory>

#include "collective/retry.hpp"

namespace collective {

namespace detail {
class SubscriptionControl;
}

/// A running subscription. Its end stops fetching, lets running handlers finish until the drain timeout, asks those
/// that still run to stop, and hands the rest back to the group.
///
/// Threads: safe from any thread; `close` and the destructor must not be called from the subscription's own handler.
class [[nodiscard]] Subscription {
 public:
  Subscription() = default;
  explicit Subscription(std::shared_ptr<detail::SubscriptionControl> control) : control_(std::move(control)) {}
  Subscription(Subscription&&) noexcept = default;
  Subscription& operator=(Subscription&& other) noexcept;
  ~Subscription();

  /// Starts no more handlers in this process and gives back what waits for them; running ones go on.
  void pause();
  void resume();

  /// Ends it as the destructor does, within `drain` instead of the subscription's own drain timeout. Always returns.
  /// @throws Error Errc::deadlock in a publish callback, where the destructor waits for nothing
  void close(Millis drain);
  void close();

  [[nodiscard]] bool active() const { return control_ != nullptr; }

 private:
  std::shared_ptr<detail::SubscriptionControl> control_;
};

}  // namespace collective
