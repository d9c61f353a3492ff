#pragma once

#include <string_view>

/// The streams of the catalogue.
namespace collective::streams {

inline constexpr std::string_view user = "user.events";
inline constexpr std::string_view contextual = "contextual.events";
inline constexpr std::string_view ai = "ai.events";
inline constexpr std::string_view market = "market.events";
inline constexpr std::string_view notification = "notification.events";
inline constexpr std::string_view system = "system.events";
inline constexpr std::string_view content = "content.events";  ///< has no event types yet

}  // namespace collective::streams
