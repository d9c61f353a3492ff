#include "service/positions.hpp"

#include "collective/event_type.hpp"
#include "collective/time.hpp"

#include "service/body.hpp"
#include "service/problem.hpp"

namespace collective::service {

EntryId before(EntryId entry) noexcept {
  if (entry.seq > 0) return {entry.ms, entry.seq - 1};
  return entry.ms == 0 ? entry : EntryId{entry.ms - 1, EntryId::max().seq};
}

EntryId parse_position(std::string_view name, const std::string& text) {
  if (const auto entry = EntryId::parse(text)) return *entry;
  if (const auto time = parse_iso8601(text)) return EntryId::at(*time);
  throw Problem(400, "invalid_request",
                "the parameter " + std::string(name) +
                    " is an entry id such as 1767225600000-0, or a time such as 2026-01-31T09:30:00Z");
}

std::uint64_t query_number(const Request& request, std::string_view name, std::uint64_t least, std::uint64_t most,
                           std::uint64_t otherwise) {
  const auto* const text = request.query_value(name);
  if (text == nullptr) return otherwise;
  const auto value = parse_number(*text);
  if (value && *value >= least && *value <= most) return *value;
  throw Problem(400, "invalid_request",
                "the parameter " + std::string(name) + " is a whole number from " + std::to_string(least) + " to " +
                    std::to_string(most));
}

std::string query_type(const Request& request) {
  const auto* const type = request.query_value("type");
  if (type == nullptr || is_name(*type)) return type == nullptr ? std::string() : *type;
  throw Problem(400, "invalid_name", "the parameter type is the name of an event type, such as user.registered");
}

EntryId last_entry(EventClient& client, const std::string& stream) {
  try {
    return client.stream_info(stream).last;
  } catch (const Error& error) {
    if (error.code() != Errc::not_found) throw;
    return {};
  }
}

}  // namespace collective::service
