#include <algorithm>

#include "conformance/contract/random_steps.hpp"

// What the random calls are made of.
namespace collective::conformance {
namespace {

using broker::Millis;
using std::chrono::hours;
using std::chrono::seconds;
using Verdict = broker::Settlement::Verdict;

const std::vector<std::string> types{"a", "a", "b", "c"};
const std::vector<std::string> groups{"free", "lane", "pull"};  // unordered, ordered, with visibility
const std::vector<std::string> members{"m1", "m1", "m2", "m2", "m3"};

}  // namespace

void RandomSteps::move_time() {
  const auto kind = below(1000);
  if (kind < 500) return;
  if (kind < 960) {
    now_ += within(seconds(2));
  } else if (kind < 975) {
    now_ += seconds(31);
  } else if (kind < 996) {
    now_ -= within(seconds(10));
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
  static const std::vector<std::vector<std::string>> choices{{"*"},           {"*"}, {"a", "b"}, {"a", "b", "c"},
                                                             {"a", "b", "c"}, {"a"}, {"b", "c"}, {"a/2", "b"}};
  if (chance(3)) return {};
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
  for (auto left = 1 + below(4); left > 0; --left) numbers.push_back(1 + below(known_.letters / 2 + 2));
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
  const auto newest = static_cast<std::ptrdiff_t>(chance(70) ? 0 : below(known_.work.size()));
  auto at = std::find_if(known_.work.rbegin() + newest, known_.work.rend(), of_this_caller);
  if (at == known_.work.rend()) at = known_.work.rbegin();
  broker::Settlement settlement{at->ticket, Verdict::acknowledge, {}, {}};
  if (chance(5)) --settlement.ticket.token;
  static const std::vector<Verdict> verdicts{
      Verdict::acknowledge, Verdict::acknowledge, Verdict::park,        Verdict::park,    Verdict::hold,
      Verdict::hold,        Verdict::dead_letter, Verdict::dead_letter, Verdict::release, Verdict::extend};
  settlement.verdict = one_of(verdicts);
  if (settlement.verdict != Verdict::acknowledge) settlement.progress = changed(at->progress);
  if (settlement.verdict == Verdict::dead_letter) settlement.reason = "reason " + std::to_string(below(100));
  return settlement;
}

broker::Retention RandomSteps::some_retention() {
  broker::Retention retention;
  retention.keep = chance(70) ? below(30) : 100'000;
  if (chance(20)) retention.max_length = below(30);
  if (chance(20)) retention.min_id = some_id();
  retention.force = chance(15);
  if (chance(50)) retention.idle_group = seconds(below(60));
  if (chance(30)) retention.dead_letter_cap = below(4);
  if (chance(20)) retention.dead_letter_age = seconds(below(60));
  return retention;
}

}  // namespace collective::conformance
