#include "conformance/contract/random_steps.hpp"

#include <algorithm>

#include "conformance/contract/answer_text.hpp"

namespace collective::conformance {
namespace {

using broker::Millis;
using std::chrono::hours;
using std::chrono::seconds;
using Verdict = broker::Settlement::Verdict;

const std::vector<std::string> types{"a", "a", "b", "c"};
const std::vector<std::string> groups{"free", "free", "lane", "pull"};  // unordered, ordered, with visibility
const std::vector<std::string> members{"m1", "m2", "m3"};
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

}  // namespace

// --- chance -----------------------------------------------------------------------------------------------------

void RandomSteps::move_time() {
  const auto kind = below(100);
  if (kind < 45) return;
  if (kind < 92) {
    now_ += within(seconds(3));
  } else if (kind < 95) {
    now_ += seconds(31);
  } else if (kind < 99) {
    now_ -= within(seconds(20));
  } else {
    now_ += chance(50) ? Millis(hours(1)) : -Millis(hours(1));
  }
}

broker::GroupKey RandomSteps::some_group() {
  return {chance(95) ? "things" : "others", one_of(groups)};
}
std::string RandomSteps::some_member() {
  return one_of(members);
}
std::string RandomSteps::some_type() {
  return chance(3) ? "" : one_of(types);
}

std::vector<std::string> RandomSteps::some_routes() {
  static const std::vector<std::vector<std::string>> choices{{"*"},      {"a", "b"},   {"a", "b"}, {"a"},
                                                             {"b", "c"}, {"a/2", "b"}, {}};
  return one_of(choices);
}

EntryId RandomSteps::some_id() {
  if (known_.ids.empty() || chance(10)) return {};
  auto id = known_.ids[below(known_.ids.size())];
  if (chance(20)) ++id.seq;
  return id;
}

std::vector<std::uint64_t> RandomSteps::some_letters() {
  std::vector<std::uint64_t> numbers;
  for (auto left = below(4); left > 0; --left) numbers.push_back(1 + below(known_.letters + 2));
  return numbers;
}

broker::Progress RandomSteps::changed(broker::Progress progress) {
  if (chance(60)) ++progress.attempts;
  if (chance(10) && progress.attempts > 0) --progress.attempts;
  if (chance(10)) ++progress.stalls;
  progress.started = chance(40);
  progress.suspect = chance(10);
  progress.due = chance(40) ? Timestamp{} : now_ - seconds(1) + within(seconds(8));
  if (chance(10)) progress.route = chance(50) ? "a/2" : some_type();
  if (chance(50)) progress.note = "note " + std::to_string(below(100));
  return progress;
}

broker::Settlement RandomSteps::some_settlement(const std::string& group, const std::string& member) {
  auto of_this_caller = [&](const Known::Work& work) {
    return work.group == group && (chance(10) || work.member == member);
  };
  auto at = std::find_if(
      known_.work.rbegin() + static_cast<std::ptrdiff_t>(below(std::min<std::size_t>(8, known_.work.size()))),
      known_.work.rend(), of_this_caller);
  if (at == known_.work.rend()) at = known_.work.rbegin();
  broker::Settlement settlement{at->ticket, Verdict::acknowledge, {}, {}};
  if (chance(5)) --settlement.ticket.token;
  static const std::vector<Verdict> verdicts{Verdict::acknowledge, Verdict::acknowledge, Verdict::park,
                                             Verdict::park,        Verdict::hold,        Verdict::hold,
                                             Verdict::dead_letter, Verdict::release,     Verdict::extend};
  settlement.verdict = one_of(verdicts);
  if (settlement.verdict != Verdict::acknowledge) settlement.progress = changed(at->progress);
  if (settlement.verdict == Verdict::dead_letter) settlement.reason = "reason " + std::to_string(below(100));
  return settlement;
}

// --- delivery ---------------------------------------------------------------------------------------------------

Step RandomSteps::append() {
  broker::AppendBatch batch{.stream = chance(95) ? "things" : "others", .now = now_};
  for (auto left = chance(3) ? 0 : 1 + below(4); left > 0; --left) {
    broker::Append one;
    one.deduplicate = chance(30);
    one.event.id = one.deduplicate ? "chosen-" + std::to_string(below(12)) : "event-" + std::to_string(++events_);
    one.event.stream = chance(97) ? batch.stream : "elsewhere";
    one.event.type = some_type();
    one.event.version = static_cast<std::uint32_t>(1 + below(3));
    one.event.timestamp = now_;
    if (chance(50)) one.event.correlation_id = "flow";
    if (chance(20)) one.event.user_id = "user";
    one.event.data = "{" + std::string(below(60), ' ') + "}";
    if (chance(30)) one.event.metadata = "{}";
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
            (one.not_before == Timestamp{} ? "" : "@" + text(one.not_before));
  }
  return {std::move(what), [batch = std::move(batch)](Steps& on, Known* known) {
            const auto answer = on.append(batch);
            for (std::size_t i = 0; known != nullptr && answer && i < answer->size(); ++i)
              remember(known->ids, (*answer)[i].id);
            return text(answer);
          }};
}

Step RandomSteps::join() {
  broker::Join request{.key = some_group(), .member = some_member(), .routes = some_routes(), .now = now_};
  using Start = broker::Start::At;
  request.start = {static_cast<Start>(below(3)), some_id()};
  request.lease = seconds(1 + below(30));
  auto what = "join " + request.key.stream + "/" + request.key.group + " " + request.member + " now=" + text(now_) +
              " routes=" + text(request.routes) + " start=" + std::to_string(static_cast<int>(request.start.at)) +
              " after " + text(request.start.after) + " lease=" + std::to_string(request.lease.count());
  return {std::move(what), [request](Steps& on, Known*) { return text(on.join(request)); }};
}

Step RandomSteps::exchange() {
  if (!known_.exchanges.empty() && chance(6)) return send(known_.exchanges[below(known_.exchanges.size())], true);
  broker::Exchange request{.key = some_group(), .member = some_member(), .now = now_};
  request.lease = chance(10) ? Millis(0) : Millis(seconds(1 + below(30)));
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
            if (known != nullptr && answer) {
              for (const auto& one : answer->deliveries) {
                remember(known->work, {request.key.group, request.member, one.ticket, one.progress});
              }
              remember(known->exchanges, request);
              if (known->exchanges.size() > 6) known->exchanges.pop_front();
            }
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

broker::Retention RandomSteps::some_retention() {
  broker::Retention retention;
  retention.keep = chance(50) ? below(40) : 100'000;
  if (chance(20)) retention.max_length = below(30);
  if (chance(20)) retention.min_id = some_id();
  retention.force = chance(10);
  if (chance(50)) retention.idle_group = seconds(below(60));
  if (chance(30)) retention.dead_letter_cap = below(4);
  if (chance(20)) retention.dead_letter_age = seconds(below(60));
  return retention;
}

Step RandomSteps::upkeep() {
  broker::Upkeep request{.stream = "things", .now = now_, .trim = chance(50)};
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
  return {std::move(what), [key, after, limit, letter](Steps& on, Known* known) {
            const auto letters = on.dead_letters(key, letter, limit);
            if (known != nullptr && letters && !letters->letters.empty()) {
              known->letters = std::max(known->letters, letters->letters.back().number);
            }
            return text(on.pending(key, after, limit)) + " " + text(letters);
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
  auto route = chance(20) ? std::string("*") : one_of(types);
  auto what = "forget " + key.group + " " + route;
  return {std::move(what), [key, route](Steps& on, Known*) { return text(on.forget(key, route)); }};
}

Step RandomSteps::destroy_group() {
  auto key = some_group();
  return {"destroy " + key.group, [key](Steps& on, Known*) { return text(on.destroy_group(key)); }};
}

Step RandomSteps::next() {
  move_time();
  const auto kind = below(200);
  if (kind < 44) return append();
  if (kind < 64) return join();
  if (kind < 158) return exchange();
  if (kind < 162) return leave();
  if (kind < 167) return read();
  if (kind < 180) return upkeep();
  if (kind < 185) return look();
  if (kind < 191) return republish();
  if (kind < 193) return discard();
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
