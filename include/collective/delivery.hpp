#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "collective/event.hpp"
#include "collective/event_type.hpp"
#include "collective/options.hpp"
#include "collective/outcome.hpp"
#include "collective/published.hpp"

namespace collective {

/// What caused an event: carried into every event published while handling it.
struct Cause {
  std::string event_id;
  std::string correlation_id;
  std::string user_id;
  std::uint32_t hops = 0;  ///< length of the chain so far
  std::string path;        ///< the event types of the chain, " > " between them
};

namespace detail {
class Publisher {
 public:
  virtual ~Publisher() = default;
  virtual Published publish(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                            const Cause* cause) = 0;
};
}  // namespace detail

/// One handling of one event, as a handler sees it. Valid during the handler's call.
///
/// Threads: the accessors are safe from any thread while the handler runs.
class Delivery {
 public:
  struct State {
    std::string_view stream, group, consumer;
    std::uint32_t attempt = 1, max_attempts = 1, generation = 0;
    std::chrono::steady_clock::time_point deadline;
    std::stop_token stop;
    Cause cause;
    std::shared_ptr<detail::Publisher> publisher;
  };
  explicit Delivery(State state) : state_(std::move(state)) {}

  [[nodiscard]] std::uint32_t attempt() const { return state_.attempt; }  ///< from 1
  [[nodiscard]] std::uint32_t max_attempts() const { return state_.max_attempts; }
  [[nodiscard]] bool last_attempt() const { return state_.attempt >= state_.max_attempts; }
  [[nodiscard]] std::uint32_t generation() const {
    return state_.generation;
  }  ///< times republished from the dead letters
  [[nodiscard]] std::string_view stream() const { return state_.stream; }
  [[nodiscard]] std::string_view group() const { return state_.group; }
  [[nodiscard]] std::string_view consumer() const { return state_.consumer; }

  /// When max_handling_time ends; then the stop token is triggered and the event counts a stall.
  [[nodiscard]] std::chrono::steady_clock::time_point deadline() const { return state_.deadline; }
  /// Triggered at the deadline, and when the subscription's drain runs out of time.
  [[nodiscard]] std::stop_token stop_token() const { return state_.stop; }
  [[nodiscard]] const Cause& cause() const { return state_.cause; }

  /// Publishes an event caused by this one. `EventClient::publish` does the same when called on the handler's thread;
  /// use this one from other threads.
  template <EventStruct T>
  Published publish(const T& event, const PublishOptions& options = {}) {
    return state_.publisher->publish(descriptor_of<T>(), &event, options, &state_.cause);
  }

 private:
  State state_;
};

/// Several events handled by one call. What the handler does not settle follows its return.
template <class T>
class Batch {
 public:
  Batch(std::vector<Event<T>> events, std::vector<Delivery> deliveries)
      : events_(std::move(events)), deliveries_(std::move(deliveries)), outcomes_(events_.size()) {}

  [[nodiscard]] std::size_t size() const { return events_.size(); }
  [[nodiscard]] auto begin() const { return events_.begin(); }
  [[nodiscard]] auto end() const { return events_.end(); }
  [[nodiscard]] const Event<T>& operator[](std::size_t i) const { return events_[i]; }
  [[nodiscard]] Delivery& delivery(std::size_t i) { return deliveries_[i]; }

  /// Settles one event of the batch, whatever the handler returns for the others.
  void settle(std::size_t i, Outcome outcome) { outcomes_.at(i) = std::move(outcome); }

  [[nodiscard]] const std::vector<std::optional<Outcome>>& outcomes() const { return outcomes_; }

 private:
  std::vector<Event<T>> events_;
  std::vector<Delivery> deliveries_;
  std::vector<std::optional<Outcome>> outcomes_;
};

}  // namespace collective
