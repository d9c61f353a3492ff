#include <algorithm>
#include <map>
#include <set>

#include "collective/event_type.hpp"
#include "collective/ulid.hpp"

#include "engine/attempt_history.hpp"
#include "runtime/await.hpp"
#include "runtime/core.hpp"

// The events of one flow, found by reading the streams: publishers pay nothing for it.
namespace collective::detail {
namespace {

constexpr auto before_the_id = std::chrono::hours(1);
constexpr auto otherwise = std::chrono::hours(24);

Timestamp begin_of(const std::string& correlation_id, const TraceOptions& options, Timestamp now) {
  if (options.since) return *options.since;
  const auto made = ulid_time(correlation_id);
  return made ? *made - before_the_id : now - otherwise;
}

bool takes(const GroupInfo& group, const AnyEvent& event) {
  return std::any_of(group.routes.begin(), group.routes.end(), [&](const RouteInfo& route) {
    return (route.route == event.envelope.type || route.route == "*") && route.since < event.entry_id;
  });
}

}  // namespace

/// What a group still has of the entries asked for.
class Core::GroupTrace {
 public:
  GroupTrace(Core& core, const std::string& stream, GroupInfo group) : group_(std::move(group)) {
    for (auto& event : core.pending(stream, group_.name, most)) {
      if (!event.republished) pending_.emplace(event.entry_id, std::move(event));
    }
    for (std::uint64_t after = 0; group_.dead_letters > 0;) {
      auto page = core.dead_letters(stream, group_.name, after, 1'000);
      if (page.empty()) break;
      after = page.back().number;
      for (auto& letter : page) {
        const auto entry = letter.event.entry_id;
        letters_.insert_or_assign(entry, std::move(letter));
      }
    }
  }

  void add_to(TracedEvent& traced) const {
    if (!takes(group_, traced.event)) return;
    using State = TracedHandling::State;
    TracedHandling handling{.group = group_.name};
    const auto entry = traced.event.entry_id;
    if (const auto pending = pending_.find(entry); pending != pending_.end()) {
      const auto& event = pending->second;
      handling.state = !event.consumer.empty() ? State::delivered
                       : event.attempts > 0    ? State::retrying
                                               : State::waiting;
      handling.consumer = event.consumer;
      handling.attempts = event.attempts;
      handling.history = event.history;
    } else if (const auto letter = letters_.find(entry); letter != letters_.end()) {
      handling.state = State::dead_letter;
      handling.attempts = letter->second.attempts;
      handling.history = letter->second.history;
    } else {
      handling.state = entry <= group_.cursor ? State::handled : State::waiting;
    }
    traced.handlings.push_back(std::move(handling));
  }

 private:
  static constexpr std::size_t most = 100'000;
  GroupInfo group_;
  std::map<EntryId, PendingEvent> pending_;
  std::map<EntryId, DeadLetter> letters_;
};

std::vector<TracedEvent> Core::trace(const std::string& correlation_id, const TraceOptions& options) {
  if (correlation_id.empty()) throw Error(Errc::invalid, "trace: the correlation id is empty; name the flow's");
  if (options.limit < 1 || options.limit > 100'000)
    throw Error(Errc::invalid,
                "TraceOptions::limit is " + std::to_string(options.limit) + "; allowed are 1 to 100000 events");
  const auto begin = EntryId::at(begin_of(correlation_id, options, now()));
  std::vector<AnyEvent> events;
  for (const auto& stream : streams()) {
    auto found = read(stream, {.after = begin, .limit = options.limit, .correlation_id = correlation_id});
    std::move(found.begin(), found.end(), std::back_inserter(events));
  }
  auto traced = order_causally(std::move(events));
  if (traced.size() > options.limit) traced.resize(options.limit);
  std::set<std::string> touched;
  for (const auto& one : traced) touched.insert(one.event.envelope.stream);
  for (const auto& stream : touched) {
    for (auto& group : groups(stream)) {
      const GroupTrace of_group(*this, stream, std::move(group));
      for (auto& one : traced) {
        if (one.event.envelope.stream == stream) of_group.add_to(one);
      }
    }
  }
  return traced;
}

}  // namespace collective::detail
