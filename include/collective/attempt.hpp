#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "collective/entry_id.hpp"

namespace collective {

/// One failed handling of an event. The last 50 are kept with it, the first one always among them.
struct Attempt {
  std::uint32_t number = 0;  ///< from 1; a stall repeats the number of the attempt it interrupted
  Timestamp at{};            ///< when it failed
  std::string consumer{};    ///< empty: the process ended in the middle, which the next one wrote down
  std::string error{};       ///< cut at 1 KiB
  std::chrono::microseconds took{};
  std::uint32_t stall = 0;  ///< 1, 2, …: not a failure but the how-manieth stall
};

}  // namespace collective
