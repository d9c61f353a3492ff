// Attempt histories, possibly written by another version.
#include "engine/attempt_history.hpp"

#include "event/json_reader.hpp"
#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  using fuzz::promise;
  const auto input = fuzz::text_of(data, size);
  engine::read_history(input);

  Attempt attempt;
  attempt.number = 7;
  attempt.consumer = "mail-1";
  attempt.error = std::string(input);
  attempt.took = std::chrono::microseconds(1'500);
  const auto text = engine::with_attempt(input, attempt);
  event::JsonReader reader(text);
  std::string_view value;
  promise(reader.skip(value) && reader.finish(), "a history is JSON whatever it was made of");
  const auto history = engine::read_history(text);
  promise(!history.empty() && history.size() <= 50, "a history is bounded");
  const auto& last = history.back();
  promise(last.number == 7 && last.consumer == "mail-1" && last.took == attempt.took,
          "an attempt comes back as it was");
  promise(last.error.size() <= 1'024, "an error is cut");
  promise(engine::read_history(engine::with_attempt("", last)).back().error == last.error, "an error is cut once");
  return 0;
}
