#include <future>

#include "runtime/cause_scope.hpp"
#include "runtime/core.hpp"
#include "runtime/outgoing.hpp"

namespace collective::detail {
namespace {

constexpr auto skew = Millis(2'000);  // between the clocks of publishers and the broker
constexpr auto default_look_back = std::chrono::minutes(5);

AnyEvent get(std::future<broker::Result<AnyEvent>> answer) {
  auto result = answer.get();
  if (!result) throw Error(result.error().code, result.error().message);
  return std::move(*result);
}

EntryId before(Timestamp time) {
  return EntryId::at(time - skew);
}

// So that a look back after it begins with the entry itself: it may be the answer.
EntryId just_before(EntryId entry) {
  if (entry.seq > 0) return {entry.ms, entry.seq - 1};
  return entry.ms > 0 ? EntryId{entry.ms - 1, EntryId::max().seq} : EntryId{};
}

}  // namespace

AnyEvent Core::wait_for(const std::string& stream, const std::string& type, const std::string& correlation_id,
                        Millis timeout) {
  check_name("stream name", stream);
  check_name("event type", type);
  runtime::refuse_in_callback("wait_for");
  check_duration("wait_for: timeout", timeout);
  if (correlation_id.empty()) {
    throw Error(Errc::invalid, "wait_for: the correlation id is empty: give the one that the awaited event will carry");
  }
  const auto answers = connection()->answers;
  EntryId from = EntryId::at(now() - default_look_back);
  if (const auto place = recent_->find(correlation_id)) {
    from = place->stream == stream ? just_before(place->entry) : before(Timestamp(Millis(place->entry.ms)));
  } else if (const auto time = ulid_time(correlation_id)) {
    from = before(*time);
  }
  auto promise = std::make_shared<std::promise<broker::Result<AnyEvent>>>();
  auto answer = promise->get_future();
  answers->wait(stream, {type, correlation_id, {}}, from, timeout,
                [promise](auto result) { promise->set_value(std::move(result)); });
  return get(std::move(answer));
}

AnyEvent Core::request(const TypeDescriptor& type, const void* event, PublishOptions options, const std::string& stream,
                       const std::string& reply_type, Millis timeout) {
  runtime::refuse_in_callback("request");
  check_duration("request: timeout", timeout);
  const auto answers = connection()->answers;
  const auto* cause = options.new_chain ? nullptr : runtime::current_cause();
  if (options.correlation_id.empty() && (cause == nullptr || cause->correlation_id.empty()))
    options.correlation_id = new_ulid();
  const runtime::Outgoing outgoing(options_, ids_, now(), type, prepare(type, event), user_id_of(type, event), options,
                                   cause);
  auto promise = std::make_shared<std::promise<broker::Result<AnyEvent>>>();
  auto answer = promise->get_future();
  // Registered before the request is stored: an answer cannot be missed, however fast it is.
  const engine::Wanted wanted{reply_type, std::string(outgoing.correlation_id()), std::string(outgoing.event_id())};
  const auto wait = answers->wait(stream, wanted, std::nullopt, timeout,
                                  [promise](auto result) { promise->set_value(std::move(result)); });
  try {
    // One that was stored before may be answered already.
    const auto published = stored(type, outgoing, options);
    if (published.duplicate) answers->look_back(wait, stream, wanted, before(Timestamp(Millis(published.entry_id.ms))));
  } catch (...) {
    answers->forget(wait);
    throw;
  }
  return get(std::move(answer));
}

}  // namespace collective::detail
