#pragma once

#include <cstdlib>
#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "broker/embedded/embedded.hpp"

// What the tests of the embedded store share: a directory of their own, calls that wait for their answer, processes.
namespace collective::embedded_test {

using broker::Result;

/// A fresh directory that goes with the test.
class Scratch {
 public:
  explicit Scratch(const std::string& under = std::filesystem::temp_directory_path().string()) {
    path_ = under + "/collective-embedded-XXXXXX";
    if (::mkdtemp(path_.data()) == nullptr) throw std::runtime_error("mkdtemp failed in " + under);
  }
  ~Scratch() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  [[nodiscard]] std::string store() const { return path_ + "/store"; }
  [[nodiscard]] std::string file(const std::string& name) const { return store() + "/" + name; }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

/// Waits for the one answer of a call: `answer<T>([&](auto reply) { broker.append(batch, reply); })`.
template <class T, class Call>
Result<T> answer(Call call) {
  auto promise = std::make_shared<std::promise<Result<T>>>();
  auto future = promise->get_future();
  call(broker::Reply<T>([promise](Result<T> result) { promise->set_value(std::move(result)); }));
  if (future.wait_for(std::chrono::seconds(60)) != std::future_status::ready) {
    return broker::Failure{Errc::timeout, "the store did not answer within a minute"};
  }
  return future.get();
}

inline Timestamp wall_clock() {
  return std::chrono::time_point_cast<broker::Millis>(std::chrono::system_clock::now());
}

inline Envelope event(std::string id, std::string type = "thing.happened", std::string data = R"({"a":1})") {
  Envelope envelope;
  envelope.id = std::move(id);
  envelope.stream = "things";
  envelope.type = std::move(type);
  envelope.timestamp = wall_clock();
  envelope.data = std::move(data);
  return envelope;
}

inline Result<std::vector<broker::Appended>> append(broker::Broker& to, const std::vector<Envelope>& events,
                                                    const std::string& stream = "things") {
  broker::AppendBatch batch;
  batch.stream = stream;
  batch.now = wall_clock();
  for (const auto& one : events) batch.add(one);
  return answer<std::vector<broker::Appended>>([&](auto reply) { to.append(batch, reply); });
}

inline Result<EntryId> join(broker::Broker& to, const std::string& group, const std::string& member,
                            broker::Millis lease = broker::Millis(30'000)) {
  broker::Join request;
  request.key = {"things", group};
  request.member = member;
  request.routes = {"*"};
  request.now = wall_clock();
  request.lease = lease;
  return answer<EntryId>([&](auto reply) { to.join(request, reply); });
}

inline broker::Exchange fetch(const std::string& group, const std::string& member, std::uint32_t most = 100) {
  broker::Exchange request;
  request.key = {"things", group};
  request.member = member;
  request.now = wall_clock();
  request.routes = {"*"};
  request.max_entries = most;
  request.max_suspects = most;
  return request;
}

inline Result<broker::Exchanged> exchange(broker::Broker& with, broker::Exchange request) {
  return answer<broker::Exchanged>([&](auto reply) { with.exchange(std::move(request), reply); });
}

inline std::vector<broker::Settlement> acknowledge(const std::vector<broker::Delivered>& deliveries) {
  std::vector<broker::Settlement> settlements;
  for (const auto& one : deliveries) {
    broker::Settlement settlement;
    settlement.ticket = one.ticket;
    settlements.push_back(std::move(settlement));
  }
  return settlements;
}

}  // namespace collective::embedded_test
