// Times and entry ids as text.
#include "collective/time.hpp"

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  using fuzz::promise;
  const auto input = fuzz::text_of(data, size);
  if (const auto time = parse_iso8601(input)) {
    promise(*time >= min_timestamp && *time <= max_timestamp, "only times that have a text are read");
    const auto text = to_iso8601(*time);
    promise(parse_iso8601(text) == time, "a time comes back as it was");
    const bool in_our_form = input.size() == iso8601_length && input.back() == 'Z' && input[10] == 'T';
    promise(!in_our_form || text == input, "our own text of a time comes back as it was");
  }
  if (const auto id = EntryId::parse(input))
    promise(EntryId::parse(id->to_string()) == id, "an entry id comes back as it was");
  return 0;
}
