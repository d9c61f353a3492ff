#pragma once

#include <string>
#include <string_view>

namespace collective::event {

/// SHA-256 of the text, as 64 lower-case hex digits.
std::string sha256_hex(std::string_view text);

}  // namespace collective::event
