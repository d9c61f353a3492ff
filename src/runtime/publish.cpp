#include "collective/codec.hpp"

#include "event/metadata.hpp"
#include "runtime/await.hpp"
#include "runtime/cause_scope.hpp"
#include "runtime/core.hpp"
#include "runtime/outgoing.hpp"

namespace collective::detail {
namespace {

// How far back an event whose outcome is unknown may have been stored; two seconds for clocks that differ.
EntryId earliest_place(Timestamp now, Millis operation_timeout) {
  return EntryId::at(now - operation_timeout - Millis(2'000));
}

// The correlation id by which a wait looks back to this publish. An event caused by another is no question that its
// publisher waits for, but may come after the answer.
std::string waited_for(const EnvelopeView& event) {
  return event::causation_id(event.metadata).empty() ? std::string(event.correlation_id) : std::string();
}

std::string undelivered(const broker::Failure& failure, const std::string& event_id) {
  if (failure.code != Errc::unknown) return failure.message;
  return failure.message + "; publish event " + event_id + " again with the same event_id and it is stored once";
}

}  // namespace

Published Core::publish(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                        const Cause* cause) {
  const runtime::Outgoing outgoing(options_, now(), type, prepare(type, event), user_id_of(type, event), options,
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
  const runtime::Outgoing outgoing(options_, now(), *type, std::move(data), user_id, options, runtime::current_cause());
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
      const runtime::Outgoing outgoing(options_, now(), type, prepare(type, events[i]), user_id_of(type, events[i]),
                                       options, runtime::current_cause());
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
  if (auto known = resolved(std::string(type.stream), append)) return *std::move(known);
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
  const auto correlation = waited_for(batch.events().front().event);
  const bool chosen = batch.events().front().deduplicate;
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
  if (!result && result.error().code == Errc::unknown && !chosen) {
    for (const auto& event : published)
      unresolved_->remember(event.event_id, stream, earliest_place(now(), options_.operation_timeout));
  }
  if (!result) throw Error(result.error().code, undelivered(result.error(), published.front().event_id));
  for (std::size_t i = 0; i < published.size(); ++i) {
    published[i].entry_id = (*result)[i].id;
    published[i].duplicate = (*result)[i].duplicate;
  }
  if (not_before != Timestamp{}) connected->upkeeper->delayed_until(stream, not_before);
  recent_->remember(correlation, stream, published.front().entry_id);
}

void Core::publish_async(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                         PublishCallback done) {
  const runtime::Outgoing outgoing(options_, now(), type, prepare(type, event), user_id_of(type, event), options,
                                   runtime::current_cause());
  const auto connected = connection();
  const auto& append = outgoing.append();
  if (append.deduplicate) {
    if (const auto known = resolved(std::string(type.stream), append)) return done ? done(*known, nullptr) : void();
  }
  retain(*connected->upkeeper, type.stream, options);
  if (append.not_before != Timestamp{}) connected->upkeeper->delayed_until(std::string(type.stream), append.not_before);
  runtime::AsyncAppender::Waiter waiter;
  waiter.event_id = outgoing.event_id();
  waiter.done = std::move(done);
  waiter.correlation_id = waited_for(append.event);
  waiter.chosen = append.deduplicate;
  if (options_.observer) waiter.began = std::chrono::steady_clock::now();
  connected->appender->append(type.stream, append, options.hard_cap, std::move(waiter));
}

// Tells how an event of publish_async ended. Needs no Core: its callbacks come also after the last client has gone.
runtime::AsyncAppender::Ended Core::ended_reporter() const {
  return [observer = options_.observer, recent = recent_, unresolved = unresolved_, clock = clock_,
          timeout = options_.operation_timeout](const std::string& stream, const runtime::AsyncAppender::Waiter& waiter,
                                                const broker::Result<broker::Appended>& result) {
    const runtime::CallbackScope callback;
    const auto failure = result ? broker::Failure{} : result.error();
    if (observer) {
      observer->published(stream, 1, std::chrono::steady_clock::now() - waiter.began,
                          result ? std::string_view() : name(failure.code));
    }
    if (result) recent->remember(waiter.correlation_id, stream, result->id);
    if (failure.code == Errc::unknown && !waiter.chosen) {
      unresolved->remember(waiter.event_id, stream, earliest_place(clock->now().wall, timeout));
    }
    if (!waiter.done) return;
    const auto& id = waiter.event_id;
    try {
      if (result) return waiter.done({id, result->id, result->duplicate}, nullptr);
      waiter.done({id, {}, false}, std::make_exception_ptr(Error(failure.code, undelivered(failure, id))));
    } catch (const std::exception& error) {  // the thread is the broker's
      if (observer)
        observer->log(Severity::error, "the callback of publish_async for event " + id + " threw: " + error.what());
    } catch (...) {
      if (observer) observer->log(Severity::error, "the callback of publish_async for event " + id + " threw");
    }
  };
}

// Asked to publish an event again whose earlier publish ended unknown: was it stored? Nothing when it was not.
std::optional<Published> Core::resolved(const std::string& stream, const broker::Append& event) {
  const std::string id(event.event.id);
  const auto place = event.deduplicate ? unresolved_->find(id) : std::nullopt;
  if (!place || place->stream != stream) return std::nullopt;
  const auto connected = store();
  const auto fail = [&](const broker::Failure& failure) {
    throw Error(
        Errc::unknown,
        undelivered({Errc::unknown, "whether event " + id + " is stored cannot be told now: " + failure.message}, id));
  };
  // A store takes the steps of one process in order: after this one, the earlier append has landed or never will.
  const auto barrier = runtime::await<broker::UpkeepReport>(
      [&](auto reply) { connected.broker->upkeep({.stream = stream, .now = now()}, std::move(reply)); },
      options_.operation_timeout, true, "publish");
  if (!barrier) fail(barrier.error());
  for (auto after = place->entry;;) {
    const auto page = runtime::await<broker::Page>(
        [&](auto reply) { connected.broker->read({.stream = stream, .after = after}, std::move(reply)); },
        options_.operation_timeout, false, "publish");
    if (!page) fail(page.error());
    for (const auto& entry : page->entries) {
      if (entry.event.id == id) return Published{id, entry.id, true};
    }
    if (page->entries.empty()) break;
    after = page->entries.back().id;
  }
  unresolved_->forget(id);  // not stored; from now on the store remembers the id
  return std::nullopt;
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

bool Core::flush(std::chrono::steady_clock::time_point until) {
  std::shared_ptr<const Connection> connected;
  {
    const std::lock_guard lock(mutex_);
    connected = connection_;
  }
  return !connected || connected->appender->flush(until);
}

void Core::know(const TypeDescriptor& type) {
  const std::lock_guard lock(mutex_);
  types_.add(type);
}

}  // namespace collective::detail
