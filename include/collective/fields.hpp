#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace collective {

namespace detail {

/// Text with a meaning: made from any string implicitly, read as a string implicitly, checked at publish.
template <class Kind>
class Text {
 public:
  Text() = default;
  Text(const char* text) : text_(text) {}                         // NOLINT(google-explicit-constructor)
  Text(std::string text) : text_(std::move(text)) {}              // NOLINT(google-explicit-constructor)
  Text(std::string_view text) : text_(text) {}                    // NOLINT(google-explicit-constructor)
  operator std::string_view() const noexcept { return text_; }    // NOLINT(google-explicit-constructor)
  operator const std::string&() const noexcept { return text_; }  // NOLINT(google-explicit-constructor)

  [[nodiscard]] const std::string& str() const noexcept { return text_; }
  [[nodiscard]] bool empty() const noexcept { return text_.empty(); }

  friend bool operator==(const Text&, const Text&) = default;
  friend auto operator<=>(const Text&, const Text&) = default;

  template <class S>
    requires(std::is_convertible_v<const S&, std::string_view> && !std::is_base_of_v<Text, S>)
  friend bool operator==(const Text& a, const S& b) {
    return a.text_ == std::string_view(b);
  }

 protected:
  std::string text_;
};

}  // namespace detail

/// An opaque identifier: 1 to 128 visible ASCII characters (no space). UUIDs, ULIDs and `user-uuid` are all valid.
class Id : public detail::Text<Id> {
 public:
  using Text::Text;
};

/// An e-mail address: `local@domain`, at most 254 bytes, with a dot in the domain and no space or control character.
class Email : public detail::Text<Email> {
 public:
  using Text::Text;
};

/// Any JSON object, as its text; `{}` by default. Checked at publish: valid JSON, at most 64 levels deep.
class Json : public detail::Text<Json> {
 public:
  Json() : Text("{}") {}
  using Text::Text;
};

/// A JSON object of the members that a struct does not name: its members stand beside the struct's own on the wire, so
/// a struct has at most one. `{}` by default.
class ExtraFields : public detail::Text<ExtraFields> {
 public:
  ExtraFields() : Text("{}") {}
  using Text::Text;
};

/// A finite number that is not negative: a duration, a size, a ratio. Checked at publish.
class NonNegative {
 public:
  constexpr NonNegative() = default;
  template <class N>
    requires std::is_arithmetic_v<N>
  constexpr NonNegative(N value) noexcept
      : value_(static_cast<double>(value)) {}                    // NOLINT(google-explicit-constructor)
  constexpr operator double() const noexcept { return value_; }  // NOLINT(google-explicit-constructor)

 private:
  double value_ = 0;
};

/// A whole number from 0 to 2^53 - 1 (`Count::max`), which every JSON reader keeps exactly. Checked at publish.
class Count {
 public:
  static constexpr std::int64_t max = (std::int64_t{1} << 53) - 1;

  constexpr Count() = default;
  template <std::integral N>
    requires(!std::same_as<N, bool>)
  constexpr Count(N value) noexcept  // NOLINT(google-explicit-constructor)
      : value_(std::cmp_greater(value, max) ? max + 1 : static_cast<std::int64_t>(value)) {}
  constexpr operator std::int64_t() const noexcept { return value_; }  // NOLINT(google-explicit-constructor)

 private:
  std::int64_t value_ = 0;
};

/// What an enum field holds after reading a name that the enum does not have: written by a newer service. The name stands in the
/// event's raw data (Envelope::data). Publishing it is refused.
template <class E>
  requires std::is_enum_v<E>
inline constexpr E unknown_value = static_cast<E>(static_cast<std::underlying_type_t<E>>(~std::uint64_t{0}));

/// False for `unknown_value`.
template <class E>
  requires std::is_enum_v<E>
constexpr bool is_known(E value) noexcept {
  return value != unknown_value<E>;
}

}  // namespace collective
