#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collective/codec.hpp"
#include "collective/entry_id.hpp"

namespace collective::service {

/// Writes a JSON object member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value) { return raw(name, json_string(value)); }
  JsonObject& number(std::string_view name, std::uint64_t value) { return raw(name, std::to_string(value)); }
  JsonObject& real(std::string_view name, double value);  ///< finite, with three decimals
  JsonObject& flag(std::string_view name, bool value) { return raw(name, value ? "true" : "false"); }
  JsonObject& time(std::string_view name, Timestamp value);
  JsonObject& entry(std::string_view name, EntryId value) { return text(name, value.to_string()); }
  /// @param json  a JSON value
  JsonObject& raw(std::string_view name, std::string_view json) {
    text_ += text_.size() > 1 ? ",\"" : "\"";
    (text_ += name) += "\":";
    text_ += json;
    return *this;
  }
  [[nodiscard]] std::string str() const { return text_ + "}"; }

 private:
  std::string text_ = "{";
};

/// A JSON list of what `write` makes of each value.
template <class Values, class Write>
std::string json_list(const Values& values, const Write& write) {
  std::string text = "[";
  for (const auto& value : values) {
    if (text.size() > 1) text += ',';
    text += write(value);
  }
  return text += ']';
}

template <class Values>
std::string json_texts(const Values& values) {
  return json_list(values, [](std::string_view value) { return json_string(value); });
}

}  // namespace collective::service
