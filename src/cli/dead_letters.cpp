#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace collective::cli {
namespace {

struct DeadLetters {
  BrokerOption broker;
  OutputOption output;
  std::string stream, group;
  std::vector<std::uint64_t> numbers;
  bool all = false, yes = false, dry_run = false;

  int list() {
    auto client = broker.connect();
    Table table({"NUMBER", "DIED", "TYPE", "EVENT", "ATTEMPTS", "REASON"});
    for_each(client, [&](const DeadLetter& letter) {
      const auto& event = letter.event.envelope;
      if (output.json()) return print(json_of(letter));
      table.add({std::to_string(letter.number), to_iso8601(letter.died), event.type, event.id,
                 std::to_string(letter.attempts), plain(letter.reason)});
    });
    if (!output.json()) table.empty() ? print("no dead letters\n") : table.print();
    return 0;
  }

  int show() {
    auto client = broker.connect();
    std::size_t found = 0;
    for_each(client, [&](const DeadLetter& letter) {
      if (letter.number != numbers.front()) return;
      ++found;
      if (output.json()) return print(json_of(letter));
      print("dead letter " + std::to_string(letter.number) + ", " + to_iso8601(letter.died) + ": " +
            plain(letter.reason) + "\n");
      for (const auto& attempt : letter.history) {
        print("  attempt " + std::to_string(attempt.number) + " at " + to_iso8601(attempt.at) + " by " +
              plain(attempt.consumer) + ": " + plain(attempt.error) + "\n");
      }
      print(to_json(letter.event) + "\n");
    });
    if (found == 0)
      throw Error(Errc::not_found, "group " + group + " has no dead letter " + std::to_string(numbers.front()));
    return 0;
  }

  int republish() {
    return change("republish", [this](EventBus& bus) { return bus.republish_dead_letters(stream, group, numbers); });
  }
  int discard() {
    return change("discard", [this](EventBus& bus) { return bus.discard_dead_letters(stream, group, numbers); });
  }

 private:
  int change(const std::string& verb, const std::function<std::uint64_t(EventBus&)>& carry_out) {
    if (all == !numbers.empty()) throw Error(Errc::invalid, verb + ": name the letters' numbers, or --all");
    if (!yes && !dry_run)
      throw Error(Errc::invalid, verb + " changes the group: add --yes to do it, or --dry-run to see what it would do");
    auto client = broker.connect();
    if (all) for_each(client, [&](const DeadLetter& letter) { numbers.push_back(letter.number); });
    EventBus bus(client);
    const auto count = dry_run ? numbers.size() : carry_out(bus);
    print((dry_run ? "would " : "") + verb + (dry_run ? " " : "ed ") + std::to_string(count) + "\n");
    return 0;
  }

  void for_each(EventClient& client, const std::function<void(const DeadLetter&)>& visit) {
    EventBus bus(client);
    std::uint64_t after = 0;
    while (true) {
      const auto page = bus.dead_letters(stream, group, after);
      for (const auto& letter : page) visit(letter);
      if (page.empty()) return;
      after = page.back().number;
    }
  }

  static std::string json_of(const DeadLetter& letter) {
    std::string text = R"({"number":)" + std::to_string(letter.number) + R"(,"died":)" +
                       json_string(to_iso8601(letter.died)) + R"(,"reason":)" + json_string(letter.reason) +
                       R"(,"attempts":[)";
    for (std::size_t i = 0; i < letter.history.size(); ++i) {
      const auto& attempt = letter.history[i];
      text += (i == 0 ? "" : ",") + (R"({"attempt":)" + std::to_string(attempt.number)) + R"(,"at":)" +
              json_string(to_iso8601(attempt.at)) + R"(,"consumer":)" + json_string(attempt.consumer) + R"(,"error":)" +
              json_string(attempt.error) + "}";
    }
    return text + R"(],"generation":)" + std::to_string(letter.generation) + R"(,"event":)" + to_json(letter.event) +
           "}\n";
  }
};

}  // namespace

void add_dead_letters(CLI::App& program, Action& action) {
  auto* const family = program.add_subcommand("dead-letters", "what a group gave up on");
  family->require_subcommand(1);
  const auto add = [&](const char* name, const char* help, int (DeadLetters::*run)()) {
    auto* const command = family->add_subcommand(name, help);
    const auto it = std::make_shared<DeadLetters>();
    command->add_option("stream", it->stream, "such as user.events")->required();
    command->add_option("group", it->group, "the consumer group")->required();
    const std::string word = name;
    if (word == "show") command->add_option("number", it->numbers, "the letter's number")->required()->expected(1);
    if (word == "republish" || word == "discard") {
      command->add_option("numbers", it->numbers, "the letters' numbers");
      command->add_flag("--all", it->all, "all letters of the group");
      command->add_flag("--yes", it->yes, "do it");
      command->add_flag("--dry-run", it->dry_run, "only say how many it would be");
    }
    it->broker.add_to(*command);
    add_output(*command, it->output);
    command->callback([it, run, &action] { action = [it, run] { return ((*it).*run)(); }; });
  };
  add("list", "list them", &DeadLetters::list);
  add("show", "one of them, with its attempts", &DeadLetters::show);
  add("republish", "hand them to the group once more", &DeadLetters::republish);
  add("discard", "drop them for good", &DeadLetters::discard);
}

}  // namespace collective::cli
