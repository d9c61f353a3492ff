#include "collective/codec.hpp"
#include "runtime/await.hpp"
#include "runtime/cause_scope.hpp"
#include "runtime/core.hpp"
#include "runtime/outgoing.hpp"

namespace collective::detail {
namespace {

std::string undelivered(const broker::Failure& failure, const std::string& event_id) {
  if (failure.code != Errc::unknown) return failure.message;
  return failure.message + "; publish event " + event_id + " again with the same event_id and it is stored once";
}

}  // namespace

Published Core::publish(const TypeDescriptor& type, const void* event, const PublishOptions& options, const Cause* cause) {
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
      const runtime::Outgoing outgoing(options_, now(), type, prepare(type, events[i]), user_id_of(type, events[i]), options,
                                       runtime::current_cause());
      const auto& append = outgoing.append();
      batch.add(append.event, append.not_before);
      published.push_back({std::string(outgoing.event_id()), {}, false});
    } catch (const Error& error) {
      throw Error(error.code(), "event " + std::to_string(i) + " of the batch, and so none of it was stored: " + error.what(),
                  error.problems());
    }
  }
  store_batch(type, std::move(batch), options, published);
  return published;
}

Published Core::stored(const TypeDescriptor& type, const runtime::Outgoing& outgoing, const PublishOptions& options) {
  broker::AppendBatch batch;
  const auto& append = outgoing.append();
  batch.add(append.event, append.not_before, append.deduplicate);
  std::vector<Published> published;
  published.push_back({std::string(outgoing.event_id()), {}, false});
  store_batch(type, std::move(batch), options, published);
  return std::move(published.front());
}

void Core::store_batch(const TypeDescriptor& type, broker::AppendBatch batch, const PublishOptions& options,
                       std::vector<Published>& published) {
  const auto connected = store();
  const std::string stream(type.stream);
  retain(stream, options);
  const std::string correlation(batch.events().front().event.correlation_id);
  const auto not_before = batch.events().front().not_before;
  batch.stream = stream;
  batch.now = now();
  batch.hard_cap = options.hard_cap;
  const auto began = std::chrono::steady_clock::now();
  auto result = runtime::await<std::vector<broker::Appended>>(
      [&](auto reply) { connected.broker->append(std::move(batch), std::move(reply)); }, options_.operation_timeout, true, "publish");
  if (options_.observer) {
    options_.observer->published(stream, published.size(), std::chrono::steady_clock::now() - began,
                                 result ? std::string_view() : name(result.error().code));
  }
  if (!result) throw Error(result.error().code, undelivered(result.error(), published.front().event_id));
  for (std::size_t i = 0; i < published.size(); ++i) {
    published[i].entry_id = (*result)[i].id;
    published[i].duplicate = (*result)[i].duplicate;
  }
  if (not_before != Timestamp{}) upkeeper().delayed_until(stream, not_before);
  recent_->remember(correlation, stream, published.front().entry_id);
}

void Core::publish_async(const TypeDescriptor& type, const void* event, const PublishOptions& options, PublishCallback done) {
  const runtime::Outgoing outgoing(options_, now(), type, prepare(type, event), user_id_of(type, event), options,
                                   runtime::current_cause());
  std::shared_ptr<runtime::AsyncAppender> appender;
  {
    const std::lock_guard lock(mutex_);
    if (!store_) throw Error(Errc::not_connected, "publish: not connected; call connect() first");
    appender = appender_;
  }
  retain(type.stream, options);
  const auto& append = outgoing.append();
  if (append.not_before != Timestamp{}) upkeeper().delayed_until(std::string(type.stream), append.not_before);
  runtime::AsyncAppender::Waiter waiter;
  if (done) waiter.event_id = outgoing.event_id();
  waiter.done = std::move(done);
  waiter.correlation_id = outgoing.correlation_id();
  if (options_.observer) waiter.began = std::chrono::steady_clock::now();
  appender->append(type.stream, append, options.hard_cap, std::move(waiter));
}

// Tells how an event of publish_async ended. Needs no Core: its callbacks come also after the last client has gone.
runtime::AsyncAppender::Ended Core::ended_reporter() const {
  return [observer = options_.observer, recent = recent_](const std::string& stream, const runtime::AsyncAppender::Waiter& waiter,
                                                          const broker::Result<broker::Appended>& result) {
    const auto failure = result ? broker::Failure{} : result.error();
    if (observer) {
      observer->published(stream, 1, std::chrono::steady_clock::now() - waiter.began, result ? std::string_view() : name(failure.code));
    }
    if (result) recent->remember(waiter.correlation_id, stream, result->id);
    if (!waiter.done) return;
    const auto& id = waiter.event_id;
    try {
      if (result) return waiter.done({id, result->id, result->duplicate}, nullptr);
      waiter.done({id, {}, false}, std::make_exception_ptr(Error(failure.code, undelivered(failure, id))));
    } catch (const std::exception& error) {  // the thread is the broker's
      if (observer) observer->log(Severity::error, "the callback of publish_async for event " + id + " threw: " + error.what());
    }
  };
}

// What a publish asks for holds for its stream from now on: it is carried out about once a second, never per publish.
void Core::retain(std::string_view stream, const PublishOptions& options) {
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
  upkeeper().set_retention(std::string(stream), retention);
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
