#include "service/json_text.hpp"

#include <array>
#include <cstdio>

#include "collective/time.hpp"

namespace collective::service {

JsonObject& JsonObject::real(std::string_view name, double value) {
  std::array<char, 64> text{};
  const int size = std::snprintf(text.data(), text.size(), "%.3f", value);
  return raw(name, {text.data(), static_cast<std::size_t>(size)});
}

JsonObject& JsonObject::time(std::string_view name, Timestamp value) {
  return text(name, to_iso8601(value));
}

}  // namespace collective::service
