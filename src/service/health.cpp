#include "service/health.hpp"

#include <algorithm>

#include "collective/time.hpp"

#include "service/json_text.hpp"
#include "service/problem.hpp"

namespace collective::service {
namespace {

constexpr std::chrono::seconds patience(10);  // a loop that made no progress for longer hangs

std::uint64_t millis(std::chrono::steady_clock::duration time) {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

std::string services_of(const HealthFacts& facts) {
  const auto status = facts.snapshot->connected ? "connected" : "disconnected";
  JsonObject broker;
  broker.text("status", status);
  if (!facts.description.empty()) broker.text("description", facts.description);
  broker.text("durability", facts.durability).number("sampleAgeMs", millis(facts.sample_age));
  const auto workers = JsonObject()
                           .text("status", facts.oldest_wait > patience ? "stuck" : "running")
                           .number("busy", facts.busy_workers)
                           .number("oldestWaitMs", millis(facts.oldest_wait))
                           .str();
  return JsonObject()
      .text("redis", status)  // the name by which callers know the broker
      .text("eventBus", facts.stopping ? "stopping" : "running")
      .raw("broker", broker.str())
      .raw("workers", workers)
      .str();
}

std::string stats_of(const HealthFacts& facts) {
  std::uint64_t events = 0, groups = 0, dead = 0, pending = 0, lag = 0, unowned = 0, lost = 0;
  double rate = 0;
  for (const auto& stream : facts.snapshot->streams) {
    events += stream.info.length;
    rate += stream.rate;
    groups += stream.groups.size();
    for (const auto& group : stream.groups) {
      dead += group.dead_letters;
      pending += group.pending;
      unowned += group.unowned;
      lost += group.lost;
      lag = std::max(lag, group.lag);
    }
  }
  return JsonObject()
      .number("streams", facts.snapshot->streams.size())
      .number("events", events)
      .real("eventsPerSecond", rate)
      .number("groups", groups)
      .number("pending", pending)
      .number("maxLag", lag)
      .number("deadLetters", dead)
      .number("unowned", unowned)
      .number("lost", lost)
      .number("connections", facts.connections)
      .number("subscribers", facts.subscribers)
      .number("uptimeMs", millis(facts.uptime))
      .str();
}

}  // namespace

std::vector<std::string> troubles(const HealthFacts& facts) {
  std::vector<std::string> found;
  if (!facts.snapshot->connected) found.push_back("the broker does not answer: " + facts.snapshot->error);
  if (facts.sample_age > std::max<std::chrono::steady_clock::duration>(patience, facts.sample_interval * 5)) {
    found.emplace_back("the broker hangs: it has answered nothing since " + to_iso8601(facts.snapshot->taken));
  }
  if (facts.oldest_wait > patience)
    found.emplace_back("calls wait for a worker and none becomes free: the workers hang in the broker");
  if (facts.stopping) found.emplace_back("the service stops");
  return found;
}

Response health_response(const HealthFacts& facts) {
  const auto wrong = troubles(facts);
  JsonObject data;
  data.text("status", wrong.empty() ? "healthy" : "unhealthy")
      .time("timestamp", std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()))
      .raw("services", services_of(facts))
      .raw("stats", stats_of(facts));
  if (wrong.empty()) return success(data.str());
  data.raw("problems", json_texts(wrong));
  Response response;
  response.status = 503;
  response.body = JsonObject()
                      .flag("success", false)
                      .text("error", wrong.front())
                      .text("code", "unhealthy")
                      .raw("data", data.str())
                      .str();
  return response;
}

}  // namespace collective::service
