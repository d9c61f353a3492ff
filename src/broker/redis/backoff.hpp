#pragma once

#include <algorithm>
#include <random>

#include "broker/contract.hpp"

namespace collective::redis {

/// Pauses between attempts to connect: doubled up to the longest, each between half and all of it, so that clients that
/// lost one server do not come back all at once.
class Backoff {
 public:
  explicit Backoff(broker::Millis longest) : longest_(longest) {}

  broker::Millis next() {
    const auto whole = pause_.count();
    pause_ = std::min(pause_ * 2, longest_);
    return broker::Millis(std::uniform_int_distribution<broker::Millis::rep>(whole / 2, whole)(random_));
  }
  void reset() { pause_ = first; }

 private:
  static constexpr broker::Millis first{10};
  broker::Millis longest_;
  broker::Millis pause_ = first;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace collective::redis
