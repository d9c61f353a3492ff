#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "collective/bus.hpp"

namespace collective::service {

/// Which dead letters of a group are meant. An empty filter means all.
struct LetterFilter {
  std::string type{};                ///< of the event
  std::string reason{};              ///< a part of the failure
  std::optional<Timestamp> since{};  ///< died at or after
  std::optional<Timestamp> until{};  ///< died before

  [[nodiscard]] bool matches(const DeadLetter& letter) const;
  [[nodiscard]] bool empty() const { return type.empty() && reason.empty() && !since && !until; }
};

/// What an event failed with: its last error, or the reason when there is none; its first line.
[[nodiscard]] std::string failure_of(const DeadLetter& letter);

/// Visits the group's letters after a number, in order, until `visit` returns false.
void for_each_letter(EventBus& bus, const std::string& stream, const std::string& group, std::uint64_t after,
                     const std::function<bool(const DeadLetter&)>& visit);

}  // namespace collective::service
