#pragma once

#include <functional>
#include <memory>

#include "broker/redis/connection.hpp"

namespace collective::redis {

using Outcome = broker::Result<AnswerPointer>;

/// The pipelined command connection: calls go out in the order of `send`, answers come back on its thread. A connection
/// that is lost is made again; calls that were on their way then end as unknown, calls that were not go out later.
///
/// Thread-safe. Each call is answered exactly once.
class Channel {
 public:
  /// What to do with the answer. Called on the channel's thread, or on that of `close`.
  using Done = std::function<void(Outcome)>;

  explicit Channel(std::shared_ptr<const Server> server);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Waits for the first connection. @throws Fault when it cannot be made by then
  void wait_until_connected(Clock::time_point deadline);

  void send(Request request, Done done);

  /// Lets calls be answered until the deadline, ends the others, and refuses later ones.
  void close(Clock::time_point deadline);

 private:
  class Worker;
  std::shared_ptr<Worker> worker_;
};

}  // namespace collective::redis
