#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "collective/client.hpp"

namespace collective::service {

struct StreamSample {
  StreamInfo info{};
  double rate = 0;  ///< events a second, over the last samples
  std::vector<GroupInfo> groups{};
};

/// What the broker held at one moment.
struct Snapshot {
  Timestamp taken{};
  std::chrono::steady_clock::time_point at{};
  bool connected = false;  ///< the broker answered
  std::string error{};     ///< why not; the streams are then the last ones known
  std::vector<StreamSample> streams{};
};

/// Looks at all streams and groups about once an interval, on a thread of its own, so that health, rates and metrics
/// can be told without asking the broker.
///
/// Threads: any.
class Monitor {
 public:
  Monitor(EventClient client, std::chrono::milliseconds interval);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// Never null.
  [[nodiscard]] std::shared_ptr<const Snapshot> latest() const;
  /// Takes a sample now and returns once it is taken.
  void sample_now();
  void stop();

 private:
  using Clock = std::chrono::steady_clock;
  struct Mark {
    Clock::time_point at;
    std::uint64_t appended;
  };
  void work();
  [[nodiscard]] Snapshot sample();
  void add_stream(const std::string& name, Snapshot& snapshot);
  double rate_of(const StreamInfo& info, Clock::time_point at);

  EventClient client_;
  const std::chrono::milliseconds interval_;
  std::map<std::string, std::deque<Mark>> marks_;  // of the thread alone
  mutable std::mutex mutex_;
  std::condition_variable wake_, taken_;
  std::shared_ptr<const Snapshot> latest_ = std::make_shared<Snapshot>();  // guarded by mutex_
  std::uint64_t wanted_ = 1, begun_ = 0, done_ = 0;                        // guarded by mutex_
  bool stopping_ = false;                                                  // guarded by mutex_
  std::thread thread_;
};

}  // namespace collective::service
