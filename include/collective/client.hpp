#pragma once

#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "collective/delivery.hpp"
#include "collective/error.hpp"
#include "collective/finding.hpp"
#include "collective/info.hpp"
#include "collective/options.hpp"
#include "collective/published.hpp"
#include "collective/read_options.hpp"
#include "collective/trace.hpp"

namespace collective {

namespace detail {
class Core;
}

/// What `publish_async` reports, on a thread of the library: the event is stored, or the error says why not. That thread
/// carries out what it would wait for: calls that wait are refused in it with Errc::deadlock, and so is `publish_async`
/// while the window is full. Hand what has to wait to a thread of your own.
using PublishCallback = std::function<void(const Published&, const std::exception_ptr&)>;

/// Publishes events, waits for answers and reads streams.
///
/// Threads: every call is safe from any thread, also from a handler. A copy refers to the same client.
class EventClient {
 public:
  /// Connects nothing yet. @throws Error Errc::invalid for a bad option or URL
  explicit EventClient(Options options = {});

  /// Opens the broker. Calling it again changes nothing.
  /// @throws Error Errc::unavailable after Options::connect_timeout, or what the broker refuses (permission, corrupt, …)
  void connect();

  /// Stores what is on its way and disconnects; returns within the deadline. What is not confirmed by then ends unknown.
  /// In a child process made by fork() it returns at once, and every other call is refused with Errc::invalid.
  /// @throws Error Errc::deadlock in a publish callback
  void close(Millis deadline = Millis(10'000));

  /// Publishes one event and returns once the broker has stored it.
  ///
  /// An event published on a handler's thread inherits correlation id and user, and records its cause.
  ///
  /// @throws Error Errc::invalid (every bad field, by JSON Pointer), Errc::too_large, Errc::loop, Errc::unavailable or
  ///   Errc::full (not stored, safe to repeat), Errc::unknown (may be stored: publish again with the same event_id and
  ///   it is stored once)
  /// Cost: one commit of the broker, shared with concurrent callers.
  template <EventStruct T>
  Published publish(const T& event, const PublishOptions& options = {}) {
    return publish_erased(descriptor_of<T>(), &event, options);
  }

  /// Publishes an event by type name and JSON data, with the same validation. Types beyond the catalogue are made
  /// known by `know<T>()`. @throws Error as above, and Errc::unknown_type with the nearest name
  Published publish(std::string_view type, std::string_view json, const PublishOptions& options = {});

  /// Publishes events of one type in one step: all are stored, or none. `options.event_id` must be empty.
  template <EventStruct T>
  std::vector<Published> publish_batch(std::span<const T> events, const PublishOptions& options = {}) {
    std::vector<const void*> pointers;
    pointers.reserve(events.size());
    for (const auto& event : events) pointers.push_back(&event);
    return publish_batch_erased(descriptor_of<T>(), pointers, options);
  }
  template <EventStruct T>
  std::vector<Published> publish_batch(const std::vector<T>& events, const PublishOptions& options = {}) {
    return publish_batch(std::span<const T>(events), options);
  }

  /// Hands the event over and returns; `done` runs once it is stored or failed. Events of one thread to one stream keep
  /// their order. Blocks while Options::window events are on their way. @throws Error for what is wrong with the event;
  /// Errc::deadlock when it would block in a publish callback
  template <EventStruct T>
  void publish_async(const T& event, PublishCallback done, const PublishOptions& options = {}) {
    publish_async_erased(descriptor_of<T>(), &event, options, std::move(done));
  }
  template <EventStruct T>
  [[nodiscard]] std::future<Published> publish_async(const T& event, const PublishOptions& options = {}) {
    auto promise = std::make_shared<std::promise<Published>>();
    auto future = promise->get_future();
    publish_async(event, PublishCallback([promise](const Published& published, const std::exception_ptr& error) {
                    error ? promise->set_exception(error) : promise->set_value(published);
                  }),
                  options);
    return future;
  }

  /// Waits until everything handed to publish_async so far has ended.
  void flush();

  /// Waits for an event of this type with this correlation id, and returns it. Finds it also when it came before the
  /// call: it looks back to this client's last publish with the correlation id, else to the time of the id when it is
  /// a ULID, else five minutes. Creates no group; ten thousand waits share one reader.
  /// @throws Error Errc::timeout, Errc::invalid when the event does not decode, Errc::cancelled when the client closes
  template <EventStruct T>
  Event<T> wait_for(std::string_view correlation_id, Millis timeout = Millis(30'000)) {
    const auto& type = descriptor_of<T>();
    return wait_erased(type.stream, type.name, correlation_id, timeout).template as<T>();
  }
  AnyEvent wait_for(std::string_view stream, std::string_view type, std::string_view correlation_id,
                    Millis timeout = Millis(30'000));

  /// Publishes a request and waits for the answer it caused. Sets a new correlation id unless one is given. An answer
  /// matches by its cause; one that names no cause, by the correlation id.
  template <EventStruct Reply, EventStruct Request>
  Event<Reply> request(const Request& request, Millis timeout = Millis(30'000), const PublishOptions& options = {}) {
    const auto& reply = descriptor_of<Reply>();
    return request_erased(descriptor_of<Request>(), &request, options, reply.stream, reply.name, timeout)
        .template as<Reply>();
  }

  /// Makes an event type known to the untyped calls.
  template <EventStruct T>
  void know() {
    know_erased(descriptor_of<T>());
  }

  [[nodiscard]] std::vector<AnyEvent> read(std::string_view stream, const ReadOptions& options = {});
  /// Waits until the stream has something after `after`, and reads it; empty after the timeout.
  [[nodiscard]] std::vector<AnyEvent> follow(std::string_view stream, EntryId after, Millis timeout,
                                             std::size_t limit = 1'000);

  /// The events of a flow across all streams, in causal order, and what became of each in every group. Found by reading
  /// the streams from TraceOptions::since on, so it costs about a second per million events there; publishers pay nothing.
  [[nodiscard]] std::vector<TracedEvent> trace(std::string_view correlation_id, const TraceOptions& options = {});

  [[nodiscard]] std::vector<std::string> streams();
  /// @throws Error Errc::not_found
  [[nodiscard]] StreamInfo stream_info(std::string_view stream);
  [[nodiscard]] std::vector<GroupInfo> groups(std::string_view stream);

  /// Checks the broker for what is unsafe: durability, room, access. What is as it should be is told too.
  [[nodiscard]] std::vector<Finding> diagnose();

  /// The broker and what a returned publish survives, in words.
  [[nodiscard]] std::string describe() const;

 private:
  friend class EventBus;

  Published publish_erased(const TypeDescriptor&, const void*, const PublishOptions&);
  std::vector<Published> publish_batch_erased(const TypeDescriptor&, std::span<const void* const>,
                                              const PublishOptions&);
  void publish_async_erased(const TypeDescriptor&, const void*, const PublishOptions&, PublishCallback);
  AnyEvent wait_erased(std::string_view stream, std::string_view type, std::string_view correlation_id, Millis timeout);
  AnyEvent request_erased(const TypeDescriptor&, const void*, const PublishOptions&, std::string_view stream,
                          std::string_view type, Millis timeout);
  void know_erased(const TypeDescriptor&);

  std::shared_ptr<detail::Core> core_;
};

}  // namespace collective
