#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace collective::service {

/// A request's target, taken apart and percent-decoded.
struct Target {
  std::vector<std::string> segments{};  ///< of the path; "/" has none
  std::vector<std::pair<std::string, std::string>> query{};
};

/// Nothing when it is no absolute path, holds a bad escape or anything but visible ASCII, or names a query parameter
/// twice.
[[nodiscard]] std::optional<Target> parse_target(std::string_view text);

}  // namespace collective::service
