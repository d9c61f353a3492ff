#pragma once

#include <atomic>
#include <memory>

#include "broker/admin.hpp"
#include "broker/embedded/look_back.hpp"
#include "broker/embedded/shared_store.hpp"

namespace collective::embedded {

/// The contract over a shared store: checks names, hands steps to the writer, and looks on the caller's thread.
///
/// Threads: all calls from any.
class EmbeddedBroker final : public broker::Broker, public broker::Admin {
 public:
  explicit EmbeddedBroker(std::shared_ptr<SharedStore> store) : store_(std::move(store)) {}
  ~EmbeddedBroker() override;

  void append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) override;
  void join(broker::Join request, broker::Reply<EntryId> reply) override;
  void exchange(broker::Exchange request, broker::Reply<broker::Exchanged> reply) override;
  void leave(broker::GroupKey key, std::string member, Timestamp now, broker::Reply<bool> reply) override;
  void read(broker::Read request, broker::Reply<broker::Page> reply) override;
  void upkeep(broker::Upkeep request, broker::Reply<broker::UpkeepReport> reply) override;
  Watch watch(const std::string& stream, std::function<void()> news) override;
  void close(std::chrono::steady_clock::time_point deadline) override;

  void streams(broker::Reply<std::vector<std::string>> reply) override;
  void stream_info(const std::string& stream, broker::Reply<broker::StreamInfo> reply) override;
  void groups(const std::string& stream, Timestamp now, broker::Reply<std::vector<broker::GroupInfo>> reply) override;
  void pending(broker::GroupKey key, broker::WorkId after, std::size_t limit,
               broker::Reply<std::vector<broker::PendingInfo>> reply) override;
  void dead_letters(broker::GroupKey key, std::uint64_t after, std::size_t limit,
                    broker::Reply<broker::DeadLetterPage> reply) override;
  void republish(broker::GroupKey key, std::vector<std::uint64_t> numbers, Timestamp now,
                 broker::Reply<std::uint64_t> reply) override;
  void discard(broker::GroupKey key, std::vector<std::uint64_t> numbers, broker::Reply<std::uint64_t> reply) override;
  void replay(broker::GroupKey key, EntryId after, broker::Reply<std::uint64_t> reply) override;
  void forget(broker::GroupKey key, const std::string& route, broker::Reply<std::uint64_t> reply) override;
  void diagnose(broker::Reply<std::vector<Finding>> reply) override;
  void destroy_group(broker::GroupKey key, broker::Reply<bool> reply) override;

 private:
  std::shared_ptr<SharedStore> store() const;
  broker::Result<std::vector<LookedBack>> look_back(const broker::AppendBatch& batch) const;
  template <class Answer, class Step>
  void write(broker::Reply<Answer> reply, Step step);
  template <class Answer, class Look>
  void look(broker::Reply<Answer> reply, Look look);

  mutable std::mutex mutex_;
  std::shared_ptr<SharedStore> store_;  ///< null once closed; guarded by mutex_
};

}  // namespace collective::embedded
