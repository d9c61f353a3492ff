#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "runtime/core.hpp"

namespace collective::detail {

/// One subscription over the members it takes part in (one per stream). Ends once.
class SubscriptionControl {
 public:
  SubscriptionControl(std::shared_ptr<Core> core, std::uint32_t id,
                      std::vector<std::shared_ptr<runtime::MemberRunner>> runners, Millis drain)
      : core_(std::move(core)), id_(id), runners_(std::move(runners)), drain_(drain) {}

  void pause() {
    for (const auto& runner : runners_) runner->pause(id_);
  }
  void resume() {
    for (const auto& runner : runners_) runner->resume(id_);
  }
  void end(Millis drain) {
    if (core_->forked() || ended_.exchange(true)) return;
    core_->end_subscription(id_, runners_, runtime::in_callback() ? Millis(0) : drain);
  }
  [[nodiscard]] Millis drain() const { return drain_; }
  [[nodiscard]] const std::vector<std::shared_ptr<runtime::MemberRunner>>& runners() const { return runners_; }

 private:
  const std::shared_ptr<Core> core_;
  const std::uint32_t id_;
  const std::vector<std::shared_ptr<runtime::MemberRunner>> runners_;
  const Millis drain_;
  std::atomic<bool> ended_{false};
};

}  // namespace collective::detail
