#include "runtime/core.hpp"

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
  if (options.connect_timeout <= Millis(0)) refuse("connect_timeout must be more than 0 ms");
  if (options.operation_timeout <= Millis(0)) refuse("operation_timeout must be more than 0 ms");
}

// Trying again helps when the broker is away, not when it refuses.
bool worth_trying_again(Errc code) {
  return code == Errc::unavailable || code == Errc::timeout;
}

}  // namespace

Core::Core(Options options, runtime::BrokerTable brokers, std::shared_ptr<const runtime::Clock> clock)
    : options_(std::move(options)), brokers_(std::move(brokers)), clock_(std::move(clock)) {
  check_options(options_);
  if (!options_.broker.empty()) runtime::BrokerUrl::parse(options_.broker);
}

Core::~Core() {
  close(Millis(1'000));
}

void Core::connect() {
  const auto until = std::chrono::steady_clock::now() + options_.connect_timeout;
  const std::lock_guard lock(mutex_);
  if (store_) return;
  for (auto pause = Millis(20);; pause = std::min(pause * 2, Millis(500))) {
    try {
      store_ = runtime::open_store(brokers_, options_);
      break;
    } catch (const Error& error) {
      if (!worth_trying_again(error.code()) || std::chrono::steady_clock::now() + pause > until) throw;
      std::this_thread::sleep_for(pause);
    }
  }
  appender_ = std::make_shared<runtime::AsyncAppender>(store_->broker, clock_, options_.window, ended_reporter());
  answers_ = std::make_shared<runtime::Answers>(store_->broker, options_.operation_timeout);
  upkeeper_ = std::make_shared<runtime::Upkeeper>(*store_, clock_, options_.observer);
}

void Core::close(Millis deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  const auto left = [&] {
    return std::max(Millis(0), std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now()));
  };
  std::vector<std::shared_ptr<SubscriptionControl>> subscriptions;
  std::optional<broker::Store> store;
  std::shared_ptr<runtime::AsyncAppender> appender;
  std::shared_ptr<runtime::Answers> answers;
  std::shared_ptr<runtime::Upkeeper> upkeeper;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, weak] : subscriptions_) {
      if (auto subscription = weak.lock()) subscriptions.push_back(std::move(subscription));
    }
    store.swap(store_);
    appender = appender_;
    answers.swap(answers_);
    upkeeper.swap(upkeeper_);
  }
  for (const auto& subscription : subscriptions) subscription->end(left());
  if (appender) appender->flush(until);
  if (answers) answers->close();
  if (upkeeper) upkeeper->close();
  if (store) store->broker->close(until);
}

broker::Store Core::store() const {
  const std::lock_guard lock(mutex_);
  if (!store_) throw Error(Errc::not_connected, "not connected: call connect() first, and nothing after close()");
  return *store_;
}

std::shared_ptr<runtime::Upkeeper> Core::upkeeper() {
  const std::lock_guard lock(mutex_);
  if (!upkeeper_) throw Error(Errc::not_connected, "not connected: call connect() first, and nothing after close()");
  return upkeeper_;
}

std::string Core::member_name(const std::string& consumer) const {
  if (!consumer.empty()) return consumer + "~" + incarnation_;
  char host[128] = {};
  if (gethostname(host, sizeof host - 1) != 0 || !is_name(host))
    return "process-" + std::to_string(getpid()) + "~" + incarnation_;
  return std::string(host) + "-" + std::to_string(getpid()) + "~" + incarnation_;
}

}  // namespace collective::detail
