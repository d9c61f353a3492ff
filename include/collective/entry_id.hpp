#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace collective {

/// Wall-clock time in milliseconds since 1970-01-01 UTC.
using Timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// An entry's place in its stream: the broker's time in milliseconds and a counter within it. Grows
/// strictly within a stream; unique only there. Written `1767225600000-0`, as Redis Streams do.
struct EntryId {
  std::uint64_t ms = 0;
  std::uint64_t seq = 0;

  friend auto operator<=>(const EntryId&, const EntryId&) = default;

  [[nodiscard]] std::string to_string() const;

  /// Reads `MS` or `MS-SEQ`; nothing when the text is anything else.
  static std::optional<EntryId> parse(std::string_view text) noexcept;

  static constexpr EntryId min() noexcept { return {}; }
  static constexpr EntryId max() noexcept {
    return {std::numeric_limits<std::uint64_t>::max(), std::numeric_limits<std::uint64_t>::max()};
  }

  /// The first id an entry of this moment could have.
  static EntryId at(Timestamp time) noexcept {
    const auto ms = time.time_since_epoch().count();
    return {ms < 0 ? 0 : static_cast<std::uint64_t>(ms), 0};
  }
};

}  // namespace collective
