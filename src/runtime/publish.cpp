#include "collective/codec.hpp"

#include "runtime/await.hpp"
#include "runtime/cause_scope.hpp"
#include "runtime/core.hpp"
#include "runtime/outgoing.hpp"
#include "runtime/unknown_outcome.hpp"

namespace collective::detail {

Published Core::publish(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                        const Cause* cause) {
  const runtime::Outgoing outgoing(options_, ids_, now(), type, prepare(type, event), user_id_of(type, event), options,
                                   cause != nullptr ? cause : runtime::current_cause());
  return stored(type, outgoing, options);
}

Published Core::publish_json(std::string_view type_name, std::string_view json, const PublishOptions& options) {
  const TypeDescriptor* type = nullptr;
  {
    const std::lock_guard lock(mutex_);
    type = &types_.get(type_name);
  }
  auto data = prepare_json(*type, json);
  const auto user_id = string_member(data, "user_id");
  const runtime::Outgoing outgoing(options_, ids_, now(), *type, std::move(data), user_id, options,
                                   runtime::current_cause());
  return stored(*type, outgoing, options);
}

std::vector<Published> Core::publish_batch(const TypeDescriptor& type, std::span<const void* const> events,
                                           const PublishOptions& options) {
  if (!options.event_id.empty()) {
    throw Error(Errc::invalid, "publish_batch: event_id names one event; leave it empty or publish the events singly");
  }
  if (events.empty()) return {};
  broker::AppendBatch batch;
  std::vector<Published> published;
  published.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    try {
      const runtime::Outgoing outgoing(options_, ids_, now(), type, prepare(type, events[i]),
                                       user_id_of(type, events[i]), options, runtime::current_cause());
      const auto& append = outgoing.append();
      batch.add(append.event, append.not_before, append.deduplicate, append.look_back);
      published.push_back({std::string(outgoing.event_id()), {}, false});
    } catch (const Error& error) {
      throw Error(error.code(),
                  "event " + std::to_string(i) + " of the batch, and so none of it was stored: " + error.what(),
                  error.problems());
    }
  }
  store_batch(type, std::move(batch), options, published);
  return published;
}

Published Core::stored(const TypeDescriptor& type, const runtime::Outgoing& outgoing, const PublishOptions& options) {
  const auto& append = outgoing.append();
  broker::AppendBatch batch;
  batch.add(append.event, append.not_before, append.deduplicate, append.look_back);
  std::vector<Published> published;
  published.push_back({std::string(outgoing.event_id()), {}, false});
  store_batch(type, std::move(batch), options, published);
  return std::move(published.front());
}

void Core::store_batch(const TypeDescriptor& type, broker::AppendBatch batch, const PublishOptions& options,
                       std::vector<Published>& published) {
  runtime::refuse_in_callback("publish");
  const auto connected = connection();  // the last that may fail for want of one: from here on the event may be stored
  const std::string stream(type.stream);
  retain(*connected->upkeeper, stream, options);
  const auto correlation = runtime::waited_for(batch.events().front().event);
  const bool repeated = batch.events().front().look_back.has_value();
  const auto not_before = batch.events().front().not_before;
  batch.stream = stream;
  batch.now = now();
  batch.hard_cap = options.hard_cap;
  const auto began = std::chrono::steady_clock::now();
  auto result = runtime::await<std::vector<broker::Appended>>(
      [&](auto reply) { connected->store.broker->append(std::move(batch), std::move(reply)); },
      options_.operation_timeout, true, "publish");
  if (options_.observer) {
    options_.observer->published(stream, published.size(), std::chrono::steady_clock::now() - began,
                                 result ? std::string_view() : name(result.error().code));
  }
  if (!result) throw Error(result.error().code, runtime::undelivered(result.error(), published, repeated));
  for (std::size_t i = 0; i < published.size(); ++i) {
    published[i].entry_id = (*result)[i].id;
    published[i].duplicate = (*result)[i].duplicate;
  }
  if (not_before != Timestamp{}) connected->upkeeper->delayed_until(stream, not_before);
  recent_->remember(correlation, stream, published.front().entry_id);
}

// What a publish asks for holds for its stream from now on: it is carried out about once a second, never per publish.
void Core::retain(runtime::Upkeeper& upkeeper, std::string_view stream, const PublishOptions& options) {
  broker::Retention retention;
  const bool by_id = options.trim_strategy == TrimStrategy::minid;
  if (by_id && !options.min_id) {
    throw Error(Errc::invalid, "publish: trim_strategy minid needs min_id, the first entry to keep");
  }
  if (!by_id && !options.max_length) return upkeeper.look_after(stream);
  if (by_id) {
    retention.min_id = options.min_id;
  } else {
    retention.max_length = options.max_length;
  }
  retention.force = options.trim_unacknowledged;
  upkeeper.set_retention(std::string(stream), retention);
}

void Core::know(const TypeDescriptor& type) {
  const std::lock_guard lock(mutex_);
  types_.add(type);
}

}  // namespace collective::detail
