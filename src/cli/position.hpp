#pragma once

#include <string>

#include "collective/client.hpp"

namespace collective::cli {

/// What `--from` means for a stream: the entry after which to read. @param from  earliest, latest, an entry id or a time
/// @throws Error Errc::invalid
[[nodiscard]] EntryId after_of(EventClient& client, const std::string& stream, const std::string& from);

}  // namespace collective::cli
