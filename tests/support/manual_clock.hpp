#pragma once

#include <atomic>

#include "runtime/clock.hpp"

namespace collective::testing_support {

/// A clock that a test moves by hand. Thread-safe.
class ManualClock final : public runtime::Clock {
 public:
  [[nodiscard]] engine::Now now() const override {
    const Millis passed(passed_.load());
    return {Timestamp(std::chrono::seconds(1'800'000'000)) + passed, passed};
  }
  void advance(Millis by) { passed_ += by.count(); }

 private:
  std::atomic<Millis::rep> passed_{0};
};

}  // namespace collective::testing_support
