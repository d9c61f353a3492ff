#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "collective/error.hpp"
#include "collective/event_type.hpp"

namespace collective::event {

/// A place in an event's data, as a chain on the stack; text only once it is needed.
struct Path {
  const Path* parent = nullptr;
  std::string_view name{};  ///< a member's name; empty for an element of a list
  std::size_t index = 0;    ///< of an element

  /// JSON Pointer (RFC 6901); empty for the data itself.
  [[nodiscard]] std::string pointer() const;
};

/// The text, cut after about 60 bytes between two characters; bytes that are no UTF-8 become `?`.
std::string shortened(std::string_view text);

/// The same in quotes, with control characters replaced.
std::string quoted(std::string_view text);

/// What a field of this type accepts, in words.
std::string allowed(const model::ValueType& type);

/// " Did you mean …?" for an enum name that does not exist; empty when none is near.
std::string enum_hint(const model::ValueType& type, std::string_view found);

/// Sorts what was found wrong in a structure by the order of its fields; the problems begin at `first`.
void sort_by_field(const model::ValueType& type, const Path& path, std::vector<FieldProblem>& problems,
                   std::size_t first);

/// The rules of single values, shared by the codec's two directions.
bool is_id(std::string_view text) noexcept;
bool is_email(std::string_view text) noexcept;

}  // namespace collective::event
