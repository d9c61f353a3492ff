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

  /// Registers the wait; from the return on no answer is missed. `from`: also search what was stored after it.
  /// @throws Error Errc::unavailable when the stream cannot be read
  engine::AnswerTable::Id wait(const std::string& stream, engine::Wanted wanted, std::optional<EntryId> from,
                               Millis timeout, Done done);
  /// Searches what was stored after `from` for the answer of a wait, up to `until`. When that cannot be read the wait ends with
  /// the error: an answer may be there.
  void look_back(engine::AnswerTable::Id id, const std::string& stream, const engine::Wanted& wanted, EntryId from,
                 EntryId until = EntryId::max());
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
  void end(Id id, broker::Result<AnyEvent> result);
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
  std::string last_read_;  // the stream whose turn it was
  bool closing_ = false;
  std::thread thread_;
};

}  // namespace collective::runtime
