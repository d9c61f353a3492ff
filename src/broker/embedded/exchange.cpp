#include "broker/embedded/exchange.hpp"

#include <algorithm>

#include "broker/embedded/members.hpp"
#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

using broker::Exchange;
using broker::Exchanged;
using broker::Settled;

/// Takes or keeps the lane; false when another member holds it.
bool take_lane(const View& view, GroupState& group, const Exchange& request, Exchanged& answer) {
  auto& record = group.record;
  if (record.lane_holder.empty()) {
    record.lane_holder = request.member;
    ++record.epoch;
    group.changed = true;
  }
  answer.epoch = record.epoch;
  answer.lane = record.lane_holder == request.member;
  if (!answer.lane) {
    if (const auto holder = load_member(view, group.number, record.lane_holder)) answer.lane_free = holder->lease_until;
  }
  return answer.lane;
}

/// When the next delivery with a deadline of its own expires; it then becomes due for others.
std::optional<Timestamp> first_deadline(const View& view, std::uint32_t group) {
  const auto prefix = Key(Kind::deadline).u32(group);
  auto cursor = view.state();
  if (!cursor.seek(prefix, prefix)) return std::nullopt;
  return KeyReader(cursor.key().substr(5)).time();
}

void consider(std::optional<Timestamp>& due, std::optional<Timestamp> other) {
  if (other && (!due || *other < *due)) due = other;
}

}  // namespace

broker::Result<Exchanged> exchange(Unit& unit, const Exchange& request) {
  Exchanged answer;
  auto* group = unit.group(request.key);
  if (group == nullptr) {
    answer.member_lost = answer.group_lost = true;
    answer.settled.assign(request.settlements.size(), Settled::gone);
    return answer;
  }
  Work work(unit, *group);
  answer.settled.reserve(request.settlements.size());
  for (const auto& settlement : request.settlements) {
    answer.settled.push_back(settle(unit, *group, work, request, settlement));
  }
  auto member = load_member(unit, group->number, request.member);
  answer.member_lost = !member;
  if (member && broker::needs_renewal(member->lease_until, request.now, request.lease)) {
    member->lease_until = request.now + request.lease;
    store_member(unit, *group, request.member, *member);
  }
  reap(unit, *group, work, request.member, request.now);
  if (member && (!request.ordered || take_lane(unit, *group, request, answer))) {
    HandOut out(unit, *group, work, request, answer);
    if (request.recover) out.recover();
    if (request.ordered) {
      out.ordered();
    } else {
      out.unordered();
    }
    work.finish();
    consider(answer.due, first_deadline(unit, group->number));
  }
  work.finish();
  if (member) answer.position = broker::position(group->record.cursor, lowest_pending(unit, group->number));
  return answer;
}

std::optional<Exchanged> idle_answer(const View& view, const Exchange& request) {
  if (!request.settlements.empty() || request.recover) return std::nullopt;
  const auto stream = view.stream_number(request.key.stream);
  const auto number = stream ? view.group_number(*stream, request.key.group) : std::nullopt;
  if (!number) return std::nullopt;
  const auto member = load_member(view, *number, request.member);
  if (!member || broker::needs_renewal(member->lease_until, request.now, request.lease)) return std::nullopt;
  const auto group = view.load<GroupRecord>(Key(Kind::group).u32(*number));
  const auto log = view.load<StreamRecord>(Key(Kind::stream).u32(*stream));
  if (!group || !log || group->lease_bound <= request.now) return std::nullopt;
  if (request.ordered && group->lane_holder.empty()) return std::nullopt;

  const auto deadline = first_deadline(view, *number);
  if (deadline && *deadline <= request.now) return std::nullopt;

  Exchanged answer;
  answer.position = broker::position(group->cursor, lowest_pending(view, *number));
  if (request.ordered) {
    GroupState state{*number, *group, false, {}};
    if (!take_lane(view, state, request, answer)) return answer;
  }
  if (group->cursor < log->last || group->replaying()) return std::nullopt;
  const auto parked = parked_work(view, *number, request.routes, request.now, 1, 1, false);
  if (!parked.due.empty() || (request.ordered && parked.next)) return std::nullopt;
  answer.due = parked.next;
  consider(answer.due, deadline);
  return answer;
}

}  // namespace collective::embedded
