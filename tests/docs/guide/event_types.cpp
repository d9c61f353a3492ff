// Prints docs/guide/event-types.md, made of the catalogue's structs: event-types-page > docs/guide/event-types.md
#include <iostream>
#include <map>

#include "collective/catalog.hpp"
#include "collective/schema.hpp"

namespace {

using namespace collective;
using model::Kind;

std::string words(const model::ValueType& type);

std::string names(const model::ValueType& type) {
  std::string text;
  for (const auto& one : type.names) text += (text.empty() ? "`" : ", `") + std::string(one.name) + "`";
  return text;
}

std::string members(const model::ValueType& type) {
  std::string text;
  for (const auto& field : type.fields) {
    text +=
        (text.empty() ? "{" : ", ") + std::string(field.name) + (field.required ? "" : "?") + ": " + words(*field.type);
  }
  return text + "}";
}

std::string words(const model::ValueType& type) {
  switch (type.kind) {
    case Kind::string:
      return "text";
    case Kind::id:
      return "id";
    case Kind::email:
      return "e-mail address";
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return "whole number";
    case Kind::count:
      return "whole number, 0 or more";
    case Kind::number:
      return "number";
    case Kind::non_negative:
      return "number, 0 or more";
    case Kind::timestamp:
      return "time";
    case Kind::json:
      return "object";
    case Kind::extra_fields:
      return "any other members";
    case Kind::enumeration:
      return names(type);
    case Kind::structure:
      return members(type);
    case Kind::list:
      return "list of: " + words(*type.element);
  }
  return "";
}

}  // namespace

int main() {
  std::cout << "# Event types\n\n"
               "The catalogue, made of the structs in `<collective/catalog.hpp>` by `event-types-page`; a test "
               "compares it with them. "
               "`?` marks an optional\nfield. What the types mean on the wire is in [the "
               "format](../formats/envelope.md#data). "
               "`event-bus types TYPE` prints a type's JSON Schema.\n";
  std::map<std::string_view, std::vector<const TypeDescriptor*>> streams;
  const auto catalog = TypeRegistry::catalog();
  for (const auto* type : catalog.list()) streams[type->stream].push_back(type);
  for (const auto& [stream, types] : streams) {
    std::cout << "\n## " << stream << "\n";
    for (const auto* type : types) {
      std::cout << "\n### " << type->name << "\n\n`" << type_title(*type) << "`, version " << type->version
                << "\n\n| field | type |\n|---|---|\n";
      for (const auto& field : type->data->fields) {
        std::cout << "| " << field.name << (field.required ? "" : "?") << " | " << words(*field.type) << " |\n";
      }
    }
  }
}
