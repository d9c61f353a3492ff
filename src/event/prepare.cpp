#include <algorithm>

#include "collective/catalog/contextual.hpp"
#include "collective/codec.hpp"

#include "event/json_reader.hpp"
#include "event/memory.hpp"
#include "event/sha256.hpp"

namespace collective {
namespace {

std::string checked_text(const TypeDescriptor& type, const void* object) {
  if (auto problems = validate(type, object); !problems.empty()) throw invalid_event(type.name, std::move(problems));
  std::string out;
  encode_to(type, object, out);
  return out;
}

/// The members of two JSON objects, those of the second in their own text.
std::string joined(std::string object, std::string_view unknown) {
  if (unknown.size() <= 2) return object;
  object.pop_back();
  if (object.size() > 1) object += ',';
  return object += unknown.substr(1);
}

}  // namespace

std::string prepare(const TypeDescriptor& type, const void* object) {
  if (type.complete == nullptr) return checked_text(type, object);
  const auto completed = type.copy(object);
  type.complete(completed.get());
  return checked_text(type, completed.get());
}

std::string prepare_json(const TypeDescriptor& type, std::string_view json) {
  std::vector<FieldProblem> problems;
  std::string unknown;
  const auto object = type.complete == nullptr ? nullptr : type.create();
  if (object == nullptr) {
    problems = validate_json(type, json);
  } else {
    decode_into(type, object.get(), json, &unknown, problems, Strictness::publisher);
  }
  if (!problems.empty()) throw invalid_event(type.name, std::move(problems));
  if (object == nullptr) return std::string(json);

  std::string before;
  encode_to(type, object.get(), before);
  type.complete(object.get());
  std::string after = checked_text(type, object.get());
  return after == before ? std::string(json) : joined(std::move(after), unknown);
}

std::string_view user_id_of(const TypeDescriptor& type, const void* object) noexcept {
  const auto& fields = type.data->fields;
  const auto field =
      std::find_if(fields.begin(), fields.end(), [](const model::Field& f) { return f.name == "user_id"; });
  const void* const value = field == fields.end() ? nullptr : field->get(object);
  if (value == nullptr) return {};
  if (field->type->kind == model::Kind::id) return event::as<Id>(value);
  if (field->type->kind == model::Kind::string) return event::as<std::string>(value);
  return {};
}

std::string string_member(std::string_view json, std::string_view name) {
  event::JsonReader reader(json);
  std::string_view key;
  std::string_view text;
  if (!reader.begin_object()) return {};
  while (reader.next_member(key, text)) {
    const bool wanted = key == name && reader.peek() == '"';
    std::string_view value;
    if (wanted) return reader.read_string(value) ? std::string(value) : std::string();
    if (!reader.skip(value)) return {};
  }
  return {};
}

void EmbeddingGenerationRequested::complete(EmbeddingGenerationRequested& request) {
  if (!request.content_hash) request.content_hash = event::sha256_hex(request.text_content);
}

}  // namespace collective
