#include <cerrno>
#include <iostream>

#include <signal.h>

#include "cli/child_process.hpp"
#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/position.hpp"
#include "service/json_text.hpp"

namespace collective::cli {
namespace {

constexpr int hopeless = 65;  // EX_DATAERR of sysexits.h

struct Consume {
  BrokerOption broker;
  std::string stream, from = "earliest";
  std::vector<std::string> types, words;
  SubscribeOptions options;
  std::int64_t base_delay_ms = 1'000, max_handling_ms = 300'000, grace_ms = 10'000;
  std::string order = "none";
  bool drain = false;

  int run() {
    if (!can_execute(words.front())) throw Error(Errc::invalid, "cannot find the command " + words.front());
    complete();
    // Before any thread starts, so that each inherits it and only `wait` below takes them.
    sigemptyset(&signals_);
    for (const int signal : {SIGTERM, SIGINT}) sigaddset(&signals_, signal);
    pthread_sigmask(SIG_BLOCK, &signals_, nullptr);
    auto client = broker.connect();
    options.start = start(client);
    EventBus bus(client);
    auto subscription = bus.subscribe(
        stream, types, [this](const AnyEvent& event, Delivery& delivery) { return handle(event, delivery); }, options);
    std::cerr << "event-bus: consuming " << stream << " as a member of " << options.group << "; Ctrl-C ends it\n";
    const int caught = wait(client);
    subscription.close(Millis(grace_ms));
    bus.close();
    return caught == 0 ? 0 : 128 + caught;
  }

 private:
  void complete() {
    options.retry.base_delay = Millis(base_delay_ms);
    options.max_handling_time = Millis(max_handling_ms);
    options.drain_timeout = Millis(grace_ms);
    options.ordering = order == "strict" ? Ordering::strict : order == "key" ? Ordering::per_key : Ordering::none;
  }

  StartAt start(EventClient& client) const {
    if (from == "earliest") return StartAt::earliest();
    return from == "latest" ? StartAt::latest() : StartAt::after(after_of(client, stream, from));
  }

  Outcome handle(const AnyEvent& event, Delivery& delivery) const {
    const auto text = to_json(event) + "\n";
    const auto& envelope = event.envelope;
    const auto end = run_child({words,
                                text,
                                {{"EVENT_ID", envelope.id},
                                 {"EVENT_TYPE", envelope.type},
                                 {"EVENT_STREAM", stream},
                                 {"EVENT_GROUP", options.group},
                                 {"EVENT_ENTRY_ID", event.entry_id.to_string()},
                                 {"EVENT_CORRELATION_ID", envelope.correlation_id},
                                 {"EVENT_USER_ID", envelope.user_id},
                                 {"EVENT_ATTEMPT", std::to_string(delivery.attempt())},
                                 {"EVENT_MAX_ATTEMPTS", std::to_string(delivery.max_attempts())}}},
                               delivery.stop_token(), Millis(2'000));
    if (end.code == 0) return Outcome::acknowledge();
    const auto error =
        words.front() + " ended with " + std::to_string(end.code) + (end.said.empty() ? "" : ": ") + end.said;
    return end.code == hopeless ? Outcome::dead_letter(error) : Outcome::retry(error);
  }

  /// The signal that ended it; 0 when nothing was left to do.
  int wait(EventClient& client) {
    while (true) {
      const timespec look{0, 200'000'000};
      const int caught = drain ? ::sigtimedwait(&signals_, nullptr, &look) : ::sigwaitinfo(&signals_, nullptr);
      if (caught > 0) return caught;
      if (errno == EAGAIN && nothing_left(client)) return 0;
    }
  }

  [[nodiscard]] bool nothing_left(EventClient& client) const {
    for (const auto& group : client.groups(stream)) {
      if (group.name == options.group) return group.lag == 0 && group.pending == group.unowned;
    }
    return false;
  }

  sigset_t signals_{};
};

}  // namespace

void add_consume(CLI::App& command, Action& action) {
  command.footer(
      "The command gets the event as one line of JSON on standard input, and EVENT_ID, EVENT_TYPE, EVENT_STREAM, "
      "EVENT_GROUP, EVENT_ENTRY_ID,\nEVENT_CORRELATION_ID, EVENT_USER_ID, EVENT_ATTEMPT and EVENT_MAX_ATTEMPTS in its "
      "environment. Exit code 0 acknowledges, 65 gives the event\nup at once, any other retries. The last line on "
      "standard error is kept with the attempt.\n\n"
      "  event-bus consume contextual.events indexer --type file.uploaded -- ./index.sh");
  add_action<Consume>(command, action, &Consume::run, [&](Consume& it) {
    command.add_option("stream", it.stream, "such as user.events")->required();
    command.add_option("group", it.options.group, "the consumer group; made when absent")->required();
    command.add_option("command", it.words, "the command and its arguments, after --")->required();
    command.add_option("--type", it.types, "only events of this type; repeatable; default: every type")
        ->expected(1)
        ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll);
    command.add_option("--consumer", it.options.consumer, "this member's name; default: host and process");
    command.add_option("--concurrency,-j", it.options.concurrency, "commands at once; default 1")
        ->check(CLI::Range(1, 1'024));
    command.add_option("--from", it.from,
                       "where a new group starts: earliest (the default), latest, an entry id or a time");
    command.add_option("--order", it.order, "none (the default), key or strict")
        ->check(CLI::IsMember({"none", "key", "strict"}));
    command.add_option("--max-attempts", it.options.retry.max_attempts, "then it is a dead letter; default 3")
        ->check(CLI::Range(1, 1'000'000));
    command
        .add_option("--base-delay-ms", it.base_delay_ms, "wait before the first retry, doubled by each; default 1000")
        ->check(CLI::NonNegativeNumber);
    command.add_option("--max-handling-ms", it.max_handling_ms, "then the command is ended; default 300000")
        ->check(CLI::PositiveNumber);
    command.add_option("--grace-ms", it.grace_ms, "for running commands when it ends; default 10000")
        ->check(CLI::NonNegativeNumber);
    command.add_flag("--drain", it.drain, "end when nothing is left to handle or retry");
    it.broker.add_to(command);
  });
}

}  // namespace collective::cli
