#include <array>

#include "cli/commands.hpp"

namespace collective::cli {

std::span<const Command> commands() {
  static constexpr std::array<Command, 19> table{{
      {"publish", "Events", "store one event", add_publish},
      {"tail", "Events", "show the events of streams", add_tail},
      {"consume", "Events", "run a command for each event, as a member of a group", add_consume},
      {"trace", "Events", "the events of one flow, across all streams, as a tree", add_trace},
      {"streams", "Streams and groups", "list the streams", add_streams},
      {"info", "Streams and groups", "what a stream holds", add_info},
      {"groups", "Streams and groups", "the consumer groups of a stream and where they stand", add_groups},
      {"pending", "Streams and groups", "what a group was handed or retries, and has not finished", add_pending},
      {"dead-letters", "Streams and groups", "what a group gave up on", add_dead_letters},
      {"replay", "Streams and groups", "hand a group its retained events once more", add_replay},
      {"forget", "Streams and groups", "take an event type from a group", add_forget},
      {"trim", "Streams and groups", "drop a stream's oldest events", add_trim},
      {"types", "Around it", "the event types of the catalogue, and their schemas", add_types},
      {"doctor", "Around it", "check the broker and what stands still; say what to change", add_doctor},
      {"bench", "Around it", "measure this broker on this machine", add_bench},
      {"serve", "Around it", "serve the broker over HTTP", add_serve},
      {"completion", "Around it", "print the completion for a shell", add_completion},
      {"man", "Around it", "print the manual page", add_man},
      {"version", "Around it", "the version of this program", add_version},
  }};
  return table;
}

std::unique_ptr<CLI::App> make_program(Action& action) {
  auto program = std::make_unique<CLI::App>(
      "Publishes, shows and repairs events. The broker is named by --broker or $EVENT_BUS_BROKER.");
  program->name("event-bus");
  program->require_subcommand(1);
  for (const auto& command : commands()) {
    auto* const added = program->add_subcommand(command.name, command.help);
    added->group(command.section);
    command.add(*added, action);
  }
  return program;
}

}  // namespace collective::cli
