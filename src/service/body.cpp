#include "service/body.hpp"

#include <algorithm>
#include <charconv>

#include <simdjson.h>

#include "collective/validation.hpp"

#include "service/problem.hpp"

namespace collective::service {
namespace {

namespace ondemand = simdjson::ondemand;

std::string trimmed(std::string_view text) {
  return std::string(text.substr(0, text.find_last_not_of(" \t\r\n") + 1));
}

std::string shortened(const std::string& text) {
  return text.size() <= 60 ? text : text.substr(0, 60) + "…";
}

}  // namespace

std::optional<std::uint64_t> parse_number(std::string_view text) noexcept {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

template <class Value>
Body::Member Body::member_of(Value value) {
  switch (value.type().value()) {
    case ondemand::json_type::string:
      return {Kind::text, std::string(value.get_string().value())};
    case ondemand::json_type::object:
      return {Kind::object, trimmed(ondemand::object(value.get_object().value()).raw_json().value())};
    case ondemand::json_type::array:
      return {Kind::list, trimmed(ondemand::array(value.get_array().value()).raw_json().value())};
    case ondemand::json_type::number:
      return {Kind::number, trimmed(value.raw_json_token())};
    case ondemand::json_type::boolean:
      return {Kind::flag, trimmed(value.raw_json_token())};
    case ondemand::json_type::null:
      break;
  }
  return {Kind::null, trimmed(value.raw_json_token())};
}

Body::Body(std::string_view json, std::string pointer) : pointer_(std::move(pointer)) {
  if (json.empty()) return;
  // simdjson passes over what nobody reads; the library's own check is for the whole text.
  if (const auto wrong = json_object_problem(json); !wrong.empty())
    throw Problem(400, "invalid_json", "the body is no JSON object: " + wrong);
  try {
    ondemand::parser parser;
    const simdjson::padded_string text(json);
    auto document = parser.iterate(text);
    for (auto field : document.get_object()) {
      std::string name(field.unescaped_key().value());
      auto member = member_of(ondemand::value(field.value().value()));
      if (!members_.emplace(name, std::move(member)).second)
        throw Problem(400, "invalid_json", "the body gives the member \"" + shortened(name) + "\" twice: keep one");
    }
  } catch (const simdjson::simdjson_error& error) {
    throw Problem(400, "invalid_json", std::string("the body cannot be read as JSON: ") + error.what());
  }
}

std::optional<std::string> Body::take(std::string_view name, Kind kind, std::string_view allowed) {
  const auto found = members_.find(name);
  if (found == members_.end()) return std::nullopt;
  auto member = std::move(found->second);
  members_.erase(found);
  if (member.kind == Kind::null) return std::nullopt;
  if (member.kind == kind) return std::move(member.text);
  refuse(name, shortened(member.text), std::string(allowed));
  return std::nullopt;
}

std::optional<std::string> Body::take_text(std::string_view name) {
  return take(name, Kind::text, "a string");
}

std::optional<std::uint64_t> Body::take_number(std::string_view name, std::uint64_t least, std::uint64_t most) {
  const auto allowed = "a whole number from " + std::to_string(least) + " to " + std::to_string(most);
  const auto text = take(name, Kind::number, allowed);
  if (!text) return std::nullopt;
  const auto value = parse_number(*text);
  if (value && *value >= least && *value <= most) return value;
  refuse(name, shortened(*text), allowed);
  return std::nullopt;
}

std::optional<bool> Body::take_flag(std::string_view name) {
  const auto text = take(name, Kind::flag, "true or false");
  return text ? std::optional(*text == "true") : std::nullopt;
}

std::optional<std::string> Body::take_object(std::string_view name) {
  return take(name, Kind::object, "an object");
}

std::optional<std::vector<std::string>> Body::take_list(std::string_view name, Kind of, std::string_view allowed) {
  const auto text = take(name, Kind::list, allowed);
  if (!text) return std::nullopt;
  std::vector<std::string> values;
  ondemand::parser parser;
  const simdjson::padded_string padded(*text);
  auto document = parser.iterate(padded);
  for (auto element : document.get_array()) {
    auto member = member_of(ondemand::value(element.value()));
    if (member.kind != of) {
      refuse(std::string(name) + "/" + std::to_string(values.size()), shortened(member.text), std::string(allowed));
      return std::nullopt;
    }
    values.push_back(std::move(member.text));
  }
  return values;
}

std::optional<std::vector<std::string>> Body::take_texts(std::string_view name) {
  return take_list(name, Kind::text, "a list of strings");
}

std::optional<std::vector<std::string>> Body::take_objects(std::string_view name) {
  return take_list(name, Kind::object, "a list of objects");
}

std::optional<std::vector<std::uint64_t>> Body::take_numbers(std::string_view name) {
  const auto texts = take_list(name, Kind::number, "a list of whole numbers");
  if (!texts) return std::nullopt;
  std::vector<std::uint64_t> values;
  for (const auto& text : *texts) {
    const auto value = parse_number(text);
    if (!value) {
      refuse(std::string(name) + "/" + std::to_string(values.size()), shortened(text), "a whole number");
      return std::nullopt;
    }
    values.push_back(*value);
  }
  return values;
}

void Body::refuse(std::string_view name, std::string found, std::string allowed) {
  problems_.push_back({pointer_ + "/" + std::string(name), std::move(found), std::move(allowed)});
}

void Body::require(std::string_view name, bool given, std::string allowed) {
  const bool told = given || std::any_of(problems_.begin(), problems_.end(), [&](const FieldProblem& problem) {
                      return problem.pointer.starts_with(pointer_ + "/" + std::string(name));
                    });
  if (!told) refuse(name, "nothing", std::move(allowed));
}

std::vector<FieldProblem> Body::problems() const {
  auto all = problems_;
  for (const auto& [name, member] : members_)
    all.push_back({pointer_ + "/" + shortened(name), shortened(member.text), "no such member: remove it"});
  return all;
}

void Body::finish() const {
  const auto all = problems();
  if (all.empty()) return;
  std::string message = "the body has members that are wrong:";
  for (const auto& problem : all)
    message += "\n  " + problem.pointer + ": found " + problem.found + "; allowed: " + problem.allowed;
  throw bad_fields(400, "invalid_request", message, all);
}

}  // namespace collective::service
