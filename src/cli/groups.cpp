#include "collective/time.hpp"

#include "cli/commands.hpp"
#include "cli/options.hpp"
#include "cli/position.hpp"
#include "service/info_json.hpp"

// What is asked of, and done to, one group.
namespace collective::cli {
namespace {

struct GroupCommand {
  BrokerOption broker;
  OutputOption output;
  Consent consent;
  std::string stream, group, from, type;
  std::size_t limit = 1'000;

  int pending() {
    auto client = broker.connect();
    EventBus bus(client);
    Table table({"ENTRY", "TYPE", "CONSUMER", "ATTEMPTS", "STALLS", "DUE", "LAST ERROR"});
    for (const auto& event : bus.pending(stream, group, limit)) {
      if (output.json()) {
        print(service::json_of(event) + "\n");
        continue;
      }
      table.add({(event.republished ? "republished " : "") + event.entry_id.to_string(), event.type,
                 event.consumer.empty() ? "(waits)" : event.consumer, std::to_string(event.attempts),
                 std::to_string(event.stalls), event.due == Timestamp{} ? "now" : to_iso8601(event.due),
                 event.history.empty() ? "" : event.history.back().error});
    }
    if (!output.json()) table.empty() ? print("nothing pending\n") : table.print();
    return 0;
  }

  int replay() {
    consent.require("replay hands the group events it has handled before");
    auto client = broker.connect();
    const auto after = after_of(client, stream, from);
    if (consent.dry_run) return print_count(output, "would replay ", replayable(client, after));
    EventBus bus(client);
    return print_count(output, "replays ", bus.replay(stream, group, after));
  }

  int forget() {
    consent.require("forget gives up what waits for the type in this group");
    auto client = broker.connect();
    if (consent.dry_run) return print_count(output, "would forget ", waiting(client));
    EventBus bus(client);
    return print_count(output, "forgot ", bus.forget(stream, group, type));
  }

 private:
  [[nodiscard]] GroupInfo find(EventClient& client) const {
    for (auto& found : client.groups(stream)) {
      if (found.name == group) return found;
    }
    throw Error(Errc::not_found,
                "stream " + stream + " has no group " + group + "; event-bus groups " + stream + " lists them");
  }

  [[nodiscard]] std::uint64_t replayable(EventClient& client, EntryId after) const {
    const auto cursor = find(client).cursor;
    std::uint64_t count = 0;
    while (after < cursor) {
      const auto page = client.read(stream, {.after = after, .until = cursor});
      if (page.empty()) break;
      count += page.size();
      after = page.back().entry_id;
    }
    return count;
  }

  [[nodiscard]] std::uint64_t waiting(EventClient& client) const {
    for (const auto& route : find(client).routes) {
      if (route.route == type) return route.waiting;
    }
    throw Error(Errc::not_found, "group " + group + " does not declare the type " + type);
  }
};

void describe(CLI::App& command, GroupCommand& it) {
  command.add_option("stream", it.stream, "such as user.events")->required();
  command.add_option("group", it.group, "the consumer group")->required();
  it.broker.add_to(command);
  add_output(command, it.output);
}

}  // namespace

void add_pending(CLI::App& command, Action& action) {
  add_action<GroupCommand>(command, action, &GroupCommand::pending, [&](GroupCommand& it) {
    describe(command, it);
    command.add_option("--limit,-n", it.limit, "most of them; default 1000")->check(CLI::Range(1, 1'000'000));
  });
}

void add_replay(CLI::App& command, Action& action) {
  add_action<GroupCommand>(command, action, &GroupCommand::replay, [&](GroupCommand& it) {
    describe(command, it);
    command.add_option("--from", it.from, "earliest, an entry id or a time")->required();
    it.consent.add_to(command, "only say how many events it would be");
  });
}

void add_forget(CLI::App& command, Action& action) {
  add_action<GroupCommand>(command, action, &GroupCommand::forget, [&](GroupCommand& it) {
    describe(command, it);
    command.add_option("type", it.type, "the event type the group no longer handles")->required();
    it.consent.add_to(command, "only say how many events wait for it");
  });
}

}  // namespace collective::cli
