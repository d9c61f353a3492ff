// Event data as JSON, into every struct of the catalogue, by both measures.
#include "collective/catalog.hpp"
#include "collective/codec.hpp"
#include "collective/validation.hpp"

#include "fuzz/fuzz.hpp"

namespace collective::fuzz {
namespace {

void decode(const TypeDescriptor& type, std::string_view json, Strictness strictness) {
  const auto object = type.create();
  std::vector<FieldProblem> problems;
  std::string unknown;
  const bool read = decode_into(type, object.get(), json, &unknown, problems, strictness);
  promise(read == problems.empty(), "what cannot be read has a problem");
  promise(read == validate_json(type, json, strictness).empty(), "what decodes is what validates");
  if (!read) return;
  promise(json_object_problem(unknown).empty(), "unknown members come as a JSON object");
  if (!validate(type, object.get()).empty()) return;  // an enum name of another age cannot be published again
  std::string once;
  encode_to(type, object.get(), once);
  const auto again = type.create();
  promise(decode_into(type, again.get(), once, nullptr, problems, Strictness::publisher), "what was encoded decodes");
  std::string twice;
  encode_to(type, again.get(), twice);
  promise(once == twice, "an event comes back as it was");
}

}  // namespace
}  // namespace collective::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  static const auto registry = TypeRegistry::catalog();
  static const auto types = registry.list();
  auto input = fuzz::text_of(data, size);
  const auto& type = *types[fuzz::take_byte(input) % types.size()];
  fuzz::decode(type, input, Strictness::publisher);
  fuzz::decode(type, input, Strictness::reader);
  return 0;
}
