#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collective/validation.hpp"

// Event structs to JSON and back. Everything here is safe from any thread.
namespace collective {

/// Appends the JSON object of an event that `validate` found good; of another one the text may not be JSON.
/// Cost: about 110 ns for an event of 240 bytes; allocates only when `out` grows.
void encode_to(const TypeDescriptor& type, const void* object, std::string& out);

template <EventStruct T>
void encode_to(const T& event, std::string& out) {
  encode_to(descriptor_of<T>(), &event, out);
}

/// The event's data as JSON. @throws Error Errc::invalid with every bad field
template <EventStruct T>
[[nodiscard]] std::string encode(const T& event) {
  if (auto problems = validate(event); !problems.empty()) throw invalid_event(T::event.name, std::move(problems));
  std::string out;
  encode_to(event, out);
  return out;
}

/// What publish stores as data: the event completed (the type's `complete`), checked and encoded.
/// @throws Error Errc::invalid with every bad field
[[nodiscard]] std::string prepare(const TypeDescriptor& type, const void* object);
/// The same for data given as JSON. Members that the type does not name are kept; the text itself is kept unless the
/// type completes something.
[[nodiscard]] std::string prepare_json(const TypeDescriptor& type, std::string_view json);

template <EventStruct T>
[[nodiscard]] std::string prepare(const T& event) {
  return prepare(descriptor_of<T>(), &event);
}

/// Reads data into `object`, a default-made value of the type. Never throws for bad data.
///
/// @param unknown   gets the members that the type does not name, as a JSON object (`{}` when there are none) in their
///   own text; null: not wanted. Unknown members of nested structs are checked and passed over.
/// @param problems  gets every bad field, in the order of the struct
/// @return false when there are problems; `object` is then partly filled
///
/// Cost: about 280 ns for an event of 240 bytes, checks included.
bool decode_into(const TypeDescriptor& type, void* object, std::string_view json, std::string* unknown,
                 std::vector<FieldProblem>& problems, Strictness strictness = Strictness::reader);

/// @throws Error Errc::invalid with every bad field
template <EventStruct T>
[[nodiscard]] T decode(std::string_view json, Strictness strictness = Strictness::reader) {
  T event{};
  std::vector<FieldProblem> problems;
  if (!decode_into(descriptor_of<T>(), &event, json, nullptr, problems, strictness)) {
    throw invalid_event(T::event.name, std::move(problems));
  }
  return event;
}

/// The value of the data's member `user_id` where the type has one; empty otherwise. Valid as long as the object.
[[nodiscard]] std::string_view user_id_of(const TypeDescriptor& type, const void* object) noexcept;

/// The value of a string member at the top of a JSON object; empty when there is none.
[[nodiscard]] std::string string_member(std::string_view json, std::string_view name);

/// Text as a JSON string, quoted and escaped. In text that is not UTF-8, bytes beyond ASCII become `?`.
[[nodiscard]] std::string json_string(std::string_view text);

}  // namespace collective
