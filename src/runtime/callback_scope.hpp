#pragma once

#include <optional>
#include <string_view>

#include "broker/result.hpp"

namespace collective::runtime {

/// Marks this thread for the time of a publish callback: it belongs to the broker, and waits for nothing there.
class CallbackScope {
 public:
  CallbackScope() noexcept;
  ~CallbackScope();
  CallbackScope(const CallbackScope&) = delete;
  CallbackScope& operator=(const CallbackScope&) = delete;
};

[[nodiscard]] bool in_callback() noexcept;

/// What becomes of a call that would wait, in a callback; nothing outside of one.
[[nodiscard]] std::optional<broker::Failure> refused_in_callback(std::string_view call);

/// The same for calls of users. @throws Error Errc::deadlock
void refuse_in_callback(std::string_view call);

}  // namespace collective::runtime
