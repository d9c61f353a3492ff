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

}  // namespace collective::cli
