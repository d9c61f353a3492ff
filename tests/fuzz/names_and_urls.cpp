// Names, and broker URLs.
#include "collective/error.hpp"
#include "collective/event_type.hpp"
#include "collective/validation.hpp"

#include "fuzz/fuzz.hpp"
#include "runtime/broker_table.hpp"

namespace collective::fuzz {
namespace {

void names(std::string_view input) {
  bool refused = false;
  try {
    check_name("stream name", input);
  } catch (const Error&) {
    refused = true;
  }
  promise(refused != is_name(input), "what is no name is refused");
  if (refused) return;
  promise(input.front() != '.' && input.find('/') == std::string_view::npos, "a name is never a path");
}

void urls(std::string_view input) {
  runtime::BrokerUrl url;
  try {
    url = runtime::BrokerUrl::parse(input);
  } catch (const Error& error) {
    return promise(error.code() == Errc::invalid, "a URL is refused as invalid");
  }
  promise(url.text == input || input.find('@') != std::string_view::npos, "a URL keeps its text, but for a password");
  auto text = url.scheme + ":" + url.rest;
  char separator = '?';
  for (const auto& [name, value] : url.options) {
    (text += separator) += name + "=" + value;
    separator = '&';
  }
  const auto again = runtime::BrokerUrl::parse(text);
  promise(again.scheme == url.scheme && again.rest == url.rest && again.options == url.options,
          "a URL comes back as it was");
}

}  // namespace
}  // namespace collective::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto input = collective::fuzz::text_of(data, size);
  collective::fuzz::names(input);
  collective::fuzz::urls(input);
  return 0;
}
