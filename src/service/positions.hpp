#pragma once

#include <string>
#include <string_view>

#include "collective/client.hpp"

#include "service/http.hpp"

namespace collective::service {

/// The entry before this one, as far as ids tell.
[[nodiscard]] EntryId before(EntryId entry) noexcept;

/// An entry id, or the first that an entry of a time could have. @param name  of the parameter, for the message
/// @throws Problem 400 invalid_request
[[nodiscard]] EntryId parse_position(std::string_view name, const std::string& text);

/// A whole number of the query. @throws Problem 400 invalid_request
[[nodiscard]] std::uint64_t query_number(const Request& request, std::string_view name, std::uint64_t least,
                                         std::uint64_t most, std::uint64_t otherwise);

/// An event type of the query; empty when absent. @throws Problem 400 invalid_name
[[nodiscard]] std::string query_type(const Request& request);

/// The last entry of a stream; {0,0} while it has none.
[[nodiscard]] EntryId last_entry(EventClient& client, const std::string& stream);

}  // namespace collective::service
