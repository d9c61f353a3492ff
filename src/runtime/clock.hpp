#pragma once

#include <algorithm>

#include "collective/duration.hpp"

#include "engine/now.hpp"

namespace collective::runtime {

/// Where time comes from; tests hand in their own. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual engine::Now now() const = 0;
};

class SystemClock final : public Clock {
 public:
  [[nodiscard]] engine::Now now() const override {
    using namespace std::chrono;
    return {time_point_cast<milliseconds>(system_clock::now()), steady_clock::now().time_since_epoch()};
  }
};

/// When a drain or a close that starts now has to be over. These always run: a time that is out of bounds is moved into them.
[[nodiscard]] inline std::chrono::steady_clock::time_point after(Millis time) {
  return std::chrono::steady_clock::now() + std::clamp(time, Millis(0), longest_duration);
}

}  // namespace collective::runtime
