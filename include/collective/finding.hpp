#pragma once

#include <cstdint>
#include <string>

namespace collective {

/// Something about a broker that its users should know, and what to do about it.
struct Finding {
  enum class Level : std::uint8_t {
    good,     ///< checked, and as it should be
    warning,  ///< works, but promises less than users may think, or will not work for long
    problem,  ///< events may be lost, or calls fail
  };
  Level level = Level::good;
  std::string what{};  ///< what was found
  std::string fix{};   ///< what to change; empty when it is good
};

}  // namespace collective
