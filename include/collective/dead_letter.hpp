#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collective/attempt.hpp"
#include "collective/event.hpp"

namespace collective {

/// An event a group gave up on, with what happened to it.
struct DeadLetter {
  std::uint64_t number = 0;  ///< names it for republish and discard; grows per group
  AnyEvent event;            ///< a copy, kept also when the stream is trimmed
  std::string reason{};
  std::uint32_t attempts = 0;
  std::uint32_t stalls = 0;
  std::uint32_t generation = 0;    ///< times it was republished before
  std::vector<Attempt> history{};  ///< the failed handlings, oldest first
  Timestamp died{};
};

}  // namespace collective
