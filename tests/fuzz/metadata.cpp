// Metadata: the user's and what this library adds to it.
#include "event/metadata.hpp"

#include "collective/error.hpp"
#include "collective/validation.hpp"

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  using fuzz::promise;
  const auto input = fuzz::text_of(data, size);
  const auto found = event::read_metadata(input);
  promise(event::read_metadata(event::write_metadata("", found)) == found, "metadata comes back as it was");
  EnvelopeView view;
  view.type = "a.type";
  view.metadata = input;
  promise(event::cause_of(view).path.ends_with("a.type") || found.path.size() > 2'048,
          "a chain ends with its newest event");

  event::Metadata ours;
  ours.causation_id = "01JGFJJZ00000000000000000A";
  ours.hops = 2;
  try {
    const auto merged = event::write_metadata(input, ours);
    promise(json_object_problem(merged).empty(), "what is written is a JSON object");
    promise(event::causation_id(merged) == ours.causation_id, "what led to an event is never the user's to say");
    promise(event::read_metadata(merged).hops == 2, "nor how long its chain is");
    promise(event::ordering_key(merged) == event::read_metadata(merged).key, "one member alone reads like all of them");
  } catch (const Error& error) {
    promise(error.code() == Errc::invalid && !json_object_problem(input).empty(),
            "only what is no JSON object is refused");
  }
  return 0;
}
