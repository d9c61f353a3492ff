#include "broker/redis/watcher.hpp"

#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <thread>
#include <vector>

#include "broker/redis/backoff.hpp"
#include "broker/redis/fault.hpp"

namespace collective::redis {
namespace {

using News = std::function<void()>;

constexpr std::string_view channel_begins = "news:{";

std::string channel_of(const std::string& stream) {
  return std::string(channel_begins) + stream + "}";
}

std::string stream_of(std::string_view channel) {
  if (!channel.starts_with(channel_begins) || !channel.ends_with('}')) return {};
  return std::string(channel.substr(channel_begins.size(), channel.size() - channel_begins.size() - 1));
}

// A connection that says nothing for so long is asked whether it still lives, and given up when it does not answer.
constexpr std::chrono::seconds silence{5};

}  // namespace

/// Outlives the watcher when its thread is still busy at the end of `close`.
class Watcher::Worker : public std::enable_shared_from_this<Watcher::Worker> {
 public:
  explicit Worker(std::shared_ptr<const Server> server)
      : server_(std::move(server)), backoff_(server_->options.longest_pause) {}

  void run();
  std::shared_ptr<void> watch(const std::string& stream, News news);
  void close(Clock::time_point deadline);

 private:
  using Lock = std::unique_lock<std::mutex>;

  void listen(Connection& connection);
  std::string changes_of_subscription();
  void hear(const Reply& message);
  void ring(const std::string& stream);
  bool closing();

  const std::shared_ptr<const Server> server_;
  Interrupt interrupt_;
  Backoff backoff_;                   // of the worker's thread
  std::set<std::string> subscribed_;  // of the worker's thread: asked for on this connection

  std::mutex mutex_;  // guards everything below
  std::condition_variable changed_;
  std::map<std::string, std::vector<std::weak_ptr<News>>> watches_;
  std::thread::id thread_;
  bool running_ = false;  // the thread begins with the first watch
  bool closing_ = false;
};

std::shared_ptr<void> Watcher::Worker::watch(const std::string& stream, News news) {
  auto handle = std::make_shared<News>(std::move(news));
  const Lock lock(mutex_);
  if (closing_) return handle;
  auto& list = watches_[stream];
  std::erase_if(list, [](const auto& old) { return old.expired(); });
  list.push_back(handle);
  interrupt_.raise();
  if (!std::exchange(running_, true)) std::thread([self = shared_from_this()] { self->run(); }).detach();
  return handle;
}

void Watcher::Worker::close(Clock::time_point deadline) {
  Lock lock(mutex_);
  closing_ = true;
  interrupt_.raise();
  if (thread_ != std::this_thread::get_id()) changed_.wait_until(lock, deadline, [&] { return !running_; });
}

bool Watcher::Worker::closing() {
  const Lock lock(mutex_);
  return closing_;
}

void Watcher::Worker::run() {
  {
    const Lock lock(mutex_);
    thread_ = std::this_thread::get_id();
  }
  while (!closing()) {
    try {
      interrupt_.clear();
      Connection connection(*server_, interrupt_, Clock::now() + server_->options.connect_timeout);
      backoff_.reset();
      subscribed_.clear();
      listen(connection);
    } catch (const Fault&) {
      // The channel tells of the trouble; here it costs only the time until the next attempt.
      const auto until = Clock::now() + backoff_.next();
      while (!closing() && Clock::now() < until) {
        interrupt_.wait(-1, 0, until);
        interrupt_.clear();
      }
    }
  }
  const Lock lock(mutex_);
  running_ = false;
  changed_.notify_all();
}

void Watcher::Worker::listen(Connection& connection) {
  std::string wire;
  auto heard = Clock::now();
  bool asked = false;
  while (!closing()) {
    wire += changes_of_subscription();
    if (!wire.empty()) connection.write_some(wire);
    connection.read_some();
    while (const auto message = connection.next()) {
      heard = Clock::now();
      asked = false;
      hear(message->root);
    }
    if (Clock::now() >= heard + silence) {
      if (asked) throw Fault(Errc::unavailable, "silent");
      asked = true;
      heard = Clock::now();
      Request("PING").write(wire);
      continue;
    }
    connection.wait(!wire.empty(), heard + silence);
    interrupt_.clear();
  }
}

/// Subscribes to the streams that are watched, and ends what nobody watches any more.
std::string Watcher::Worker::changes_of_subscription() {
  std::string wire;
  const Lock lock(mutex_);
  for (auto at = watches_.begin(); at != watches_.end();) {
    auto& [stream, list] = *at;
    std::erase_if(list, [](const auto& old) { return old.expired(); });
    if (list.empty()) {
      if (subscribed_.erase(stream) > 0) Request("UNSUBSCRIBE").add(std::string_view(channel_of(stream))).write(wire);
      at = watches_.erase(at);
      continue;
    }
    if (subscribed_.insert(stream).second) Request("SUBSCRIBE").add(std::string_view(channel_of(stream))).write(wire);
    ++at;
  }
  return wire;
}

/// A message, or the word that a subscription has begun: what happened before it was not told.
void Watcher::Worker::hear(const Reply& message) {
  const auto kind = message.at(0).text;
  if (kind == "message" || kind == "subscribe") ring(stream_of(message.at(1).text));
}

void Watcher::Worker::ring(const std::string& stream) {
  std::vector<std::shared_ptr<News>> live;
  {
    const Lock lock(mutex_);
    const auto found = watches_.find(stream);
    if (found == watches_.end()) return;
    for (const auto& watch : found->second)
      if (auto handle = watch.lock()) live.push_back(std::move(handle));
  }
  for (const auto& watch : live) {
    try {
      (*watch)();
    } catch (...) {  // NOLINT(bugprone-empty-catch): what a user's callback throws is its own affair
    }
  }
}

Watcher::Watcher(std::shared_ptr<const Server> server) : worker_(std::make_shared<Worker>(std::move(server))) {}

Watcher::~Watcher() {
  worker_->close(Clock::now());
}

std::shared_ptr<void> Watcher::watch(const std::string& stream, std::function<void()> news) {
  return worker_->watch(stream, std::move(news));
}

void Watcher::close(Clock::time_point deadline) {
  worker_->close(deadline);
}

}  // namespace collective::redis
