#include "cli/position.hpp"

#include "collective/error.hpp"
#include "collective/time.hpp"

#include "service/positions.hpp"

namespace collective::cli {

EntryId after_of(EventClient& client, const std::string& stream, const std::string& from) {
  if (from == "earliest") return {};
  if (from == "latest") return service::last_entry(client, stream);
  if (const auto entry = EntryId::parse(from)) return service::before(*entry);
  if (const auto time = parse_iso8601(from)) return service::before(EntryId::at(*time));
  throw Error(Errc::invalid, "--from " + from +
                                 ": it is earliest, latest, an entry id such as 1767225600000-0, or a time such as "
                                 "2026-01-31T09:30:00Z");
}

}  // namespace collective::cli
