#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "collective/validation.hpp"

namespace collective::event {

/// Reads JSON text (RFC 8259) value by value, in place and without allocating: every value can be had as its own text.
/// Nothing is tolerated that the RFC does not allow; also refused are more than `max_json_depth` levels and escapes
/// that name half a surrogate pair. UTF-8 is the caller's to check, once for the whole text (`is_utf8`).
///
/// Every call but `peek` returns false once something is wrong; from then on only `error` and `offset` mean anything.
class JsonReader {
 public:
  /// @param depth  levels around this text
  explicit JsonReader(std::string_view text, int depth = 0) noexcept
      : begin_(text.data()), at_(text.data()), end_(text.data() + text.size()), depth_(depth) {}

  /// The next character that is no space; 0 at the end.
  char peek() noexcept {
    while (at_ != end_ && (*at_ == ' ' || *at_ == '\n' || *at_ == '\r' || *at_ == '\t')) ++at_;
    return at_ == end_ ? '\0' : *at_;
  }

  /// `if (!begin_object()) …; while (next_member(key, key_text)) read one value; if (failed()) …`
  bool begin_object() noexcept { return open('{'); }
  /// @param key  unescaped; valid until the next call of the reader
  /// @param key_text  as it stands in the text, with its quotes; valid as long as the text
  bool next_member(std::string_view& key, std::string_view& key_text);

  /// The same for lists: `while (next_element()) read one value`.
  bool begin_list() noexcept { return open('['); }
  bool next_element() noexcept;

  /// @param out  unescaped; valid until the next call of the reader
  bool read_string(std::string_view& out);
  /// @param out  the number's text
  bool read_number(std::string_view& out) noexcept;
  bool read_literal(std::string_view literal) noexcept;

  /// Checks one value of any kind and passes over it. @param out  its text
  bool skip(std::string_view& out);

  /// True at the end of the text; otherwise an error.
  bool finish() noexcept {
    return failed() ? false : peek() == '\0' && at_ == end_ ? true : fail("there is something after the value");
  }

  [[nodiscard]] bool failed() const noexcept { return error_ != nullptr; }
  [[nodiscard]] const char* error() const noexcept { return error_; }
  [[nodiscard]] std::size_t offset() const noexcept { return static_cast<std::size_t>(at_ - begin_); }
  [[nodiscard]] std::string_view text_from(std::size_t offset) const noexcept { return {begin_ + offset, at_}; }

 private:
  bool open(char bracket) noexcept;
  bool next(char closing) noexcept;
  bool skip_string();
  bool read_escape(std::string* out);
  bool read_hex4(std::uint32_t& out) noexcept;
  bool fail(const char* error) noexcept {
    if (error_ == nullptr) error_ = error;
    return false;
  }

  const char* const begin_;
  const char* at_;
  const char* const end_;
  int depth_;
  bool first_ = true;  // no element of the innermost object or list was read yet
  const char* error_ = nullptr;
  std::string unescaped_;
};

}  // namespace collective::event
