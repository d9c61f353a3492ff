#pragma once

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <thread>

#include "collective/observer.hpp"

#include "broker/admin.hpp"
#include "runtime/clock.hpp"

namespace collective::runtime {

/// Keeps the streams that this process uses in order, on one thread: makes delayed events visible when they are due,
/// trims about once a second in slices, and raises the alarms of what it finds. Thread-safe.
class Upkeeper {
 public:
  Upkeeper(broker::Store store, std::shared_ptr<const Clock> clock, std::shared_ptr<Observer> observer);
  ~Upkeeper();

  void look_after(std::string_view stream);
  void set_retention(const std::string& stream, const broker::Retention& retention);
  void delayed_until(const std::string& stream, Timestamp due);  ///< a delayed event was published
  void close();

 private:
  struct Stream {
    broker::Retention retention;
    engine::Nanos next_trim{};
    engine::Nanos next_check{};
    std::optional<Timestamp> next_delayed;
    bool troubled = false;                     // its last step failed
    std::map<std::string, bool> unowned_told;  // by group and route
  };

  void run();
  void tend(std::unique_lock<std::mutex>& lock, const std::string& name);
  void check_groups(std::unique_lock<std::mutex>& lock, const std::string& name);
  void tell(Alarm alarm, const std::string& stream, const std::string& group, const std::string& text);
  [[nodiscard]] engine::Nanos due(const Stream& stream, const engine::Now& now) const;

  const broker::Store store_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Observer> observer_;
  std::stop_source stop_;  // ends a step that the broker does not answer
  std::mutex mutex_;       // guards everything below
  std::condition_variable wake_;
  std::map<std::string, Stream, std::less<>> streams_;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace collective::runtime
