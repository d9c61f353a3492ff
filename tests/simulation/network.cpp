#include "simulation/network.hpp"

#include <algorithm>
#include <optional>

namespace collective::simulation {
namespace {

using broker::Failure;
using Verdict = broker::Settlement::Verdict;

constexpr Nanos call_timeout = seconds(5);

}  // namespace

template <class Answer, class Call>
void Network::deliver(Call call, broker::Reply<Answer> reply) {
  const double fate = world_.uniform();
  const auto there = world_.between(milliseconds(0), milliseconds(5));
  const auto back = world_.between(milliseconds(0), milliseconds(5));
  const auto unknown = [this, reply] {
    world_.after(call_timeout, [reply] { reply(Failure{Errc::unknown, "no answer in time"}); });
  };
  double bound = faults_.refused;
  if (fate < bound) return world_.after(there + back, [reply] { reply(Failure{Errc::unavailable, "refused"}); });
  if (fate < (bound += faults_.request_lost)) return unknown();
  if (fate < (bound += faults_.reply_lost)) {
    unknown();
    return world_.after(there, [call] { call([](const auto&) {}); });
  }
  if (fate < (bound += faults_.late)) {
    unknown();
    return world_.after(call_timeout + world_.between(milliseconds(0), seconds(40)),
                        [call] { call([](const auto&) {}); });
  }
  world_.after(there, [this, call, reply, back] {
    call([this, reply, back](broker::Result<Answer> answer) {
      auto kept = std::make_shared<broker::Result<Answer>>(std::move(answer));
      world_.after(back, [reply, kept] { reply(std::move(*kept)); });
    });
  });
}

void Network::append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) {
  deliver<std::vector<broker::Appended>>(
      [this, batch = std::move(batch)](const broker::Reply<std::vector<broker::Appended>>& answered) {
        store_.append(batch, [&](broker::Result<std::vector<broker::Appended>> result) {
          for (std::size_t i = 0; result && i < result->size(); ++i) {
            auto& event = history_.events[std::string(batch.events()[i].event.id)];
            event.stored = true;
            if ((*result)[i].duplicate) continue;
            ++event.copies;
            event.entry = (*result)[i].id;
          }
          answered(std::move(result));
        });
      },
      std::move(reply));
}

void Network::join(broker::Join request, broker::Reply<EntryId> reply) {
  if (bugs_.group_at_end) request.start.at = broker::Start::At::latest;
  deliver<EntryId>(
      [this, request = std::move(request)](const broker::Reply<EntryId>& answered) { store_.join(request, answered); },
      std::move(reply));
}

void Network::exchange(broker::Exchange request, broker::Reply<broker::Exchanged> reply) {
  for (auto& settlement : request.settlements) {
    if (bugs_.dead_letter_forgotten && settlement.verdict == Verdict::dead_letter)
      settlement.verdict = Verdict::acknowledge;
    if (bugs_.retry_not_counted && settlement.verdict == Verdict::park && settlement.progress.attempts > 0) {
      --settlement.progress.attempts;
    }
  }
  if (bugs_.order_ignored) request.ordered = false;
  deliver<broker::Exchanged>(
      [this, request = std::move(request)](const broker::Reply<broker::Exchanged>& answered) {
        store_.exchange(request, [&](broker::Result<broker::Exchanged> result) {
          if (result) note(request, *result);
          answered(std::move(result));
        });
      },
      std::move(reply));
}

void Network::leave(broker::GroupKey key, std::string member, Timestamp now, broker::Reply<bool> reply) {
  deliver<bool>([this, key = std::move(key), member = std::move(member),
                 now](const broker::Reply<bool>& answered) { store_.leave(key, member, now, answered); },
                std::move(reply));
}

void Network::note(const broker::Exchange& request, const broker::Exchanged& answer) {
  auto& group = history_.handlings[request.key.group];
  for (std::size_t i = 0; i < request.settlements.size(); ++i) {
    if (answer.settled[i] != broker::Settled::done) continue;
    const auto& settlement = request.settlements[i];
    const auto known = ids_.find({request.key.group, settlement.ticket.work});
    if (known == ids_.end()) continue;
    auto& handling = group[known->second];
    const auto again = [&](const auto& later) { return later.ticket.work == settlement.ticket.work; };
    if (std::any_of(request.settlements.begin() + static_cast<std::ptrdiff_t>(i) + 1, request.settlements.end(), again))
      continue;
    const bool charges = settlement.verdict == Verdict::park || settlement.verdict == Verdict::hold;
    if (charges && settlement.progress.attempts > 0) handling.charged.push_back(settlement.progress.attempts);
    if (settlement.verdict == Verdict::dead_letter) ++handling.dead_letters;
    world_.trace("settled", request.member + " " + known->second + " verdict " +
                                std::to_string(static_cast<int>(settlement.verdict)) + " attempts " +
                                std::to_string(settlement.progress.attempts));
  }
  for (const auto& delivered : answer.deliveries) {
    const std::string id(delivered.entry.event.id);
    ids_[{request.key.group, delivered.ticket.work}] = id;
    if (delivered.progress.started) ++group[id].marks;
  }
}

}  // namespace collective::simulation
