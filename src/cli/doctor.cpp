#include <algorithm>

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "service/json_text.hpp"

namespace collective::cli {
namespace {

using Level = Finding::Level;

const char* word(Level level) {
  switch (level) {
    case Level::good:
      return "good";
    case Level::warning:
      return "warning";
    case Level::problem:
      return "problem";
  }
  return "problem";
}

Colour colour(Level level) {
  return level == Level::good ? Colour::green : level == Level::warning ? Colour::yellow : Colour::red;
}

std::string events(std::uint64_t count) {
  return std::to_string(count) + (count == 1 ? " event" : " events");
}

struct Doctor {
  BrokerOption broker;
  OutputOption output;

  int run() {
    auto client = broker.connect();
    add(Level::good, "connected to " + client.describe(), "");
    for (auto& finding : client.diagnose()) findings_.push_back(std::move(finding));
    const auto streams = client.streams();
    for (const auto& stream : streams) look_at(client, stream);
    client.close();
    for (const auto& finding : findings_) show(finding);
    const bool bad = std::any_of(findings_.begin(), findings_.end(),
                                 [](const Finding& finding) { return finding.level == Level::problem; });
    return bad ? 1 : 0;
  }

 private:
  void look_at(EventClient& client, const std::string& stream) {
    const auto ahead = client.stream_info(stream).last.ms;
    const auto now = EntryId::at(std::chrono::time_point_cast<Millis>(std::chrono::system_clock::now())).ms;
    if (ahead > now + 1'000)
      add(Level::warning,
          stream + ": its last entry is " + std::to_string((ahead - now) / 1'000) + " s ahead of this machine's clock",
          "check the clocks of all machines that publish (timedatectl)");
    for (const auto& group : client.groups(stream)) look_at(stream, group);
  }

  void look_at(const std::string& stream, const GroupInfo& group) {
    const auto name = stream + ", group " + group.name + ": ";
    if (group.members.empty() && group.lag + group.pending > 0)
      add(Level::problem, name + "nobody consumes, and " + events(group.lag + group.pending) + " wait",
          "start its service");
    for (const auto& route : group.routes) {
      if (!group.members.empty() && !route.live && route.waiting > 0)
        add(Level::problem, name + events(route.waiting) + " of type " + route.route + " wait and no member handles it",
            "deploy a version that does, or: event-bus forget " + stream + " " + group.name + " " + route.route);
    }
    if (group.dead_letters > 0)
      add(Level::warning, name + "gave up on " + events(group.dead_letters),
          "see: event-bus dead-letters list " + stream + " " + group.name);
    if (group.lost > 0)
      add(Level::problem, name + events(group.lost) + " were dropped before it was done with them",
          "trim less, or consume faster");
  }

  void add(Level level, std::string what, std::string fix) {
    findings_.push_back({level, std::move(what), std::move(fix)});
  }

  void show(const Finding& finding) const {
    if (output.json()) {
      return print(service::JsonObject()
                       .text("level", word(finding.level))
                       .text("what", finding.what)
                       .text("fix", finding.fix)
                       .str() +
                   "\n");
    }
    const std::string level = word(finding.level);
    print(coloured(level, colour(finding.level)) + std::string(9 - level.size(), ' ') + plain(finding.what) +
          (finding.fix.empty() ? "\n" : "\n         " + plain(finding.fix) + "\n"));
  }

  std::vector<Finding> findings_;
};

}  // namespace

void add_doctor(CLI::App& command, Action& action) {
  add_action<Doctor>(command, action, &Doctor::run, [&](Doctor& it) {
    it.broker.add_to(command);
    add_output(command, it.output);
  });
}

}  // namespace collective::cli
