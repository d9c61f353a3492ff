#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>

#include "collective/client.hpp"

#include "service/log.hpp"

namespace collective::service {

/// One event as Server-Sent Events carry it.
struct Frame {
  EntryId id{};
  std::string type{};
  std::string text{};
};
[[nodiscard]] Frame frame_of(const AnyEvent& event);

/// The newest events of one stream, read once for all that follow it: a thread and a ring of bounded size.
///
/// Threads: any.
class Tail {
 public:
  /// @param tick  how often listeners are called although nothing is new
  /// Does nothing before the first `listen`, and ends by itself with its last listener.
  Tail(EventClient client, std::string stream, std::chrono::milliseconds tick, Log& log);
  ~Tail();
  Tail(const Tail&) = delete;
  Tail& operator=(const Tail&) = delete;

  enum class Reach : std::uint8_t {
    starting,  ///< nothing is known yet; listeners are called once it is
    behind,    ///< the ring does not reach back to the position: read the stream itself
    here,      ///< the ring has everything after the position
  };
  /// Hands the events after `position` to `take`, oldest first, until it returns false.
  Reach after(EntryId position, const std::function<bool(const Frame&)>& take) const;

  /// Everything up to here was stored before this call and is older than the ring.
  [[nodiscard]] EntryId floor() const;

  /// Calls `listener` when there is news, and each tick; from the tail's thread.
  /// @return its number; 0 when the tail has ended
  std::uint64_t listen(std::function<void()> listener);
  void forget(std::uint64_t listener);
  /// Asks for a call soon.
  void poke() { poked_ = true; }

 private:
  void work();
  bool step();
  bool unheard();
  void start();
  void add(const std::vector<AnyEvent>& events);
  void tell();
  void pause(std::chrono::milliseconds time);

  EventClient client_;
  const std::string stream_;
  const std::chrono::milliseconds tick_;
  Log& log_;
  std::atomic<bool> stopping_{false}, poked_{false};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool started_ = false;      // guarded by mutex_
  EntryId floor_{}, last_{};  // guarded by mutex_: the ring holds what is after the first, up to the second
  std::deque<Frame> ring_;    // guarded by mutex_
  std::size_t bytes_ = 0;     // guarded by mutex_: of the ring's texts
  std::mutex listeners_mutex_;
  std::map<std::uint64_t, std::function<void()>> listeners_;  // guarded by listeners_mutex_
  std::uint64_t next_listener_ = 1;                           // guarded by listeners_mutex_
  bool ended_ = false;                                        // guarded by listeners_mutex_
  std::thread thread_;
};

/// The tails of streams: one for each that somebody followed.
class Followers {
 public:
  Followers(EventClient client, std::chrono::milliseconds tick, Log& log)
      : client_(std::move(client)), tick_(tick), log_(log) {}

  struct Following {
    std::shared_ptr<Tail> tail{};
    std::uint64_t listener = 0;
  };
  [[nodiscard]] Following follow(const std::string& stream, const std::function<void()>& listener);
  /// Ends every tail.
  void stop();

 private:
  EventClient client_;
  const std::chrono::milliseconds tick_;
  Log& log_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Tail>> tails_;  // guarded by mutex_
};

}  // namespace collective::service
