#pragma once

#include <chrono>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "broker/admin.hpp"

namespace collective::testing_support {

/// The calls of a store, each of which waits for its answer: with a limit that only a failure reaches.
class Steps {
 public:
  template <class T>
  using Result = broker::Result<T>;

  explicit Steps(broker::Store store) : store_(std::move(store)) {}

  Result<std::vector<broker::Appended>> append(broker::AppendBatch batch) {
    return wait<std::vector<broker::Appended>>([&](auto reply) { broker().append(std::move(batch), reply); });
  }
  Result<EntryId> join(broker::Join request) {
    return wait<EntryId>([&](auto reply) { broker().join(std::move(request), reply); });
  }
  Result<broker::Exchanged> exchange(broker::Exchange request) {
    return wait<broker::Exchanged>([&](auto reply) { broker().exchange(std::move(request), reply); });
  }
  Result<bool> leave(broker::GroupKey key, std::string member, Timestamp now) {
    return wait<bool>([&](auto reply) { broker().leave(std::move(key), std::move(member), now, reply); });
  }
  Result<broker::Page> read(broker::Read request) {
    return wait<broker::Page>([&](auto reply) { broker().read(std::move(request), reply); });
  }
  Result<broker::UpkeepReport> upkeep(broker::Upkeep request) {
    return wait<broker::UpkeepReport>([&](auto reply) { broker().upkeep(std::move(request), reply); });
  }

  Result<std::vector<std::string>> streams() {
    return wait<std::vector<std::string>>([&](auto reply) { admin().streams(reply); });
  }
  Result<broker::StreamInfo> stream_info(const std::string& stream) {
    return wait<broker::StreamInfo>([&](auto reply) { admin().stream_info(stream, reply); });
  }
  Result<std::vector<broker::GroupInfo>> groups(const std::string& stream, Timestamp now) {
    return wait<std::vector<broker::GroupInfo>>([&](auto reply) { admin().groups(stream, now, reply); });
  }
  Result<std::vector<broker::PendingInfo>> pending(broker::GroupKey key, broker::WorkId after = {},
                                                   std::size_t limit = 1000) {
    return wait<std::vector<broker::PendingInfo>>(
        [&](auto reply) { admin().pending(std::move(key), after, limit, reply); });
  }
  Result<broker::DeadLetterPage> dead_letters(broker::GroupKey key, std::uint64_t after = 0, std::size_t limit = 1000) {
    return wait<broker::DeadLetterPage>([&](auto reply) { admin().dead_letters(std::move(key), after, limit, reply); });
  }
  Result<std::uint64_t> republish(broker::GroupKey key, std::vector<std::uint64_t> numbers, Timestamp now) {
    return wait<std::uint64_t>([&](auto reply) { admin().republish(std::move(key), std::move(numbers), now, reply); });
  }
  Result<std::uint64_t> discard(broker::GroupKey key, std::vector<std::uint64_t> numbers) {
    return wait<std::uint64_t>([&](auto reply) { admin().discard(std::move(key), std::move(numbers), reply); });
  }
  Result<std::uint64_t> replay(broker::GroupKey key, EntryId after) {
    return wait<std::uint64_t>([&](auto reply) { admin().replay(std::move(key), after, reply); });
  }
  Result<std::uint64_t> forget(broker::GroupKey key, const std::string& route) {
    return wait<std::uint64_t>([&](auto reply) { admin().forget(std::move(key), route, reply); });
  }
  Result<std::vector<Finding>> diagnose() {
    return wait<std::vector<Finding>>([&](auto reply) { admin().diagnose(reply); });
  }
  Result<bool> destroy_group(broker::GroupKey key) {
    return wait<bool>([&](auto reply) { admin().destroy_group(std::move(key), reply); });
  }

  [[nodiscard]] broker::Broker& broker() { return *store_.broker; }
  [[nodiscard]] broker::Admin& admin() { return *store_.admin; }

 private:
  template <class T, class Call>
  static Result<T> wait(Call call) {
    auto promise = std::make_shared<std::promise<Result<T>>>();
    auto answer = promise->get_future();
    call(broker::Reply<T>([promise](Result<T> result) { promise->set_value(std::move(result)); }));
    if (answer.wait_for(std::chrono::seconds(30)) != std::future_status::ready) {
      return broker::Failure{Errc::timeout, "the store did not answer"};
    }
    return answer.get();
  }

  broker::Store store_;
};

}  // namespace collective::testing_support
