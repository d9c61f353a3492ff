#pragma once

#include <string>

#include "collective/event_type.hpp"

namespace collective {

/// The type's name as a programming language would write it: "user.registered" gives "UserRegistered".
[[nodiscard]] std::string type_title(const TypeDescriptor& type);

/// JSON Schema 2020-12 of the type's data, as compact JSON. Unknown members are allowed at every level.
[[nodiscard]] std::string json_schema(const TypeDescriptor& type);

/// The type's data as a TypeScript interface named by `type_title`, with no import.
[[nodiscard]] std::string typescript(const TypeDescriptor& type);

template <EventStruct T>
[[nodiscard]] std::string json_schema() {
  return json_schema(descriptor_of<T>());
}

}  // namespace collective
