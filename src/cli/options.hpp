#pragma once

#include <string>

#include <CLI/CLI.hpp>

#include "collective/bus.hpp"

#include "cli/output.hpp"

namespace collective::cli {

/// What every command that talks to a broker takes.
struct BrokerOption {
  std::string url{};
  void add_to(CLI::App& command) {
    command.add_option("--broker", url,
                       "broker URL, such as embedded:PATH; default: $EVENT_BUS_BROKER, else the server that "
                       "$REDIS_HOST names, else the embedded store under the XDG state directory");
  }
  [[nodiscard]] EventClient connect() const {
    EventClient client({.broker = url, .source = "event-bus"});
    client.connect();
    return client;
  }
};

inline void add_output(CLI::App& command, OutputOption& output) {
  command.add_option("--output", output.format, "text, or json for programs")->check(CLI::IsMember({"text", "json"}));
}

/// What a command that destroys or repeats wants before it does.
struct Consent {
  bool yes = false, dry_run = false;
  void add_to(CLI::App& command, const char* dry_run_help) {
    auto* const flag = command.add_flag("--yes", yes, "do it");
    command.add_flag("--dry-run", dry_run, dry_run_help)->excludes(flag);
  }
  /// @throws Error Errc::invalid unless one of the two was given
  void require(const std::string& what) const {
    if (!yes && !dry_run)
      throw Error(Errc::invalid, what + ": add --yes to do it, or --dry-run to see what it would do");
  }
};

/// Says how many events something concerned. @param what  such as "dropped "
inline int print_count(const OutputOption& output, const std::string& what, std::uint64_t count) {
  const auto number = std::to_string(count);
  print(output.json() ? "{\"count\":" + number + "}\n" : what + number + (count == 1 ? " event\n" : " events\n"));
  return 0;
}

}  // namespace collective::cli
