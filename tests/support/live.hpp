#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "collective/collective.hpp"

#include "support/redis_server.hpp"
#include "support/temporary_directory.hpp"

// For tests of the whole client and bus with real threads: what they wait for is always an event of their own, with a
// limit that only a failure reaches.
namespace collective::testing_support {

inline constexpr auto limit = std::chrono::seconds(20);

/// Collects values from handlers; `wait_for` returns once there are `count`.
template <class T>
class Collected {
 public:
  void add(T value) {
    const std::lock_guard lock(mutex_);
    values_.push_back(std::move(value));
    arrived_.notify_all();
  }
  /// What was collected once there are at least `count`, or everything after the limit.
  std::vector<T> wait_for(std::size_t count) {
    std::unique_lock lock(mutex_);
    arrived_.wait_for(lock, limit, [&] { return values_.size() >= count; });
    return values_;
  }
  std::vector<T> now() {
    const std::lock_guard lock(mutex_);
    return values_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable arrived_;
  std::vector<T> values_;  // guarded by mutex_
};

/// A door that handlers wait at until the test opens it.
class Gate {
 public:
  void open() {
    const std::lock_guard lock(mutex_);
    open_ = true;
    opened_.notify_all();
  }
  bool wait() {
    std::unique_lock lock(mutex_);
    return opened_.wait_for(lock, limit, [&] { return open_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable opened_;
  bool open_ = false;  // guarded by mutex_
};

/// Runs each test on every broker that a URL can name.
class LiveTest : public ::testing::TestWithParam<std::string> {
 protected:
  [[nodiscard]] std::string url() const {
    if (GetParam() == "memory") {
      return "memory:" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name());
    }
    if (GetParam() == "redis") {
      return "redis://127.0.0.1:" + std::to_string(shared_redis().port()) + "/" +
             std::to_string(redis_database_of(directory_.path()));
    }
    return "embedded:" + (directory_.path() / "store").string() + "?sync=none";
  }
  [[nodiscard]] Options options() const {
    Options options;
    options.broker = url();
    return options;
  }
  [[nodiscard]] EventClient connected(Options options) const {
    EventClient client(std::move(options));
    client.connect();
    return client;
  }
  [[nodiscard]] EventClient connected() const { return connected(options()); }

  static UserRegistered user(const std::string& id) {
    return {.user_id = id, .email = "user@example.com", .tier = Tier::individual_pro};
  }
  /// Retries at once, so that no test waits for a backoff.
  static SubscribeOptions group(const std::string& name) {
    SubscribeOptions options;
    options.group = name;
    options.retry.base_delay = Millis(0);
    options.retry.jitter = 0;
    return options;
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace collective::testing_support

#define COLLECTIVE_ON_EVERY_BROKER(Suite)                                                    \
  INSTANTIATE_TEST_SUITE_P(Brokers, Suite, ::testing::Values("memory", "embedded", "redis"), \
                           [](const auto& parameter) { return parameter.param; })
