#include "text.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <fstream>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace pipeline {
namespace {

using Ending = std::pair<std::string_view, std::string_view>;
constexpr std::array<Ending, 30> endings = {{
    {".md", "text/markdown"},     {".txt", "text/plain"},         {".html", "text/html"},
    {".css", "text/css"},         {".csv", "text/csv"},           {".js", "text/javascript"},
    {".ts", "text/typescript"},   {".json", "application/json"},  {".xml", "application/xml"},
    {".yml", "application/yaml"}, {".yaml", "application/yaml"},  {".c", "text/x-c"},
    {".h", "text/x-c"},           {".cpp", "text/x-c++"},         {".hpp", "text/x-c++"},
    {".py", "text/x-python"},     {".sh", "text/x-shellscript"},  {".cmake", "text/x-cmake"},
    {".rs", "text/x-rust"},       {".go", "text/x-go"},           {".java", "text/x-java"},
    {".png", "image/png"},        {".jpg", "image/jpeg"},         {".gif", "image/gif"},
    {".svg", "image/svg+xml"},    {".pdf", "application/pdf"},    {".zip", "application/zip"},
    {".gz", "application/gzip"},  {".o", "application/x-object"}, {".so", "application/x-sharedlib"},
}};

std::string read_start(const std::filesystem::path& file, std::size_t most) {
  errno = 0;
  std::ifstream in(file, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + file.string() + ": " + std::generic_category().message(errno));
  std::string bytes(most, '\0');
  in.read(bytes.data(), static_cast<std::streamsize>(most));
  bytes.resize(static_cast<std::size_t>(in.gcount()));
  return bytes;
}

}  // namespace

std::string mime_type_of(const std::filesystem::path& file) {
  auto ending = file.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const auto* const known =
      std::find_if(endings.begin(), endings.end(), [&](const Ending& e) { return e.first == ending; });
  if (known != endings.end()) return std::string(known->second);
  const auto start = read_start(file, 512);
  return start.find('\0') == std::string::npos ? "text/plain" : "application/octet-stream";
}

bool is_text(std::string_view mime_type) {
  return mime_type.starts_with("text/") || mime_type == "application/json" || mime_type == "application/xml" ||
         mime_type == "application/yaml" || mime_type == "image/svg+xml";
}

std::string read_text(const std::filesystem::path& file) {
  return shortened(read_start(file, longest_text + 1), longest_text);
}

std::string shortened(std::string text, std::size_t most) {
  if (text.size() <= most) return text;
  const auto continues = [&](std::size_t at) { return (static_cast<unsigned char>(text[at]) & 0xC0u) == 0x80u; };
  while (most > 0 && continues(most)) --most;
  text.resize(most);
  return text;
}

}  // namespace pipeline
