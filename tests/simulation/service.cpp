#include "simulation/service.hpp"

#include <algorithm>

namespace collective::simulation {
namespace {

using broker::Failure;

std::string id_of(const engine::Work& work) {
  return std::string(work.delivered.entry.event.id);
}

}  // namespace

void Service::start() {
  engine::MemberOptions options;
  options.key = {stream, plan_.group};
  options.member = name_ + "~" + std::to_string(++starts_);
  options.dispatch.consumer = name_;
  options.dispatch.ordering = plan_.ordering;
  options.dispatch.lease = lease;
  options.dispatch.prefetch = 20;
  life_ = std::make_shared<Life>(std::move(options), [this] { return world_.uniform(); });
  world_.trace("start", life_->member.options().member);
  engine::Subscription subscription;
  subscription.id = 1;
  for (const auto& type : plan_.types) subscription.routes.push_back({type, 1});
  subscription.concurrency = plan_.concurrency;
  subscription.max_handling_time = seconds(20);
  life_->member.add(std::move(subscription));
  const std::weak_ptr<Life> weak = life_;
  life_->watch = store_.watch(stream, [this, weak] {
    if (const auto life = weak.lock()) {
      post(life, milliseconds(1), [this](const LifePtr& alive) {
        alive->member.news();
        pump(alive);
      });
    }
  });
  pump(life_);
}

void Service::stop() {
  if (!life_) return;
  post(life_, Nanos{}, [this](const LifePtr& life) {
    life->member.drain();
    pump(life);
  });
}

void Service::crash() {
  if (!life_) return;
  world_.trace("crash", name_);
  interrupted(*life_);
  life_.reset();  // all that was posted for it finds it gone
}

void Service::freeze(Nanos duration) {
  if (!life_) return;
  world_.trace("freeze", name_);
  if (duration > lease / 2) interrupted(*life_);
  life_->frozen_until = std::max(life_->frozen_until, world_.now() + duration);
}

void Service::interrupted(const Life& life) {
  std::set<std::string> ids = life.marked;
  for (const auto& [slot, handling] : life.running) {
    for (const auto& one : handling.work) ids.insert(id_of(one));
  }
  for (const auto& id : ids) ++history_.handlings[plan_.group][id].interrupted;
}

History::Handling& Service::handling(const engine::Work& work) {
  return history_.handlings[plan_.group][id_of(work)];
}

void Service::post(const LifePtr& life, Nanos delay, std::function<void(const LifePtr&)> happens) {
  const std::weak_ptr<Life> weak = life;
  world_.after(delay, [this, weak, happens = std::move(happens)] {
    const auto alive = weak.lock();
    if (!alive || alive != life_) return;
    if (alive->frozen_until > world_.now()) return post(alive, alive->frozen_until - world_.now(), happens);
    happens(alive);
  });
}

void Service::pump(const LifePtr& life) {
  auto actions = life->member.poll(now());
  for (const auto& start : actions.starts) {
    begin(life, start);
    if (life != life_) return;  // the handler brought the process down
  }
  for (const auto& slot : actions.stops) {
    const auto& overdue = life->running.at(slot.index);
    for (const auto& work : overdue.work) ++handling(work).interrupted;
    post(life, milliseconds(500),
         [this, slot, number = overdue.number](const LifePtr& alive) { end(alive, slot.index, number, false); });
  }
  call_broker(life, actions);
  if (life->member.done()) {
    life_.reset();
    return;
  }
  const auto pumps = ++life->pumps;
  if (!actions.timer) return;
  post(life, std::max(*actions.timer - world_.now(), Nanos{}), [this, pumps](const LifePtr& alive) {
    if (alive->pumps == pumps) pump(alive);
  });
}

void Service::call_broker(const LifePtr& life, engine::Member::Actions& actions) {
  const auto failed = [this](const LifePtr& alive, const Failure& failure) {
    alive->member.failed(now(), failure);
    pump(alive);
  };
  const std::weak_ptr<Life> weak = life;
  const auto back = [this, weak](std::function<void(const LifePtr&)> happens) {
    if (const auto alive = weak.lock()) post(alive, Nanos{}, std::move(happens));
  };
  if (actions.join) {
    network_.join(std::move(*actions.join), [this, back, failed](const broker::Result<EntryId>& result) {
      back([this, failed, result](const LifePtr& alive) {
        if (!result) return failed(alive, result.error());
        alive->member.joined(now(), *result);
        pump(alive);
      });
    });
  }
  if (actions.exchange) {
    network_.exchange(std::move(*actions.exchange), [this, back, failed](broker::Result<broker::Exchanged> result) {
      auto kept = std::make_shared<broker::Result<broker::Exchanged>>(std::move(result));
      back([this, failed, kept](const LifePtr& alive) {
        if (!*kept) return failed(alive, kept->error());
        if ((*kept)->member_lost) interrupted(*alive);
        for (const auto& delivered : (*kept)->deliveries) {
          if (!delivered.progress.started) continue;
          const std::string id(delivered.entry.event.id);
          alive->marked.insert(id);
          ++history_.handlings[plan_.group][id].marks_received;
        }
        alive->member.exchanged(now(), std::move(**kept));
        pump(alive);
      });
    });
  }
  if (actions.leave) {
    const auto& options = life->member.options();
    network_.leave(options.key, options.member, now().wall, [this, back](const broker::Result<bool>&) {
      back([this](const LifePtr& alive) {
        alive->member.left();
        pump(alive);
      });
    });
  }
}

// --- handlers ---------------------------------------------------------------------------------------------------

void Service::begin(const LifePtr& life, const engine::Start& start) {
  const auto& work = start.work->front();
  const auto behaviour = work.delivered.entry.event.data;
  const bool cured = work.delivered.progress.generation > 0;
  world_.trace("handle", name_ + " " + id_of(work) + " attempts " + std::to_string(work.delivered.progress.attempts));
  ++handling(work).starts;
  if (!history_.events.contains(id_of(work)))
    history_.breaks(world_.now(), "handled " + id_of(work) + ", which nobody published");
  if (plan_.ordering != Ordering::none && !work.delivered.ticket.work.side) check_order(work);
  const auto number = ++life->handlings;
  life->running[start.slot.index] = {number, *start.work};
  if (bugs_.acknowledges_before_handling) {
    broker::Exchange early{.key = {stream, plan_.group}, .member = life->member.options().member, .now = now().wall};
    early.settlements.push_back({.ticket = work.delivered.ticket});
    store_.exchange(early, [](const auto&) {});
  }
  if (behaviour == "killer" && !cured) return crash();
  if (behaviour == "hanging" && !cured) return;  // until it is asked to stop
  const bool fails =
      !cured && (behaviour == "poison" || (behaviour == "flaky" && work.delivered.progress.attempts < 2));
  const auto took = world_.chance(0.03) ? world_.between(seconds(5), seconds(15))
                                        : world_.between(milliseconds(1), milliseconds(200));
  post(life, took,
       [this, slot = start.slot.index, number, fails](const LifePtr& alive) { end(alive, slot, number, !fails); });
}

void Service::end(const LifePtr& life, std::uint32_t slot, std::uint64_t number, bool well) {
  const auto found = life->running.find(slot);
  if (found == life->running.end() || found->second.number != number) return;  // it ended before
  const auto work = found->second.work.front();
  life->running.erase(found);
  world_.trace(well ? "handled" : "failed", name_ + " " + id_of(work));
  ++(well ? handling(work).successes : handling(work).failures);
  if (!well && bugs_.keeps_retries_in_memory) {
    handle_later(life, work);
    well = true;
  }
  life->member.finished(now(), {1, slot}, {well ? Outcome::acknowledge() : Outcome::retry("it failed")});
  pump(life);
}

void Service::handle_later(const LifePtr& life, engine::Work work) {
  post(life, seconds(3), [this, work](const LifePtr&) { ++handling(work).successes; });
}

// Whatever came before it in its key (or at all) has been handled, or given up.
void Service::check_order(const engine::Work& work) {
  if (history_.clocks_jumped) return;
  const auto id = id_of(work);
  const auto& mine = history_.events.at(id);
  auto& group = history_.handlings[plan_.group];
  for (const auto& [other, event] : history_.events) {
    if (!event.stored || event.entry == EntryId{} || !(event.entry < work.delivered.entry.id) || other == id) continue;
    if (std::find(plan_.types.begin(), plan_.types.end(), event.type) == plan_.types.end()) continue;
    if (plan_.ordering == Ordering::per_key && event.key != mine.key) continue;
    const auto& before = group[other];
    // A process that knows an event has ended goes on before the store knows it, too.
    const int stalls = before.interrupted + before.marks - before.marks_received;  // a lost start mark is one, too
    const bool given_up = before.dead_letters > 0 || before.failures >= 3 || stalls >= 3;
    if (before.successes > 0 || given_up) continue;
    history_.breaks(world_.now(),
                    plan_.group + ": " + id + " started before " + other + " of the same key was settled");
  }
}

}  // namespace collective::simulation
