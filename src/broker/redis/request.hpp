#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

#include "collective/entry_id.hpp"

namespace collective::redis {

/// A Lua script of ours.
struct Script {
  std::string text;
  std::string sha;  ///< the name by which the server knows it
};

/// A command, written as the server reads it: every argument with its length.
class Request {
 public:
  /// A plain command.
  explicit Request(std::string_view command) { add(command); }
  /// A call of a script on one stream.
  Request(const Script& script, std::string_view stream) : script_(&script) { add(stream); }

  Request& add(std::string_view text) {
    number('$', text.size());
    text_.append(text).append("\r\n");
    ++arguments_;
    return *this;
  }
  template <std::integral Number>
    requires(!std::same_as<Number, bool>)
  Request& add(Number value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    return add(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  Request& flag(bool value) { return add(std::string_view(value ? "1" : "0")); }
  Request& add(Timestamp time) { return add(time.time_since_epoch().count()); }
  Request& add(EntryId id) { return add(id.to_string()); }

  /// Appends the whole command to `out`; a script by its text when `with_text`.
  void write(std::string& out, bool with_text = false) const {
    Request head;
    if (script_ != nullptr) {
      head.add(std::string_view(with_text ? "EVAL" : "EVALSHA")).add(with_text ? script_->text : script_->sha).add(1);
    }
    out.push_back('*');
    out.append(std::to_string(head.arguments_ + arguments_)).append("\r\n").append(head.text_).append(text_);
  }
  [[nodiscard]] bool is_script() const { return script_ != nullptr; }
  [[nodiscard]] std::size_t size() const { return text_.size(); }

 private:
  Request() = default;
  void number(char kind, std::size_t value) {
    char digits[24];
    const auto end = std::to_chars(digits, digits + sizeof digits, value).ptr;
    text_.push_back(kind);
    text_.append(digits, end).append("\r\n");
  }

  const Script* script_ = nullptr;
  std::string text_{};
  std::size_t arguments_ = 0;
};

}  // namespace collective::redis
