#include "broker/memory/exchange.hpp"

#include <algorithm>

#include "broker/memory/hand_out.hpp"
#include "broker/rules.hpp"

namespace collective::memory {
namespace {

using broker::Settled;
using Verdict = broker::Settlement::Verdict;

void unlist(Group& group, const std::string& member, Timestamp now) {
  group.members.erase(member);
  if (group.lane_holder == member) group.lane_holder.clear();
  if (group.members.empty()) group.deserted = now;
}

void bury(Group& group, std::map<broker::WorkId, Pending>::iterator at, const broker::Settlement& settlement,
          Timestamp now) {
  group.letters.emplace(++group.letter_numbers,
                        Letter{at->second.origin, at->second.event, settlement.progress, settlement.reason, now});
  group.remove(at);
}

Settled settle(Group& group, const broker::Exchange& request, const broker::Settlement& settlement) {
  const auto at = group.pending.find(settlement.ticket.work);
  if (at == group.pending.end()) return Settled::gone;
  auto& value = at->second;
  const bool owner = value.owner == request.member && value.token == settlement.ticket.token;
  if (settlement.verdict == Verdict::acknowledge && (owner || !request.ordered)) {
    group.remove(at);
    return Settled::done;
  }
  if (!owner) return Settled::stale;
  switch (settlement.verdict) {
    case Verdict::acknowledge:
      break;
    case Verdict::park:
      group.park(at, settlement.progress);
      break;
    case Verdict::hold:
      if (broker::goes_back(value.progress, settlement.progress)) return Settled::stale;
      value.progress = settlement.progress;
      break;
    case Verdict::dead_letter:
      bury(group, at, settlement, request.now);
      break;
    case Verdict::release: {
      auto progress = value.progress;
      progress.started = false;
      group.park(at, std::move(progress));
      break;
    }
    case Verdict::extend:
      group.set_deadline(at, settlement.progress.due);
      break;
  }
  return Settled::done;
}

void orphan(Group& group, std::map<broker::WorkId, Pending>::iterator at) {
  auto progress = at->second.progress;
  broker::orphan(progress);
  group.park(at, std::move(progress));
}

void reap(Group& group, const std::string& spared, Timestamp now) {
  while (!group.deadlines.empty() && group.deadlines.begin()->first <= now) {
    orphan(group, group.pending.find(group.deadlines.begin()->second));
  }
  std::vector<std::string> ended;
  for (const auto& [name, member] : group.members) {
    if (member.lease_until <= now && name != spared) ended.push_back(name);
  }
  for (const auto& name : ended) {
    for (auto at = group.pending.begin(); at != group.pending.end(); ++at) {
      if (at->second.owner == name && at->second.deadline == Timestamp{}) orphan(group, at);
    }
    unlist(group, name, now);
  }
}

bool take_lane(Group& group, const broker::Exchange& request, broker::Exchanged& answer) {
  if (group.lane_holder.empty()) {
    group.lane_holder = request.member;
    ++group.epoch;
  }
  answer.epoch = group.epoch;
  answer.lane = group.lane_holder == request.member;
  if (!answer.lane) answer.lane_free = group.members.at(group.lane_holder).lease_until;
  return answer.lane;
}

void hand_out(Stream& stream, Group& group, const broker::Exchange& request, broker::Exchanged& answer) {
  HandOut out(stream, group, request, answer);
  if (request.recover) out.recover();
  if (request.ordered) {
    out.ordered();
  } else {
    out.unordered();
  }
  if (!group.deadlines.empty()) {
    const auto first = group.deadlines.begin()->first;
    answer.due = answer.due ? std::min(*answer.due, first) : first;
  }
}

}  // namespace

EntryId join(Stream& stream, const broker::Join& request) {
  const auto [at, created] = stream.groups.try_emplace(request.key.group);
  auto& group = at->second;
  if (created) {
    group.name = request.key.group;
    group.tokens = broker::first_token(request.now, stream.tokens_given);
    using Start = broker::Start::At;
    if (request.start.at == Start::latest) group.cursor = stream.last;
    if (request.start.at == Start::after) group.cursor = request.start.after;
  }
  for (const auto& route : request.routes) group.routes.try_emplace(route, created ? group.cursor : stream.last);
  auto taken = request.routes;
  taken.insert(taken.end(), request.labels.begin(), request.labels.end());
  group.members[request.member] = {request.now + request.lease, std::move(taken)};
  return group.cursor;
}

broker::Exchanged exchange(Stream& stream, Group& group, const broker::Exchange& request) {
  broker::Exchanged answer;
  answer.settled.reserve(request.settlements.size());
  for (const auto& settlement : request.settlements) answer.settled.push_back(settle(group, request, settlement));
  const auto member = group.members.find(request.member);
  answer.member_lost = member == group.members.end();
  if (!answer.member_lost && broker::needs_renewal(member->second.lease_until, request.now, request.lease)) {
    member->second.lease_until = request.now + request.lease;
  }
  reap(group, request.member, request.now);
  if (answer.member_lost) return answer;
  if (!request.ordered || take_lane(group, request, answer)) hand_out(stream, group, request, answer);
  answer.position = broker::position(group.cursor, group.lowest_pending());
  return answer;
}

bool leave(Group& group, const std::string& member, Timestamp now) {
  if (!group.members.contains(member)) return false;
  for (auto at = group.pending.begin(); at != group.pending.end(); ++at) {
    if (at->second.owner != member) continue;
    auto progress = at->second.progress;
    progress.started = false;
    group.park(at, std::move(progress));
  }
  unlist(group, member, now);
  return true;
}

}  // namespace collective::memory
