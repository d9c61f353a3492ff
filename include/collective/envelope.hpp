#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "collective/entry_id.hpp"

namespace collective {

/// The nine fields of an event as stored, with its data and metadata as JSON text. Owns its text.
struct Envelope {
  std::string id;      ///< event id, a ULID
  std::string stream;  ///< for example "user.events"
  std::string type;    ///< for example "user.registered"
  std::uint32_t version = 1;
  Timestamp timestamp{};       ///< when it occurred
  std::string correlation_id;  ///< empty when there is none
  std::string user_id;         ///< empty when there is none
  std::string data;            ///< a JSON object
  std::string metadata;        ///< a JSON object, or empty when there is none

  friend bool operator==(const Envelope&, const Envelope&) = default;
};

/// The same nine fields, borrowed: valid as long as whatever owns the text (see where you got it).
struct EnvelopeView {
  std::string_view id;
  std::string_view stream;
  std::string_view type;
  std::uint32_t version = 1;
  Timestamp timestamp{};
  std::string_view correlation_id;
  std::string_view user_id;
  std::string_view data;
  std::string_view metadata;

  EnvelopeView() = default;
  EnvelopeView(const Envelope& e) noexcept  // NOLINT(google-explicit-constructor): a view of it
      : id(e.id),
        stream(e.stream),
        type(e.type),
        version(e.version),
        timestamp(e.timestamp),
        correlation_id(e.correlation_id),
        user_id(e.user_id),
        data(e.data),
        metadata(e.metadata) {}

  [[nodiscard]] Envelope to_owned() const {
    return {std::string(id),
            std::string(stream),
            std::string(type),
            version,
            timestamp,
            std::string(correlation_id),
            std::string(user_id),
            std::string(data),
            std::string(metadata)};
  }
};

}  // namespace collective
