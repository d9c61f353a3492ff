#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <type_traits>

#include "collective/delivery.hpp"

namespace collective::detail {

/// A delivery before its data is decoded; views end with the call.
struct RawDelivery {
  EntryId entry_id;
  EnvelopeView event;
  Delivery* delivery = nullptr;
};

/// What every handler becomes: settles each delivery of a call.
using RawHandler = std::function<std::vector<Outcome>(std::span<RawDelivery>)>;

template <class H, class E>
inline constexpr bool takes_event = std::invocable<H&, const E&> || std::invocable<H&, const E&, Delivery&>;

template <class H, class... Args>
using Returned = std::remove_cvref_t<std::invoke_result_t<H&, Args...>>;

template <class R>
consteval void check_return() {
  static_assert(!std::is_void_v<R>,
                "the handler returns nothing: return true to acknowledge the event, false to retry it, or an Outcome");
  static_assert(std::is_void_v<R> || std::same_as<R, bool> || std::same_as<R, Outcome>,
                "a handler returns bool (true acknowledges, false retries) or collective::Outcome");
}

template <class E, class H>
consteval void check_handler() {
  static_assert(
      takes_event<H, E>,
      "the handler cannot be called with this event: it takes (const Event<T>&) or (const Event<T>&, Delivery&)");
  if constexpr (std::invocable<H&, const E&, Delivery&>) {
    check_return<Returned<H, const E&, Delivery&>>();
  } else if constexpr (std::invocable<H&, const E&>) {
    check_return<Returned<H, const E&>>();
  }
}

/// Runs user code; an exception means retry and its text is kept in the attempt history.
template <class F>
Outcome guarded(F&& call) {
  try {
    return std::forward<F>(call)();
  } catch (const std::exception& error) {
    return Outcome::retry(error.what());
  } catch (...) {
    return Outcome::retry("the handler threw something that is not a std::exception");
  }
}

template <class E, class H>
Outcome call_handler(H& handler, const E& event, Delivery& delivery) {
  return guarded([&]() -> Outcome {
    if constexpr (std::invocable<H&, const E&, Delivery&>) {
      return handler(event, delivery);
    } else {
      return handler(event);
    }
  });
}

}  // namespace collective::detail
