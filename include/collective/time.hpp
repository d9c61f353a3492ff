#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "collective/entry_id.hpp"

namespace collective {

/// Length of the text `to_iso8601` writes.
inline constexpr std::size_t iso8601_length = 24;

/// The years that have a text: 0000-01-01 up to the last millisecond of 9999.
inline constexpr Timestamp min_timestamp = std::chrono::sys_days(std::chrono::year(0) / 1 / 1);
inline constexpr Timestamp max_timestamp =
    std::chrono::sys_days(std::chrono::year(10'000) / 1 / 1) - std::chrono::milliseconds(1);

/// Writes a time as ISO 8601 in UTC with milliseconds: `2026-01-31T09:30:00.000Z`. Times outside
/// `min_timestamp` … `max_timestamp` are written as the nearer of the two.
[[nodiscard]] std::string to_iso8601(Timestamp time);

/// The same, into a buffer of `iso8601_length` bytes.
void write_iso8601(Timestamp time, char* out) noexcept;

/// Reads ISO 8601 with seconds and a zone: `2026-01-31T09:30:00Z`, one to nine fraction digits (those beyond
/// milliseconds are dropped), `Z` or an offset such as `+02:00`. Nothing when the text is anything else, names a day that does not
/// exist, or lies outside `min_timestamp` … `max_timestamp`.
[[nodiscard]] std::optional<Timestamp> parse_iso8601(std::string_view text) noexcept;

}  // namespace collective
