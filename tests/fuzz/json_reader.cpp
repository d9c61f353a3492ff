// The JSON reader: never reads what another reader refuses, and text comes back as it was.
#include "event/json_reader.hpp"

#include <simdjson.h>

#include "collective/codec.hpp"

#include "event/scan.hpp"
#include "fuzz/fuzz.hpp"

namespace collective::fuzz {
namespace {

using event::JsonReader;

/// Reads every value the slow way: member by member, element by element.
bool walk(JsonReader& reader) {
  std::string_view text;
  switch (reader.peek()) {
    case '{': {
      if (!reader.begin_object()) return false;
      std::string_view key_text;
      while (reader.next_member(text, key_text)) {
        if (!walk(reader)) return false;
      }
      return !reader.failed();
    }
    case '[':
      if (!reader.begin_list()) return false;
      while (reader.next_element()) {
        if (!walk(reader)) return false;
      }
      return !reader.failed();
    case '"':
      return reader.read_string(text);
    case 't':
      return reader.read_literal("true");
    case 'f':
      return reader.read_literal("false");
    case 'n':
      return reader.read_literal("null");
    default:
      return reader.read_number(text);
  }
}

void compare_with_another_reader(std::string_view json) {
  simdjson::dom::parser parser;
  const auto error = parser.parse(simdjson::padded_string(json)).error();
  // It has no numbers beyond those that fit into its own.
  promise(error == simdjson::SUCCESS || error == simdjson::NUMBER_ERROR, "what is read is JSON");
}

void text_comes_back(std::string_view json) {
  JsonReader reader(json);
  std::string_view text;
  if (reader.peek() != '"' || !reader.read_string(text) || !event::is_utf8(text)) return;
  const std::string once(text);
  const auto quoted = json_string(once);
  JsonReader again(quoted);
  promise(again.read_string(text) && again.finish() && text == once, "text comes back as it was");
}

}  // namespace
}  // namespace collective::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  const auto json = fuzz::text_of(data, size);
  event::JsonReader skipping(json);
  std::string_view value;
  const bool skipped = skipping.skip(value) && skipping.finish();
  event::JsonReader walking(json);
  const bool walked = fuzz::walk(walking) && walking.finish();
  fuzz::promise(skipped == walked, "what can be passed over can be read");
  if (skipped && event::is_utf8(json)) fuzz::compare_with_another_reader(json);
  fuzz::text_comes_back(json);
  return 0;
}
