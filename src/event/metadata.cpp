#include "event/metadata.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include <boost/container/static_vector.hpp>

#include "collective/codec.hpp"
#include "collective/validation.hpp"

#include "event/json_reader.hpp"
#include "event/json_writer.hpp"

namespace collective::event {
namespace {

constexpr std::array<std::string_view, 3> chain = {"causation_id", "hops", "path"};
constexpr std::size_t longest_path = 2'048;  // enough to show a loop many times over

/// Writes members one after the other into one object.
class ObjectWriter {
 public:
  explicit ObjectWriter(std::string& out) : out_(out) {}

  void text(std::string_view name, std::string_view value) {
    if (value.empty()) return;
    begin(name);
    out_.string(value);
  }
  void number(std::string_view name, std::uint32_t value) {
    if (value == 0) return;
    begin(name);
    out_.integer(std::uint64_t{value});
  }
  void raw(std::string_view name_text, std::string_view value) {
    comma();
    out_.raw(name_text);
    out_.raw(':');
    out_.raw(value);
  }
  void end() {
    if (any_) out_.raw('}');
    out_.flush();
  }

 private:
  void comma() {
    out_.raw(any_ ? ',' : '{');
    any_ = true;
  }
  void begin(std::string_view name) {
    comma();
    out_.string(name);
    out_.raw(':');
  }
  JsonWriter out_;
  bool any_ = false;
};

std::uint32_t whole_number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? value : 0;
}

}  // namespace

std::string write_metadata(std::string_view user, const Metadata& fields) {
  if (!user.empty()) {
    if (auto problem = json_object_problem(user); !problem.empty()) {
      throw Error(Errc::invalid,
                  "PublishOptions::metadata: found " + problem + ", allowed is a JSON object, or nothing",
                  {{"/metadata", problem, "a JSON object, or nothing"}});
    }
  }
  std::string text;
  ObjectWriter out(text);
  const auto ours = [&](std::string_view name) {
    return std::find(chain.begin(), chain.end(), name) != chain.end() || (name == "key" && !fields.key.empty()) ||
           (name == "source" && !fields.source.empty()) || (name == "traceparent" && !fields.traceparent.empty());
  };
  out.text("causation_id", fields.causation_id);
  out.number("hops", fields.hops);
  out.text("path", fields.path);
  out.text("key", fields.key);
  out.text("source", fields.source);
  out.text("traceparent", fields.traceparent);
  if (!user.empty()) {
    JsonReader reader(user);
    std::string_view key;
    std::string_view key_text;
    std::string_view value;
    reader.begin_object();
    while (reader.next_member(key, key_text)) {
      const bool replaced = ours(key);
      reader.skip(value);
      if (!replaced) out.raw(key_text, value);
    }
  }
  out.end();
  return text;
}

std::string causation_id(std::string_view metadata) {
  return metadata.empty() ? std::string() : string_member(metadata, "causation_id");
}
std::string ordering_key(std::string_view metadata) {
  return metadata.empty() ? std::string() : string_member(metadata, "key");
}

Metadata read_metadata(std::string_view json) {
  Metadata metadata;
  JsonReader reader(json);
  if (json.empty() || !is_utf8(json) || !reader.begin_object()) return metadata;
  boost::container::static_vector<const std::string*, 5> found;  // of several members of one name the first counts
  std::string_view key;
  std::string_view key_text;
  while (reader.next_member(key, key_text)) {
    std::string* const text = key == "causation_id"  ? &metadata.causation_id
                              : key == "path"        ? &metadata.path
                              : key == "key"         ? &metadata.key
                              : key == "source"      ? &metadata.source
                              : key == "traceparent" ? &metadata.traceparent
                                                     : nullptr;
    const bool counts = key == "hops";
    std::string_view value;
    if (text != nullptr && reader.peek() == '"') {
      if (!reader.read_string(value)) return {};
      if (std::find(found.begin(), found.end(), text) != found.end()) continue;
      *text = value;
      found.push_back(text);
    } else {
      if (!reader.skip(value)) return {};
      if (counts && metadata.hops == 0) metadata.hops = whole_number(value);
    }
  }
  return reader.failed() ? Metadata{} : metadata;
}

Cause cause_of(const EnvelopeView& event) {
  Cause cause;
  cause.event_id = event.id;
  cause.correlation_id = event.correlation_id;
  cause.user_id = event.user_id;
  if (!event.metadata.empty()) {
    auto metadata = read_metadata(event.metadata);
    cause.hops = metadata.hops;
    cause.path = std::move(metadata.path);
  }
  if (cause.path.size() > longest_path) return cause;
  if (!cause.path.empty()) cause.path += " > ";
  cause.path += event.type;
  return cause;
}

}  // namespace collective::event
