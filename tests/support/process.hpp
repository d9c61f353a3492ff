#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/member.hpp"

namespace collective::testing_support {

using engine::Nanos;

/// One start of a handler.
struct Handling {
  std::string process, group, event, type;
  std::uint32_t attempt = 1, generation = 0;
  Nanos at{};  ///< since the driver began
};

/// What a scripted handler does with an event.
struct Reaction {
  enum class Kind : std::uint8_t { ends, runs, dies };
  Kind kind = Kind::ends;
  Outcome outcome = Outcome::acknowledge();
  Nanos takes{};

  Reaction(Outcome ending, Nanos after = {}) : outcome(std::move(ending)), takes(after) {}  // NOLINT
  Reaction(bool well) : outcome(well) {}                                                    // NOLINT
  static Reaction runs() { return Reaction(Kind::runs); }  ///< until `Process::finish`, deaf to being asked to stop
  static Reaction dies() { return Reaction(Kind::dies); }  ///< brings its process down

 private:
  explicit Reaction(Kind how) : kind(how) {}
};
using Script = std::function<Reaction(const Handling&)>;

/// One process's membership in a group. No jitter and no breaker unless asked for.
struct ProcessPlan {
  std::string group = "g";
  std::vector<engine::Route> routes{{"letter", 1}};
  Ordering ordering = Ordering::none;
  std::uint32_t concurrency = 1;
  RetryPolicy retry{.jitter = 0};
  Millis lease{30'000};
  Millis max_handling_time{300'000};
  std::size_t prefetch = 1'000;
  BreakerPolicy breaker{.failures = 0};
  Millis newer_version_wait = engine::DispatchOptions{}.newer_version_wait;
  broker::Start start{};
  Script handler = [](const Handling&) { return true; };
};

class EngineDriver;

/// A process of the driver: from its start over crashes and new starts.
class Process {
 public:
  enum class Link : std::uint8_t { whole, refuses, loses_requests, loses_replies };

  Process(EngineDriver& driver, std::string name, ProcessPlan plan);

  void start();   ///< again, after a crash or a drain: a new incarnation
  void crash();   ///< loses all it has in memory
  void freeze();  ///< nothing of it runs until `thaw`, not even its timers
  void thaw();
  void drain();      ///< no new handlers; settles, leaves
  void leave_now();  ///< as drain, without its running handlers
  void link(Link link) { link_ = link; }
  void script(Script handler) { plan_.handler = std::move(handler); }
  void finish(const std::string& event, Outcome outcome);

  [[nodiscard]] bool alive() const { return life_ != nullptr; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] std::vector<std::string> running() const;
  [[nodiscard]] const std::vector<std::string>& asked_to_stop() const { return asked_to_stop_; }
  [[nodiscard]] engine::Member& member() { return life_->member; }
  [[nodiscard]] std::size_t holds() const { return life_->member.running() + life_->member.waiting(); }

  // --- for the driver ---
  bool step();  ///< does what there is to do now; false when there is nothing
  [[nodiscard]] std::optional<Nanos> next() const;
  void news();

 private:
  struct Running {
    engine::SlotId slot;
    std::string event;
    std::optional<Nanos> ends;
    Outcome outcome;
  };
  struct Life {
    Life(engine::MemberOptions options, engine::Uniform uniform) : member(std::move(options), std::move(uniform)) {}
    engine::Member member;
    std::vector<Running> running{};
    std::optional<Nanos> timer{};
  };

  bool end_handlers();
  bool begin(const engine::Start& start);
  void perform(engine::Member::Actions& actions);
  void exchange(broker::Exchange request);
  template <class T, class Call>
  std::optional<broker::Result<T>> over_the_link(Call call);

  EngineDriver& driver_;
  const std::string name_;
  ProcessPlan plan_;
  Link link_ = Link::whole;
  bool frozen_ = false;
  int starts_ = 0;
  std::vector<std::string> asked_to_stop_{};
  std::unique_ptr<Life> life_;
};

}  // namespace collective::testing_support
