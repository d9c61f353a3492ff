#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "collective/error.hpp"

namespace collective::service {

/// The members of a JSON object, taken one by one by name and type. What is wrong with them is gathered, so that the
/// caller is told everything at once.
///
/// Every `take_…` returns nothing when the member is absent, null or wrong.
class Body {
 public:
  /// @param json  empty: an object without members
  /// @param pointer  where the object stands, for the problems
  /// @throws Problem 400 invalid_json when it is no JSON object (syntax, UTF-8, depth, a member given twice)
  explicit Body(std::string_view json, std::string pointer = {});

  std::optional<std::string> take_text(std::string_view name);
  std::optional<std::uint64_t> take_number(std::string_view name, std::uint64_t least, std::uint64_t most);
  std::optional<bool> take_flag(std::string_view name);
  std::optional<std::vector<std::string>> take_texts(std::string_view name);
  std::optional<std::vector<std::uint64_t>> take_numbers(std::string_view name);
  /// The object's own text.
  std::optional<std::string> take_object(std::string_view name);
  /// The text of each object in a list.
  std::optional<std::vector<std::string>> take_objects(std::string_view name);

  /// Says that a member is wrong for a reason of the caller's.
  void refuse(std::string_view name, std::string found, std::string allowed);
  void require(std::string_view name, bool given, std::string allowed);

  /// What is wrong so far; members that nobody took among it.
  [[nodiscard]] std::vector<FieldProblem> problems() const;
  /// @throws Problem 400 invalid_request with every problem
  void finish() const;

 private:
  enum class Kind : std::uint8_t { text, number, flag, object, list, null };
  struct Member {
    Kind kind;
    std::string text;  ///< unescaped for a text, else as it stands
  };
  std::optional<std::string> take(std::string_view name, Kind kind, std::string_view allowed);
  std::optional<std::vector<std::string>> take_list(std::string_view name, Kind of, std::string_view allowed);
  template <class Value>
  static Member member_of(Value value);

  const std::string pointer_;
  std::map<std::string, Member, std::less<>> members_;  // those not yet taken
  std::vector<FieldProblem> problems_;
};

/// A whole number in decimal; nothing when it is anything else.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view text) noexcept;

}  // namespace collective::service
