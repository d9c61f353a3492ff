#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>

#include "engine/member.hpp"
#include "simulation/history.hpp"
#include "simulation/network.hpp"
#include "simulation/world.hpp"

namespace collective::simulation {

inline constexpr const char* stream = "work";
inline constexpr auto lease = seconds(10);

/// The wall clock everybody starts from.
inline Timestamp wall(Nanos at) {
  return Timestamp(seconds(1'800'000'000)) + std::chrono::duration_cast<milliseconds>(at);
}

/// One process of one group: the real engine, driven by the world instead of threads. It can crash, freeze and be
/// started again, and its wall clock can jump.
class Service {
 public:
  struct Plan {
    std::string group;
    Ordering ordering = Ordering::none;
    std::vector<std::string> types;
    std::uint32_t concurrency = 2;
  };
  /// Mutations for the tests of the checker.
  struct Bugs {
    bool acknowledges_before_handling = false;
    bool keeps_retries_in_memory = false;
  };

  Service(World& world, broker::Broker& store, History& history, Network& network, std::string name, Plan plan,
          Bugs bugs)
      : world_(world),
        store_(store),
        history_(history),
        network_(network),
        name_(std::move(name)),
        plan_(std::move(plan)),
        bugs_(bugs) {}

  void start();
  void stop();                  ///< asks it to drain and leave
  void crash();                 ///< loses all it has in memory
  void freeze(Nanos duration);  ///< nothing of it runs meanwhile, not even its timers
  void jump(Nanos by) {
    skew_ += by;
    history_.clocks_jumped = true;
  }
  [[nodiscard]] bool running() const { return life_ != nullptr; }

 private:
  /// From a start to a crash.
  struct Life {
    explicit Life(engine::MemberOptions options, engine::Uniform uniform)
        : member(std::move(options), std::move(uniform)) {}
    engine::Member member;
    struct Handling {
      std::uint64_t number = 0;  ///< tells one handling from the next in the same slot
      std::vector<engine::Work> work;
    };
    std::map<std::uint32_t, Handling> running;  ///< by slot
    std::uint64_t handlings = 0;
    std::set<std::string> marked;  ///< event ids whose start mark is stored
    Nanos frozen_until{};
    std::uint64_t pumps = 0;  ///< which timer is the newest
    broker::Broker::Watch watch;
  };
  using LifePtr = std::shared_ptr<Life>;

  void post(const LifePtr& life, Nanos delay, std::function<void(const LifePtr&)> happens);
  void pump(const LifePtr& life);
  void call_broker(const LifePtr& life, engine::Member::Actions& actions);
  void begin(const LifePtr& life, const engine::Start& start);
  void end(const LifePtr& life, std::uint32_t slot, std::uint64_t number, bool well);
  void handle_later(const LifePtr& life, engine::Work work);
  void interrupted(const Life& life);
  void check_order(const engine::Work& work);
  [[nodiscard]] engine::Now now() const { return {wall(world_.now() + skew_), world_.now()}; }
  History::Handling& handling(const engine::Work& work);

  World& world_;
  broker::Broker& store_;
  History& history_;
  Network& network_;
  const std::string name_;
  const Plan plan_;
  const Bugs bugs_;
  int starts_ = 0;
  Nanos skew_{};
  LifePtr life_;
};

}  // namespace collective::simulation
