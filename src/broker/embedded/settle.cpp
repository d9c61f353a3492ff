#include "broker/embedded/exchange.hpp"
#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

using broker::Settled;
using Verdict = broker::Settlement::Verdict;

Pending kept(const Found& found, Progress progress) {
  return {found.token, found.member, found.deadline, std::move(progress)};
}

/// Tells the holder of the lane, when there is one, of work that ended and may have been in its way.
void make_way(Unit& unit, const GroupState& group, const broker::Exchange& request) {
  const auto& holder = group.record.lane_holder;
  if (!holder.empty() && holder != request.member) unit.news(unit.stream_of(group));
}

}  // namespace

broker::Settled settle(Unit& unit, GroupState& group, Work& work, const broker::Exchange& request,
                       const broker::Settlement& settlement) {
  const auto& id = settlement.ticket.work;
  const auto found = work.find(id);
  if (!found) return Settled::gone;
  const bool owner = found->place != Found::Place::parked && found->token == settlement.ticket.token &&
                     found->member == request.member;
  if (settlement.verdict == Verdict::acknowledge) {
    // A late acknowledgement counts, whoever holds the work now. Not in an ordered group, where the next one may be
    // handling it in its order.
    if (!owner && request.ordered) return Settled::stale;
    work.remove(id, *found);
    make_way(unit, group, request);
    return Settled::done;
  }
  if (!owner) return Settled::stale;

  switch (settlement.verdict) {
    case Verdict::acknowledge:
      break;
    case Verdict::park:
      work.park(id, *found, settlement.progress);
      unit.news(unit.stream_of(group));
      break;
    case Verdict::hold:
      if (broker::goes_back(work.progress_of(id, *found), settlement.progress)) return Settled::stale;
      work.hold(id, *found, kept(*found, settlement.progress));
      break;
    case Verdict::dead_letter:
      if (!work.bury(id, *found, settlement.progress, settlement.reason, request.now)) return Settled::no_room;
      make_way(unit, group, request);
      break;
    case Verdict::release: {
      auto progress = work.progress_of(id, *found);
      progress.started = false;
      work.park(id, *found, std::move(progress));
      unit.news(unit.stream_of(group));
      break;
    }
    case Verdict::extend: {
      auto pending = kept(*found, work.progress_of(id, *found));
      pending.deadline = settlement.progress.due;
      work.hold(id, *found, std::move(pending));
      break;
    }
  }
  return Settled::done;
}

}  // namespace collective::embedded
