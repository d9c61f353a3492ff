// Event ids.
#include "collective/ulid.hpp"

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  const auto input = fuzz::text_of(data, size);
  const auto time = ulid_time(input);
  fuzz::promise(is_ulid(input) == time.has_value(), "every ULID has a time");
  if (!time) return 0;
  UlidGenerator generator([&] { return *time; }, [] { return std::uint64_t{7}; });
  const auto made = generator.next();
  fuzz::promise(is_ulid(made) && ulid_time(made) == time, "a ULID made at that time carries it");
  return 0;
}
