#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace pipeline {

/// The MIME type by the name's ending; without a known one by the content: text/plain, or application/octet-stream
/// when the first bytes hold a NUL.
std::string mime_type_of(const std::filesystem::path& file);

bool is_text(std::string_view mime_type);

/// The file's bytes, at most `longest_text` of them. @throws std::runtime_error when it cannot be read
std::string read_text(const std::filesystem::path& file);

/// The beginning of a UTF-8 text, cut between characters.
std::string shortened(std::string text, std::size_t most);

inline constexpr std::size_t longest_text = 200'000;

}  // namespace pipeline
