#include "collective/duration.hpp"

#include <string>

#include "collective/error.hpp"

namespace collective {

void check_duration(std::string_view what, Millis given, Millis least, Millis most) {
  if (given >= least && given <= most) return;
  const auto allowed = std::to_string(least.count()) + " to " + std::to_string(most.count()) + " ms";
  throw Error(Errc::invalid, std::string(what) + " is " + std::to_string(given.count()) + " ms; allowed are " +
                                 allowed + (most == longest_duration ? " (365 days)" : ""));
}

}  // namespace collective
