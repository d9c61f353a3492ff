#include "runtime/core.hpp"

#include <future>
#include <system_error>
#include <thread>

#include <unistd.h>

#include "runtime/subscription_control.hpp"

namespace collective::detail {
namespace {

void check_options(const Options& options) {
  const auto refuse = [](const std::string& what) { throw Error(Errc::invalid, "Options::" + what); };
  if (options.hop_limit < 1 || options.hop_limit > 1'000)
    refuse("hop_limit is " + std::to_string(options.hop_limit) + "; allowed are 1 to 1000");
  if (options.window == 0) refuse("window is 0; at least one event must be allowed on its way");
  if (options.max_event_bytes < 256)
    refuse("max_event_bytes is " + std::to_string(options.max_event_bytes) + "; at least 256 bytes are needed");
  check_duration("Options::connect_timeout", options.connect_timeout, Millis(1));
  check_duration("Options::operation_timeout", options.operation_timeout, Millis(1));
}

// Trying again helps when the broker is away, not when it refuses.
bool worth_trying_again(Errc code) {
  return code == Errc::unavailable || code == Errc::timeout;
}

// At the same time: each may take its drain, and a moment for the farewell that a silent broker does not answer.
void end_together(const std::vector<std::shared_ptr<SubscriptionControl>>& subscriptions, Millis drain) {
  std::vector<std::future<void>> ends;
  for (const auto& subscription : subscriptions) {
    try {
      ends.push_back(std::async(std::launch::async, [subscription, drain] { subscription->end(drain); }));
    } catch (const std::system_error&) {  // no thread to be had
      subscription->end(drain);
    }
  }
}

Error after_fork() {
  return {
      Errc::invalid,
      "this client or bus belongs to the parent process, and its threads are not in this child made by fork(): make "
      "and connect a client of its own in the child, or start a program (exec)"};
}

}  // namespace

Core::Core(Options options, runtime::BrokerTable brokers, std::shared_ptr<const runtime::Clock> clock)
    : options_(std::move(options)), brokers_(std::move(brokers)), clock_(std::move(clock)), process_(getpid()) {
  check_options(options_);
  if (!options_.broker.empty()) runtime::BrokerUrl::parse(options_.broker);
}

Core::~Core() {
  if (forked()) {
    abandon();
    return;
  }
  shut_down(runtime::after(runtime::in_callback() ? Millis(0) : Millis(1'000)));
}

// Opening may take a while; whoever closes or publishes meanwhile does not wait for it.
void Core::connect() {
  if (forked()) throw after_fork();
  runtime::refuse_in_callback("connect");
  const std::lock_guard one_at_a_time(connecting_);
  {
    const std::lock_guard lock(mutex_);
    if (connection_) return;
  }
  auto opened = open();
  const std::lock_guard lock(mutex_);
  connection_ = std::move(opened);
}

std::shared_ptr<const Core::Connection> Core::open() const {
  const auto until = std::chrono::steady_clock::now() + options_.connect_timeout;
  auto connection = std::make_shared<Connection>();
  auto attempt = options_;
  for (auto pause = Millis(20);; pause = std::min(pause * 2, Millis(500))) {
    try {
      const auto left = until - std::chrono::steady_clock::now();
      attempt.connect_timeout = std::max(Millis(1), std::chrono::duration_cast<Millis>(left));
      connection->store = runtime::open_store(brokers_, attempt);
      break;
    } catch (const Error& error) {
      if (!worth_trying_again(error.code()) || std::chrono::steady_clock::now() + pause > until) throw;
      std::this_thread::sleep_for(pause);
    }
  }
  connection->appender =
      std::make_shared<runtime::AsyncAppender>(connection->store.broker, clock_, options_.window, ended_reporter());
  connection->answers = std::make_shared<runtime::Answers>(connection->store.broker, options_.operation_timeout);
  connection->upkeeper = std::make_shared<runtime::Upkeeper>(connection->store, clock_, options_.observer);
  return connection;
}

void Core::close(Millis deadline) {
  if (forked()) return abandon();
  runtime::refuse_in_callback("close");
  shut_down(runtime::after(deadline));
}

void Core::shut_down(std::chrono::steady_clock::time_point until) {
  std::vector<std::shared_ptr<SubscriptionControl>> subscriptions;
  std::shared_ptr<const Connection> connection;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, weak] : subscriptions_) {
      if (auto subscription = weak.lock()) subscriptions.push_back(std::move(subscription));
    }
    connection.swap(connection_);
  }
  end_together(subscriptions, std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now()));
  if (!connection) return;
  connection->appender->flush(until);
  connection->answers->close();
  connection->upkeeper->close();
  connection->store.broker->close(until);
}

// The child's copies of threads and locks can be neither ended nor waited for, whatever state the fork found them in. They
// are left where they are, as the child's other leftovers of its parent.
void Core::abandon() {
  auto* const left_behind = new std::pair(std::move(connection_), std::move(runners_));
  static_cast<void>(left_behind);
  connection_ = nullptr;
  runners_.clear();
}

bool Core::forked() const {
  return getpid() != process_;
}

std::shared_ptr<const Core::Connection> Core::connection() const {
  if (forked()) throw after_fork();
  const std::lock_guard lock(mutex_);
  if (!connection_) throw Error(Errc::not_connected, "not connected: call connect() first, and nothing after close()");
  return connection_;
}

std::string Core::member_name(const std::string& consumer) const {
  if (!consumer.empty()) return consumer + "~" + incarnation_;
  char host[128] = {};
  if (gethostname(host, sizeof host - 1) != 0 || !is_name(host))
    return "process-" + std::to_string(getpid()) + "~" + incarnation_;
  return std::string(host) + "-" + std::to_string(getpid()) + "~" + incarnation_;
}

}  // namespace collective::detail
