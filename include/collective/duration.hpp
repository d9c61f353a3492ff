#pragma once

#include <chrono>
#include <string_view>

namespace collective {

using Millis = std::chrono::milliseconds;

/// The longest time that an option or a call takes. More is refused: added to a clock it would overflow, and whoever
/// means "for ever" should find out what else ends the wait.
inline constexpr Millis longest_duration = std::chrono::hours(24 * 365);

/// Checks a duration that a caller gave. @param what names it, as in "SubscribeOptions::lease"
/// @throws Error Errc::invalid that says what was given and what is allowed
void check_duration(std::string_view what, Millis given, Millis least = Millis(0), Millis most = longest_duration);

}  // namespace collective
