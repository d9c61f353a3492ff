#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collective/envelope.hpp"
#include "collective/error.hpp"
#include "collective/event_type.hpp"

namespace collective {

/// Deepest nesting of objects and lists in an event's data and metadata, the outermost object included.
inline constexpr int max_json_depth = 64;

/// How an event's data is judged.
enum class Strictness : std::uint8_t {
  publisher,  ///< every rule: enum names must be known
  reader,     ///< for events of other ages: an unknown enum name becomes `unknown_value`
};

/// Checks an event's data. @return every bad field, in the order of the struct; empty when it may be published
///
/// Threads: any.   Cost: about 70 ns for an event of 240 bytes.
[[nodiscard]] std::vector<FieldProblem> validate(const TypeDescriptor& type, const void* object);

template <EventStruct T>
[[nodiscard]] std::vector<FieldProblem> validate(const T& event) {
  return validate(descriptor_of<T>(), &event);
}

/// Checks an event's data as JSON text: a well-formed object with the type's fields, each at most once. Unknown members
/// are allowed, and so is null for an optional field. Text that is not JSON is one problem, with the empty pointer.
[[nodiscard]] std::vector<FieldProblem> validate_json(const TypeDescriptor& type, std::string_view json,
                                                      Strictness strictness = Strictness::publisher);

/// Why the text is not a JSON object (syntax, UTF-8, depth); empty when it is one.
[[nodiscard]] std::string json_object_problem(std::string_view json);

/// The error of an event that may not be published or cannot be read: one line per bad field.
[[nodiscard]] Error invalid_event(std::string_view type, std::vector<FieldProblem> problems);

/// @param kind  for the message, for example "stream name"
/// @throws Error Errc::invalid unless `is_name(text)`
void check_name(std::string_view kind, std::string_view text);

/// Checks the fields beside the data: the names, the event id (a ULID), correlation and user id (empty or an `Id`), the time,
/// and the metadata (empty or a JSON object). @throws Error Errc::invalid with a pointer such as "/correlation_id"
void check_envelope(const EnvelopeView& event);

/// Bytes of the nine fields' text, as `max_event_bytes` counts them.
[[nodiscard]] std::size_t encoded_size(const EnvelopeView& event) noexcept;

/// @throws Error Errc::too_large, naming the size, the limit and the option, when `encoded_size(event) > limit`
void check_size(const EnvelopeView& event, std::size_t limit = std::size_t{1} << 20);

/// The candidate that `text` was probably meant to be; empty when none is near. Cost: for error paths.
[[nodiscard]] std::string_view nearest(std::string_view text, std::span<const std::string_view> candidates);

}  // namespace collective
