#pragma once

#include <atomic>
#include <chrono>
#include <exception>
#include <memory>
#include <utility>

#include "broker/contract.hpp"
#include "broker/embedded/unit.hpp"

namespace collective::embedded {

/// One step on its way through the writer: applied on the writer's thread, answered exactly once from whichever thread
/// comes first (the writer after its commit, or the minder when it took too long).
class Operation {
 public:
  using Clock = std::chrono::steady_clock;

  explicit Operation(const void* owner) : owner_(owner) {}
  virtual ~Operation() = default;

  /// Applies the step to the unit. May be called again on another unit when the first one failed. Throws Fault.
  virtual void apply(Unit& unit) = 0;
  void succeed() {
    if (!answered_.exchange(true)) guarded([this] { answer(); });
  }
  void fail(const broker::Failure& failure) {
    if (!answered_.exchange(true)) guarded([&] { refuse(failure); });
  }

  [[nodiscard]] bool answered() const { return answered_; }
  [[nodiscard]] const void* owner() const { return owner_; }
  [[nodiscard]] Clock::time_point since() const { return since_; }

 private:
  // What a reply throws is its owner's trouble: the step is committed, and must not be taken for one that failed.
  template <class Call>
  static void guarded(Call call) noexcept {
    try {
      call();
    } catch (...) {  // NOLINT(bugprone-empty-catch)
    }
  }
  virtual void answer() = 0;
  virtual void refuse(const broker::Failure& failure) = 0;

  const void* owner_;
  const Clock::time_point since_ = Clock::now();
  std::atomic<bool> answered_{false};
};

/// A step made of a function from the unit to its answer. A Failure as answer must come before anything was written.
template <class Answer, class Step>
class Task final : public Operation {
 public:
  Task(const void* owner, Step step, broker::Reply<Answer> reply)
      : Operation(owner), step_(std::move(step)), reply_(std::move(reply)) {}

  void apply(Unit& unit) override { result_ = std::make_unique<broker::Result<Answer>>(step_(unit)); }

 private:
  void answer() override { reply_(std::move(*result_)); }
  void refuse(const broker::Failure& failure) override { reply_(failure); }

  Step step_;
  broker::Reply<Answer> reply_;
  std::unique_ptr<broker::Result<Answer>> result_;
};

template <class Answer, class Step>
std::shared_ptr<Operation> make_operation(const void* owner, Step step, broker::Reply<Answer> reply) {
  return std::make_shared<Task<Answer, Step>>(owner, std::move(step), std::move(reply));
}

}  // namespace collective::embedded
