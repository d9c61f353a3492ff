#include <csignal>
#include <cstdlib>
#include <fstream>

#include "collective/error.hpp"

#include "cli/commands.hpp"
#include "cli/output.hpp"
#include "service/body.hpp"
#include "service/service.hpp"

namespace collective::cli {
namespace {

constexpr std::chrono::seconds drain(10);

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string() : std::string(value);
}

/// The value of NAME, or the first line of the file that NAME_FILE names.
std::string secret_of(const std::string& name) {
  const auto file = environment((name + "_FILE").c_str());
  if (file.empty()) return environment(name.c_str());
  std::ifstream in(file);
  std::string secret;
  if (!std::getline(in, secret))
    throw Error(Errc::permission, name + "_FILE names " + file + ", which cannot be read or is empty");
  return secret;
}

struct Serve {
  service::ServiceOptions options;
  std::string port, level, format, anonymous, tokens_file, allowed_hosts;

  int run() {
    complete();
    // Before any thread starts, so that each inherits it and only `sigwait` below takes them.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals, signal);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    service::Service service(options);
    service.start();
    print("event-bus serves " + service.address() + "\nbroker " + service.broker() + "\n" + who_may_call());
    int caught = 0;
    sigwait(&signals, &caught);
    service.stop(drain);
    return 0;
  }

 private:
  /// What the command line leaves out comes from the environment.
  void complete() {
    const auto take = [](std::string& value, const char* name) {
      if (value.empty()) value = environment(name);
    };
    take(options.host, "HOST");
    if (options.host.empty()) options.host = "127.0.0.1";
    take(port, "PORT");
    if (!port.empty()) options.port = parsed_port(port);
    take(level, "LOG_LEVEL");
    options.log_level = parsed_level(level);
    options.log_json = format == "json";
    take(anonymous, "EVENT_BUS_ANONYMOUS");
    if (!anonymous.empty() && anonymous != "info" && anonymous != "none")
      throw Error(Errc::invalid, "--anonymous (EVENT_BUS_ANONYMOUS) is \"" + anonymous + "\"; use info or none");
    options.anonymous_info = anonymous == "info";
    take(allowed_hosts, "EVENT_BUS_ALLOWED_HOSTS");
    add_hosts();
    take_secrets();
  }

  void take_secrets() {
    if (tokens_file.empty()) tokens_file = environment("EVENT_BUS_TOKENS_FILE");
    if (!tokens_file.empty()) options.tokens = service::read_tokens(tokens_file);
    if (const auto token = secret_of("EVENT_BUS_TOKEN"); !token.empty()) {
      if (token.size() < 16)
        throw Error(Errc::invalid,
                    "EVENT_BUS_TOKEN is shorter than 16 characters; make one with: openssl rand -hex 32");
      options.tokens.push_back({"EVENT_BUS_TOKEN", token, {service::Scope::admin}, {}});
    }
    options.secrets.push_back(secret_of("REDIS_PASSWORD"));
    if (options.broker.empty()) options.broker = environment("EVENT_BUS_BROKER");
  }

  void add_hosts() {
    std::string host;
    for (const char c : allowed_hosts + ",") {
      if (c != ',') {
        host += c;
      } else if (!host.empty()) {
        options.allowed_hosts.push_back(std::exchange(host, {}));
      }
    }
  }

  static std::uint16_t parsed_port(const std::string& text) {
    const auto value = service::parse_number(text);
    if (value && *value <= 65'535) return static_cast<std::uint16_t>(*value);
    throw Error(Errc::invalid, "the port (--port or PORT) is \"" + text + "\"; use a number up to 65535");
  }

  static Severity parsed_level(const std::string& text) {
    if (text.empty() || text == "info") return Severity::info;
    if (text == "debug" || text == "trace") return Severity::debug;
    if (text == "warn" || text == "warning") return Severity::warning;
    if (text == "error" || text == "fatal") return Severity::error;
    throw Error(Errc::invalid,
                "the log level (--log-level or LOG_LEVEL) is \"" + text + "\"; use debug, info, warn or error");
  }

  [[nodiscard]] std::string who_may_call() const {
    if (!options.tokens.empty()) {
      return "callers need one of " + std::to_string(options.tokens.size()) + " tokens" +
             (options.anonymous_info ? "; health and stream metadata are open\n" : "\n");
    }
    return options.anonymous_info ? "health and stream metadata are open; there is no token for more\n"
                                  : "everyone on this machine may call; set EVENT_BUS_TOKEN to change that\n";
  }
};

}  // namespace

void add_serve(CLI::App& command, Action& action) {
  const auto it = std::make_shared<Serve>();
  auto& options = it->options;
  options.host.clear();
  command.add_option("--broker", options.broker, "broker URL; default: as for every command");
  command.add_option("--host", options.host, "address to listen on; default: $HOST, else 127.0.0.1");
  command.add_option("--port", it->port, "default: $PORT, else 3002; 0: one that the system chooses");
  command.add_option("--tokens", it->tokens_file,
                     "file of bearer tokens, NAME SCOPES STREAMS SECRET a line; default: $EVENT_BUS_TOKENS_FILE; one "
                     "token for everything comes from $EVENT_BUS_TOKEN or the file in $EVENT_BUS_TOKEN_FILE");
  command.add_option("--anonymous", it->anonymous, "info: health and stream metadata without a token; default: none");
  command.add_option(
      "--allow-host", options.allowed_hosts,
      "a name that callers use for this service, such as event-bus; repeatable; and $EVENT_BUS_ALLOWED_HOSTS");
  command.add_option("--tls-cert", options.certificate_file, "PEM file of the certificate chain");
  command.add_option("--tls-key", options.key_file, "PEM file of its key");
  command.add_option("--log-level", it->level, "debug, info, warn or error; default: $LOG_LEVEL, else info");
  command.add_option("--log-format", it->format, "text or json")->check(CLI::IsMember({"text", "json"}));
  command.add_option("--max-connections", options.limits.connections, "503 beyond; default 512")
      ->check(CLI::Range(1, 1'000'000));
  command.add_option("--workers", options.limits.workers, "threads for calls of the broker; default 4")
      ->check(CLI::Range(1, 256));
  command.callback([it, &action] { action = [it] { return it->run(); }; });
}

}  // namespace collective::cli
