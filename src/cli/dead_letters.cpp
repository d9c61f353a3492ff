#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "service/info_json.hpp"

namespace collective::cli {
namespace {

struct DeadLetters {
  BrokerOption broker;
  OutputOption output;
  std::string stream, group;
  std::vector<std::uint64_t> numbers;
  bool all = false;
  Consent consent;

  int list() {
    auto client = broker.connect();
    Table table({"NUMBER", "DIED", "TYPE", "EVENT", "ATTEMPTS", "REASON"});
    for_each(client, [&](const DeadLetter& letter) {
      const auto& event = letter.event.envelope;
      if (output.json()) return print(service::json_of(letter) + "\n");
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
      if (output.json()) return print(service::json_of(letter) + "\n");
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
    consent.require(verb + " changes the group");
    auto client = broker.connect();
    if (all) for_each(client, [&](const DeadLetter& letter) { numbers.push_back(letter.number); });
    EventBus bus(client);
    const auto count = consent.dry_run ? numbers.size() : carry_out(bus);
    print((consent.dry_run ? "would " : "") + verb + (consent.dry_run ? " " : "ed ") + std::to_string(count) + "\n");
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
};

}  // namespace

void add_dead_letters(CLI::App& family, Action& action) {
  family.require_subcommand(1);
  const auto add = [&](const char* name, const char* help, int (DeadLetters::*run)()) {
    auto* const command = family.add_subcommand(name, help);
    const auto it = std::make_shared<DeadLetters>();
    command->add_option("stream", it->stream, "such as user.events")->required();
    command->add_option("group", it->group, "the consumer group")->required();
    const std::string word = name;
    if (word == "show") command->add_option("number", it->numbers, "the letter's number")->required()->expected(1);
    if (word == "republish" || word == "discard") {
      command->add_option("numbers", it->numbers, "the letters' numbers");
      command->add_flag("--all", it->all, "all letters of the group");
      it->consent.add_to(*command, "only say how many it would be");
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
