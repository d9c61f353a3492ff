#include <algorithm>

#include "engine/attempt_history.hpp"
#include "engine/work.hpp"
#include "runtime/await.hpp"
#include "runtime/core.hpp"

namespace collective::detail {
namespace {

constexpr std::size_t page = 500;

broker::GroupKey group_key(const std::string& stream, const std::string& group) {
  check_name("stream name", stream);
  check_name("group name", group);
  return {stream, group};
}

std::string of(const broker::GroupKey& key) {
  return "group \"" + key.group + "\" of stream \"" + key.stream + "\"";
}

}  // namespace

template <class T>
T Core::ask_of(const broker::GroupKey& key, const std::function<void(broker::Admin&, broker::Reply<T>)>& question) {
  auto result = ask<T>(question);
  if (!result) throw Error(result.error().code, of(key) + ": " + result.error().message);
  return std::move(*result);
}

std::vector<DeadLetter> Core::dead_letters(const std::string& stream, const std::string& group, std::uint64_t after,
                                           std::size_t limit) {
  const auto key = group_key(stream, group);
  const auto found = ask_of<broker::DeadLetterPage>(
      key, [&](auto& admin, auto reply) { admin.dead_letters(key, after, limit, std::move(reply)); });
  std::vector<DeadLetter> letters;
  letters.reserve(found.letters.size());
  for (const auto& letter : found.letters) {
    letters.push_back({letter.number, AnyEvent(letter.id, letter.entry.event), letter.reason, letter.progress.attempts,
                       letter.progress.stalls, letter.progress.generation, engine::read_history(letter.progress.note),
                       letter.died});
  }
  return letters;
}

// All are listed first: one that fails again at once would otherwise be met again, and handed out again without end. Then
// page by page, each a step of its own: a crash in between leaves the rest where it was, and a repeated call goes on.
std::uint64_t Core::republish(const std::string& stream, const std::string& group, Millis max_age) {
  const auto key = group_key(stream, group);
  check_duration("republish_dead_letters: max_age", max_age, Millis(0), Millis::max());
  const auto began = now();
  const auto oldest = max_age < began.time_since_epoch() ? began - max_age : Timestamp{};
  std::vector<std::uint64_t> numbers;
  for (std::uint64_t after = 0;;) {
    const auto found = ask_of<broker::DeadLetterPage>(
        key, [&](auto& admin, auto reply) { admin.dead_letters(key, after, page, std::move(reply)); });
    if (found.letters.empty() || found.letters.front().died > began) break;
    for (const auto& letter : found.letters) {
      if (letter.died >= oldest) numbers.push_back(letter.number);
    }
    after = found.letters.back().number;
  }
  std::uint64_t moved = 0;
  for (std::size_t i = 0; i < numbers.size(); i += page) {
    const auto end = std::min(numbers.size(), i + page);
    moved += republish(stream, group,
                       std::vector(numbers.begin() + static_cast<std::ptrdiff_t>(i),
                                   numbers.begin() + static_cast<std::ptrdiff_t>(end)));
  }
  return moved;
}

std::uint64_t Core::republish(const std::string& stream, const std::string& group,
                              const std::vector<std::uint64_t>& numbers) {
  const auto key = group_key(stream, group);
  return ask_of<std::uint64_t>(
      key, [&](auto& admin, auto reply) { admin.republish(key, numbers, now(), std::move(reply)); });
}

std::uint64_t Core::discard(const std::string& stream, const std::string& group,
                            const std::vector<std::uint64_t>& numbers) {
  const auto key = group_key(stream, group);
  return ask_of<std::uint64_t>(key, [&](auto& admin, auto reply) { admin.discard(key, numbers, std::move(reply)); });
}

std::vector<PendingEvent> Core::pending(const std::string& stream, const std::string& group, std::size_t limit) {
  const auto key = group_key(stream, group);
  const auto found = ask_of<std::vector<broker::PendingInfo>>(
      key, [&](auto& admin, auto reply) { admin.pending(key, {}, limit, std::move(reply)); });
  std::vector<PendingEvent> events;
  events.reserve(found.size());
  for (const auto& info : found) {
    events.push_back({info.ticket.work.id, info.ticket.work.side, info.member.substr(0, info.member.find('~')),
                      info.progress.route, info.progress.attempts, info.progress.stalls, info.progress.due,
                      engine::read_history(info.progress.note)});
  }
  return events;
}

std::uint64_t Core::replay(const std::string& stream, const std::string& group, EntryId after) {
  const auto key = group_key(stream, group);
  return ask_of<std::uint64_t>(key, [&](auto& admin, auto reply) { admin.replay(key, after, std::move(reply)); });
}

std::uint64_t Core::forget(const std::string& stream, const std::string& group, const std::string& type) {
  const auto key = group_key(stream, group);
  const auto forget_route = [&](const std::string& route) {
    return ask_of<std::uint64_t>(key, [&](auto& admin, auto reply) { admin.forget(key, route, std::move(reply)); });
  };
  auto settled = forget_route(type);
  for (const auto& info : groups(stream)) {  // what waits for members that know newer versions of it
    if (info.name != group) continue;
    for (const auto& route : info.routes) {
      if (route.route.starts_with(type + engine::version_separator)) settled += forget_route(route.route);
    }
  }
  return settled;
}

std::uint64_t Core::trim(const std::string& stream, std::uint64_t max_length, bool unacknowledged) {
  check_name("stream name", stream);
  if (max_length == 0)
    throw Error(Errc::invalid,
                "cannot trim stream \"" + stream + "\" to 0 events; the newest one stays: give at least 1");
  const auto connected = store();
  std::uint64_t trimmed = 0;
  while (true) {
    broker::Upkeep step{.stream = stream, .now = now()};
    step.retention.max_length = max_length;
    step.retention.force = unacknowledged;
    step.trim = true;
    auto report = runtime::await<broker::UpkeepReport>(
        [&](auto reply) { connected.broker->upkeep(std::move(step), std::move(reply)); }, options_.operation_timeout,
        true, "trim");
    if (!report) throw Error(report.error().code, "cannot trim stream \"" + stream + "\": " + report.error().message);
    trimmed += report->trimmed;
    if (!report->more) return trimmed;
  }
}

}  // namespace collective::detail
