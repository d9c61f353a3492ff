#pragma once

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "collective/retry.hpp"

#include "broker/contract.hpp"

namespace collective::runtime {

/// Starts a broker call and waits for its reply. After `timeout` it gives up: the result is then Errc::unknown if the
/// call may change something, else Errc::unavailable. A reply that comes later is dropped.
template <class T, class StartCall>
broker::Result<T> await(StartCall&& start, Millis timeout, bool changes, const char* what) {
  struct State {
    std::mutex mutex;
    std::condition_variable arrived;
    std::optional<broker::Result<T>> reply;  // guarded by mutex
  };
  auto state = std::make_shared<State>();
  std::forward<StartCall>(start)(broker::Reply<T>([state](broker::Result<T> reply) {
    // Notify under the lock: the waiter may be gone as soon as it is released.
    const std::lock_guard lock(state->mutex);
    state->reply = std::move(reply);
    state->arrived.notify_one();
  }));
  std::unique_lock lock(state->mutex);
  if (!state->arrived.wait_for(lock, timeout, [&] { return state->reply.has_value(); })) {
    return broker::Failure{changes ? Errc::unknown : Errc::unavailable,
                           std::string(what) + ": the broker did not answer within " + std::to_string(timeout.count()) +
                               " ms" + (changes ? "; it may still be carried out" : "")};
  }
  return std::move(*state->reply);
}

}  // namespace collective::runtime
