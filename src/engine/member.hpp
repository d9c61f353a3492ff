#pragma once

#include <optional>
#include <string>
#include <vector>

#include "broker/contract.hpp"
#include "engine/dispatcher.hpp"

namespace collective::engine {

struct MemberOptions {
  broker::GroupKey key;
  std::string member{};  ///< name~incarnation, unique among all processes ever
  broker::Start start;
  DispatchOptions dispatch;
  Millis settle_linger{10};      ///< longest an outcome waits to share a step with a fetch
  Millis first_retry_pause{50};  ///< after a failed step; doubled up to max_retry_pause
  Millis max_retry_pause{5'000};
  Millis lane_check_pause{100};  ///< ordered, standing by: how often news may make it ask for the lane
};

/// One process's membership in one group: joins, keeps its lease, fetches as much as its handlers can take, hands the
/// work to the dispatcher and carries its settlements back, through lost requests and replies.
///
/// Pure: inputs come in through the calls below, `poll` returns what to do. At most one step is on its way at a time; its
/// answer (or failure) must come back through `joined`, `exchanged`, `left` or `failed`. Not thread-safe.
class Member {
 public:
  Member(MemberOptions options, Uniform uniform);

  // --- inputs ---
  void add(Subscription subscription);
  void remove(std::uint32_t subscription);
  void pause(std::uint32_t subscription);  ///< starts no more of its handlers and gives back what waits for it
  void resume(std::uint32_t subscription);
  void news();  ///< the stream may have something new
  void joined(const Now& now, EntryId cursor);
  void exchanged(const Now& now, broker::Exchanged answer);
  void left();
  void failed(const Now& now, const broker::Failure& failure);
  void finished(const Now& now, SlotId slot, std::vector<Outcome> outcomes);
  void drain();      ///< no new handlers; finish the running ones, settle, leave
  void leave_now();  ///< as drain, without waiting for running handlers: their outcomes are lost and they are redone

  // --- outputs ---
  struct Actions {
    std::optional<broker::Join> join;
    std::optional<broker::Exchange> exchange;
    bool leave = false;
    std::vector<Start> starts;
    std::vector<SlotId> stops;  ///< handlers to be asked to stop
    std::vector<Notice> notices;
    std::optional<Nanos> timer;  ///< call poll again no later than this
  };
  [[nodiscard]] Actions poll(const Now& now);
  [[nodiscard]] bool done() const { return phase_ == Phase::gone; }  ///< left, or never joined and asked to leave

  /// True when the group knows the types of every subscription added so far.
  [[nodiscard]] bool declared() const { return phase_ == Phase::inside && !routes_changed_; }

  // --- for health and tests ---
  [[nodiscard]] const MemberOptions& options() const { return options_; }
  [[nodiscard]] std::size_t running() const { return dispatcher_.running(); }
  [[nodiscard]] std::size_t waiting() const { return dispatcher_.waiting(); }
  [[nodiscard]] bool all_hung() const { return dispatcher_.all_hung(); }
  [[nodiscard]] bool troubled() const { return failures_ > 0; }
  [[nodiscard]] Nanos last_progress() const { return last_progress_; }  ///< when a step last succeeded

 private:
  enum class Phase : std::uint8_t { outside, joining, inside, leaving, gone };

  std::vector<broker::Settlement> put_off(const Now& now, const std::vector<broker::Settled>& settled);
  void maybe_start(const Now& now, Actions& actions);
  void maybe_step(const Now& now, Actions& actions);
  [[nodiscard]] bool step_is_due(const Now& now, bool can_fetch) const;
  void join(const Now& now, Actions& actions);
  void leave(const Now& now, Actions& actions);
  [[nodiscard]] broker::Start start() const;
  [[nodiscard]] Millis newer_look_pause() const;
  [[nodiscard]] broker::Exchange make_exchange(const Now& now, std::uint32_t room);
  [[nodiscard]] std::optional<Nanos> next_timer(const Now& now) const;
  [[nodiscard]] bool lane_held_by_other() const { return ordered() && !lane_ && lane_free_.has_value(); }
  [[nodiscard]] bool lane_check_is_due(const Now& now) const;
  [[nodiscard]] bool runs_low(const Now& now) const;
  void lost(const Now& now);
  void suspect_loss(const std::string& what, EntryId place);
  void pause(const Now& now, std::uint32_t times);
  void lane_answer(const Now& now, const broker::Exchanged& answer);
  /// Ordered: handlers that never end leave nobody here to go on, so another process is to have the lane.
  [[nodiscard]] bool stands_aside() const { return ordered() && dispatcher_.stuck(); }
  [[nodiscard]] bool ordered() const { return options_.dispatch.ordering != Ordering::none; }

  MemberOptions options_;
  Uniform uniform_;
  Dispatcher dispatcher_;
  Phase phase_ = Phase::outside;
  bool draining_ = false;
  bool abandon_ = false;
  bool routes_changed_ = false;  ///< join again to declare them

  bool joining_again_ = false;  ///< a member already, declaring other routes

  bool step_out_ = false;                        ///< a step is on its way
  std::vector<broker::Settlement> unsettled_{};  ///< collected, not yet confirmed
  std::size_t sent_ = 0;                         ///< how many of them the step on its way carries
  std::optional<Nanos> oldest_unsettled_{};
  bool news_ = true;
  bool more_ = false;
  std::optional<Timestamp> due_{};
  bool recover_ = false;     ///< an answer was lost: ask for what it handed out
  bool recovering_ = false;  ///< the step on its way asks for it
  std::size_t last_fetched_ = 0;

  Nanos step_began_{};
  Timestamp step_wall_{};
  Nanos lease_end_{};  ///< ours for sure until then
  Nanos renew_at_{};
  Nanos retry_at_{};
  Nanos last_progress_{};
  std::uint32_t failures_ = 0;
  std::uint32_t losses_ = 0;  ///< of the lease, in a row
  std::vector<Notice> notices_{};
  std::optional<EntryId> position_{};  ///< up to where the group was done with everything when last heard of
  Nanos newer_look_at_{};              ///< when to look for versions that wait for too long

  bool lane_ = false;
  std::uint64_t epoch_ = 0;
  std::optional<Timestamp> lane_free_{};
  Nanos lane_check_at_{};
};

}  // namespace collective::engine
