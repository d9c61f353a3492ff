#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>

#include "collective/duration.hpp"

#include "broker/contract.hpp"
#include "runtime/callback_scope.hpp"

namespace collective::runtime {

/// Starts a broker call and waits for its reply. After `timeout`, or once it is asked to stop, it gives up: the result is
/// then Errc::unknown if the call may change something, else Errc::unavailable or Errc::cancelled. A reply that comes
/// later is dropped. In a callback nothing is started: Errc::deadlock.
template <class T, class StartCall>
broker::Result<T> await(StartCall&& start, Millis timeout, bool changes, const char* what,
                        const std::stop_token& stop = {}) {
  if (auto refused = refused_in_callback(what)) return std::move(*refused);
  struct State {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<broker::Result<T>> reply;  // guarded by mutex
  };
  auto state = std::make_shared<State>();
  std::forward<StartCall>(start)(broker::Reply<T>([state](broker::Result<T> reply) {
    // Notify under the lock: the waiter may be gone as soon as it is released.
    const std::lock_guard lock(state->mutex);
    if (state->reply) return;
    state->reply = std::move(reply);
    state->arrived.notify_one();
  }));
  const std::stop_callback give_up(stop, [&] {
    const std::lock_guard lock(state->mutex);
    if (state->reply) return;
    state->reply = broker::Failure{changes ? Errc::unknown : Errc::cancelled,
                                   std::string(what) + ": the client was closed meanwhile"};
    state->arrived.notify_one();
  });
  std::unique_lock lock(state->mutex);
  if (!state->arrived.wait_for(lock, timeout, [&] { return state->reply.has_value(); })) {
    return broker::Failure{changes ? Errc::unknown : Errc::unavailable,
                           std::string(what) + ": the broker did not answer within " + std::to_string(timeout.count()) +
                               " ms" + (changes ? "; it may still be carried out" : "")};
  }
  return std::move(*state->reply);
}

}  // namespace collective::runtime
