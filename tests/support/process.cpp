#include "support/process.hpp"

#include <algorithm>
#include <stdexcept>

#include "support/answer.hpp"
#include "support/engine_driver.hpp"

namespace collective::testing_support {
namespace {

bool settles_for_others(const broker::Exchange& request) {
  using Verdict = broker::Settlement::Verdict;
  return std::any_of(request.settlements.begin(), request.settlements.end(), [](const auto& settlement) {
    return settlement.verdict == Verdict::park || settlement.verdict == Verdict::release;
  });
}

}  // namespace

Process::Process(EngineDriver& driver, std::string name, ProcessPlan plan)
    : driver_(driver), name_(std::move(name)), plan_(std::move(plan)) {}

void Process::start() {
  engine::MemberOptions options;
  options.key = {EngineDriver::stream, plan_.group};
  options.member = name_ + "~" + std::to_string(++starts_);
  options.start = plan_.start;
  options.dispatch = {.consumer = name_,
                      .ordering = plan_.ordering,
                      .lease = plan_.lease,
                      .prefetch = plan_.prefetch,
                      .newer_version_wait = plan_.newer_version_wait,
                      .breaker = plan_.breaker};
  life_ = std::make_unique<Life>(std::move(options), [this] { return driver_.luck_; });
  frozen_ = false;
  asked_to_stop_.clear();
  life_->member.add({.id = 1,
                     .routes = plan_.routes,
                     .concurrency = plan_.concurrency,
                     .retry = plan_.retry,
                     .max_handling_time = plan_.max_handling_time});
  driver_.run_until_idle();
}

void Process::crash() {
  life_.reset();
}

void Process::freeze() {
  frozen_ = true;
}

void Process::thaw() {
  frozen_ = false;
  driver_.run_until_idle();
}

void Process::drain() {
  life_->member.drain();
  driver_.run_until_idle();
}

void Process::leave_now() {
  life_->member.leave_now();
  driver_.run_until_idle();
}

void Process::news() {
  if (life_) life_->member.news();
}

std::vector<std::string> Process::running() const {
  std::vector<std::string> events;
  if (!life_) return events;
  for (const auto& one : life_->running) events.push_back(one.event);
  return events;
}

void Process::finish(const std::string& event, Outcome outcome) {
  auto& running = life_->running;
  const auto found = std::find_if(running.begin(), running.end(), [&](const auto& one) { return one.event == event; });
  if (found == running.end()) throw std::logic_error(name_ + " does not handle " + event);
  found->ends = driver_.now_;
  found->outcome = std::move(outcome);
  driver_.run_until_idle();
}

std::optional<Nanos> Process::next() const {
  if (!life_ || frozen_) return std::nullopt;
  auto next = life_->timer;
  for (const auto& one : life_->running) {
    if (one.ends && (!next || *one.ends < *next)) next = one.ends;
  }
  return next;
}

bool Process::step() {
  if (!life_ || frozen_) return false;
  const bool ended = end_handlers();
  auto actions = life_->member.poll(driver_.now());
  life_->timer = actions.timer;
  driver_.notices_.insert(driver_.notices_.end(), actions.notices.begin(), actions.notices.end());
  for (const auto& start : actions.starts) {
    if (!begin(start)) return true;
  }
  for (const auto& slot : actions.stops) {
    for (const auto& one : life_->running) {
      if (one.slot == slot) asked_to_stop_.push_back(one.event);
    }
  }
  const bool steps = actions.join || actions.exchange || actions.leave;
  if (steps) perform(actions);
  if (life_->member.done()) life_.reset();
  return ended || steps || !actions.starts.empty();
}

bool Process::end_handlers() {
  bool any = false;
  for (std::size_t i = 0; i < life_->running.size();) {
    auto one = life_->running[i];
    if (!one.ends || *one.ends > driver_.now_) {
      ++i;
      continue;
    }
    life_->running.erase(life_->running.begin() + static_cast<std::ptrdiff_t>(i));
    life_->member.finished(driver_.now(), one.slot, {std::move(one.outcome)});
    any = true;
  }
  return any;
}

// False when the handler brought the process down.
bool Process::begin(const engine::Start& start) {
  const auto& delivered = start.work->front().delivered;
  const auto& event = delivered.entry.event;
  Handling handling{name_, plan_.group, std::string(event.id), std::string(event.type)};
  handling.attempt = delivered.progress.attempts + 1;
  handling.generation = delivered.progress.generation;
  handling.at = driver_.now_;
  driver_.handlings_.push_back(handling);
  auto reaction = plan_.handler(handling);
  if (reaction.kind == Reaction::Kind::dies) {
    crash();
    return false;
  }
  std::optional<Nanos> ends;
  if (reaction.kind == Reaction::Kind::ends) ends = driver_.now_ + reaction.takes;
  life_->running.push_back({start.slot, handling.event, ends, std::move(reaction.outcome)});
  return true;
}

/// Nothing when the process does not learn of the answer.
template <class T, class Call>
std::optional<broker::Result<T>> Process::over_the_link(Call call) {
  if (link_ == Link::refuses) return broker::Failure{Errc::unavailable, "refused"};
  if (link_ == Link::loses_requests) return std::nullopt;
  auto result = answer<T>(std::move(call));
  if (link_ == Link::loses_replies) return std::nullopt;
  return result;
}

void Process::perform(engine::Member::Actions& actions) {
  auto& broker = *driver_.store_.broker;
  auto& member = life_->member;
  const broker::Failure lost{Errc::unknown, "no answer"};
  if (actions.join) {
    const auto result = over_the_link<EntryId>([&](auto reply) { broker.join(*actions.join, std::move(reply)); });
    driver_.ring();
    if (!result || !*result) return member.failed(driver_.now(), result ? result->error() : lost);
    member.joined(driver_.now(), **result);
  }
  if (actions.exchange) exchange(std::move(*actions.exchange));
  if (actions.leave) {
    const auto& options = member.options();
    over_the_link<bool>(
        [&](auto reply) { broker.leave(options.key, options.member, driver_.now().wall, std::move(reply)); });
    driver_.ring();
    member.left();
  }
}

// What a broker's watches would tell, and when: without their threads.
void Process::exchange(broker::Exchange request) {
  const auto parked = [&] {
    const auto pending = driver_.pending(plan_.group);
    return std::count_if(pending.begin(), pending.end(), [](const auto& one) { return one.member.empty(); });
  };
  const auto before = parked();
  const bool for_others = settles_for_others(request);
  auto result = over_the_link<broker::Exchanged>(
      [&](auto reply) { driver_.store_.broker->exchange(std::move(request), std::move(reply)); });
  if (for_others || parked() > before) driver_.ring();
  if (!result) return life_->member.failed(driver_.now(), {Errc::unknown, "no answer"});
  if (!*result) return life_->member.failed(driver_.now(), result->error());
  life_->member.exchanged(driver_.now(), std::move(**result));
}

}  // namespace collective::testing_support
