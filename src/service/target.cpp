#include "service/target.hpp"

#include <algorithm>

namespace collective::service {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> decoded(std::string_view text, bool plus_is_space) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || hex(text[i + 1]) < 0 || hex(text[i + 2]) < 0) return std::nullopt;
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += plus_is_space && text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

bool add_query(std::string_view pair, Target& target) {
  const auto equals = std::min(pair.find('='), pair.size());
  auto name = decoded(pair.substr(0, equals), true);
  auto value = decoded(pair.substr(std::min(equals + 1, pair.size())), true);
  if (!name || !value || name->empty()) return false;
  const bool twice =
      std::any_of(target.query.begin(), target.query.end(), [&](const auto& known) { return known.first == *name; });
  if (!twice) target.query.emplace_back(std::move(*name), std::move(*value));
  return !twice;
}

/// Calls `take` with each part between separators.
template <class Take>
bool split(std::string_view text, char separator, Take take) {
  while (true) {
    const auto end = std::min(text.find(separator), text.size());
    if (!take(text.substr(0, end))) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 1);
  }
}

}  // namespace

std::optional<Target> parse_target(std::string_view text) {
  if (!text.starts_with('/')) return std::nullopt;
  if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c >= 0x7f; })) return std::nullopt;
  text.remove_prefix(1);
  Target target;
  const auto question = std::min(text.find('?'), text.size());
  const auto path = text.substr(0, question);
  const bool good_path = path.empty() || split(path, '/', [&](std::string_view part) {
                           auto segment = decoded(part, false);
                           if (segment) target.segments.push_back(std::move(*segment));
                           return segment.has_value();
                         });
  if (!good_path) return std::nullopt;
  if (question == text.size()) return target;
  const bool good_query = split(text.substr(question + 1), '&',
                                [&](std::string_view pair) { return pair.empty() || add_query(pair, target); });
  return good_query ? std::optional(std::move(target)) : std::nullopt;
}

}  // namespace collective::service
