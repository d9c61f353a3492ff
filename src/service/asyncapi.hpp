#pragma once

#include <string>

#include "collective/catalog.hpp"

namespace collective::service {

/// AsyncAPI 3: a channel for each stream, a message for each event type. A message's payload is the event's data, its
/// headers are the fields beside it.
[[nodiscard]] std::string asyncapi(const TypeRegistry& types);

}  // namespace collective::service
