#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collective/client.hpp"
#include "collective/dead_letter.hpp"
#include "collective/handler.hpp"
#include "collective/pull.hpp"
#include "collective/subscription.hpp"

namespace collective {

/// Delivers events to handlers, group by group, at least once: acknowledges, retries, dead-letters.
///
/// A handler takes `const Event<T>&` and, if it wants, `Delivery&`. It returns bool (true acknowledges, false retries)
/// or an Outcome; an exception means retry and never stops the subscription. It runs on a thread of the bus, up to
/// SubscribeOptions::concurrency at once. Make it idempotent: after a crash an event may be handled again.
///
/// Threads: every call is safe from any thread. A copy refers to the same bus.
class EventBus {
 public:
  explicit EventBus(Options options = {});
  /// Shares the client's connection.
  explicit EventBus(const EventClient& client);

  /// @throws Error as EventClient::connect
  void connect();

  /// Ends all subscriptions (running handlers get until the deadline), hands everything back and disconnects.
  void close(Millis deadline = Millis(10'000));

  /// Handles one event type. @throws Error Errc::invalid for a bad option, naming it; Errc::unavailable when the group
  /// cannot be joined within Options::operation_timeout
  template <EventStruct T, class H>
  Subscription subscribe(H handler, SubscribeOptions options) {
    detail::check_handler<Event<T>, H>();
    return subscribe_erased({route_of<T>()}, typed_handler<T>(std::move(handler)), std::move(options), false);
  }

  /// Handles several event types of one stream with a handler that can be called with each, for example a generic
  /// lambda or `overloaded{…}`.
  template <EventStruct A, EventStruct B, EventStruct... More, class H>
  Subscription subscribe(H handler, SubscribeOptions options) {
    (detail::check_handler<Event<A>, H>(), detail::check_handler<Event<B>, H>(),
     (detail::check_handler<Event<More>, H>(), ...));
    return subscribe_erased({route_of<A>(), route_of<B>(), route_of<More>()...},
                            several_handler<H, A, B, More...>(std::move(handler)), std::move(options), false);
  }

  /// Handles event types by name, undecoded; no types means every event of the stream.
  template <class H>
  Subscription subscribe(std::string stream, std::vector<std::string> types, H handler, SubscribeOptions options) {
    detail::check_handler<AnyEvent, H>();
    std::vector<RouteSpec> routes;
    if (types.empty()) routes.push_back({stream, "*", 1});
    for (auto& type : types) routes.push_back({stream, std::move(type), any_version});
    return subscribe_erased(std::move(routes), any_handler(std::move(handler)), std::move(options), false);
  }

  /// Handles up to SubscribeOptions::batch_size events per call, waiting at most batch_wait for a batch to fill. The
  /// handler takes `Batch<T>&`; what it does not settle follows its return. Retried events come back alone.
  template <EventStruct T, class H>
  Subscription subscribe_batch(H handler, SubscribeOptions options) {
    static_assert(std::invocable<H&, Batch<T>&>, "a batch handler takes (Batch<T>&)");
    if constexpr (std::invocable<H&, Batch<T>&>) detail::check_return<detail::Returned<H, Batch<T>&>>();
    return subscribe_erased({route_of<T>()}, batch_handler<T>(std::move(handler)), std::move(options), true);
  }

  // --- pull -------------------------------------------------------------------------------------------------------

  /// Takes up to FetchOptions::max events for a group, to be settled by token, from any thread or process.
  std::vector<Pulled> fetch(std::string_view stream, const FetchOptions& options);
  Settlement acknowledge(const DeliveryToken& token);
  /// Back to the group after `delay`; counts an attempt, and dead-letters after FetchOptions::max_attempts.
  Settlement retry(const DeliveryToken& token, Millis delay = Millis(1'000), std::string_view error = "");
  Settlement dead_letter(const DeliveryToken& token, std::string_view reason);
  /// Moves the delivery's deadline to `from_now` from now.
  Settlement extend(const DeliveryToken& token, Millis from_now);

  // --- dead letters and groups ------------------------------------------------------------------------------------

  /// Hands dead letters of the group to it once more, with attempts reset; other groups see nothing. A crash in the
  /// middle loses and doubles nothing. @param max_age letters that died longer ago stay
  /// @return how many were republished
  std::uint64_t republish_dead_letters(std::string_view stream, std::string_view group,
                                       Millis max_age = Millis(3'600'000));
  std::uint64_t republish_dead_letters(std::string_view stream, std::string_view group,
                                       const std::vector<std::uint64_t>& numbers);
  [[nodiscard]] std::vector<DeadLetter> dead_letters(std::string_view stream, std::string_view group,
                                                     std::uint64_t after = 0, std::size_t limit = 100);
  std::uint64_t discard_dead_letters(std::string_view stream, std::string_view group,
                                     const std::vector<std::uint64_t>& numbers);

  [[nodiscard]] StreamInfo stream_info(std::string_view stream);
  [[nodiscard]] std::vector<GroupInfo> groups(std::string_view stream);
  [[nodiscard]] std::vector<PendingEvent> pending(std::string_view stream, std::string_view group,
                                                  std::size_t limit = 1'000);

  /// Hands out the group's retained events after this entry, or since this time, once more, beside new ones.
  /// @return how many entries are in the range  @throws Error Errc::conflict while an earlier replay runs
  std::uint64_t replay(std::string_view stream, std::string_view group, EntryId after);
  std::uint64_t replay(std::string_view stream, std::string_view group, Timestamp from);
  /// Takes a declared type from the group; what waits for it counts as handled. @return how many events that were
  std::uint64_t forget(std::string_view stream, std::string_view group, std::string_view type);

  /// Drops old entries now, as PublishOptions' retention does about once a second. @param max_length  at least 1
  /// @return how many  @throws Error Errc::invalid
  std::uint64_t trim(std::string_view stream, std::uint64_t max_length, bool unacknowledged = false);

  /// True while the broker answers and no subscription has every handler hung.
  [[nodiscard]] bool ready() const;

 private:
  struct RouteSpec {
    std::string stream, type;
    std::uint32_t version;
  };
  static constexpr std::uint32_t any_version = UINT32_MAX;

  template <EventStruct T>
  static RouteSpec route_of() {
    const auto& type = descriptor_of<T>();
    return {std::string(type.stream), std::string(type.name), type.version};
  }

  template <EventStruct T, class H>
  static Outcome handle_as(H& handler, detail::RawDelivery& raw) {
    auto event = try_decode<T>(raw.entry_id, raw.event);
    if (!event) return Outcome::dead_letter(event.error());
    return detail::call_handler(handler, *event, *raw.delivery);
  }

  template <EventStruct T, class H>
  static detail::RawHandler typed_handler(H handler) {
    return each(
        [handler = std::move(handler)](detail::RawDelivery& raw) mutable { return handle_as<T>(handler, raw); });
  }

  template <class H, EventStruct... Ts>
  static detail::RawHandler several_handler(H handler) {
    return each([handler = std::move(handler)](detail::RawDelivery& raw) mutable {
      Outcome outcome = Outcome::dead_letter("no handler for " + std::string(raw.event.type));
      (void)((raw.event.type == descriptor_of<Ts>().name && (outcome = handle_as<Ts>(handler, raw), true)) || ...);
      return outcome;
    });
  }

  template <class H>
  static detail::RawHandler any_handler(H handler) {
    return each([handler = std::move(handler)](detail::RawDelivery& raw) mutable {
      return detail::call_handler(handler, AnyEvent(raw.entry_id, raw.event), *raw.delivery);
    });
  }

  template <class F>
  static detail::RawHandler each(F handle) {
    return [handle = std::move(handle)](std::span<detail::RawDelivery> deliveries) mutable {
      std::vector<Outcome> outcomes;
      outcomes.reserve(deliveries.size());
      for (auto& raw : deliveries) outcomes.push_back(handle(raw));
      return outcomes;
    };
  }

  template <EventStruct T, class H>
  static detail::RawHandler batch_handler(H handler) {
    return [handler = std::move(handler)](std::span<detail::RawDelivery> deliveries) mutable {
      std::vector<Outcome> outcomes(deliveries.size(), Outcome::acknowledge());
      std::vector<std::size_t> places;
      std::vector<Event<T>> events;
      std::vector<Delivery> handles;
      for (std::size_t i = 0; i < deliveries.size(); ++i) {
        auto event = try_decode<T>(deliveries[i].entry_id, deliveries[i].event);
        if (!event) {
          outcomes[i] = Outcome::dead_letter(event.error());
          continue;
        }
        places.push_back(i);
        events.push_back(std::move(*event));
        handles.push_back(*deliveries[i].delivery);
      }
      if (events.empty()) return outcomes;
      Batch<T> batch(std::move(events), std::move(handles));
      const Outcome rest = detail::guarded([&]() -> Outcome { return handler(batch); });
      for (std::size_t i = 0; i < places.size(); ++i) outcomes[places[i]] = batch.outcomes()[i].value_or(rest);
      return outcomes;
    };
  }

  Subscription subscribe_erased(std::vector<RouteSpec> routes, detail::RawHandler handler, SubscribeOptions options,
                                bool batch);

  std::shared_ptr<detail::Core> core_;
};

/// Joins several lambdas into one handler: `bus.subscribe<A, B>(overloaded{[](const Event<A>&) {…}, [](const Event<B>&) {…}}, …)`.
template <class... Handlers>
struct overloaded : Handlers... {
  using Handlers::operator()...;
};
template <class... Handlers>
overloaded(Handlers...) -> overloaded<Handlers...>;

}  // namespace collective
