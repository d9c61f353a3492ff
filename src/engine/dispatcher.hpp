#pragma once

#include <map>
#include <memory>
#include <set>
#include <vector>

#include "engine/backlog.hpp"
#include "engine/breaker.hpp"
#include "engine/work.hpp"

namespace collective::engine {

struct DispatchOptions {
  std::string consumer{};  ///< as written into attempt histories
  Ordering ordering = Ordering::none;
  Millis lease{30'000};
  std::size_t prefetch = 1'000;
  std::uint32_t stall_limit = 3;
  Millis newer_version_wait{24 * 3'600'000};  ///< how long a version that this member does not know waits for others
  BreakerPolicy breaker{};
};

/// Decides what happens to delivered work: which handler starts, and what a handler's end means for the event
/// (acknowledged, retried, dead-lettered). Pure: every decision leaves as a Start, a Settlement or a Notice.
class Dispatcher {
 public:
  Dispatcher(DispatchOptions options, Uniform uniform);

  void add(Subscription subscription);
  /// Gives back what waits for it; running handlers go on and the subscription is forgotten when they end.
  void remove(std::uint32_t subscription);
  void pause(std::uint32_t subscription);
  void resume(std::uint32_t subscription);
  [[nodiscard]] bool empty() const { return subscriptions_.empty(); }

  void arrive(const Now& now, std::vector<broker::Delivered> deliveries, const broker::Storage& storage);
  /// What may start now. Not to be called while ownership is in doubt.
  void collect_starts(const Now& now, std::vector<Start>& starts);
  /// A handler ended with one outcome per piece of work.
  void finished(const Now& now, SlotId slot, std::vector<Outcome> outcomes);
  /// Handlers past their max_handling_time: each counts a stall once and is to be asked to stop.
  void collect_overdue(const Now& now, std::vector<SlotId>& stop);

  void release_waiting();  ///< gives back all that waits
  void forget_waiting();   ///< drops all that waits: whether it is still owned is in doubt
  void disown();           ///< drops all that waits; what runs is no longer owned either and can only be acknowledged

  [[nodiscard]] std::vector<broker::Settlement> take_settlements() { return std::exchange(settlements_, {}); }
  [[nodiscard]] std::vector<Notice> take_notices() { return std::exchange(notices_, {}); }
  [[nodiscard]] bool has_settlements() const { return !settlements_.empty(); }
  /// True once after work of a newer version waited for too long.
  [[nodiscard]] bool take_newer_expired() { return std::exchange(newer_expired_, false); }

  /// How many more pieces may be fetched now, of them how many suspects, and for which routes.
  [[nodiscard]] std::uint32_t room(const Now& now) const;
  [[nodiscard]] std::uint32_t room_for_suspects() const { return suspect_held_ ? 0 : 1; }
  [[nodiscard]] std::vector<std::string> routes_with_room(const Now& now) const;
  [[nodiscard]] std::vector<std::string> routes() const;                      ///< of all subscriptions
  [[nodiscard]] std::vector<std::string> labels() const;                      ///< of the newer versions they know
  [[nodiscard]] std::vector<std::string> newer_routes(const Now& now) const;  ///< of all versions, known or not
  [[nodiscard]] bool idle(const Now& now) const;  ///< a handler is free, and too little here is ready for it
  [[nodiscard]] std::size_t waiting() const { return backlog_->waiting(); }
  [[nodiscard]] std::size_t running() const { return running_; }
  [[nodiscard]] bool all_hung() const;
  [[nodiscard]] bool stuck() const;  ///< every handler of a subscription is past its time
  [[nodiscard]] std::vector<broker::Ticket> held() const;
  /// When `collect_starts` or `collect_overdue` has something to do without another input.
  [[nodiscard]] std::optional<Nanos> timer(const Now& now) const;

 private:
  struct Slot {
    std::vector<Work> work;  ///< empty: free
    Nanos started{};
    bool overdue = false;
    bool moved_on = false;  ///< overdue, and its work goes on without it
    bool probe = false;     ///< started while the breaker was open
    bool disowned = false;  ///< the lease or the lane was lost since it started
  };
  struct Active {
    Subscription subscription;
    std::vector<Slot> slots;
    std::vector<std::uint32_t> free;
    double handling_ns = 0;  ///< moving average per piece; 0: not measured yet
    bool removed = false;
    bool paused = false;
    [[nodiscard]] bool takes() const { return !removed && !paused; }
  };

  Active* find_for(const broker::Delivered& delivered, bool& newer_version);
  [[nodiscard]] std::size_t window(const Active& active) const;
  [[nodiscard]] std::size_t largest_window(const Active& active) const;
  [[nodiscard]] std::size_t room_of(std::uint32_t id, const Active& active, const Now& now) const;
  void admit(const Now& now, broker::Delivered delivered, const broker::Storage& storage);
  void hand_over(const Now& now, const Work& work);
  bool add_stalls(const Now& now, broker::Progress& progress) const;
  void start_ready(const Now& now, Active& active, std::vector<Start>& starts);
  void finish_one(const Now& now, Active& active, const Slot& slot, const Work& work, const Outcome& outcome,
                  Nanos took);
  void failed(const Now& now, Active& active, const Slot& slot, const Work& work, const Outcome& outcome, Nanos took);
  void stalled(const Now& now, Active& active, const Slot& slot, Work& work, Nanos took);
  void late(const Slot& slot, const Work& work, const Outcome& outcome);
  void breaker_failed(const Now& now, const Slot& slot, const std::string& error);
  void again(const Now& now, Active& active, const Work& work, broker::Progress progress, Millis delay);
  static std::string never_ended(std::uint32_t stalls);
  void dead_letter(const Work& work, broker::Progress progress, std::string reason);
  void settle(const broker::Ticket& ticket, broker::Settlement::Verdict verdict, broker::Progress progress = {},
              std::string reason = {});
  void give_back(const std::vector<Work>& work);
  [[nodiscard]] bool ordered() const { return options_.ordering != Ordering::none; }

  DispatchOptions options_;
  Uniform uniform_;
  std::unique_ptr<Backlog> backlog_;
  Breaker breaker_;
  std::set<broker::WorkId> probed_;  ///< failed as probes since the breaker opened
  std::map<std::uint32_t, Active> subscriptions_;
  std::vector<broker::Settlement> settlements_{};
  std::vector<Notice> notices_{};
  std::size_t running_ = 0;
  bool suspect_held_ = false;
  bool newer_expired_ = false;
};

}  // namespace collective::engine
