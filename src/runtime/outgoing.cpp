#include "runtime/outgoing.hpp"

#include "collective/validation.hpp"

#include "event/given_id.hpp"
#include "event/metadata.hpp"
#include "runtime/unknown_outcome.hpp"

namespace collective::runtime {
namespace {

[[noreturn]] void refuse_loop(std::string_view type, const Cause& cause, std::uint32_t limit) {
  throw Error(Errc::loop,
              std::string(type) + " would be event " + std::to_string(cause.hops + 2) +
                  " of one chain, and the hop limit is " + std::to_string(limit) +
                  ": these events cause each other: " + cause.path + " > " + std::string(type) +
                  ". Publish only when something changed, or set PublishOptions::new_chain to go on on purpose");
}

}  // namespace

Outgoing::Outgoing(const Options& options, UlidGenerator& ids, Timestamp now, const TypeDescriptor& type,
                   std::string data, std::string_view data_user_id, const PublishOptions& publish, const Cause* cause)
    : data_(std::move(data)) {
  check_duration("PublishOptions::delay", publish.delay);
  if (publish.new_chain) cause = nullptr;
  if (publish.event_id.empty()) id_ = event::given_id(ids, type.stream);
  event::Metadata fields;
  fields.key = publish.key;
  fields.source = options.source;
  if (cause != nullptr) {
    if (cause->hops + 1 > options.hop_limit) refuse_loop(type.name, *cause, options.hop_limit);
    fields.causation_id = cause->event_id;
    fields.hops = cause->hops + 1;
    fields.path = cause->path;
  }
  metadata_ = event::write_metadata(publish.metadata, fields);

  auto& event = append_.event;
  event.id = publish.event_id.empty() ? id_ : publish.event_id;
  event.stream = type.stream;
  event.type = type.name;
  event.version = type.version;
  event.timestamp = publish.timestamp.value_or(now);
  event.correlation_id = publish.correlation_id;
  if (event.correlation_id.empty() && cause != nullptr) event.correlation_id = cause->correlation_id;
  event.user_id = publish.user_id.empty() ? data_user_id : publish.user_id;
  if (event.user_id.empty() && cause != nullptr) event.user_id = cause->user_id;
  event.data = data_;
  event.metadata = metadata_;
  check_envelope(event);
  check_size(event, options.max_event_bytes);
  append_.deduplicate = !publish.event_id.empty();
  append_.look_back = publish.event_id.empty() ? std::nullopt : look_back_for(publish.event_id, type.stream);
  if (publish.delay > Millis(0)) {
    append_.not_before = now + publish.delay;
    append_.deduplicate = true;  // while it is delayed it can be found in no other way, should the outcome be unknown
  }
}

std::string waited_for(const EnvelopeView& event) {
  return event::causation_id(event.metadata).empty() ? std::string(event.correlation_id) : std::string();
}

}  // namespace collective::runtime
