#include <algorithm>
#include <cmath>

#include "collective/fields.hpp"
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
using event::Path;
using model::Kind;
using model::ValueType;

class Validator {
 public:
  explicit Validator(std::vector<FieldProblem>& problems) : problems_(problems) {}

  void structure(const ValueType& type, const void* object, const Path& path) {
    for (const auto& field : type.fields) {
      const void* const member = field.get(object);
      if (member != nullptr) value(*field.type, member, {&path, field.name, 0});
    }
  }

 private:
  void value(const ValueType& type, const void* from, const Path& path);
  void list(const ValueType& type, const void* from, const Path& path);
  void object_text(const ValueType& type, std::string_view text, const Path& path);

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
    if (!good) wrong(type, path, std::to_string(number));
  }

  std::vector<FieldProblem>& problems_;
};

bool has_name(const ValueType& type, const void* from) {
  const auto value = static_cast<std::int64_t>(event::load_bits(type, from));
  return std::any_of(type.names.begin(), type.names.end(), [&](const model::EnumName& name) { return name.value == value; });
}

void Validator::value(const ValueType& type, const void* from, const Path& path) {
  switch (type.kind) {
    case Kind::string:
      return check_text(type, as<std::string>(from), true, path);
    case Kind::id:
      return check_text(type, as<Id>(from).str(), event::is_id(as<Id>(from).str()), path);
    case Kind::email:
      return check_text(type, as<Email>(from).str(), event::is_email(as<Email>(from).str()), path);
    case Kind::boolean:
    case Kind::integer:
      return;
    case Kind::count: {
      const std::int64_t count = as<Count>(from);
      if (count < 0 || count > Count::max) wrong(type, path, count > Count::max ? "more than 2^53 - 1" : std::to_string(count));
      return;
    }
    case Kind::number:
      return check_number(type, as<double>(from), std::isfinite(as<double>(from)), path);
    case Kind::non_negative: {
      const double number = as<NonNegative>(from);
      return check_number(type, number, std::isfinite(number) && number >= 0, path);
    }
    case Kind::timestamp:
      if (as<Timestamp>(from) < min_timestamp || as<Timestamp>(from) > max_timestamp) wrong(type, path, "a time outside the years 0 to 9999");
      return;
    case Kind::json:
      return object_text(type, as<Json>(from).str(), path);
    case Kind::extra_fields:
      return object_text(type, as<ExtraFields>(from).str(), path);
    case Kind::enumeration:
      if (!has_name(type, from)) wrong(type, path, "a value without a name (" + std::to_string(event::load_bits(type, from)) + ")");
      return;
    case Kind::structure:
      return structure(type, from, path);
    case Kind::list:
      return list(type, from, path);
  }
}

void Validator::list(const ValueType& type, const void* from, const Path& path) {
  const auto size = type.list->size(from);
  for (std::size_t i = 0; i < size; ++i) value(*type.element, type.list->at(from, i), {&path, {}, i});
}

void Validator::object_text(const ValueType& type, std::string_view text, const Path& path) {
  if (const auto problem = json_object_problem(text); !problem.empty()) wrong(type, path, problem);
}

}  // namespace

std::string json_object_problem(std::string_view json) {
  if (!event::is_utf8(json)) return "text that is not UTF-8";
  event::JsonReader reader(json);
  std::string_view text;
  if (reader.peek() != '{') return json.empty() ? "nothing" : event::quoted(json);
  if (reader.skip(text) && reader.finish()) return {};
  return "broken JSON: " + std::string(reader.error()) + " at byte " + std::to_string(reader.offset());
}

std::vector<FieldProblem> validate(const TypeDescriptor& type, const void* object) {
  std::vector<FieldProblem> problems;
  Validator(problems).structure(*type.data, object, {});
  return problems;
}

}  // namespace collective
