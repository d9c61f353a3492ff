#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "collective/time.hpp"

#include "event/scan.hpp"

namespace collective::event {

/// Appends JSON to a string by way of a small buffer, so that a small event costs one append.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) noexcept : out_(out) {}
  ~JsonWriter() { flush(); }
  JsonWriter(const JsonWriter&) = delete;
  JsonWriter& operator=(const JsonWriter&) = delete;

  /// As it is.
  void raw(char c) {
    if (size_ == sizeof buffer_) flush();
    buffer_[size_++] = c;
  }
  void raw(std::string_view text) {
    if (text.size() > sizeof buffer_ - size_) {
      flush();
      if (text.size() > sizeof buffer_) {
        out_.append(text);
        return;
      }
    }
    std::memcpy(buffer_ + size_, text.data(), text.size());
    size_ += text.size();
  }

  /// In quotes, with what JSON demands escaped. The text is valid UTF-8.
  void string(std::string_view text) {
    raw('"');
    const char* from = text.data();
    const char* end = from + text.size();
    for (;;) {
      const char* special = find_special(from, end);
      raw({from, special});
      if (special == end) break;
      escape(*special);
      from = special + 1;
    }
    raw('"');
  }

  void integer(std::int64_t value) { number(value); }
  void integer(std::uint64_t value) { number(value); }

  /// The shortest text that reads as the same finite number, in the shape JavaScript writes: an exponent below 1e-6
  /// and from 1e21.
  void real(double value) {
    const double size = std::fabs(value);
    if (size <= 9007199254740992.0 && value == std::trunc(value) && !(value == 0 && std::signbit(value))) {
      number(static_cast<std::int64_t>(value));
    } else if (size >= 1e-6 && size < 1e21) {
      number(value, std::chars_format::fixed);
    } else {
      number(value);
    }
  }

  void timestamp(Timestamp time) {
    char text[iso8601_length];
    write_iso8601(time, text);
    raw('"');
    raw({text, sizeof text});
    raw('"');
  }

  void flush() {
    out_.append(buffer_, size_);
    size_ = 0;
  }

 private:
  template <class N, class... Format>
  void number(N value, Format... format) {
    if (sizeof buffer_ - size_ < 40) flush();
    size_ = static_cast<std::size_t>(std::to_chars(buffer_ + size_, buffer_ + sizeof buffer_, value, format...).ptr -
                                     buffer_);
  }

  void escape(char c) {
    static constexpr std::string_view special = "\"\\\b\f\n\r\t";
    static constexpr std::string_view letters = "\"\\bfnrt";
    const auto place = special.find(c);
    raw('\\');
    if (place != std::string_view::npos) {
      raw(letters[place]);
    } else {
      raw("u00");
      raw("0123456789abcdef"[static_cast<unsigned char>(c) >> 4]);
      raw("0123456789abcdef"[static_cast<unsigned char>(c) & 15]);
    }
  }

  std::string& out_;
  std::size_t size_ = 0;
  char buffer_[512];
};

}  // namespace collective::event
