#include <charconv>
#include <map>
#include <string>

#include "broker/redis/calls.hpp"

// What is unsafe about a server. Redis loses what its memory loses: it has to be told to persist, and not to evict.
namespace collective::redis {
namespace {

using Level = Finding::Level;
using Facts = std::map<std::string, std::string, std::less<>>;

/// The lines `name:value` of INFO.
void read_info(std::string_view text, Facts& facts) {
  while (!text.empty()) {
    const auto line = text.substr(0, text.find("\r\n"));
    text.remove_prefix(std::min(text.size(), line.size() + 2));
    if (const auto colon = line.find(':'); colon != std::string_view::npos)
      facts[std::string(line.substr(0, colon))] = std::string(line.substr(colon + 1));
  }
}

/// The pairs of CONFIG GET.
void read_configuration(const Reply& list, Facts& facts) {
  for (std::size_t i = 0; i + 1 < list.items.size(); i += 2)
    facts[std::string(list.at(i).text)] = std::string(list.at(i + 1).text);
}

std::string fact(const Facts& facts, std::string_view name) {
  const auto found = facts.find(name);
  return found == facts.end() ? std::string() : found->second;
}

std::uint64_t number(const Facts& facts, std::string_view name) {
  const auto text = fact(facts, name);
  std::uint64_t value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Finding persistence(const Facts& facts) {
  if (fact(facts, "aof_enabled") != "1")
    return {Level::problem,
            "the server keeps no append-only file: what was published since its last snapshot goes with it",
            "CONFIG SET appendonly yes, and write it to redis.conf"};
  const auto how = fact(facts, "appendfsync");
  if (how == "no")
    return {Level::problem, "the append-only file is never flushed by Redis (appendfsync no)",
            "CONFIG SET appendfsync everysec"};
  if (how == "always") return {Level::good, "every write is flushed (appendfsync always)", ""};
  return {Level::good, "writes are flushed every second (appendfsync " + (how.empty() ? "unknown" : how) + ")", ""};
}

Finding eviction(const Facts& facts) {
  const auto policy = fact(facts, "maxmemory_policy");
  if (policy == "noeviction" || policy.empty())
    return {Level::good, "nothing is evicted (maxmemory-policy noeviction)", ""};
  return {Level::problem,
          "under memory pressure the server deletes streams and groups (maxmemory-policy " + policy + ")",
          "CONFIG SET maxmemory-policy noeviction"};
}

Finding memory(const Facts& facts) {
  const auto used = number(facts, "used_memory"), most = number(facts, "maxmemory");
  const auto found = std::to_string(used >> 20) + " MiB in use, ";
  if (most == 0)
    return {Level::warning, found + "and no limit: the system may kill a server that outgrows the machine",
            "set maxmemory below what the machine has"};
  const auto of = found + "of " + std::to_string(most >> 20) + " MiB";
  if (used > most - most / 10) return {Level::warning, of, "raise maxmemory, trim streams, or let groups catch up"};
  return {Level::good, of, ""};
}

std::vector<Finding> findings(const Facts& facts) {
  std::vector<Finding> list{
      {Level::good, "Redis " + fact(facts, "redis_version"), ""}, persistence(facts), eviction(facts), memory(facts)};
  if (fact(facts, "no-appendfsync-on-rewrite") == "yes")
    list.push_back({Level::problem,
                    "nothing is flushed while the append-only file is rewritten (no-appendfsync-on-rewrite yes)",
                    "CONFIG SET no-appendfsync-on-rewrite no"});
  if (fact(facts, "role") == "slave")
    list.push_back({Level::problem, "the server is a replica and refuses writes", "name the primary"});
  if (fact(facts, "aof_last_write_status") == "err" || fact(facts, "rdb_last_bgsave_status") == "err")
    list.push_back({Level::problem, "the server could not write to its disk", "see its log; make room"});
  return list;
}

}  // namespace

void RedisBroker::diagnose(broker::Reply<std::vector<Finding>> reply) {
  const auto facts = std::make_shared<Facts>();
  channel_->send(Request("INFO"), [channel = channel_, facts, reply = std::move(reply)](Outcome outcome) {
    if (!outcome) return reply(outcome.error());
    if ((*outcome)->root.is_error()) return reply(failure_of((*outcome)->root.text, "a check of the server"));
    read_info((*outcome)->root.text, *facts);
    Request configuration("CONFIG");
    for (const std::string_view word : {"GET", "appendfsync", "no-appendfsync-on-rewrite"}) configuration.add(word);
    channel->send(std::move(configuration), [facts, reply](Outcome answer) {
      if (!answer) return reply(answer.error());
      auto list = std::vector<Finding>();
      if ((*answer)->root.is_error()) {
        list = findings(*facts);
        list.push_back({Level::warning, "the user may not read the configuration: appendfsync is not known",
                        "run this as a user that may (CONFIG GET)"});
      } else {
        read_configuration((*answer)->root, *facts);
        list = findings(*facts);
      }
      reply(std::move(list));
    });
  });
}

}  // namespace collective::redis
