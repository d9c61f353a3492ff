#include "event/scan.hpp"

#include <simdjson.h>

namespace collective::event {

bool is_utf8(std::string_view text) noexcept {
  const char* p = text.data();
  const char* end = p + text.size();
  for (; end - p >= 8; p += 8) {  // most text is ASCII
    std::uint64_t word;
    std::memcpy(&word, p, 8);
    if ((word & detail::highs) != 0) return simdjson::validate_utf8(p, static_cast<std::size_t>(end - p));
  }
  for (; p != end; ++p) {
    if ((static_cast<unsigned char>(*p) & 0x80) != 0)
      return simdjson::validate_utf8(p, static_cast<std::size_t>(end - p));
  }
  return true;
}

}  // namespace collective::event
