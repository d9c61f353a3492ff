#pragma once

#include <memory>
#include <string>
#include <vector>

#include "collective/dead_letter.hpp"

#include "broker/admin.hpp"
#include "support/process.hpp"

namespace collective::testing_support {

/// For tests of delivery that involve time: the real engine of several processes over a real store, on one thread and a
/// clock that the test moves. Nothing sleeps; replies from a broker's own threads are awaited.
class EngineDriver {
 public:
  static constexpr const char* stream = "work";

  explicit EngineDriver(broker::Store store) : store_(std::move(store)) {}

  // --- time ---
  [[nodiscard]] engine::Now now() const {
    return {Timestamp(std::chrono::seconds(1'800'000'000)) + std::chrono::duration_cast<Millis>(now_), now_};
  }
  void run_until_idle();
  void advance(Nanos by);
  void luck(double value) { luck_ = value; }  ///< what every jitter draws, 0 to 1

  // --- events ---
  struct Publishing {
    std::string type = "letter";
    std::uint32_t version = 1;
    std::string key{};
  };
  EntryId publish(const std::string& event) { return publish(event, Publishing{}); }
  EntryId publish(const std::string& event, const Publishing& options);
  /// a1, a2, … of one key.
  void publish_some(const std::string& prefix, int count, const std::string& key = {});

  // --- processes ---
  Process& start(const std::string& process, ProcessPlan plan);
  void ring();  ///< tells every process that there may be news

  // --- what happened, and where things stand ---
  [[nodiscard]] const std::vector<Handling>& handlings() const { return handlings_; }
  /// "event" or "process:event" of each handler start so far, in order.
  [[nodiscard]] std::vector<std::string> events() const;
  [[nodiscard]] std::vector<std::string> starts() const;
  [[nodiscard]] std::vector<Nanos> times_of(const std::string& event) const;
  [[nodiscard]] int count(const std::string& event) const { return static_cast<int>(times_of(event).size()); }
  [[nodiscard]] const std::vector<engine::Notice>& notices() const { return notices_; }
  [[nodiscard]] int alarms(Alarm alarm) const;

  [[nodiscard]] GroupInfo group(const std::string& name = "g");
  [[nodiscard]] std::vector<broker::PendingInfo> pending(const std::string& group = "g");
  [[nodiscard]] std::vector<DeadLetter> dead_letters(const std::string& group = "g");
  [[nodiscard]] bool settled(const std::string& group = "g");  ///< nothing pending, nothing unseen
  std::uint64_t republish(const std::string& group = "g");
  std::uint64_t republish(const std::string& group, const std::vector<std::uint64_t>& numbers);
  broker::UpkeepReport upkeep(const broker::Retention& retention);  ///< one step that trims
  [[nodiscard]] broker::Store& store() { return store_; }

 private:
  friend class Process;

  broker::Store store_;
  Nanos now_{};
  double luck_ = 0.5;
  std::vector<std::unique_ptr<Process>> processes_;
  std::vector<Handling> handlings_;
  std::vector<engine::Notice> notices_;
};

}  // namespace collective::testing_support
