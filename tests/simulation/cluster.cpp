#include "simulation/cluster.hpp"

#include "broker/memory/memory.hpp"
#include "simulation/checker.hpp"

namespace collective::simulation {
namespace {

constexpr auto trouble_lasts = seconds(90);
constexpr auto patience =
    std::chrono::hours(3);  // virtual: a clock that jumped by an hour delays what it stored by one

class Cluster {
 public:
  explicit Cluster(const Scenario& scenario)
      : scenario_(scenario),
        world_(scenario.seed),
        store_(memory::open("simulation")),
        network_(world_, *store_.broker, history_, faults_) {
    world_.tell_to(scenario.tell);
    network_.plant(scenario.network_bugs);
    add_services();
  }

  Verdict all() {
    make_trouble();
    publish_over_time();
    upkeep();
    for (auto& service : services_) start_later(*service);
    world_.run_until(trouble_lasts);
    heal();
    if (drain()) {
      republish();
      drain();
    }
    Verdict verdict;
    check(history_, *store_.admin, rules(), verdict.broken);
    verdict.hash = world_.hash();
    for (const auto& [group, events] : history_.handlings) verdict.handled += events.size();
    return verdict;
  }

 private:
  [[nodiscard]] Rules rules() {
    Rules rules;
    rules.groups = {{"mail", {{"letter", {}}, {"parcel", {}}}},
                    {"ledger", {{"letter", {}}}},
                    {"audit", {{"letter", {}}, {"parcel", {}}}}};
    for (const auto& group :
         groups()) {  // when an old version of the mail service began, parcels count from a new one's start
      for (const auto& route : group.routes) {
        if (group.name == "mail" && route.route == "parcel") rules.groups["mail"]["parcel"] = route.since;
      }
    }
    rules.deduplicated = true;
    return rules;
  }

  void add_services() {
    const auto add = [this](const std::string& name, Service::Plan plan) {
      services_.push_back(std::make_unique<Service>(world_, *store_.broker, history_, network_, name, std::move(plan),
                                                    scenario_.service_bugs));
    };
    add("mail-1", {"mail", Ordering::none, {"letter", "parcel"}, 3});
    add("mail-2", {"mail", Ordering::none, {"letter", "parcel"}, 1});
    add("mail-old", {"mail", Ordering::none, {"letter"}, 2});  // an older version, which does not know parcels
    add("ledger-1", {"ledger", Ordering::per_key, {"letter"}, 3});
    add("ledger-2", {"ledger", Ordering::per_key, {"letter"}, 3});
    add("audit-1", {"audit", Ordering::strict, {"letter", "parcel"}, 2});
    add("audit-2", {"audit", Ordering::strict, {"letter", "parcel"}, 2});
  }

  void start_later(Service& service) {
    world_.after(world_.between(Nanos{}, seconds(10)), [this, &service] {
      if (!service.running()) service.start();
      watch_over(service);
    });
  }

  // Like a process manager: starts again what has ended.
  void watch_over(Service& service) {
    world_.after(world_.between(seconds(1), seconds(4)), [this, &service] {
      if (!service.running()) service.start();
      watch_over(service);
    });
  }

  // --- trouble ----------------------------------------------------------------------------------------------------

  void make_trouble() {
    const auto some = [this](double most) { return world_.chance(0.3) ? 0.0 : most * world_.uniform(); };
    faults_ = {.refused = some(0.1), .request_lost = some(0.1), .reply_lost = some(0.1), .late = some(0.05)};
    crashes_ = some(0.5);
    freezes_ = some(0.3);
    jumps_ = scenario_.clocks_jump && world_.chance(0.3) ? 0.1 : 0.0;
    trouble();
  }

  void trouble() {
    if (healed_) return;
    auto& victim = *services_[world_.below(services_.size())];
    if (world_.chance(crashes_)) victim.crash();
    if (world_.chance(freezes_)) victim.freeze(world_.between(seconds(1), seconds(40)));
    if (world_.chance(0.05)) victim.stop();
    if (world_.chance(jumps_)) victim.jump(world_.between(-std::chrono::hours(1), std::chrono::hours(1)));
    world_.after(world_.between(milliseconds(200), seconds(3)), [this] { trouble(); });
  }

  void heal() {
    world_.trace("heal");
    healed_ = true;
    faults_ = {};
  }

  // --- publishing ---------------------------------------------------------------------------------------------------

  void publish_over_time() {
    for (int i = 0; i < scenario_.events; ++i) {
      world_.after(world_.between(Nanos{}, trouble_lasts - seconds(20)), [this, i] { publish(make_event(i)); });
    }
  }

  Envelope make_event(int number) {
    Envelope event;
    event.id = "event-" + std::to_string(number);
    event.stream = stream;
    event.type = world_.chance(0.7) ? "letter" : "parcel";
    const double kind = world_.uniform();
    event.data = kind < 0.03   ? "killer"
                 : kind < 0.06 ? "hanging"
                 : kind < 0.12 ? "poison"
                 : kind < 0.25 ? "flaky"
                               : "healthy";
    const auto key = "key-" + std::to_string(world_.below(5));
    event.metadata = R"({"key":")" + key + R"("})";
    history_.events[event.id] = {.type = event.type, .key = key};
    return event;
  }

  // Sent again under the same id until the answer is known: stored once all the same.
  void publish(const Envelope& event) {
    broker::AppendBatch batch;
    batch.stream = stream;
    batch.now = wall(world_.now());
    batch.add(event, {}, true);
    network_.append(batch, [this, event](const broker::Result<std::vector<broker::Appended>>& result) {
      auto& known = history_.events[event.id];
      if (result) {
        known.outcome = History::Publish::stored;
        return;
      }
      known.outcome = result.error().code == Errc::unknown ? History::Publish::unknown : History::Publish::refused;
      world_.after(milliseconds(100), [this, event] { publish(event); });
    });
  }

  void upkeep() {
    broker::Upkeep step{.stream = stream, .now = wall(world_.now())};
    step.trim = groups().size() == 3;  // what is trimmed before a group exists is not its loss
    step.retention.keep = 10;
    store_.broker->upkeep(step, [](const auto&) {});
    world_.after(seconds(1), [this] { upkeep(); });
  }

  // --- the end ----------------------------------------------------------------------------------------------------

  bool drain() {
    const auto until = world_.now() + patience;
    while (world_.now() < until) {
      world_.run_until(world_.now() + seconds(10));
      if (drained()) return true;
    }
    std::string left;
    for (const auto& group : groups()) {
      left += "; " + group.name + ": lag " + std::to_string(group.lag) + ", pending " + std::to_string(group.pending) +
              " (" + std::to_string(group.unowned) + " unowned, " + std::to_string(group.delayed) + " delayed)";
    }
    history_.breaks(world_.now(),
                    "not drained within " + std::to_string(patience.count()) + " h after everything healed" + left);
    return false;
  }

  std::vector<broker::GroupInfo> groups() {
    std::vector<broker::GroupInfo> found;
    store_.admin->groups(stream, wall(world_.now()), [&](const broker::Result<std::vector<broker::GroupInfo>>& result) {
      if (result) found = *result;
    });
    return found;
  }

  bool drained() {
    const auto now = groups();
    bool all = now.size() == 3;
    for (const auto& group : now) all = all && group.lag == 0 && group.pending == 0;
    for (const auto& [id, event] : history_.events) all = all && event.outcome == History::Publish::stored;
    return all;
  }

  void republish() {
    for (const char* group : {"mail", "ledger", "audit"}) {
      std::vector<std::uint64_t> numbers;
      store_.admin->dead_letters({stream, group}, 0, 10'000, [&](const broker::Result<broker::DeadLetterPage>& page) {
        for (const auto& letter : page->letters) {
          numbers.push_back(letter.number);
          auto& handling = history_.handlings[group][std::string(letter.entry.event.id)];
          check_letter(history_, letter, handling, group);
          handling.successes = 0;  // the second life must end well, too
        }
      });
      for (int twice = 0; twice < 2; ++twice) {  // a repeated call doubles nothing
        store_.admin->republish({stream, group}, numbers, wall(world_.now()), [](const auto&) {});
      }
    }
    world_.trace("republished");
  }

  const Scenario& scenario_;
  World world_;
  History history_;
  broker::Store store_;
  Faults faults_;
  Network network_;
  std::vector<std::unique_ptr<Service>> services_;
  double crashes_ = 0, freezes_ = 0, jumps_ = 0;
  bool healed_ = false;
};

}  // namespace

Verdict run(const Scenario& scenario) {
  return Cluster(scenario).all();
}

std::string report(const Scenario& scenario, const Verdict& verdict) {
  std::string text = "seed " + std::to_string(scenario.seed) + " broke " + std::to_string(verdict.broken.size()) +
                     " promises; replay it: COLLECTIVE_SEED=" + std::to_string(scenario.seed) +
                     " simulation_tests --gtest_filter='Simulation.OneSeed'\n";
  for (std::size_t i = 0; i < verdict.broken.size() && i < 10; ++i) text += "  " + verdict.broken[i] + "\n";
  return text;
}

}  // namespace collective::simulation
