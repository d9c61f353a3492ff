#include <algorithm>

#include "collective/codec.hpp"
#include "collective/event.hpp"
#include "collective/time.hpp"
#include "collective/validation.hpp"

#include "event/json_reader.hpp"
#include "event/json_writer.hpp"

namespace collective {
namespace {

void write_text(event::JsonWriter& out, std::string text) {
  if (!event::is_utf8(text)) {
    for (char& c : text) {
      if (static_cast<unsigned char>(c) >= 0x80) c = '?';
    }
  }
  out.string(text);
}

void write_object(event::JsonWriter& out, const std::string& text) {
  if (text.empty()) return out.raw("{}");
  if (!json_object_problem(text).empty()) return write_text(out, text);
  std::string line = text;  // a line break in JSON stands between its tokens
  std::replace_if(line.begin(), line.end(), [](char c) { return c == '\n' || c == '\r'; }, ' ');
  out.raw(line);
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string quoted;
  event::JsonWriter out(quoted);
  write_text(out, std::string(text));
  out.flush();
  return quoted;
}

std::string to_json(const AnyEvent& event) {
  const auto& envelope = event.envelope;
  std::string text;
  event::JsonWriter out(text);
  const auto member = [&](std::string_view name, const std::string& value) {
    out.raw(name);
    write_text(out, value);
  };
  member(R"({"entry_id":)", event.entry_id.to_string());
  member(R"(,"id":)", envelope.id);
  member(R"(,"stream":)", envelope.stream);
  member(R"(,"type":)", envelope.type);
  out.raw(R"(,"version":)");
  out.integer(std::uint64_t{envelope.version});
  member(R"(,"timestamp":)", to_iso8601(envelope.timestamp));
  member(R"(,"correlation_id":)", envelope.correlation_id);
  member(R"(,"user_id":)", envelope.user_id);
  out.raw(R"(,"data":)");
  write_object(out, envelope.data);
  out.raw(R"(,"metadata":)");
  write_object(out, envelope.metadata);
  out.raw('}');
  out.flush();
  return text;
}

}  // namespace collective
