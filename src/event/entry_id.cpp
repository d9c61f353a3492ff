#include "collective/entry_id.hpp"

#include <charconv>

namespace collective {

namespace {

bool read_number(std::string_view text, std::uint64_t& out) noexcept {
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, out);
  return error == std::errc{} && stop == end && !text.empty();
}

}  // namespace

std::string EntryId::to_string() const {
  return std::to_string(ms) + '-' + std::to_string(seq);
}

std::optional<EntryId> EntryId::parse(std::string_view text) noexcept {
  EntryId id;
  const auto dash = text.find('-');
  if (!read_number(text.substr(0, dash), id.ms)) return std::nullopt;
  if (dash != std::string_view::npos && !read_number(text.substr(dash + 1), id.seq)) return std::nullopt;
  return id;
}

}  // namespace collective
