#include <algorithm>
#include <cmath>

#include "collective/time.hpp"
#include "collective/validation.hpp"

#include "event/json_reader.hpp"
#include "event/memory.hpp"
#include "event/problems.hpp"
#include "event/scan.hpp"

// Checks an event's struct directly, without writing it as JSON first.
namespace collective {

namespace {

using event::as;
using event::JsonReader;
using event::Path;
using model::Kind;
using model::ValueType;

std::string number_text(double value) {
  if (std::isnan(value)) return "not a number (NaN)";
  if (std::isinf(value)) return value < 0 ? "minus infinity" : "infinity";
  std::string text = std::to_string(value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

// Why a text is no JSON object that can stand inside `depth` levels of others; empty when it is one.
std::string object_problem(std::string_view json, int depth) {
  if (!event::is_utf8(json)) return "text that is not UTF-8";
  JsonReader reader(json, depth);
  std::string_view ignored;
  if (reader.peek() != '{') return json.empty() ? "nothing" : event::quoted(json);
  if (reader.skip(ignored) && reader.finish()) return {};
  return "broken JSON: " + std::string(reader.error()) + " at byte " + std::to_string(reader.offset());
}

/// Walks a struct in memory along its type. `depth` counts the levels of JSON around a value.
class Validator {
 public:
  explicit Validator(std::vector<FieldProblem>& problems) : problems_(problems) {}

  void structure(const ValueType& type, const void* from, const Path& path, int depth) {
    for (const auto& field : type.fields) {
      const void* member = field.get(from);
      if (member == nullptr) continue;
      if (field.type->kind == Kind::extra_fields) {
        extra_fields(type, as<ExtraFields>(member), path, depth);
      } else {
        value(*field.type, member, {.parent = &path, .name = field.name}, depth + 1);
      }
    }
  }

 private:
  void value(const ValueType& type, const void* from, const Path& path, int depth);
  void enumeration(const ValueType& type, const void* from, const Path& path);
  void list(const ValueType& type, const void* from, const Path& path, int depth);
  void extra_fields(const ValueType& type, const ExtraFields& fields, const Path& path, int depth);

  void wrong(const ValueType& type, const Path& path, std::string found) {
    problems_.push_back({path.pointer(), std::move(found), event::allowed(type)});
  }
  void check_text(const ValueType& type, std::string_view text, bool good, const Path& path) {
    if (!event::is_utf8(text)) {
      wrong(type, path, "text that is not UTF-8");
    } else if (!good) {
      wrong(type, path, event::quoted(text));
    }
  }
  void check_number(const ValueType& type, double number, bool good, const Path& path) {
    if (!good || !std::isfinite(number)) wrong(type, path, number_text(number));
  }

  std::vector<FieldProblem>& problems_;
};

void Validator::value(const ValueType& type, const void* from, const Path& path, int depth) {
  switch (type.kind) {
    case Kind::string:
      return check_text(type, as<std::string>(from), true, path);
    case Kind::id:
      return check_text(type, as<Id>(from), event::is_id(as<Id>(from)), path);
    case Kind::email:
      return check_text(type, as<Email>(from), event::is_email(as<Email>(from)), path);
    case Kind::boolean:
    case Kind::integer:
    case Kind::extra_fields:
      return;
    case Kind::count: {
      const std::int64_t count = as<Count>(from);
      if (count < 0 || count > Count::max) wrong(type, path, count < 0 ? std::to_string(count) : "a larger number");
      return;
    }
    case Kind::number:
      return check_number(type, as<double>(from), true, path);
    case Kind::non_negative:
      return check_number(type, as<NonNegative>(from), as<NonNegative>(from) >= 0, path);
    case Kind::timestamp:
      if (as<Timestamp>(from) < min_timestamp || as<Timestamp>(from) > max_timestamp) {
        wrong(type, path, "a time outside the years 0 to 9999");
      }
      return;
    case Kind::json:
      if (auto problem = object_problem(as<Json>(from), depth); !problem.empty()) wrong(type, path, std::move(problem));
      return;
    case Kind::enumeration:
      return enumeration(type, from, path);
    case Kind::structure:
      return structure(type, from, path, depth);
    case Kind::list:
      return list(type, from, path, depth);
  }
}

void Validator::enumeration(const ValueType& type, const void* from, const Path& path) {
  const auto value = static_cast<std::int64_t>(event::load_bits(type, from));
  if (std::any_of(type.names.begin(), type.names.end(), [&](const auto& n) { return n.value == value; })) return;
  wrong(type, path, value == 0 ? "nothing" : "a value without a name (" + std::to_string(value) + ")");
}

void Validator::list(const ValueType& type, const void* from, const Path& path, int depth) {
  const std::size_t size = type.list->size(from);
  for (std::size_t i = 0; i < size; ++i) {
    value(*type.element, type.list->at(from, i), {.parent = &path, .index = i}, depth + 1);
  }
}

// They stand among the struct's own members, so they are no deeper than these and repeat none.
void Validator::extra_fields(const ValueType& type, const ExtraFields& fields, const Path& path, int depth) {
  if (fields.str() == "{}") return;
  if (auto problem = object_problem(fields, depth); !problem.empty()) {
    problems_.push_back({path.pointer(), "extra fields: " + problem, "a JSON object, at most 64 levels deep"});
    return;
  }
  JsonReader reader(fields);
  std::string_view key;
  std::string_view ignored;
  reader.begin_object();
  while (reader.next_member(key, ignored)) {
    for (const auto& field : type.fields) {
      if (field.type->kind == Kind::extra_fields || field.name != key) continue;
      const Path place{.parent = &path, .name = field.name};
      problems_.push_back({place.pointer(), "the member also among the extra fields", "each member once"});
    }
    reader.skip(ignored);
  }
}

}  // namespace

std::vector<FieldProblem> validate(const TypeDescriptor& type, const void* object) {
  std::vector<FieldProblem> problems;
  Validator(problems).structure(*type.data, object, Path{}, 0);
  return problems;
}

std::string json_object_problem(std::string_view json) {
  return object_problem(json, 0);
}

}  // namespace collective
