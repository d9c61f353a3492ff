#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace collective::cli {
namespace {

struct Trim {
  BrokerOption broker;
  OutputOption output;
  Consent consent;
  std::string stream;
  std::uint64_t max_length = 0;
  bool unacknowledged = false;

  int run() {
    consent.require("trim drops events for good");
    auto client = broker.connect();
    if (consent.dry_run) {
      const auto length = client.stream_info(stream).length;
      return print_count(output, "would drop at most ", length > max_length ? length - max_length : 0);
    }
    EventBus bus(client);
    return print_count(output, "dropped ", bus.trim(stream, max_length, unacknowledged));
  }
};

}  // namespace

void add_trim(CLI::App& command, Action& action) {
  add_action<Trim>(command, action, &Trim::run, [&](Trim& it) {
    command.add_option("stream", it.stream, "such as user.events")->required();
    command.add_option("--max-length", it.max_length, "how many of the newest stay, at least 1")
        ->required()
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1} << 62));
    command.add_flag("--unacknowledged", it.unacknowledged,
                     "also drop what a group still needs; the losses are counted");
    it.consent.add_to(command, "only say how many events it would be at most");
    it.broker.add_to(command);
    add_output(command, it.output);
  });
}

}  // namespace collective::cli
