#include "event/problems.hpp"

#include <algorithm>
#include <limits>

#include "collective/validation.hpp"

#include "event/scan.hpp"

namespace collective::event {

namespace {

using model::Kind;

constexpr std::size_t longest_quote = 60;

std::string escaped_pointer(std::string_view name) {
  std::string out;
  for (const char c : name) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

std::string integer_range(const model::ValueType& type) {
  const auto bits = static_cast<unsigned>(type.size) * 8;
  const std::uint64_t top = std::numeric_limits<std::uint64_t>::max() >> (64 - bits + (type.is_signed ? 1 : 0));
  const std::string low = type.is_signed ? "-" + std::to_string(top + 1) : "0";
  return "a whole number from " + low + " to " + std::to_string(top);
}

std::string alternatives(std::span<const model::EnumName> names) {
  std::string out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (i > 0) out += i + 1 == names.size() ? " or " : ", ";
    out += '"' + std::string(names[i].name) + '"';
  }
  return out;
}

}  // namespace

std::string Path::pointer() const {
  if (parent == nullptr) return {};
  return parent->pointer() + '/' + (name.empty() ? std::to_string(index) : escaped_pointer(name));
}

std::string shortened(std::string_view text) {
  const bool cut = text.size() > longest_quote;
  if (cut) {
    std::size_t size = longest_quote;
    while (size > longest_quote - 4 && (static_cast<unsigned char>(text[size]) & 0xC0) == 0x80) --size;
    text = text.substr(0, size);
  }
  std::string out(text);
  const bool readable = is_utf8(text);
  for (char& c : out) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F || (byte >= 0x80 && !readable)) c = '?';
  }
  return cut ? out + "..." : out;
}

std::string quoted(std::string_view text) {
  return '"' + shortened(text) + '"';
}

std::string allowed(const model::ValueType& type) {
  switch (type.kind) {
    case Kind::string:
      return "a string";
    case Kind::id:
      return "an id: 1 to 128 visible ASCII characters";
    case Kind::email:
      return "an e-mail address such as user@example.com";
    case Kind::boolean:
      return "true or false";
    case Kind::integer:
      return integer_range(type);
    case Kind::count:
      return "a whole number from 0 to 9007199254740991";
    case Kind::number:
      return "a finite number";
    case Kind::non_negative:
      return "a finite number, 0 or more";
    case Kind::timestamp:
      return "an ISO 8601 time such as 2026-01-31T09:30:00.000Z";
    case Kind::json:
    case Kind::extra_fields:
      return "a JSON object, at most 64 levels deep";
    case Kind::enumeration:
      return alternatives(type.names);
    case Kind::structure:
      return "an object";
    case Kind::list:
      return "a list; each element: " + allowed(*type.element);
  }
  return {};
}

std::string enum_hint(const model::ValueType& type, std::string_view found) {
  std::vector<std::string_view> names;
  for (const auto& entry : type.names) names.push_back(entry.name);
  const auto near = nearest(found, names);
  return near.empty() ? std::string() : "; did you mean \"" + std::string(near) + "\"?";
}

void sort_by_field(const model::ValueType& type, const Path& path, std::vector<FieldProblem>& problems,
                   std::size_t first) {
  const std::size_t prefix = path.pointer().size();
  const auto place = [&](const FieldProblem& problem) {
    const std::string_view pointer =
        std::string_view(problem.pointer).substr(std::min(prefix + 1, problem.pointer.size()));
    const auto member = pointer.substr(0, pointer.find('/'));
    const auto found =
        std::find_if(type.fields.begin(), type.fields.end(), [&](const model::Field& f) { return f.name == member; });
    return found - type.fields.begin();
  };
  std::stable_sort(problems.begin() + static_cast<std::ptrdiff_t>(first), problems.end(),
                   [&](const FieldProblem& a, const FieldProblem& b) { return place(a) < place(b); });
}

bool is_id(std::string_view text) noexcept {
  if (text.empty() || text.size() > 128) return false;
  bool visible = true;
  for (const char c : text) visible = visible && c > ' ' && c < '\x7F';
  return visible;
}

bool is_email(std::string_view text) noexcept {
  const auto at = text.rfind('@');
  if (at == std::string_view::npos || at == 0 || at > 64 || text.size() > 254) return false;
  if (text.find('@') != at) return false;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte == 0x7F || std::string_view("()<>[],;:\\\"").find(c) != std::string_view::npos)
      return false;
  }
  const auto good_dots = [](std::string_view part) {
    return part.front() != '.' && part.back() != '.' && part.find("..") == std::string_view::npos;
  };
  const auto domain = text.substr(at + 1);
  return !domain.empty() && domain.find('.') != std::string_view::npos && good_dots(domain) &&
         good_dots(text.substr(0, at));
}

}  // namespace collective::event
