#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "broker/embedded/environment.hpp"

namespace collective::embedded {

/// Calls watchers when a commit of any process, this one included, touched their stream. One thread per store and
/// process, started with the first watch; it sleeps in the kernel until the doorbell rings. What a process killed between its commit and
/// its ring has stored is told within `Doorbell::tick`.
///
/// Threads: all calls from any. Watchers are called on the listener's thread, outside its lock.
class Listener : public std::enable_shared_from_this<Listener> {
 public:
  explicit Listener(std::shared_ptr<Environment> environment) : environment_(std::move(environment)) {}

  std::shared_ptr<void> watch(const std::string& stream, std::function<void()> news);
  void stop();

 private:
  struct Watcher {
    std::size_t slot = 0;
    std::uint32_t seen = 0;  ///< only the listener's thread uses it after the start
    std::function<void()> news;
  };
  void listen();
  void wait(std::uint32_t rings);

  const std::shared_ptr<Environment> environment_;
  std::mutex mutex_;
  std::vector<std::shared_ptr<Watcher>> watchers_;  ///< guarded by mutex_
  int quiet_ticks_ = 0;                             ///< only the listener's thread uses it
  bool stopping_ = false;                           ///< guarded by mutex_
  std::thread thread_;                              ///< guarded by mutex_
};

}  // namespace collective::embedded
