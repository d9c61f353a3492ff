#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collective/delivery.hpp"
#include "collective/envelope.hpp"

// What this library writes into an event's metadata, beside the user's own members. Names and meaning:
// docs/formats/envelope.md.
namespace collective::event {

struct Metadata {
  std::string causation_id{};  ///< the event that caused this one
  std::uint32_t hops = 0;      ///< how many events led to it
  std::string path{};          ///< the types of the chain so far, " > " between them
  std::string key{};           ///< ordering key
  std::string source{};        ///< the publishing service
  std::string traceparent{};   ///< W3C trace context

  friend bool operator==(const Metadata&, const Metadata&) = default;
};

/// The members that are set, then the user's JSON object without these; what led to an event (causation_id, hops, path)
/// is never the user's to say. Empty when there is nothing.
/// @throws Error Errc::invalid when `user` is neither empty nor a JSON object
std::string write_metadata(std::string_view user, const Metadata& metadata);

/// What is missing, of another type, or in text that is no JSON object stays empty; of several members of one name the
/// first of the right type counts, as it does below.
Metadata read_metadata(std::string_view json);

/// Single members, without reading the rest.
std::string causation_id(std::string_view metadata);
std::string ordering_key(std::string_view metadata);

/// What an event published while handling this one inherits.
Cause cause_of(const EnvelopeView& event);

}  // namespace collective::event
