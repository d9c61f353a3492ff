#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>

#include <signal.h>

#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/position.hpp"
#include "service/positions.hpp"

namespace collective::cli {
namespace {

std::atomic<int> caught = 0;

void end_on_signals() {
  struct sigaction action{};
  action.sa_handler = [](int signal) { caught = signal; };
  for (const int signal : {SIGINT, SIGTERM}) ::sigaction(signal, &action, nullptr);
}

struct Tail {
  BrokerOption broker;
  OutputOption output;
  std::vector<std::string> streams;
  std::string type, from;
  bool follow = false;
  std::size_t limit = 20;

  int run() {
    end_on_signals();
    auto client = broker.connect();
    follow ? go_on(client) : show_stored(client);
    client.close();
    return caught == 0 ? 0 : 128 + caught;
  }

 private:
  /// What is there now, oldest first across the streams.
  void show_stored(EventClient& client) {
    if (streams.size() == 1 && !from.empty()) return show_pages(client, streams.front());
    std::vector<AnyEvent> events;
    for (const auto& stream : streams) {
      auto some = from.empty() ? client.read(stream, {.limit = limit, .backwards = true, .type = type})
                               : client.read(stream, {.after = after_of(client, stream, from), .type = type});
      std::move(some.begin(), some.end(), std::back_inserter(events));
    }
    std::stable_sort(events.begin(), events.end(),
                     [](const AnyEvent& a, const AnyEvent& b) { return a.entry_id < b.entry_id; });
    if (from.empty() && events.size() > limit) events.erase(events.begin(), events.end() - static_cast<long>(limit));
    for (const auto& event : events) show(event);
  }

  void show_pages(EventClient& client, const std::string& stream) {
    EntryId after = after_of(client, stream, from);
    while (caught == 0) {
      const auto events = client.read(stream, {.after = after});
      if (events.empty()) return;
      for (const auto& event : events) show(event);
      after = events.back().entry_id;
    }
  }

  /// Follows each stream on a thread of its own until a signal comes; what one of them fails with ends all.
  void go_on(EventClient& client) {
    std::exception_ptr failure;
    std::mutex mutex;
    {
      std::vector<std::jthread> followers;
      for (const auto& stream : streams) {
        followers.emplace_back([&, start = begin(client, stream)] {
          try {
            follow_stream(client, stream, start);
          } catch (...) {
            const std::lock_guard lock(mutex);
            failure = std::current_exception();
            failed_ = true;
          }
        });
      }
    }
    if (failure) std::rethrow_exception(failure);
  }

  void follow_stream(EventClient& client, const std::string& stream, EntryId after) {
    while (caught == 0 && !failed_) {
      const auto events = client.follow(stream, after, Millis(200));
      if (events.empty()) continue;
      for (const auto& event : events) show(event);
      after = events.back().entry_id;
    }
  }

  EntryId begin(EventClient& client, const std::string& stream) {
    return from.empty() ? service::last_entry(client, stream) : after_of(client, stream, from);
  }

  void show(const AnyEvent& event) const {
    const auto& envelope = event.envelope;
    if (!type.empty() && envelope.type != type) return;
    if (output.json()) return print(to_json(event) + "\n");
    print(event.entry_id.to_string() + "  " + to_iso8601(envelope.timestamp) + "  " + plain(envelope.type) + "  " +
          plain(envelope.data) +
          (envelope.correlation_id.empty() ? "" : "  correlation " + plain(envelope.correlation_id)) + "\n");
  }

  std::atomic<bool> failed_ = false;
};

}  // namespace

void add_tail(CLI::App& command, Action& action) {
  add_action<Tail>(command, action, &Tail::run, [&](Tail& it) {
    command.add_option("streams", it.streams, "one or more, such as user.events")->required();
    command.add_option("--type", it.type, "only events of this type");
    command.add_option("--from", it.from,
                       "earliest, latest, an entry id or a time; default: the newest ones, with --follow latest");
    command.add_flag("--follow,-f", it.follow, "go on with what comes, until interrupted");
    command.add_option("--limit,-n", it.limit, "how many of the newest, without --from; default 20")
        ->check(CLI::Range(1, 1'000'000));
    it.broker.add_to(command);
    add_output(command, it.output);
  });
}

}  // namespace collective::cli
