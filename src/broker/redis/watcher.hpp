#pragma once

#include <functional>
#include <memory>
#include <string>

#include "broker/redis/connection.hpp"

namespace collective::redis {

/// Tells of news on streams, on a connection of its own: scripts publish them on a channel of each stream. What may have
/// been missed while there was no connection is made up for by a call of every watch.
///
/// Thread-safe. `news` is called on the watcher's thread, without any lock held.
class Watcher {
 public:
  explicit Watcher(std::shared_ptr<const Server> server);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

  std::shared_ptr<void> watch(const std::string& stream, std::function<void()> news);
  /// Ends all watches and returns by the deadline; may be called by `news`.
  void close(Clock::time_point deadline);

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace collective::redis
