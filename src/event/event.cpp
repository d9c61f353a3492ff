#include "collective/event.hpp"

#include "event/metadata.hpp"
#include "event/problems.hpp"

namespace collective {

EventHeader EventHeader::from(EntryId entry_id, const EnvelopeView& event) {
  return {entry_id,
          std::string(event.id),
          std::string(event.stream),
          std::string(event.type),
          event.version,
          event.timestamp,
          std::string(event.correlation_id),
          std::string(event.user_id),
          std::string(event.metadata)};
}

std::string EventHeader::causation_id() const {
  return event::read_metadata(metadata).causation_id;
}
std::uint32_t EventHeader::hops() const {
  return event::read_metadata(metadata).hops;
}
std::string EventHeader::key() const {
  return event::ordering_key(metadata);
}
std::string EventHeader::source() const {
  return event::read_metadata(metadata).source;
}

std::string detail::type_mismatch(const TypeDescriptor& type, const EnvelopeView& event) {
  return "the event " + event::shortened(event.id) + " is a " + event::quoted(event.type) + ", not a \"" +
         std::string(type.name) + "\": read it as its own type";
}

}  // namespace collective
