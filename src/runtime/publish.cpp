#include "collective/codec.hpp"
#include "event/metadata.hpp"
#include "runtime/await.hpp"
#include "runtime/cause_scope.hpp"
#include "runtime/core.hpp"

namespace collective::detail {
namespace {

[[noreturn]] void refuse_loop(std::string_view type, const Cause& cause, std::uint32_t limit) {
  throw Error(Errc::loop, std::string(type) + " would be event " + std::to_string(cause.hops + 2) +
                              " of one chain, and the hop limit is " + std::to_string(limit) +
                              ": these events cause each other: " + cause.path + " > " + std::string(type) +
                              ". Publish only when something changed, or set PublishOptions::new_chain to go on on purpose");
}

// The correlation id by which a wait looks back to this publish. An event caused by another is no question that its
// publisher waits for, but may come after the answer.
std::string waited_for(const Envelope& event) {
  return event::causation_id(event.metadata).empty() ? event.correlation_id : std::string();
}

std::string undelivered(const broker::Failure& failure, const std::string& event_id) {
  if (failure.code != Errc::unknown) return failure.message;
  return failure.message + "; publish event " + event_id + " again with the same event_id and it is stored once";
}

}  // namespace

broker::Append Core::prepared(const TypeDescriptor& type, std::string data, std::string_view data_user_id,
                              const PublishOptions& options, const Cause* cause) {
  if (options.new_chain) cause = nullptr;
  broker::Append append;
  auto& event = append.event;
  event.id = options.event_id.empty() ? new_ulid() : options.event_id;
  append.deduplicate = !options.event_id.empty();
  event.stream = std::string(type.stream);
  event.type = std::string(type.name);
  event.version = type.version;
  event.timestamp = options.timestamp.value_or(now());
  event.correlation_id = options.correlation_id.empty() && cause != nullptr ? cause->correlation_id : options.correlation_id;
  event.user_id = !options.user_id.empty() ? options.user_id
                  : !data_user_id.empty()  ? std::string(data_user_id)
                  : cause != nullptr       ? cause->user_id
                                           : std::string();
  event.data = std::move(data);
  event::Metadata fields;
  fields.key = options.key;
  fields.source = options_.source;
  if (cause != nullptr) {
    if (cause->hops + 1 > options_.hop_limit) refuse_loop(type.name, *cause, options_.hop_limit);
    fields.causation_id = cause->event_id;
    fields.hops = cause->hops + 1;
    fields.path = cause->path;
  }
  event.metadata = event::write_metadata(options.metadata, fields);
  check_envelope(event);
  check_size(event, options_.max_event_bytes);
  if (options.delay > Millis(0)) {
    append.not_before = now() + options.delay;
    append.deduplicate = true;  // while it is delayed it can be found in no other way, should the outcome be unknown
  }
  return append;
}

Published Core::publish(const TypeDescriptor& type, const void* event, const PublishOptions& options, const Cause* cause) {
  return stored(std::string(type.stream),
                prepared(type, prepare(type, event), user_id_of(type, event), options,
                         cause != nullptr ? cause : runtime::current_cause()),
                options);
}

Published Core::publish_json(std::string_view type_name, std::string_view json, const PublishOptions& options) {
  const TypeDescriptor* type = nullptr;
  {
    const std::lock_guard lock(mutex_);
    type = &types_.get(type_name);
  }
  auto data = prepare_json(*type, json);
  const auto user_id = string_member(data, "user_id");
  return stored(std::string(type->stream), prepared(*type, std::move(data), user_id, options, runtime::current_cause()), options);
}

std::vector<Published> Core::publish_batch(const TypeDescriptor& type, std::span<const void* const> events,
                                           const PublishOptions& options) {
  if (!options.event_id.empty()) {
    throw Error(Errc::invalid, "publish_batch: event_id names one event; leave it empty or publish the events singly");
  }
  if (events.empty()) return {};
  std::vector<broker::Append> batch;
  batch.reserve(events.size());
  for (std::size_t i = 0; i < events.size(); ++i) {
    try {
      batch.push_back(prepared(type, prepare(type, events[i]), user_id_of(type, events[i]), options, runtime::current_cause()));
    } catch (const Error& error) {
      throw Error(error.code(), "event " + std::to_string(i) + " of the batch, and so none of it was stored: " + error.what(),
                  error.problems());
    }
  }
  return append(std::string(type.stream), std::move(batch), options);
}

void Core::publish_async(const TypeDescriptor& type, const void* event, const PublishOptions& options, PublishCallback done) {
  auto append = prepared(type, prepare(type, event), user_id_of(type, event), options, runtime::current_cause());
  std::shared_ptr<runtime::AsyncAppender> appender;
  {
    const std::lock_guard lock(mutex_);
    if (!store_) throw Error(Errc::not_connected, "publish: not connected; call connect() first");
    appender = appender_;
  }
  const std::string stream(type.stream);
  if (const auto known = resolved(stream, append)) return done ? done(*known, nullptr) : void();
  retain(stream, options);
  if (append.not_before != Timestamp{}) upkeeper().delayed_until(stream, append.not_before);
  const auto began = std::chrono::steady_clock::now();
  appender->append(stream, append, options.hard_cap,
                   [self = shared_from_this(), stream, id = append.event.id, correlation = waited_for(append.event), began,
                    chosen = append.deduplicate, done = std::move(done)](broker::Result<broker::Appended> result) {
                     const auto failure = result ? broker::Failure{} : result.error();
                     if (self->options_.observer) {
                       self->options_.observer->published(stream, 1, std::chrono::steady_clock::now() - began,
                                                          result ? std::string_view() : name(failure.code));
                     }
                     if (result) self->remember(correlation, stream, result->id);
                     if (failure.code == Errc::unknown && !chosen) self->remember_unresolved(stream, id);
                     if (!done) return;
                     if (result) return done({id, result->id, result->duplicate}, nullptr);
                     done({id, {}, false}, std::make_exception_ptr(Error(failure.code, undelivered(failure, id))));
                   });
}

Published Core::stored(const std::string& stream, broker::Append event, const PublishOptions& options) {
  if (auto known = resolved(stream, event)) return *std::move(known);
  std::vector<broker::Append> events;
  events.push_back(std::move(event));
  return append(stream, std::move(events), options).front();
}

std::vector<Published> Core::append(const std::string& stream, std::vector<broker::Append> events, const PublishOptions& options) {
  const auto connected = store();
  retain(stream, options);
  std::vector<Published> published;
  published.reserve(events.size());
  const auto correlation = waited_for(events.front().event);
  const bool chosen = events.front().deduplicate;
  const auto not_before = events.front().not_before;
  for (const auto& event : events) published.push_back({event.event.id, {}, false});
  broker::AppendBatch batch{.stream = stream, .events = std::move(events), .now = now(), .hard_cap = options.hard_cap};
  const auto began = std::chrono::steady_clock::now();
  auto result = runtime::await<std::vector<broker::Appended>>(
      [&](auto reply) { connected.broker->append(std::move(batch), std::move(reply)); }, options_.operation_timeout, true, "publish");
  if (options_.observer) {
    options_.observer->published(stream, published.size(), std::chrono::steady_clock::now() - began,
                                 result ? std::string_view() : name(result.error().code));
  }
  if (!result && result.error().code == Errc::unknown && !chosen) {
    for (const auto& event : published) remember_unresolved(stream, event.event_id);
  }
  if (!result) throw Error(result.error().code, undelivered(result.error(), published.front().event_id));
  for (std::size_t i = 0; i < published.size(); ++i) {
    published[i].entry_id = (*result)[i].id;
    published[i].duplicate = (*result)[i].duplicate;
  }
  if (not_before != Timestamp{}) upkeeper().delayed_until(stream, not_before);
  remember(correlation, stream, published.front().entry_id);
  return published;
}

void Core::remember(const std::string& correlation_id, const std::string& stream, EntryId entry) {
  if (!correlation_id.empty() && entry != EntryId{}) recent_.remember(correlation_id, stream, entry);
}

void Core::remember_unresolved(const std::string& stream, const std::string& event_id) {
  constexpr auto skew = Millis(2'000);
  unresolved_.remember(event_id, stream, EntryId::at(now() - options_.operation_timeout - skew));
}

// Asked to publish an event again whose earlier publish ended unknown: was it stored? Nothing when it was not.
std::optional<Published> Core::resolved(const std::string& stream, const broker::Append& event) {
  const auto& id = event.event.id;
  const auto place = event.deduplicate ? unresolved_.find(id) : std::nullopt;
  if (!place || place->stream != stream) return std::nullopt;
  const auto connected = store();
  const auto fail = [&](const broker::Failure& failure) {
    throw Error(Errc::unknown, undelivered({Errc::unknown, "whether event " + id + " is stored cannot be told now: " + failure.message}, id));
  };
  // A store takes the steps of one process in order: after this one, the earlier append has landed or never will.
  const auto barrier = runtime::await<broker::UpkeepReport>(
      [&](auto reply) { connected.broker->upkeep({.stream = stream, .now = now()}, std::move(reply)); }, options_.operation_timeout, true, "publish");
  if (!barrier) fail(barrier.error());
  for (auto after = place->entry;;) {
    const auto page = runtime::await<broker::Page>(
        [&](auto reply) { connected.broker->read({.stream = stream, .after = after}, std::move(reply)); }, options_.operation_timeout, false, "publish");
    if (!page) fail(page.error());
    for (const auto& entry : page->entries) {
      if (entry.event.id == id) return Published{id, entry.id, true};
    }
    if (page->entries.empty()) break;
    after = page->entries.back().id;
  }
  unresolved_.forget(id);  // not stored; from now on the store remembers the id
  return std::nullopt;
}

// What a publish asks for holds for its stream from now on: it is carried out about once a second, never per publish.
void Core::retain(const std::string& stream, const PublishOptions& options) {
  broker::Retention retention;
  const bool by_id = options.trim_strategy == TrimStrategy::minid;
  if (by_id && !options.min_id) {
    throw Error(Errc::invalid, "publish: trim_strategy minid needs min_id, the first entry to keep");
  }
  if (!by_id && !options.max_length) return upkeeper().look_after(stream);
  if (by_id) {
    retention.min_id = options.min_id;
  } else {
    retention.max_length = options.max_length;
  }
  retention.force = options.trim_unacknowledged;
  upkeeper().set_retention(stream, retention);
}

bool Core::flush(std::chrono::steady_clock::time_point until) {
  std::shared_ptr<runtime::AsyncAppender> appender;
  {
    const std::lock_guard lock(mutex_);
    appender = appender_;
  }
  return !appender || appender->flush(until);
}

void Core::know(const TypeDescriptor& type) {
  const std::lock_guard lock(mutex_);
  types_.add(type);
}

}  // namespace collective::detail
