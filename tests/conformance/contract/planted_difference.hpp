#pragma once

#include <algorithm>
#include <memory>
#include <utility>

#include "broker/admin.hpp"

namespace collective::conformance {

/// A broker with one defect: it says that the n-th acknowledgement is done, and forgets it.
class ForgetsOneAcknowledgement final : public broker::Broker {
 public:
  ForgetsOneAcknowledgement(std::shared_ptr<broker::Broker> inner, int nth) : inner_(std::move(inner)), left_(nth) {}

  void append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) override {
    inner_->append(std::move(batch), std::move(reply));
  }
  void join(broker::Join request, broker::Reply<EntryId> reply) override {
    inner_->join(std::move(request), std::move(reply));
  }
  void exchange(broker::Exchange request, broker::Reply<broker::Exchanged> reply) override {
    auto& settlements = request.settlements;
    for (auto at = settlements.begin(); at != settlements.end(); ++at) {
      if (at->verdict != broker::Settlement::Verdict::acknowledge || --left_ != 0) continue;
      const auto place = at - settlements.begin();
      settlements.erase(at);
      inner_->exchange(std::move(request), [place, reply = std::move(reply)](broker::Result<broker::Exchanged> answer) {
        if (answer) answer->settled.insert(answer->settled.begin() + place, broker::Settled::done);
        reply(std::move(answer));
      });
      return;
    }
    inner_->exchange(std::move(request), std::move(reply));
  }
  void leave(broker::GroupKey key, std::string member, Timestamp now, broker::Reply<bool> reply) override {
    inner_->leave(std::move(key), std::move(member), now, std::move(reply));
  }
  void read(broker::Read request, broker::Reply<broker::Page> reply) override {
    inner_->read(std::move(request), std::move(reply));
  }
  void upkeep(broker::Upkeep request, broker::Reply<broker::UpkeepReport> reply) override {
    inner_->upkeep(std::move(request), std::move(reply));
  }
  Watch watch(const std::string& stream, std::function<void()> news) override {
    return inner_->watch(stream, std::move(news));
  }
  void close(std::chrono::steady_clock::time_point deadline) override { inner_->close(deadline); }

 private:
  std::shared_ptr<broker::Broker> inner_;
  int left_;
};

}  // namespace collective::conformance
