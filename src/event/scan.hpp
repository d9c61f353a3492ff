#pragma once

#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace collective::event {

namespace detail {

constexpr std::uint64_t ones = 0x0101010101010101;
constexpr std::uint64_t highs = 0x8080808080808080;

// The high bit of each byte that is zero; bits above the lowest one may be wrong.
constexpr std::uint64_t zero_bytes(std::uint64_t word) noexcept {
  return (word - ones) & ~word & highs;
}

}  // namespace detail

/// The first quote, backslash or control character at or after `from`, or `end`. Eight bytes a step.
inline const char* find_special(const char* from, const char* end) noexcept {
  if constexpr (std::endian::native == std::endian::little) {
    while (end - from >= 8) {
      std::uint64_t word;
      std::memcpy(&word, from, 8);
      const std::uint64_t control = (word - 0x20 * detail::ones) & ~word & detail::highs;
      const std::uint64_t hits =
          control | detail::zero_bytes(word ^ (0x22 * detail::ones)) | detail::zero_bytes(word ^ (0x5C * detail::ones));
      if (hits != 0) return from + std::countr_zero(hits) / 8;
      from += 8;
    }
  }
  while (from != end && static_cast<unsigned char>(*from) >= 0x20 && *from != '"' && *from != '\\') ++from;
  return from;
}

/// True for valid UTF-8 (no surrogates, nothing overlong, at most U+10FFFF).
bool is_utf8(std::string_view text) noexcept;

}  // namespace collective::event
