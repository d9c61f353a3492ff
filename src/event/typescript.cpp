#include "collective/schema.hpp"

namespace collective {
namespace {

using model::Kind;
using model::ValueType;

std::string typescript_of(const ValueType& type, const std::string& indent);

std::string names(const ValueType& type) {
  std::string text;
  for (const auto& name : type.names) text += (text.empty() ? "'" : " | '") + std::string(name.name) + "'";
  return text;
}

std::string structure(const ValueType& type, const std::string& indent) {
  const auto inner = indent + "  ";
  std::string text = "{\n";
  for (const auto& field : type.fields) {
    text += field.type->kind == Kind::extra_fields ? inner + "[field: string]: unknown;\n"
                                                   : inner + std::string(field.name) + (field.required ? ": " : "?: ") +
                                                         typescript_of(*field.type, inner) + ";\n";
  }
  return text + indent + "}";
}

std::string list(const ValueType& type, const std::string& indent) {
  const auto element = typescript_of(*type.element, indent);
  return type.element->kind == Kind::enumeration ? "(" + element + ")[]" : element + "[]";
}

std::string typescript_of(const ValueType& type, const std::string& indent) {
  switch (type.kind) {
    case Kind::string:
    case Kind::id:
    case Kind::email:
    case Kind::timestamp:
      return "string";
    case Kind::boolean:
      return "boolean";
    case Kind::integer:
    case Kind::count:
    case Kind::number:
    case Kind::non_negative:
      return "number";
    case Kind::json:
    case Kind::extra_fields:
      return "Record<string, unknown>";
    case Kind::enumeration:
      return names(type);
    case Kind::structure:
      return structure(type, indent);
    case Kind::list:
      return list(type, indent);
  }
  return "unknown";
}

}  // namespace

std::string typescript(const TypeDescriptor& type) {
  return "/** " + std::string(type.name) + ", version " + std::to_string(type.version) + ", of stream " +
         std::string(type.stream) + " */\nexport interface " + type_title(type) + " " + structure(*type.data, "") +
         "\n";
}

}  // namespace collective
