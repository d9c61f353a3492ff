#pragma once

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

}  // namespace collective::runtime
