// Delivery tokens, which come back from anywhere.
#include "runtime/delivery_token.hpp"

#include "collective/error.hpp"
#include "collective/event_type.hpp"

#include "fuzz/fuzz.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace collective;
  const std::string input(fuzz::text_of(data, size));
  try {
    const auto content = runtime::read_token({input});
    fuzz::promise(is_name(content.key.stream) && is_name(content.key.group), "a token names nothing that is no name");
    fuzz::promise(runtime::write_token(content).text == input, "a token that is read prints back the same");
  } catch (const Error& error) {
    fuzz::promise(error.code() == Errc::invalid, "anything else is refused as invalid");
  }
  return 0;
}
