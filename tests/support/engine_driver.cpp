#include "support/engine_driver.hpp"

#include <algorithm>
#include <stdexcept>

#include "engine/attempt_history.hpp"
#include "support/answer.hpp"

namespace collective::testing_support {

Process& EngineDriver::start(const std::string& process, ProcessPlan plan) {
  processes_.push_back(std::make_unique<Process>(*this, process, std::move(plan)));
  processes_.back()->start();
  return *processes_.back();
}

void EngineDriver::ring() {
  for (const auto& process : processes_) process->news();
}

void EngineDriver::run_until_idle() {
  int rounds = 0;
  for (bool busy = true; busy;) {
    busy = false;
    for (std::size_t i = 0; i < processes_.size(); ++i) busy = processes_[i]->step() || busy;
    if (++rounds > 100'000) throw std::runtime_error("the engine never comes to rest");
  }
}

void EngineDriver::advance(Nanos by) {
  const auto end = now_ + by;
  run_until_idle();
  while (now_ < end) {
    auto next = end;
    for (const auto& process : processes_) {
      if (const auto timer = process->next()) next = std::min(next, std::max<Nanos>(*timer, now_ + Millis(1)));
    }
    now_ = next;
    run_until_idle();
  }
}

EntryId EngineDriver::publish(const std::string& event, const Publishing& options) {
  broker::AppendBatch batch;
  batch.stream = stream;
  batch.now = now().wall;
  Envelope envelope;
  envelope.id = event;
  envelope.stream = stream;
  envelope.type = options.type;
  envelope.version = options.version;
  envelope.timestamp = batch.now;
  envelope.data = "{}";
  if (!options.key.empty()) envelope.metadata = R"({"key":")" + options.key + R"("})";
  batch.add(envelope);
  const auto stored = answer<std::vector<broker::Appended>>(
      [&](auto reply) { store_.broker->append(std::move(batch), std::move(reply)); });
  ring();
  run_until_idle();
  return stored.value().at(0).id;
}

void EngineDriver::publish_some(const std::string& prefix, int count, const std::string& key) {
  for (int i = 1; i <= count; ++i) publish(prefix + std::to_string(i), {.key = key});
}

// --- what happened ------------------------------------------------------------------------------------------------

std::vector<std::string> EngineDriver::events() const {
  std::vector<std::string> list;
  for (const auto& handling : handlings_) list.push_back(handling.event);
  return list;
}

std::vector<std::string> EngineDriver::starts() const {
  std::vector<std::string> list;
  for (const auto& handling : handlings_) list.push_back(handling.process + ":" + handling.event);
  return list;
}

std::vector<Nanos> EngineDriver::times_of(const std::string& event) const {
  std::vector<Nanos> times;
  for (const auto& handling : handlings_) {
    if (handling.event == event) times.push_back(handling.at);
  }
  return times;
}

int EngineDriver::alarms(Alarm alarm) const {
  return static_cast<int>(std::count_if(notices_.begin(), notices_.end(),
                                        [&](const auto& notice) { return notice.is_alarm && notice.alarm == alarm; }));
}

GroupInfo EngineDriver::group(const std::string& name) {
  const auto groups =
      answer<std::vector<GroupInfo>>([&](auto reply) { store_.admin->groups(stream, now().wall, std::move(reply)); });
  for (const auto& group : groups.value()) {
    if (group.name == name) return group;
  }
  throw std::logic_error("there is no group " + name);
}

std::vector<broker::PendingInfo> EngineDriver::pending(const std::string& group) {
  auto found = answer<std::vector<broker::PendingInfo>>(
      [&](auto reply) { store_.admin->pending({stream, group}, {}, 100'000, std::move(reply)); });
  return found ? std::move(*found) : std::vector<broker::PendingInfo>{};
}

std::vector<DeadLetter> EngineDriver::dead_letters(const std::string& group) {
  const auto page = answer<broker::DeadLetterPage>(
      [&](auto reply) { store_.admin->dead_letters({stream, group}, 0, 10'000, std::move(reply)); });
  std::vector<DeadLetter> letters;
  for (const auto& letter : page.value().letters) {
    letters.push_back({letter.number, AnyEvent(letter.id, letter.entry.event), letter.reason, letter.progress.attempts,
                       letter.progress.stalls, letter.progress.generation, engine::read_history(letter.progress.note),
                       letter.died});
  }
  return letters;
}

bool EngineDriver::settled(const std::string& name) {
  const auto info = group(name);
  return info.pending == 0 && info.lag == 0;
}

std::uint64_t EngineDriver::republish(const std::string& group) {
  std::vector<std::uint64_t> numbers;
  for (const auto& letter : dead_letters(group)) numbers.push_back(letter.number);
  return republish(group, numbers);
}

std::uint64_t EngineDriver::republish(const std::string& group, const std::vector<std::uint64_t>& numbers) {
  const auto moved = answer<std::uint64_t>(
      [&](auto reply) { store_.admin->republish({stream, group}, numbers, now().wall, std::move(reply)); });
  ring();
  run_until_idle();
  return moved.value();
}

broker::UpkeepReport EngineDriver::upkeep(const broker::Retention& retention) {
  broker::Upkeep step{.stream = stream, .now = now().wall, .retention = retention};
  step.trim = true;
  auto report =
      answer<broker::UpkeepReport>([&](auto reply) { store_.broker->upkeep(std::move(step), std::move(reply)); });
  ring();
  run_until_idle();
  return report.value();
}

}  // namespace collective::testing_support
