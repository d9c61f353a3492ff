#include "collective/schema.hpp"

#include <cctype>
#include <utility>

#include "event/json_writer.hpp"

namespace collective {
namespace {

using event::JsonWriter;
using model::Kind;
using model::ValueType;

void write(JsonWriter& out, const ValueType& type);

void write_integer(JsonWriter& out, const ValueType& type) {
  const int bits = type.size * 8;
  out.raw(R"("type":"integer","minimum":)");
  out.integer(type.is_signed ? -static_cast<std::int64_t>((std::uint64_t{1} << (bits - 1)) - 1) - 1 : std::int64_t{0});
  out.raw(R"(,"maximum":)");
  const auto unsigned_max = bits == 64 ? ~std::uint64_t{0} : (std::uint64_t{1} << bits) - 1;
  out.integer(type.is_signed ? unsigned_max >> 1 : unsigned_max);
}

void write_names(JsonWriter& out, const ValueType& type) {
  out.raw(R"("type":"string","enum":[)");
  for (std::size_t i = 0; i < type.names.size(); ++i) {
    if (i > 0) out.raw(',');
    out.string(type.names[i].name);
  }
  out.raw(']');
}

void write_structure(JsonWriter& out, const ValueType& type) {
  out.raw(R"("type":"object","properties":{)");
  bool first = true;
  for (const auto& field : type.fields) {
    if (field.type->kind == Kind::extra_fields) continue;
    if (!std::exchange(first, false)) out.raw(',');
    out.string(field.name);
    out.raw(":{");
    write(out, *field.type);
    out.raw('}');
  }
  out.raw(R"(},"required":[)");
  first = true;
  for (const auto& field : type.fields) {
    if (!field.required) continue;
    if (!std::exchange(first, false)) out.raw(',');
    out.string(field.name);
  }
  out.raw(R"(],"additionalProperties":true)");
}

void write(JsonWriter& out, const ValueType& type) {
  switch (type.kind) {
    case Kind::string:
      return out.raw(R"("type":"string")");
    case Kind::id:
      return out.raw(R"("type":"string","pattern":"^[!-~]{1,128}$")");
    case Kind::email:
      return out.raw(R"("type":"string","format":"email","maxLength":254)");
    case Kind::boolean:
      return out.raw(R"("type":"boolean")");
    case Kind::integer:
      return write_integer(out, type);
    case Kind::count:
      return out.raw(R"("type":"integer","minimum":0,"maximum":9007199254740991)");
    case Kind::number:
      return out.raw(R"("type":"number")");
    case Kind::non_negative:
      return out.raw(R"("type":"number","minimum":0)");
    case Kind::timestamp:
      return out.raw(R"("type":"string","format":"date-time")");
    case Kind::json:
    case Kind::extra_fields:
      return out.raw(R"("type":"object")");
    case Kind::enumeration:
      return write_names(out, type);
    case Kind::structure:
      return write_structure(out, type);
    case Kind::list:
      out.raw(R"("type":"array","items":{)");
      write(out, *type.element);
      return out.raw('}');
  }
}

}  // namespace

std::string type_title(const TypeDescriptor& type) {
  std::string title;
  bool upper = true;
  for (const char c : type.name) {
    if (std::isalnum(static_cast<unsigned char>(c)) == 0) {
      upper = true;
      continue;
    }
    title += upper ? static_cast<char>(std::toupper(static_cast<unsigned char>(c))) : c;
    upper = false;
  }
  return title;
}

std::string json_schema(const TypeDescriptor& type) {
  std::string text;
  {
    JsonWriter out(text);
    out.raw(R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":)");
    out.string("urn:collective-events:" + std::string(type.name) + ":" + std::to_string(type.version));
    out.raw(R"(,"title":)");
    out.string(type_title(type));
    out.raw(',');
    write(out, *type.data);
    out.raw('}');
  }
  return text;
}

}  // namespace collective
