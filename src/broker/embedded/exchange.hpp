#pragma once

#include "broker/contract.hpp"
#include "broker/embedded/unit.hpp"
#include "broker/embedded/work.hpp"
#include "broker/rules.hpp"

namespace collective::embedded {

broker::Result<broker::Exchanged> exchange(Unit& unit, const broker::Exchange& request);

/// The answer when the exchange would change nothing and hand out nothing: found by looking only, without waiting for
/// the writer. Nothing otherwise.
std::optional<broker::Exchanged> idle_answer(const View& view, const broker::Exchange& request);

/// Applies one settlement.
broker::Settled settle(Unit& unit, GroupState& group, Work& work, const broker::Exchange& request,
                       const broker::Settlement& settlement);

/// Parked work in hand-out order, of the routes a member takes.
struct Candidate {
  Timestamp due{};
  WorkId work;
  bool suspect = false;
  friend auto operator<=>(const Candidate&, const Candidate&) = default;
};
struct Candidates {
  std::vector<Candidate> due;     ///< earliest first
  std::optional<Timestamp> next;  ///< when the next becomes due
};
/// At most `limit` and of suspects `suspects` per route. `side_only`: of side work alone.
Candidates parked_work(const View& view, std::uint32_t group, const std::vector<std::string>& routes, Timestamp now,
                       std::size_t limit, std::size_t suspects, bool side_only);

/// Hands out work to one member during one exchange.
class HandOut {
 public:
  HandOut(Unit& unit, GroupState& group, Work& work, const broker::Exchange& request, broker::Exchanged& answer);

  void recover();
  void unordered();
  void ordered();

 private:
  [[nodiscard]] bool full() const;
  void find_parked(bool side_only);
  void give_parked(const Candidate& candidate);
  void give_due(std::size_t quota);
  void give_new();
  void give_replay(std::size_t quota);
  bool give_in_order();  ///< false: something pending still comes before new entries
  bool deliver(const WorkId& work, const Found* found, Progress progress);
  void deliver_fresh(Run& run, broker::Entry entry);
  void close_run(Run& run);
  void park_for_others(const WorkId& work, const broker::Entry& entry);
  [[nodiscard]] bool copy_aside(const broker::Entry& entry, WorkId& work);
  void look_ahead(Cursor& cursor, std::string_view prefix, bool here);
  [[nodiscard]] Timestamp deadline() const;

  Unit& unit_;
  GroupState& group_;
  StreamState& stream_;
  Work& work_;
  const broker::Exchange& request_;
  broker::Exchanged& answer_;
  std::shared_ptr<broker::Arena> arena_ = std::make_shared<broker::Arena>();
  std::string_view stream_name_;
  Candidates parked_;
  std::size_t next_candidate_ = 0;
  std::size_t given_ = 0;
  std::size_t suspects_ = 0;
  std::size_t bytes_ = 0;
  std::size_t passes_left_ = broker::most_passed;
};

}  // namespace collective::embedded
