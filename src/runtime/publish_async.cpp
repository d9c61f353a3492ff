#include "collective/codec.hpp"

#include "runtime/callback_scope.hpp"
#include "runtime/cause_scope.hpp"
#include "runtime/core.hpp"
#include "runtime/outgoing.hpp"
#include "runtime/unknown_outcome.hpp"

namespace collective::detail {

void Core::publish_async(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                         PublishCallback done) {
  const runtime::Outgoing outgoing(options_, ids_, now(), type, prepare(type, event), user_id_of(type, event), options,
                                   runtime::current_cause());
  const auto connected = connection();
  const auto& append = outgoing.append();
  retain(*connected->upkeeper, type.stream, options);
  if (append.not_before != Timestamp{}) connected->upkeeper->delayed_until(std::string(type.stream), append.not_before);
  runtime::AsyncAppender::Waiter waiter;
  waiter.event_id = outgoing.event_id();
  waiter.done = std::move(done);
  waiter.correlation_id = runtime::waited_for(append.event);
  waiter.repeated = append.look_back.has_value();
  if (options_.observer) waiter.began = std::chrono::steady_clock::now();
  connected->appender->append(type.stream, append, options.hard_cap, std::move(waiter));
}

// Tells how an event of publish_async ended. Needs no Core: its callbacks come also after the last client has gone.
runtime::AsyncAppender::Ended Core::ended_reporter() const {
  return [observer = options_.observer, recent = recent_](const std::string& stream,
                                                          const runtime::AsyncAppender::Waiter& waiter,
                                                          const broker::Result<broker::Appended>& result) {
    const runtime::CallbackScope callback;
    const auto failure = result ? broker::Failure{} : result.error();
    if (observer) {
      observer->published(stream, 1, std::chrono::steady_clock::now() - waiter.began,
                          result ? std::string_view() : name(failure.code));
    }
    if (result) recent->remember(waiter.correlation_id, stream, result->id);
    if (!waiter.done) return;
    const auto& id = waiter.event_id;
    try {
      if (result) return waiter.done({id, result->id, result->duplicate}, nullptr);
      waiter.done({id, {}, false},
                  std::make_exception_ptr(Error(failure.code, runtime::undelivered(failure, id, waiter.repeated))));
    } catch (const std::exception& error) {  // the thread is the broker's
      if (observer)
        observer->log(Severity::error, "the callback of publish_async for event " + id + " threw: " + error.what());
    } catch (...) {
      if (observer) observer->log(Severity::error, "the callback of publish_async for event " + id + " threw");
    }
  };
}

bool Core::flush(std::chrono::steady_clock::time_point until) {
  std::shared_ptr<const Connection> connected;
  {
    const std::lock_guard lock(mutex_);
    connected = connection_;
  }
  return !connected || connected->appender->flush(until);
}

}  // namespace collective::detail
