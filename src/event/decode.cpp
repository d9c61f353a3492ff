#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

#include "collective/codec.hpp"
#include "collective/time.hpp"

#include "event/json_reader.hpp"
#include "event/memory.hpp"
#include "event/problems.hpp"
#include "event/scan.hpp"

namespace collective {

namespace {

using event::as;
using event::JsonReader;
using event::Path;
using model::Field;
using model::Kind;
using model::ValueType;

// A number's text as a double: infinite when it is too large, zero when it is too small.
double to_double(std::string_view text) {
  double value = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc{} ? value : std::strtod(std::string(text).c_str(), nullptr);
}

// Also 500.0 and 5e2 are whole numbers.
bool to_signed(std::string_view text, std::int64_t low, std::int64_t high, std::int64_t& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    const double value = to_double(text);
    if (std::trunc(value) != value || std::fabs(value) >= 9223372036854775808.0) return false;
    out = static_cast<std::int64_t>(value);
  }
  return out >= low && out <= high;
}

bool to_unsigned(std::string_view text, std::uint64_t high, std::uint64_t& out) {
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || stop != text.data() + text.size()) {
    const double value = to_double(text);
    if (std::trunc(value) != value || value < 0 || value >= 18446744073709551616.0) return false;
    out = static_cast<std::uint64_t>(value);
  }
  return out <= high;
}

/// Walks JSON text along a type. Without an object it only checks.
class Decoder {
 public:
  Decoder(std::string_view json, Strictness strictness, std::vector<FieldProblem>& problems)
      : in_(json), strictness_(strictness), problems_(problems) {}

  /// The whole text. False when it is no JSON.
  bool document(const ValueType& type, void* to, std::string* unknown) {
    const Path root;
    return value(type, to, root, unknown) && in_.finish();
  }
  [[nodiscard]] const JsonReader& reader() const noexcept { return in_; }

 private:
  // These return false only when the text is no JSON; a wrong value is noted and passed over.
  bool value(const ValueType& type, void* to, const Path& path, std::string* unknown = nullptr);
  bool text(const ValueType& type, void* to, const Path& path);
  bool enumeration(const ValueType& type, void* to, const Path& path, std::string_view name);
  bool number(const ValueType& type, void* to, const Path& path);
  bool list(const ValueType& type, void* to, const Path& path);
  bool structure(const ValueType& type, void* to, const Path& path, std::string* unknown);
  bool member(const Field& field, void* object, const Path& path, bool seen);
  void missing(const ValueType& type, const Path& path, std::uint64_t seen, std::size_t start);

  bool wrong(const ValueType& type, const Path& path) {
    std::string_view found;
    if (!in_.skip(found)) return false;
    problem(path, event::shortened(found), event::allowed(type));
    return true;
  }
  void problem(const Path& path, std::string found, std::string allowed) {
    problems_.push_back({path.pointer(), std::move(found), std::move(allowed)});
  }

  JsonReader in_;
  const Strictness strictness_;
  std::vector<FieldProblem>& problems_;
};

bool Decoder::value(const ValueType& type, void* to, const Path& path, std::string* unknown) {
  const char next = in_.peek();
  switch (type.kind) {
    case Kind::string:
    case Kind::id:
    case Kind::email:
    case Kind::timestamp:
    case Kind::enumeration:
      return next == '"' ? text(type, to, path) : wrong(type, path);
    case Kind::boolean:
      if (next != 't' && next != 'f') return wrong(type, path);
      if (to != nullptr) as<bool>(to) = next == 't';
      return in_.read_literal(next == 't' ? "true" : "false");
    case Kind::integer:
    case Kind::count:
    case Kind::number:
    case Kind::non_negative:
      return next == '-' || (next >= '0' && next <= '9') ? number(type, to, path) : wrong(type, path);
    case Kind::json: {
      std::string_view object;
      if (next != '{') return wrong(type, path);
      if (!in_.skip(object)) return false;
      if (to != nullptr) as<Json>(to) = object;
      return true;
    }
    case Kind::extra_fields:
      return true;  // filled by its struct
    case Kind::structure:
      return next == '{' ? structure(type, to, path, unknown) : wrong(type, path);
    case Kind::list:
      return next == '[' ? list(type, to, path) : wrong(type, path);
  }
  return false;
}

bool Decoder::text(const ValueType& type, void* to, const Path& path) {
  std::string_view found;
  if (!in_.read_string(found)) return false;
  switch (type.kind) {
    case Kind::id:
      if (!event::is_id(found)) break;
      if (to != nullptr) as<Id>(to) = found;
      return true;
    case Kind::email:
      if (!event::is_email(found)) break;
      if (to != nullptr) as<Email>(to) = found;
      return true;
    case Kind::timestamp: {
      const auto time = parse_iso8601(found);
      if (!time) break;
      if (to != nullptr) as<Timestamp>(to) = *time;
      return true;
    }
    case Kind::enumeration:
      return enumeration(type, to, path, found);
    default:
      if (to != nullptr) as<std::string>(to) = found;
      return true;
  }
  problem(path, event::quoted(found), event::allowed(type));
  return true;
}

bool Decoder::enumeration(const ValueType& type, void* to, const Path& path, std::string_view name) {
  for (const auto& known : type.names) {
    if (known.name != name) continue;
    if (to != nullptr) event::store_bits(type, to, static_cast<std::uint64_t>(known.value));
    return true;
  }
  if (strictness_ == Strictness::publisher) {
    problem(path, event::quoted(name), event::allowed(type) + event::enum_hint(type, name));
  } else if (to != nullptr) {
    event::store_bits(type, to, ~std::uint64_t{0});  // unknown_value
  }
  return true;
}

bool Decoder::number(const ValueType& type, void* to, const Path& path) {
  std::string_view found;
  if (!in_.read_number(found)) return false;
  const bool floating = type.kind == Kind::number || type.kind == Kind::non_negative;
  bool good = false;
  if (floating) {
    const double value = to_double(found);
    good = std::isfinite(value) && (type.kind == Kind::number || value >= 0);
    if (good && to != nullptr && type.kind == Kind::number) as<double>(to) = value;
    if (good && to != nullptr && type.kind == Kind::non_negative) as<NonNegative>(to) = value;
  } else if (type.kind == Kind::count) {
    std::int64_t value = 0;
    good = to_signed(found, 0, Count::max, value);
    if (good && to != nullptr) as<Count>(to) = value;
  } else if (type.is_signed) {
    std::int64_t value = 0;
    const std::int64_t high = std::numeric_limits<std::int64_t>::max() >> (64 - 8 * type.size);
    good = to_signed(found, -high - 1, high, value);
    if (good && to != nullptr) event::store_bits(type, to, static_cast<std::uint64_t>(value));
  } else {
    std::uint64_t value = 0;
    good = to_unsigned(found, std::numeric_limits<std::uint64_t>::max() >> (64 - 8 * type.size), value);
    if (good && to != nullptr) event::store_bits(type, to, value);
  }
  if (!good) problem(path, event::shortened(found), event::allowed(type));
  return true;
}

bool Decoder::list(const ValueType& type, void* to, const Path& path) {
  if (!in_.begin_list()) return false;
  if (to != nullptr) type.list->clear(to);
  Path place{.parent = &path};
  while (in_.next_element()) {
    if (!value(*type.element, to == nullptr ? nullptr : type.list->append(to), place)) return false;
    ++place.index;
  }
  return !in_.failed();
}

// The place of the member among the fields; they usually come in the struct's order, so look at `guess` first.
std::size_t find_field(std::span<const Field> fields, std::string_view name, std::size_t guess) noexcept {
  const auto is = [&](std::size_t i) { return fields[i].name == name && fields[i].type->kind != Kind::extra_fields; };
  if (guess < fields.size() && is(guess)) return guess;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (is(i)) return i;
  }
  return fields.size();
}

bool Decoder::structure(const ValueType& type, void* to, const Path& path, std::string* unknown) {
  const std::size_t first_problem = problems_.size();
  const std::size_t start = in_.offset();
  if (!in_.begin_object()) return false;
  std::string extra;
  std::uint64_t seen = 0;
  std::size_t guess = 0;
  std::string_view key;
  std::string_view key_text;
  while (in_.next_member(key, key_text)) {
    const std::size_t i = find_field(type.fields, key, guess);
    if (i < type.fields.size()) {
      const std::uint64_t bit = std::uint64_t{1} << i;
      const Path place{.parent = &path, .name = type.fields[i].name};
      if (!member(type.fields[i], to, place, (seen & bit) != 0)) return false;
      seen |= bit;
      guess = i + 1;
    } else {
      std::string_view ignored;
      if (!in_.skip(ignored)) return false;
      (extra += extra.empty() ? '{' : ',').append(key_text.data(), ignored.data() + ignored.size());
    }
  }
  if (in_.failed()) return false;
  extra += extra.empty() ? "{}" : "}";
  for (const auto& field : type.fields) {
    if (field.type->kind != Kind::extra_fields) continue;
    if (to != nullptr) as<ExtraFields>(field.make(to)) = std::move(extra);
    extra = "{}";
  }
  if (unknown != nullptr) *unknown = std::move(extra);
  missing(type, path, seen, start);
  if (problems_.size() > first_problem + 1) event::sort_by_field(type, path, problems_, first_problem);
  return true;
}

bool Decoder::member(const Field& field, void* object, const Path& path, bool seen) {
  if (seen) {
    std::string_view ignored;
    if (!in_.skip(ignored)) return false;
    problem(path, "the member twice", "each member once");
    return true;
  }
  if (!field.required && in_.peek() == 'n') {
    if (object != nullptr) field.reset(object);
    return in_.read_literal("null");
  }
  return value(*field.type, object == nullptr ? nullptr : field.make(object), path);
}

void Decoder::missing(const ValueType& type, const Path& path, std::uint64_t seen, std::size_t start) {
  std::vector<std::string> unknown;
  bool listed = false;
  for (std::size_t i = 0; i < type.fields.size(); ++i) {
    const Field& field = type.fields[i];
    if (!field.required || (seen >> i & 1) != 0) continue;
    if (!listed) {  // read the object again, for its other names only
      JsonReader again(in_.text_from(start));
      std::string_view key, ignored;
      again.begin_object();
      while (again.next_member(key, ignored)) {
        if (find_field(type.fields, key, 0) == type.fields.size()) unknown.emplace_back(key);
        again.skip(ignored);
      }
      listed = true;
    }
    const Path place{.parent = &path, .name = field.name};
    const std::vector<std::string_view> names(unknown.begin(), unknown.end());
    const auto near = nearest(field.name, names);
    std::string allowed = event::allowed(*field.type);
    if (!near.empty()) allowed += "; found " + Path{.parent = &path, .name = near}.pointer() + ", did you mean that?";
    problem(place, "nothing", std::move(allowed));
  }
}

bool decode_document(const TypeDescriptor& type, void* object, std::string_view json, std::string* unknown,
                     std::vector<FieldProblem>& problems, Strictness strictness) {
  static constexpr std::string_view wanted = "a JSON object (RFC 8259) in UTF-8, at most 64 levels deep";
  const std::size_t before = problems.size();
  if (!event::is_utf8(json)) {
    problems.push_back({"", "text that is not UTF-8", std::string(wanted)});
    return false;
  }
  Decoder decoder(json, strictness, problems);
  if (!decoder.document(*type.data, object, unknown)) {
    const auto& reader = decoder.reader();
    problems.resize(before);
    problems.push_back({"",
                        "broken JSON: " + std::string(reader.error()) + " at byte " + std::to_string(reader.offset()),
                        std::string(wanted)});
  }
  return problems.size() == before;
}

}  // namespace

bool decode_into(const TypeDescriptor& type, void* object, std::string_view json, std::string* unknown,
                 std::vector<FieldProblem>& problems, Strictness strictness) {
  return decode_document(type, object, json, unknown, problems, strictness);
}

std::vector<FieldProblem> validate_json(const TypeDescriptor& type, std::string_view json, Strictness strictness) {
  std::vector<FieldProblem> problems;
  decode_document(type, nullptr, json, nullptr, problems, strictness);
  return problems;
}

}  // namespace collective
