#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <thread>

#include "collective/event.hpp"
#include "collective/retry.hpp"

#include "broker/contract.hpp"
#include "engine/answer_table.hpp"

namespace collective::runtime {

/// The waits of one client: one thread reads the tails of all streams that somebody waits on, and ends each wait once,
/// by an answer, its timeout or the close. A stream that nobody waits on is not read. Thread-safe.
class Answers : public std::enable_shared_from_this<Answers> {
 public:
  /// Called once, on the reader's thread or the caller's; must not block.
  using Done = std::function<void(broker::Result<AnyEvent>)>;

  Answers(std::shared_ptr<broker::Broker> broker, Millis operation_timeout);
  ~Answers();

  /// Registers the wait; from the return on no answer is missed. `look_back`: also search what was stored from here on.
  /// @throws Error Errc::unavailable when the stream cannot be read
  engine::AnswerTable::Id wait(const std::string& stream, engine::Wanted wanted, std::optional<EntryId> look_back,
                               Millis timeout, Done done);
  /// Ends a wait without an answer; its `done` is not called.
  void forget(engine::AnswerTable::Id id);

  /// Ends every wait with Errc::cancelled and the thread.
  void close();

  [[nodiscard]] std::size_t waiting() const;

 private:
  using Clock = std::chrono::steady_clock;
  using Id = engine::AnswerTable::Id;
  struct Tail {
    engine::AnswerTable table;
    EntryId position{};
    bool news = false;
    broker::Broker::Watch watch;
  };
  struct Wait {
    std::string stream;
    Clock::time_point deadline;
    Done done;
    std::string what;           // for the timeout's message
    bool looked_again = false;  ///< after its deadline
  };

  void run();
  std::optional<std::string> next_stream();
  void read_tail(std::unique_lock<std::mutex>& lock, const std::string& stream);
  void expire(std::unique_lock<std::mutex>& lock);
  void fail_all(std::unique_lock<std::mutex>& lock, Errc code, const std::string& why);
  bool look_back_for(const std::string& stream, const engine::Wanted& wanted, EntryId from, EntryId until, Id id);
  broker::Result<broker::Page> read(broker::Read request);
  Done take(Id id);

  const std::shared_ptr<broker::Broker> broker_;
  const Millis timeout_;
  std::stop_source stop_;     // ends a read that a slow broker does not answer
  mutable std::mutex mutex_;  // guards everything below
  std::condition_variable wake_;
  std::map<std::string, Tail> tails_;
  std::unordered_map<Id, Wait> waits_;
  std::multimap<Clock::time_point, Id> deadlines_;
  Id next_id_ = 1;
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace collective::runtime
