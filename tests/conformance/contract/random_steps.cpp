#include "conformance/contract/random_steps.hpp"

#include <algorithm>

#include "conformance/contract/answer_text.hpp"
#include "support/batch.hpp"

namespace collective::conformance {
namespace {

using broker::Millis;
using std::chrono::hours;
using std::chrono::seconds;
using Verdict = broker::Settlement::Verdict;

constexpr std::size_t remembered = 40;

template <class T>
void remember(std::deque<T>& list, T value) {
  list.push_back(std::move(value));
  if (list.size() > remembered) list.pop_front();
}

std::string describe(const broker::Exchange& request) {
  std::string what = request.key.stream + "/" + request.key.group + " " + request.member + " now=" + text(request.now) +
                     " lease=" + std::to_string(request.lease.count()) + " max=" + std::to_string(request.max_entries) +
                     "/" + std::to_string(request.max_suspects) + "/" + std::to_string(request.max_bytes) +
                     " routes=" + text(request.routes) + " visibility=" + std::to_string(request.visibility.count()) +
                     (request.ordered ? " ordered" : "");
  if (request.recover) what += " recover known=" + text(request.known);
  return what + " settlements=" + text(request.settlements);
}

std::string describe(const broker::Retention& r) {
  return "keep=" + std::to_string(r.keep) + " max_length=" + text(r.max_length) + " min_id=" + text(r.min_id) +
         " force=" + text(r.force) + " idle=" + std::to_string(r.idle_group.count()) +
         " letters=" + std::to_string(r.dead_letter_cap) + "/" + std::to_string(r.dead_letter_age.count());
}

/// Most of what is settled is forgotten; some is kept, for late and repeated settlements.
void forget_settled(Known& known, const broker::Exchange& request, const broker::Exchanged& answer) {
  for (std::size_t i = 0; i < answer.settled.size(); ++i) {
    const auto& ticket = request.settlements[i].ticket;
    const bool keep = answer.settled[i] == broker::Settled::done && ticket.token % 4 == 0;
    if (!keep && request.settlements[i].verdict != Verdict::hold) {
      std::erase_if(known.work,
                    [&](const Known::Work& work) { return work.ticket == ticket && work.group == request.key.group; });
    }
  }
}

void learn(Known& known, const broker::Exchange& request, const broker::Exchanged& answer) {
  for (std::size_t i = 0; i < answer.settled.size(); ++i) {
    const bool died =
        answer.settled[i] == broker::Settled::done && request.settlements[i].verdict == Verdict::dead_letter;
    if (died) ++known.letters;
  }
  forget_settled(known, request, answer);
  for (const auto& one : answer.deliveries) {
    remember(known.work, {request.key.group, request.member, one.ticket, one.progress});
  }
  remember(known.exchanges, request);
  if (known.exchanges.size() > 6) known.exchanges.pop_front();
  if (answer.member_lost) remember(known.lost, {request.key, request.member});
}

}  // namespace

// --- delivery ---------------------------------------------------------------------------------------------------

Step RandomSteps::append() {
  testing_support::Batch batch{.stream = chance(95) ? "things" : "others", .now = now_};
  for (auto left = chance(3) ? 0 : 1 + below(4); left > 0; --left) {
    testing_support::Batch::One one;
    one.deduplicate = chance(30);
    one.event.id = one.deduplicate ? "chosen-" + std::to_string(below(12)) : "event-" + std::to_string(++events_);
    if (one.deduplicate && chance(40)) {  // published again: mostly one of those whose id nobody remembers
      if (chance(70)) one.event.id = "event-" + std::to_string(1 + below(events_ + 1));
      one.look_back = chance(30) ? EntryId{} : some_id();
    }
    one.event.type = some_type();
    one.event.version = static_cast<std::uint32_t>(1 + below(3));
    one.event.timestamp = now_;
    if (chance(50)) one.event.correlation_id = "flow";
    if (chance(20)) one.event.user_id = "user";
    one.event.data = "{" + std::string(below(60), ' ') + "}";
    if (chance(30)) one.event.metadata = R"({"hop":1})";
    if (chance(15)) one.not_before = now_ + within(seconds(10));
    batch.events.push_back(std::move(one));
  }
  if (chance(10)) batch.hard_cap = below(40);
  if (chance(30)) batch.duplicate_window = seconds(below(20));
  std::string what = "append to " + batch.stream + " now=" + text(batch.now) +
                     " cap=" + std::to_string(batch.hard_cap) +
                     " window=" + std::to_string(batch.duplicate_window.count());
  for (const auto& one : batch.events) {
    what += " " + one.event.id + ":" + one.event.type + (one.deduplicate ? "!" : "") +
            (one.look_back ? "<" + text(*one.look_back) : "") +
            (one.not_before == Timestamp{} ? "" : "@" + text(one.not_before));
  }
  return {std::move(what), [batch = std::move(batch)](Steps& on, Known* known) {
            const auto answer = on.append(batch);
            for (std::size_t i = 0; known != nullptr && answer && i < answer->size(); ++i)
              remember(known->ids, (*answer)[i].id);
            return text(answer);
          }};
}

Step RandomSteps::join(broker::GroupKey key, std::string member) {
  broker::Join request{.key = std::move(key), .member = std::move(member), .routes = some_routes(), .now = now_};
  using Start = broker::Start::At;
  request.start = {static_cast<Start>(below(3)), some_id()};
  request.lease = seconds(5 + below(30));
  auto what = "join " + request.key.stream + "/" + request.key.group + " " + request.member + " now=" + text(now_) +
              " routes=" + text(request.routes) + " start=" + std::to_string(static_cast<int>(request.start.at)) +
              " after " + text(request.start.after) + " lease=" + std::to_string(request.lease.count());
  return {std::move(what), [request](Steps& on, Known*) { return text(on.join(request)); }};
}

Step RandomSteps::exchange() {
  if (!known_.exchanges.empty() && chance(6)) return send(known_.exchanges[below(known_.exchanges.size())], true);
  broker::Exchange request{.key = some_group(), .member = some_member(), .now = now_};
  request.lease = chance(10) ? Millis(0) : Millis(seconds(5 + below(30)));
  for (auto left = known_.work.empty() ? 0 : below(5); left > 0; --left) {
    request.settlements.push_back(some_settlement(request.key.group, request.member));
  }
  request.max_entries = static_cast<std::uint32_t>(below(7));
  request.max_suspects = static_cast<std::uint32_t>(chance(50) ? 1 : below(4));
  if (chance(10)) request.max_bytes = below(150);
  request.routes = some_routes();
  request.ordered = (request.key.group == "lane") != chance(5);
  if ((request.key.group == "pull") != chance(5)) request.visibility = seconds(1 + below(10));
  request.recover = chance(12);
  for (const auto& work : known_.work) {
    if (request.recover && work.member == request.member && chance(70)) request.known.push_back(work.ticket);
  }
  return send(std::move(request), false);
}

Step RandomSteps::send(broker::Exchange request, bool repeated) {
  auto what = (repeated ? "exchange again " : "exchange ") + describe(request);
  return {std::move(what), [request = std::move(request)](Steps& on, Known* known) {
            const auto answer = on.exchange(request);
            if (known != nullptr && answer) learn(*known, request, *answer);
            return text(answer);
          }};
}

Step RandomSteps::leave() {
  auto key = some_group();
  auto member = some_member();
  auto what = "leave " + key.group + " " + member + " now=" + text(now_);
  return {std::move(what), [key, member, now = now_](Steps& on, Known*) { return text(on.leave(key, member, now)); }};
}

// --- the stream -------------------------------------------------------------------------------------------------

Step RandomSteps::read() {
  broker::Read request{.stream = "things", .limit = below(20), .backwards = chance(50)};
  if (chance(50)) request.after = some_id();
  if (chance(50)) request.until = some_id();
  if (chance(30)) request.max_bytes = below(200);
  auto what = "read after " + text(request.after) + " until " + text(request.until) + " limit " +
              std::to_string(request.limit) + "/" + std::to_string(request.max_bytes) +
              (request.backwards ? " backwards" : "");
  return {std::move(what), [request](Steps& on, Known*) { return text(on.read(request)); }};
}

Step RandomSteps::upkeep() {
  broker::Upkeep request{.stream = "things", .now = now_, .trim = chance(70)};
  request.retention = some_retention();
  request.slice = static_cast<std::uint32_t>(chance(50) ? 10'000 : 1 + below(6));
  auto what = "upkeep now=" + text(now_) + " slice=" + std::to_string(request.slice) +
              (request.trim ? " trim " + describe(request.retention) : "");
  return {std::move(what), [request](Steps& on, Known*) { return text(on.upkeep(request)); }};
}

// --- what people and tools ask ------------------------------------------------------------------------------------

Step RandomSteps::look() {
  auto key = some_group();
  const broker::WorkId after{some_id(), chance(30)};
  const auto limit = below(5);
  const auto letter = below(known_.letters + 1);
  auto what = "pages of " + key.group + ": pending after " + text(broker::Ticket{after, 0}) + ", letters after " +
              text(letter) + ", limit " + text(limit);
  return {std::move(what), [key, after, limit, letter](Steps& on, Known*) {
            return text(on.pending(key, after, limit)) + " " + text(on.dead_letters(key, letter, limit));
          }};
}

Step RandomSteps::republish() {
  auto key = some_group();
  auto numbers = some_letters();
  auto what = "republish " + key.group + " " + text(numbers) + " now=" + text(now_);
  return {std::move(what),
          [key, numbers, now = now_](Steps& on, Known*) { return text(on.republish(key, numbers, now)); }};
}

Step RandomSteps::discard() {
  auto key = some_group();
  auto numbers = some_letters();
  auto what = "discard " + key.group + " " + text(numbers);
  return {std::move(what), [key, numbers](Steps& on, Known*) { return text(on.discard(key, numbers)); }};
}

Step RandomSteps::replay() {
  auto key = some_group();
  const auto after = some_id();
  auto what = "replay " + key.group + " after " + text(after);
  return {std::move(what), [key, after](Steps& on, Known*) { return text(on.replay(key, after)); }};
}

Step RandomSteps::forget() {
  auto key = some_group();
  auto route = chance(20) ? std::string("*") : some_type();
  auto what = "forget " + key.group + " " + route;
  return {std::move(what), [key, route](Steps& on, Known*) { return text(on.forget(key, route)); }};
}

Step RandomSteps::destroy_group() {
  auto key = some_group();
  return {"destroy " + key.group, [key](Steps& on, Known*) { return text(on.destroy_group(key)); }};
}

Step RandomSteps::next() {
  move_time();
  if (!known_.lost.empty() && chance(50)) {
    auto [key, member] = std::move(known_.lost.back());
    known_.lost.pop_back();
    return join(std::move(key), std::move(member));
  }
  const auto kind = below(200);
  if (kind < 38) return append();
  if (kind < 52) return join(some_group(), some_member());
  if (kind < 144) return exchange();
  if (kind < 148) return leave();
  if (kind < 153) return read();
  if (kind < 172) return upkeep();
  if (kind < 178) return look();
  if (kind < 188) return republish();
  if (kind < 190) return discard();
  if (kind < 197) return replay();
  if (kind < 199) return forget();
  return destroy_group();
}

std::vector<std::string> visible_state(Steps& of, Timestamp now) {
  std::vector<std::string> lines;
  const auto streams = of.streams().value();
  lines.push_back("streams " + text(streams));
  for (const auto& stream : streams) {
    lines.push_back("stream_info " + text(of.stream_info(stream)));
    lines.push_back("read " + stream + " " + text(of.read({.stream = stream})));
    for (const auto& group : of.groups(stream, now).value()) {
      lines.push_back("group " + stream + " " + text(group));
      for (const auto& work : of.pending({stream, group.name}).value())
        lines.push_back("pending " + group.name + " " + text(work));
      lines.push_back("dead letters " + group.name + " " + text(of.dead_letters({stream, group.name})));
    }
  }
  return lines;
}

}  // namespace collective::conformance
