#include <algorithm>

#include <signal.h>

#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"

namespace collective::cli {
namespace {

volatile sig_atomic_t caught = 0;

void end_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int signal) { caught = signal; };
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

struct Tail {
  BrokerOption broker;
  OutputOption output;
  std::string stream, type, from;
  bool follow = false;
  std::size_t limit = 20;

  int run() {
    end_on_signals();
    auto client = broker.connect();
    EntryId after = begin(client);
    while (caught == 0) {
      auto events = client.read(stream, {.after = after});
      if (events.empty()) {
        if (!follow) break;
        events = client.follow(stream, after, Millis(200));
      }
      if (events.empty()) continue;
      for (const auto& event : events) show(event);
      after = events.back().entry_id;
    }
    client.close();
    return caught == 0 ? 0 : 128 + caught;
  }

 private:
  /// The entry after which to read.
  EntryId begin(EventClient& client) {
    if (from == "earliest") return {};
    if (from == "latest") return last(client);
    if (!from.empty()) return before(given());
    if (follow) return last(client);
    const auto newest = client.read(stream, {.limit = limit, .backwards = true, .type = type});
    return newest.empty() ? EntryId{} : before(newest.back().entry_id);
  }

  [[nodiscard]] EntryId given() const {
    if (const auto entry = EntryId::parse(from)) return *entry;
    if (const auto time = parse_iso8601(from)) return EntryId::at(*time);
    throw Error(Errc::invalid, "--from " + from +
                                   ": it is earliest, latest, an entry id such as 1767225600000-0, or a time such as "
                                   "2026-01-31T09:30:00Z");
  }

  static EntryId before(EntryId entry) {
    if (entry.seq > 0) return {entry.ms, entry.seq - 1};
    return entry.ms == 0 ? entry : EntryId{entry.ms - 1, EntryId::max().seq};
  }

  EntryId last(EventClient& client) {
    try {
      return client.stream_info(stream).last;
    } catch (const Error& error) {
      if (error.code() == Errc::not_found) return {};  // it begins with its first event
      throw;
    }
  }

  void show(const AnyEvent& event) const {
    const auto& envelope = event.envelope;
    if (!type.empty() && envelope.type != type) return;
    if (output.json()) return print(to_json(event) + "\n");
    print(event.entry_id.to_string() + "  " + to_iso8601(envelope.timestamp) + "  " + plain(envelope.type) + "  " +
          plain(envelope.data) +
          (envelope.correlation_id.empty() ? "" : "  correlation " + plain(envelope.correlation_id)) + "\n");
  }
};

}  // namespace

void add_tail(CLI::App& program, Action& action) {
  auto* const command = program.add_subcommand("tail", "show the events of a stream");
  const auto it = std::make_shared<Tail>();
  command->add_option("stream", it->stream, "such as user.events")->required();
  command->add_option("--type", it->type, "only events of this type");
  command->add_option("--from", it->from,
                      "earliest, latest, an entry id or a time; default: the newest ones, with --follow latest");
  command->add_flag("--follow,-f", it->follow, "go on with what comes, until interrupted");
  command->add_option("--limit,-n", it->limit, "how many of the newest, without --from")
      ->check(CLI::Range(1, 1'000'000));
  it->broker.add_to(*command);
  add_output(*command, it->output);
  command->callback([it, &action] { action = [it] { return it->run(); }; });
}

}  // namespace collective::cli
