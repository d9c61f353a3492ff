#include "event/json_reader.hpp"

#include "event/scan.hpp"

namespace collective::event {

namespace {

bool is_digit(char c) noexcept {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t code) {
  const auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

}  // namespace

bool JsonReader::open(char bracket) noexcept {
  if (peek() != bracket) return fail(bracket == '{' ? "an object is expected" : "a list is expected");
  if (++depth_ > max_json_depth) return fail("it is nested deeper than 64 levels");
  ++at_;
  first_ = true;
  return true;
}

// Steps to the next element of the innermost object or list; false at its end and on errors.
bool JsonReader::next(char closing) noexcept {
  if (failed()) return false;
  const char c = peek();
  if (c == closing) {
    ++at_;
    --depth_;
    first_ = false;  // of what is around it: it has at least this one
    return false;
  }
  if (first_) {
    first_ = false;
    return true;
  }
  if (c != ',') return fail(closing == '}' ? "a comma or } is expected" : "a comma or ] is expected");
  ++at_;
  if (peek() == closing) return fail("a comma stands before the closing bracket");
  return true;
}

bool JsonReader::next_member(std::string_view& key, std::string_view& key_text) {
  if (!next('}')) return false;
  if (peek() != '"') return fail("a member's name in quotes is expected");
  const std::size_t start = offset();
  if (!read_string(key)) return false;
  key_text = text_from(start);
  if (peek() != ':') return fail("a colon is expected");
  ++at_;
  return true;
}

bool JsonReader::next_element() noexcept {
  return next(']');
}

bool JsonReader::read_string(std::string_view& out) {
  if (peek() != '"') return fail("a string is expected");
  const char* start = ++at_;
  at_ = find_special(at_, end_);
  if (at_ != end_ && *at_ == '"') {
    out = {start, at_++};
    return true;
  }
  unescaped_.assign(start, at_);
  while (at_ != end_) {
    if (*at_ == '"') {
      ++at_;
      out = unescaped_;
      return true;
    }
    if (*at_ != '\\') return fail("a control character stands in a string: write it as an escape");
    if (!read_escape(&unescaped_)) return false;
    start = at_;
    at_ = find_special(at_, end_);
    unescaped_.append(start, at_);
  }
  return fail("a string is not closed");
}

bool JsonReader::skip_string() {
  for (++at_; (at_ = find_special(at_, end_)) != end_;) {
    if (*at_ == '"') {
      ++at_;
      return true;
    }
    if (*at_ != '\\') return fail("a control character stands in a string: write it as an escape");
    if (!read_escape(nullptr)) return false;
  }
  return fail("a string is not closed");
}

bool JsonReader::read_hex4(std::uint32_t& out) noexcept {
  if (end_ - at_ < 4) return fail("\\u wants four hex digits");
  out = 0;
  for (int i = 0; i < 4; ++i, ++at_) {
    const char c = *at_;
    const char lower = static_cast<char>(c | 0x20);
    if (is_digit(c)) {
      out = out * 16 + static_cast<std::uint32_t>(c - '0');
    } else if (lower >= 'a' && lower <= 'f') {
      out = out * 16 + static_cast<std::uint32_t>(lower - 'a' + 10);
    } else {
      return fail("\\u wants four hex digits");
    }
  }
  return true;
}

// At a backslash. `out` may be null: only checked then.
bool JsonReader::read_escape(std::string* out) {
  if (end_ - at_ < 2) return fail("a string is not closed");
  static constexpr std::string_view letters = "\"\\/bfnrt";
  static constexpr std::string_view meanings = "\"\\/\b\f\n\r\t";
  const char letter = at_[1];
  at_ += 2;
  if (letter != 'u') {
    const auto place = letters.find(letter);
    if (place == std::string_view::npos) return fail("an unknown escape stands in a string");
    if (out != nullptr) *out += meanings[place];
    return true;
  }
  std::uint32_t code = 0;
  if (!read_hex4(code)) return false;
  if (code >= 0xDC00 && code <= 0xDFFF) return fail("half a surrogate pair stands in a string");
  if (code >= 0xD800 && code <= 0xDBFF) {
    std::uint32_t low = 0;
    if (end_ - at_ < 2 || at_[0] != '\\' || at_[1] != 'u') return fail("half a surrogate pair stands in a string");
    at_ += 2;
    if (!read_hex4(low)) return false;
    if (low < 0xDC00 || low > 0xDFFF) return fail("half a surrogate pair stands in a string");
    code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
  }
  if (out != nullptr) append_utf8(*out, code);
  return true;
}

bool JsonReader::read_number(std::string_view& out) noexcept {
  peek();
  const char* start = at_;
  const auto digits = [this] {
    const char* first = at_;
    while (at_ != end_ && is_digit(*at_)) ++at_;
    return at_ != first;
  };
  if (at_ != end_ && *at_ == '-') ++at_;
  if (at_ != end_ && *at_ == '0') {
    ++at_;
  } else if (!digits()) {
    return fail("a value is expected");
  }
  if (at_ != end_ && *at_ == '.') {
    ++at_;
    if (!digits()) return fail("a number's fraction wants digits");
  }
  if (at_ != end_ && (*at_ == 'e' || *at_ == 'E')) {
    ++at_;
    if (at_ != end_ && (*at_ == '+' || *at_ == '-')) ++at_;
    if (!digits()) return fail("a number's exponent wants digits");
  }
  out = {start, at_};
  return true;
}

bool JsonReader::read_literal(std::string_view literal) noexcept {
  peek();
  if (!std::string_view(at_, end_).starts_with(literal)) return fail("a value is expected");
  at_ += literal.size();
  return true;
}

bool JsonReader::skip(std::string_view& out) {
  const char c = peek();
  const std::size_t start = offset();
  bool good = false;
  std::string_view ignored;
  if (c == '"') {
    good = skip_string();
  } else if (c == '{') {
    std::string_view key_text;
    if (!begin_object()) return false;
    while (next_member(ignored, key_text) && skip(ignored)) {
    }
    good = !failed();
  } else if (c == '[') {
    if (!begin_list()) return false;
    while (next_element() && skip(ignored)) {
    }
    good = !failed();
  } else if (c == 't' || c == 'f' || c == 'n') {
    good = read_literal(c == 't' ? "true" : c == 'f' ? "false" : "null");
  } else {
    good = read_number(ignored);
  }
  if (good) out = text_from(start);
  return good;
}

}  // namespace collective::event
