#pragma once

#include "broker/admin.hpp"
#include "broker/redis/channel.hpp"
#include "broker/redis/watcher.hpp"

namespace collective::redis {

/// The contract on a Redis server: each call is a script on the command connection. Thread-safe.
class RedisBroker final : public broker::Broker, public broker::Admin {
 public:
  /// @throws Fault when there is no connection in time
  explicit RedisBroker(std::shared_ptr<const Server> server);

  void append(broker::AppendBatch, broker::Reply<std::vector<broker::Appended>>) override;
  void join(broker::Join, broker::Reply<EntryId>) override;
  void exchange(broker::Exchange, broker::Reply<broker::Exchanged>) override;
  void leave(broker::GroupKey, std::string member, Timestamp now, broker::Reply<bool>) override;
  void read(broker::Read, broker::Reply<broker::Page>) override;
  void upkeep(broker::Upkeep, broker::Reply<broker::UpkeepReport>) override;
  Watch watch(const std::string& stream, std::function<void()> news) override;
  void close(Clock::time_point deadline) override;

  void streams(broker::Reply<std::vector<std::string>>) override;
  void stream_info(const std::string& stream, broker::Reply<broker::StreamInfo>) override;
  void groups(const std::string& stream, Timestamp now, broker::Reply<std::vector<broker::GroupInfo>>) override;
  void pending(broker::GroupKey, broker::WorkId after, std::size_t limit,
               broker::Reply<std::vector<broker::PendingInfo>>) override;
  void dead_letters(broker::GroupKey, std::uint64_t after, std::size_t limit,
                    broker::Reply<broker::DeadLetterPage>) override;
  void republish(broker::GroupKey, std::vector<std::uint64_t> numbers, Timestamp now,
                 broker::Reply<std::uint64_t>) override;
  void discard(broker::GroupKey, std::vector<std::uint64_t> numbers, broker::Reply<std::uint64_t>) override;
  void replay(broker::GroupKey, EntryId after, broker::Reply<std::uint64_t>) override;
  void forget(broker::GroupKey, const std::string& route, broker::Reply<std::uint64_t>) override;
  void diagnose(broker::Reply<std::vector<Finding>>) override;
  void destroy_group(broker::GroupKey, broker::Reply<bool>) override;

 private:
  /// Sends the call; its answer becomes a T by `read`, an error of the server a Failure that names what it was `to`.
  template <class T, class ReadAnswer>
  void call(Request request, std::string to, broker::Reply<T> reply, ReadAnswer read_answer);

  std::shared_ptr<const Server> server_;
  std::shared_ptr<Channel> channel_;
  Watcher watcher_;
};

}  // namespace collective::redis
