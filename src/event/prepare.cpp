#include <algorithm>

#include "collective/codec.hpp"
#include "event/json_reader.hpp"
#include "event/sha256.hpp"
#include "collective/catalog/contextual.hpp"

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
  if (auto problems = validate_json(type, json); !problems.empty()) throw invalid_event(type.name, std::move(problems));
  if (type.complete == nullptr) return std::string(json);
  const auto object = type.create();
  std::string unknown;
  std::vector<FieldProblem> problems;
  decode_into(type, object.get(), json, &unknown, problems, Strictness::publisher);
  type.complete(object.get());
  return joined(checked_text(type, object.get()), unknown);
}

std::string_view user_id_of(const TypeDescriptor& type, const void* object) noexcept {
  const auto& fields = type.data->fields;
  const auto field = std::find_if(fields.begin(), fields.end(), [](const model::Field& f) { return f.name == "user_id"; });
  if (field == fields.end() || field->type->kind != model::Kind::id) return {};
  const void* const id = field->get(object);
  return id == nullptr ? std::string_view() : std::string_view(static_cast<const Id*>(id)->str());
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
