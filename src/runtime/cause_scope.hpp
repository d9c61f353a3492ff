#pragma once

#include "collective/delivery.hpp"

namespace collective::runtime {

/// The event being handled on this thread, if any: what a publish without an explicit cause inherits.
[[nodiscard]] const Cause* current_cause() noexcept;

/// Sets it for the time of a handler's call.
class CauseScope {
 public:
  explicit CauseScope(const Cause* cause) noexcept;
  ~CauseScope();
  CauseScope(const CauseScope&) = delete;
  CauseScope& operator=(const CauseScope&) = delete;

 private:
  const Cause* before_;
};

}  // namespace collective::runtime
