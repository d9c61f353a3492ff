#include <algorithm>

#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "service/info_json.hpp"

namespace collective::cli {
namespace {

constexpr std::size_t bar_width = 24;

struct Trace {
  BrokerOption broker;
  OutputOption output;
  std::string correlation_id, since;
  TraceOptions options;

  int run() {
    if (!since.empty()) {
      options.since = parse_iso8601(since);
      if (!options.since)
        throw Error(Errc::invalid, "--since " + since + ": it is a time such as 2026-01-31T09:30:00Z");
    }
    auto client = broker.connect();
    const auto events = client.trace(correlation_id, options);
    client.close();
    if (events.empty())
      throw Error(Errc::not_found, "no event of flow " + correlation_id +
                                       " was found; --since TIME looks further back (trimmed events are gone)");
    for (const auto& event : events) output.json() ? print(service::json_of(event) + "\n") : show(events, event);
    return 0;
  }

 private:
  void show(const std::vector<TracedEvent>& all, const TracedEvent& traced) const {
    const auto& envelope = traced.event.envelope;
    const std::string indent(traced.depth * 2, ' ');
    print(bar(all, traced) + "  " + indent + plain(envelope.type) + "  " + coloured(envelope.id, Colour::grey) + "\n");
    for (const auto& handling : traced.handlings) {
      std::string line = handling.group + ": " + std::string(name(handling.state));
      if (!handling.consumer.empty()) line += " to " + handling.consumer;
      if (handling.attempts > 0) line += ", " + std::to_string(handling.attempts) + " failed";
      if (!handling.history.empty()) line += ": " + handling.history.back().error;
      print(std::string(bar_width + 12, ' ') + "  " + indent + "  " + coloured(plain(line), colour(handling.state)) +
            "\n");
    }
  }

  static Colour colour(TracedHandling::State state) {
    if (state == TracedHandling::State::handled) return Colour::green;
    return state == TracedHandling::State::dead_letter ? Colour::red : Colour::yellow;
  }

  /// Where the event stands between the flow's first and last, and how long after the first.
  static std::string bar(const std::vector<TracedEvent>& all, const TracedEvent& traced) {
    const auto time = [](const TracedEvent& event) { return event.event.envelope.timestamp; };
    const auto [first, last] = std::minmax_element(
        all.begin(), all.end(), [&](const TracedEvent& a, const TracedEvent& b) { return time(a) < time(b); });
    const auto span = std::max<std::int64_t>((time(*last) - time(*first)).count(), 1);
    const auto since_first = (time(traced) - time(*first)).count();
    std::string line(bar_width, '.');
    line[static_cast<std::size_t>(since_first) * (bar_width - 1) / static_cast<std::size_t>(span)] = '#';
    const auto offset = "+" + std::to_string(since_first) + " ms";
    return line + std::string(offset.size() < 12 ? 12 - offset.size() : 1, ' ') + offset;
  }
};

}  // namespace

void add_trace(CLI::App& command, Action& action) {
  add_action<Trace>(command, action, &Trace::run, [&](Trace& it) {
    command.add_option("correlation-id", it.correlation_id, "of the flow")->required();
    command.add_option("--since", it.since,
                       "a time to begin at; default: an hour before the correlation id was made, else a day ago");
    command.add_option("--limit,-n", it.options.limit, "most events; default 1000")->check(CLI::Range(1, 100'000));
    it.broker.add_to(command);
    add_output(command, it.output);
  });
}

}  // namespace collective::cli
