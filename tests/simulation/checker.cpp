#include "simulation/checker.hpp"

#include <set>

namespace collective::simulation {
namespace {

std::set<std::string> letters_of(broker::Admin& store, const std::string& group, std::vector<std::string>& broken) {
  std::set<std::string> ids;
  store.dead_letters({"work", group}, 0, 100'000, [&](const broker::Result<broker::DeadLetterPage>& page) {
    for (const auto& letter : page->letters) {
      const std::string id(letter.entry.event.id);
      if (!ids.insert(id).second) broken.push_back("Q: " + group + " has two dead letters of " + id);
    }
  });
  return ids;
}

void check_handling(const std::string& group, const std::string& id, const History::Handling& handling, bool letter,
                    const Rules& rules, std::vector<std::string>& broken) {
  const auto what = group + ", " + id + ": ";
  if (handling.successes == 0 && !letter) {
    broken.push_back("L: " + what + "stored, never handled, and not in the dead letters (" +
                     std::to_string(handling.starts) + " starts)");
  }
  if (handling.dead_letters > 1)
    broken.push_back("Q: " + what + "became a dead letter " + std::to_string(handling.dead_letters) + " times");
  for (std::size_t i = 0; i < handling.charged.size(); ++i) {
    const auto before = i == 0 ? 0 : handling.charged[i - 1];
    if (handling.charged[i] < before)
      broken.push_back("D: " + what + "attempt " + std::to_string(handling.charged[i]) + " was stored after attempt " +
                       std::to_string(before));
    if (handling.charged[i] >= rules.max_attempts)
      broken.push_back("D: " + what + "is to be tried more than " + std::to_string(rules.max_attempts) + " times");
  }
}

}  // namespace

void check_letter(History& history, const broker::DeadLetter& letter, const History::Handling& handling,
                  const std::string& group) {
  const auto what = group + ", " + std::string(letter.entry.event.id) + ": ";
  const auto& progress = letter.progress;
  if (progress.attempts < 3 && progress.stalls < 3) {
    history.broken.push_back("Q: " + what + "dead after " + std::to_string(progress.attempts) + " failures and " +
                             std::to_string(progress.stalls) + " stalls");
  }
  const int bad_moments = handling.interrupted + handling.marks - handling.marks_received;
  if (static_cast<int>(progress.stalls) > bad_moments) {
    history.broken.push_back("D: " + what + "charged with " + std::to_string(progress.stalls) +
                             " stalls, but was being handled at " + std::to_string(bad_moments) + " bad moments only");
  }
  const bool healthy = letter.entry.event.data == "healthy" || letter.entry.event.data == "flaky";
  if (healthy && progress.attempts >= 3)
    history.broken.push_back("D: " + what + "never failed three times, and is dead for that");
}

void check(const History& history, broker::Admin& store, const Rules& rules, std::vector<std::string>& broken) {
  broken.insert(broken.end(), history.broken.begin(), history.broken.end());
  for (const auto& [id, event] : history.events) {
    if (rules.deduplicated && event.copies > 1)
      broken.push_back("U: " + id + " was stored " + std::to_string(event.copies) + " times");
  }
  for (const auto& [group, types] : rules.groups) {
    const auto letters = letters_of(store, group, broken);
    const auto handlings = history.handlings.find(group);
    for (const auto& [id, event] : history.events) {
      const auto declared = types.find(event.type);
      if (!event.stored || declared == types.end() || event.entry <= declared->second) continue;
      History::Handling nothing;
      const History::Handling* handling = &nothing;
      if (handlings != history.handlings.end() && handlings->second.contains(id)) handling = &handlings->second.at(id);
      check_handling(group, id, *handling, letters.contains(id), rules, broken);
    }
  }
}

}  // namespace collective::simulation
