#include <fstream>
#include <map>
#include <random>
#include <set>
#include <sstream>

#include "faults/embedded_processes.hpp"
#include "faults/embedded_support.hpp"

// Publishers and consumers are killed (SIGKILL) at random moments, hundreds of times. Each writes down what it knows for
// sure; afterwards the histories are compared with the store:
//   L  every confirmed event is, for each group, acknowledged, still to be handled, or in the dead letters
//   D  nothing is handed out again after a confirmed acknowledgement
//   G  nothing is handed out that was never published
//   V  the store opens at once and all its records agree
namespace collective::embedded_test {
namespace {

using Clock = std::chrono::steady_clock;

std::int64_t monotonic() {
  return Clock::now().time_since_epoch().count();
}

/// What one process knows for sure; each line is written at once, so a kill loses none.
class History {
 public:
  explicit History(const std::string& path)
      : file_(::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600)) {}
  ~History() { ::close(file_); }
  History(const History&) = delete;
  History& operator=(const History&) = delete;
  void note(const std::string& lines) const { static_cast<void>(!::write(file_, lines.data(), lines.size())); }

 private:
  int file_;
};

struct Setup {
  std::string directory;
  embedded::Sync sync = embedded::Sync::commit;
  [[nodiscard]] embedded::Options options() const { return {.path = directory + "/store", .sync = sync}; }
  [[nodiscard]] std::string history(const std::string& of) const { return directory + "/history-" + of; }
};
const std::vector<std::string> groups{"mail", "audit"};

// --- the processes that are killed --------------------------------------------------------------------------------

int publish_until_killed(const Setup& setup, int number) {
  const auto store = embedded::open(setup.options());
  const History history(setup.history("publisher-" + std::to_string(number)));
  std::mt19937 random(static_cast<unsigned>(::getpid()));
  for (int count = 0;; ++count) {
    std::vector<Envelope> events;
    std::string called;
    std::string stored;
    for (unsigned i = 0; i <= random() % 5; ++i) {
      const auto id = std::to_string(::getpid()) + "." + std::to_string(count) + "." + std::to_string(i);
      events.push_back(event(id, "thing.happened", R"({"text":")" + std::string(random() % 600, 'x') + R"("})"));
      called += "C " + id + "\n";
      stored += "S " + id + "\n";
    }
    history.note(called);
    if (append(*store.broker, std::move(events)).has_value()) history.note(stored);
  }
}

broker::Settlement decide(const broker::Delivered& delivered, unsigned roll) {
  broker::Settlement settlement;
  settlement.ticket = delivered.ticket;
  settlement.progress = delivered.progress;
  if (roll < 3) {
    settlement.verdict = broker::Settlement::Verdict::dead_letter;
    settlement.reason = "chosen by lot";
  } else if (roll < 13) {
    settlement.verdict = broker::Settlement::Verdict::park;
    settlement.progress.due = wall_clock() + broker::Millis(roll);
    ++settlement.progress.attempts;
  }
  return settlement;
}

int consume_until_killed(const Setup& setup, int number) {
  const auto group = groups[static_cast<std::size_t>(number) % groups.size()];
  const auto member = "consumer~" + std::to_string(::getpid());
  const auto store = embedded::open(setup.options());
  const History history(setup.history("consumer-" + std::to_string(number)));
  std::mt19937 random(static_cast<unsigned>(::getpid()));
  std::map<broker::Ticket, std::string> ids;
  auto request = fetch(group, member, 40);
  request.lease = broker::Millis(150);
  join(*store.broker, group, member, request.lease).value();
  while (true) {
    std::string tried;
    for (const auto& one : request.settlements) {
      if (one.verdict == broker::Settlement::Verdict::acknowledge) tried += "T " + group + " " + ids[one.ticket] + "\n";
    }
    history.note(tried);
    const auto begun = monotonic();
    request.now = wall_clock();
    const auto result = exchange(*store.broker, request);
    if (!result.has_value()) return 3;
    std::string known;
    for (std::size_t i = 0; i < request.settlements.size(); ++i) {
      const auto& one = request.settlements[i];
      if (one.verdict != broker::Settlement::Verdict::acknowledge || result->settled[i] != broker::Settled::done)
        continue;
      known += "A " + group + " " + ids[one.ticket] + " " + std::to_string(monotonic()) + "\n";
    }
    ids.clear();
    request.settlements.clear();
    for (const auto& delivered : result->deliveries) {
      ids[delivered.ticket] = delivered.entry.event.id;
      known += "H " + group + " " + std::string(delivered.entry.event.id) + " " + std::to_string(begun) + "\n";
      request.settlements.push_back(decide(delivered, static_cast<unsigned>(random() % 100)));
    }
    history.note(known);
    if (result->member_lost) join(*store.broker, group, member, request.lease).value();
  }
}

// --- what is known afterwards -------------------------------------------------------------------------------------

struct Known {
  std::set<std::string> called;
  std::set<std::string> stored;
  std::map<std::string, std::set<std::string>> tried;                        ///< by group: perhaps acknowledged
  std::map<std::pair<std::string, std::string>, std::int64_t> acknowledged;  ///< group, id: when it was confirmed
  std::vector<std::tuple<std::string, std::string, std::int64_t>> handed;    ///< group, id, when it was asked for
};

Known read_histories(const std::string& directory) {
  Known known;
  for (const auto& file : std::filesystem::directory_iterator(directory)) {
    if (!file.is_regular_file()) continue;
    std::ifstream lines(file.path());
    for (std::string line; std::getline(lines, line);) {
      if (lines.eof()) break;  // the process was killed in the middle of writing it
      std::istringstream fields(line);
      std::string kind;
      std::string group;
      std::string id;
      std::int64_t time = 0;
      fields >> kind;
      if (kind == "C" || kind == "S") {
        fields >> id;
        (kind == "C" ? known.called : known.stored).insert(id);
        continue;
      }
      fields >> group >> id >> time;
      if (kind == "T") known.tried[group].insert(id);
      if (kind == "A") known.acknowledged.emplace(std::pair(group, id), time);
      if (kind == "H") known.handed.emplace_back(group, id, time);
    }
  }
  return known;
}

/// Handles everything that is left for a group; returns the ids.
std::set<std::string> drain(broker::Broker& from, const std::string& group) {
  std::set<std::string> ids;
  join(from, group, "verifier").value();
  auto request = fetch(group, "verifier", 500);
  request.now = wall_clock() + std::chrono::hours(1);  // every lease has ended, everything parked is due
  for (bool more = true; more;) {
    const auto result = exchange(from, request).value();
    for (const auto& one : result.deliveries) ids.emplace(one.entry.event.id);
    request.settlements = acknowledge(result.deliveries);
    more = result.more || !request.settlements.empty();
  }
  return ids;
}

std::set<std::string> dead_letters(broker::Admin& in, const std::string& group) {
  const auto page = answer<broker::DeadLetterPage>([&](auto reply) {
                      in.dead_letters({"things", group}, 0, 1'000'000, reply);
                    }).value();
  std::set<std::string> ids;
  for (const auto& letter : page.letters)
    EXPECT_TRUE(ids.emplace(letter.entry.event.id).second) << "two letters for one event";
  return ids;
}

void expect_nothing_lost(const Setup& setup) {
  EXPECT_EQ(embedded::check(setup.options()), std::vector<std::string>{});
  const auto known = read_histories(setup.directory);
  EXPECT_GT(known.stored.size(), 100u) << "the test did too little to mean anything";
  EXPECT_GT(known.acknowledged.size(), 20u);
  const auto store = embedded::open(setup.options());
  for (const auto& group : groups) {
    const auto letters = dead_letters(*store.admin, group);
    const auto left = drain(*store.broker, group);
    const auto& tried = known.tried.at(group);
    for (const auto& id : known.stored) {
      const bool accounted = tried.contains(id) || left.contains(id) || letters.contains(id);
      ASSERT_TRUE(accounted) << group << " lost " << id;
    }
    for (const auto& id : left) {
      ASSERT_TRUE(known.called.contains(id)) << "never published: " << id;
      ASSERT_FALSE(known.acknowledged.contains({group, id})) << group << " acknowledged " << id << " and it came back";
    }
  }
  for (const auto& [group, id, asked] : known.handed) {
    ASSERT_TRUE(known.called.contains(id)) << "never published: " << id;
    const auto confirmed = known.acknowledged.find({group, id});
    if (confirmed != known.acknowledged.end()) {
      ASSERT_LT(asked, confirmed->second) << group << " was handed " << id << " again";
    }
  }
}

void kill_at_random(const Setup& setup, int kills) {
  std::filesystem::create_directory(setup.directory + "/store");
  {
    Child creator([&] {
      const auto store = embedded::open(setup.options());
      for (const auto& group : groups) join(*store.broker, group, "first").value();
      return 0;
    });
    ASSERT_EQ(creator.exit_status(), 0);
  }
  const auto start = [&](int number) {
    return std::make_unique<Child>([&setup, number] {
      return number < 2 ? publish_until_killed(setup, number) : consume_until_killed(setup, number);
    });
  };
  std::vector<std::unique_ptr<Child>> processes;
  for (int number = 0; number < 4; ++number) processes.push_back(start(number));
  std::mt19937 random(20'260'101);
  for (int kill = 0; kill < kills; ++kill) {
    ::poll(nullptr, 0, static_cast<int>(random() % 30));  // the random moment; nothing is waited for
    const auto victim = random() % 4;
    processes[victim]->kill(SIGKILL);
    ASSERT_EQ(processes[victim]->exit_status(), -SIGKILL) << "it ended by itself";
    processes[victim] = start(static_cast<int>(victim));
  }
  for (const auto& process : processes) process->kill(SIGKILL);
  processes.clear();
  expect_nothing_lost(setup);
}

TEST(EmbeddedKills, NothingIsLostOrDoubledWhenProcessesAreKilled) {
  const Scratch scratch;
  kill_at_random({scratch.path(), embedded::Sync::commit}, 200);
}

TEST(EmbeddedKills, NorWithoutFlushing) {
  const Scratch scratch;
  kill_at_random({scratch.path(), embedded::Sync::none}, 200);
}

}  // namespace
}  // namespace collective::embedded_test
