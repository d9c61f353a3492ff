#pragma once

#include <string_view>

namespace guide {

/// True when the text is the pattern, where … stands for anything.
inline bool matches(std::string_view pattern, std::string_view text) {
  static constexpr std::string_view anything = "…";
  const auto gap = pattern.find(anything);
  if (gap == std::string_view::npos) return pattern == text;
  if (!text.starts_with(pattern.substr(0, gap))) return false;
  pattern.remove_prefix(gap + anything.size());
  for (text.remove_prefix(gap);; text.remove_prefix(1)) {
    if (matches(pattern, text)) return true;
    if (text.empty()) return false;
  }
}

}  // namespace guide
