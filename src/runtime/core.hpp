#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "collective/catalog.hpp"
#include "collective/client.hpp"
#include "collective/dead_letter.hpp"
#include "collective/handler.hpp"
#include "collective/pull.hpp"
#include "collective/subscription.hpp"
#include "collective/ulid.hpp"

#include "runtime/answers.hpp"
#include "runtime/async_appender.hpp"
#include "runtime/await.hpp"
#include "runtime/broker_table.hpp"
#include "runtime/clock.hpp"
#include "runtime/delivery_token.hpp"
#include "runtime/member_runner.hpp"
#include "runtime/recent_publishes.hpp"
#include "runtime/upkeeper.hpp"

namespace collective::runtime {
class Outgoing;
}

namespace collective::detail {

/// What a client and the buses that share its connection have in common. Thread-safe.
class Core : public Publisher, public std::enable_shared_from_this<Core> {
 public:
  Core(Options options, runtime::BrokerTable brokers, std::shared_ptr<const runtime::Clock> clock);
  ~Core() override;

  void connect();
  void close(Millis deadline);

  // --- publishing (publish.cpp, publish_async.cpp) ---
  Published publish(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                    const Cause* cause) override;
  Published publish_json(std::string_view type, std::string_view json, const PublishOptions& options);
  std::vector<Published> publish_batch(const TypeDescriptor& type, std::span<const void* const> events,
                                       const PublishOptions& options);
  void publish_async(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                     PublishCallback done);
  bool flush(std::chrono::steady_clock::time_point until);
  void know(const TypeDescriptor& type);

  // --- waiting (waiting.cpp) ---
  AnyEvent wait_for(const std::string& stream, const std::string& type, const std::string& correlation_id,
                    Millis timeout);
  AnyEvent request(const TypeDescriptor& type, const void* event, PublishOptions options, const std::string& stream,
                   const std::string& reply_type, Millis timeout);

  // --- reading (reading.cpp) ---
  std::vector<AnyEvent> read(const std::string& stream, const ReadOptions& options);
  std::vector<AnyEvent> follow(const std::string& stream, EntryId after, Millis timeout, std::size_t limit);
  std::vector<std::string> streams();
  StreamInfo stream_info(const std::string& stream);
  std::vector<GroupInfo> groups(const std::string& stream);
  std::vector<Finding> diagnose();
  std::vector<TracedEvent> trace(const std::string& correlation_id, const TraceOptions& options);

  // --- pulling (pull.cpp) ---
  std::vector<Pulled> fetch(const std::string& stream, const FetchOptions& options);
  Settlement acknowledge(const DeliveryToken& token);
  Settlement retry(const DeliveryToken& token, Millis delay, std::string_view error);
  Settlement dead_letter(const DeliveryToken& token, std::string_view reason);
  Settlement extend(const DeliveryToken& token, Millis from_now);

  // --- dead letters and groups (administration.cpp) ---
  std::vector<DeadLetter> dead_letters(const std::string& stream, const std::string& group, std::uint64_t after,
                                       std::size_t limit);
  std::uint64_t republish(const std::string& stream, const std::string& group, Millis max_age);
  std::uint64_t republish(const std::string& stream, const std::string& group,
                          const std::vector<std::uint64_t>& numbers);
  std::uint64_t discard(const std::string& stream, const std::string& group, const std::vector<std::uint64_t>& numbers);
  std::vector<PendingEvent> pending(const std::string& stream, const std::string& group, std::size_t limit);
  std::uint64_t replay(const std::string& stream, const std::string& group, EntryId after);
  std::uint64_t forget(const std::string& stream, const std::string& group, const std::string& type);
  std::uint64_t trim(const std::string& stream, std::uint64_t max_length, bool unacknowledged);

  // --- subscriptions (subscriptions.cpp) ---
  struct RouteKey {
    std::string stream, type;
    std::uint32_t version;
  };
  Subscription subscribe(std::vector<RouteKey> routes, RawHandler handler, SubscribeOptions options, bool batch);
  [[nodiscard]] bool ready() const;

  /// What a connection consists of.
  struct Connection {
    broker::Store store;
    std::shared_ptr<runtime::AsyncAppender> appender;
    std::shared_ptr<runtime::Answers> answers;
    std::shared_ptr<runtime::Upkeeper> upkeeper;
  };
  /// @throws Error Errc::not_connected; Errc::invalid in a child process made by fork()
  [[nodiscard]] std::shared_ptr<const Connection> connection() const;
  [[nodiscard]] broker::Store store() const { return connection()->store; }
  [[nodiscard]] std::shared_ptr<runtime::Upkeeper> upkeeper() const { return connection()->upkeeper; }
  /// True in a child process made by fork(): its parent's threads and locks are not there.
  [[nodiscard]] bool forked() const;
  [[nodiscard]] const Options& options() const { return options_; }
  [[nodiscard]] Timestamp now() const { return clock_->now().wall; }
  [[nodiscard]] std::string member_name(const std::string& consumer) const;

 private:
  class GroupTrace;
  friend class SubscriptionControl;

  std::shared_ptr<const Connection> open() const;
  void shut_down(std::chrono::steady_clock::time_point until);
  void abandon();
  Published stored(const TypeDescriptor& type, const runtime::Outgoing& outgoing, const PublishOptions& options);
  void store_batch(const TypeDescriptor& type, broker::AppendBatch batch, const PublishOptions& options,
                   std::vector<Published>& published);
  static void retain(runtime::Upkeeper& upkeeper, std::string_view stream, const PublishOptions& options);
  [[nodiscard]] runtime::AsyncAppender::Ended ended_reporter() const;
  broker::Exchanged exchange(broker::Exchange exchange, bool changes);
  std::vector<Pulled> accept(const broker::GroupKey& key, const FetchOptions& options, const broker::Exchanged& answer,
                             Timestamp deadline);
  Settlement settle(const DeliveryToken& token,
                    const std::function<void(const runtime::TokenContent&, broker::Settlement&)>& decide);
  template <class T>
  broker::Result<T> ask(const std::function<void(broker::Admin&, broker::Reply<T>)>& question) {
    const auto connected = store();
    return runtime::await<T>([&](broker::Reply<T> reply) { question(*connected.admin, std::move(reply)); },
                             options_.operation_timeout, false, "inspecting the store");
  }
  template <class T>
  T ask_of(const broker::GroupKey& key, const std::function<void(broker::Admin&, broker::Reply<T>)>& question);
  std::shared_ptr<runtime::MemberRunner> runner_for(const std::string& stream, const SubscribeOptions& options);
  std::shared_ptr<runtime::MemberRunner> take_part(const std::string& stream, const engine::Subscription& subscription,
                                                   const RawHandler& handler, const SubscribeOptions& options);
  void end_subscription(std::uint32_t id, const std::vector<std::shared_ptr<runtime::MemberRunner>>& runners,
                        Millis drain);

  const Options options_;
  const runtime::BrokerTable brokers_;
  const std::shared_ptr<const runtime::Clock> clock_;
  const std::string incarnation_ = new_ulid();
  const int process_;
  UlidGenerator ids_{[clock = clock_] { return clock->now().wall; }};  // of events
  const std::shared_ptr<runtime::RecentPublishes> recent_ =
      std::make_shared<runtime::RecentPublishes>();  // by correlation id

  std::mutex connecting_;     // held by the one that connects
  mutable std::mutex mutex_;  // guards everything below
  TypeRegistry types_ = TypeRegistry::catalog();
  std::shared_ptr<const Connection> connection_;  // null: not connected, or closed
  struct Joined {
    SubscribeOptions options;
    std::shared_ptr<runtime::MemberRunner> runner;
  };
  std::map<std::string, Joined> runners_;  // by stream, group and consumer
  std::map<std::uint32_t, std::weak_ptr<SubscriptionControl>> subscriptions_;
  std::uint32_t next_subscription_ = 1;
};

}  // namespace collective::detail
