#include <algorithm>

#include "collective/codec.hpp"

#include "event/json_writer.hpp"
#include "event/memory.hpp"

namespace collective {

namespace {

using event::as;
using event::JsonWriter;
using model::Kind;
using model::ValueType;

void write_value(JsonWriter& out, const ValueType& type, const void* from);

void write_enum(JsonWriter& out, const ValueType& type, const void* from) {
  const auto value = static_cast<std::int64_t>(event::load_bits(type, from));
  const auto named =
      std::find_if(type.names.begin(), type.names.end(), [&](const auto& n) { return n.value == value; });
  out.raw('"');
  if (named != type.names.end()) out.raw(named->name);
  out.raw('"');
}

// The members of a JSON object without its braces; empty when it has none.
std::string_view members_of(std::string_view object) noexcept {
  const auto first = object.find('{');
  const auto last = object.rfind('}');
  if (first == std::string_view::npos || last == std::string_view::npos || last <= first) return {};
  object = object.substr(first + 1, last - first - 1);
  return object.find_first_not_of(" \t\r\n") == std::string_view::npos ? std::string_view() : object;
}

void write_structure(JsonWriter& out, const ValueType& type, const void* from) {
  char separator = '{';
  for (const auto& field : type.fields) {
    const void* value = field.get(from);
    if (value == nullptr) continue;
    if (field.type->kind == Kind::extra_fields) {
      const auto members = members_of(as<ExtraFields>(value).str());
      if (members.empty()) continue;
      out.raw(separator);
      out.raw(members);
    } else {
      out.raw(separator);
      out.raw('"');
      out.raw(field.name);
      out.raw("\":");
      write_value(out, *field.type, value);
    }
    separator = ',';
  }
  if (separator == '{') out.raw('{');
  out.raw('}');
}

void write_list(JsonWriter& out, const ValueType& type, const void* from) {
  out.raw('[');
  const std::size_t size = type.list->size(from);
  for (std::size_t i = 0; i < size; ++i) {
    if (i > 0) out.raw(',');
    write_value(out, *type.element, type.list->at(from, i));
  }
  out.raw(']');
}

void write_value(JsonWriter& out, const ValueType& type, const void* from) {
  switch (type.kind) {
    case Kind::string:
      return out.string(as<std::string>(from));
    case Kind::id:
      return out.string(as<Id>(from).str());
    case Kind::email:
      return out.string(as<Email>(from).str());
    case Kind::boolean:
      return out.raw(as<bool>(from) ? std::string_view("true") : std::string_view("false"));
    case Kind::integer: {
      const auto bits = event::load_bits(type, from);
      return type.is_signed ? out.integer(static_cast<std::int64_t>(bits)) : out.integer(bits);
    }
    case Kind::count:
      return out.integer(std::int64_t{as<Count>(from)});
    case Kind::number:
      return out.real(as<double>(from));
    case Kind::non_negative:
      return out.real(as<NonNegative>(from));
    case Kind::timestamp:
      return out.timestamp(as<Timestamp>(from));
    case Kind::json:
      return out.raw(as<Json>(from).str());
    case Kind::extra_fields:
      return;  // written with the struct's own members
    case Kind::enumeration:
      return write_enum(out, type, from);
    case Kind::structure:
      return write_structure(out, type, from);
    case Kind::list:
      return write_list(out, type, from);
  }
}

}  // namespace

void encode_to(const TypeDescriptor& type, const void* object, std::string& out) {
  JsonWriter writer(out);
  write_structure(writer, *type.data, object);
}

}  // namespace collective
