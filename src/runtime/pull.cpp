#include <condition_variable>

#include "engine/attempt_history.hpp"
#include "engine/work.hpp"
#include "runtime/await.hpp"
#include "runtime/core.hpp"
#include "runtime/delivery_token.hpp"

namespace collective::detail {
namespace {

using Verdict = broker::Settlement::Verdict;

constexpr auto presence = Millis(60'000);  // how long a pulling consumer is shown as a member after its last call
constexpr std::uint32_t stall_limit = 3;

void check(const FetchOptions& options) {
  check_name("FetchOptions::group", options.group);
  check_name("FetchOptions::consumer", options.consumer);
  for (const auto& type : options.types) check_name("FetchOptions::types", type);
  if (options.max < 1 || options.max > 1'000) {
    throw Error(Errc::invalid, "FetchOptions::max is " + std::to_string(options.max) + "; allowed are 1 to 1000");
  }
  check_duration("FetchOptions::wait", options.wait);
  check_duration("FetchOptions::visibility", options.visibility, Millis(100));
  if (options.max_attempts < 1) throw Error(Errc::invalid, "FetchOptions::max_attempts must be at least 1");
}

std::string pull_member(const std::string& consumer) {
  return consumer + "~pull";
}

}  // namespace

broker::Exchanged Core::exchange(broker::Exchange exchange, bool changes) {
  const auto connected = store();
  const auto what = "group \"" + exchange.key.group + "\" of stream \"" + exchange.key.stream + "\"";
  auto result = runtime::await<broker::Exchanged>(
      [&](auto reply) { connected.broker->exchange(std::move(exchange), std::move(reply)); },
      options_.operation_timeout, changes, what.c_str());
  if (!result) throw Error(result.error().code, result.error().message);
  return std::move(*result);
}

std::vector<Pulled> Core::fetch(const std::string& stream, const FetchOptions& options) {
  check_name("stream name", stream);
  check(options);
  const auto until = std::chrono::steady_clock::now() + options.wait;
  const auto connected = store();
  upkeeper()->look_after(stream);
  auto declared = options.types.empty() ? std::vector<std::string>{"*"} : options.types;
  std::vector<std::string> parked;  // events come undecoded here, so whatever their version
  for (const auto& type : options.types) parked.push_back(engine::any_label_of(type));
  auto routes = declared;
  routes.insert(routes.end(), parked.begin(), parked.end());
  using At = broker::Start::At;
  const auto at = options.start.kind == StartAt::Kind::latest  ? At::latest
                  : options.start.kind == StartAt::Kind::after ? At::after
                                                               : At::earliest;
  const broker::Join join{{stream, options.group},
                          pull_member(options.consumer),
                          declared,
                          {at, options.start.entry},
                          now(),
                          presence,
                          parked};
  struct News {
    std::mutex mutex;
    std::condition_variable wake;
    bool arrived = false;  // guarded by mutex
  };
  auto news = std::make_shared<News>();
  const auto watch = connected.broker->watch(stream, [news] {
    const std::lock_guard lock(news->mutex);
    news->arrived = true;
    news->wake.notify_one();
  });
  auto joined = runtime::await<EntryId>([&](auto reply) { connected.broker->join(join, std::move(reply)); },
                                        options_.operation_timeout, false, "fetch");
  if (!joined) throw Error(joined.error().code, joined.error().message);
  while (true) {
    broker::Exchange exchange;
    exchange.key = join.key;
    exchange.member = join.member;
    exchange.now = now();
    exchange.lease = presence;
    exchange.max_entries = static_cast<std::uint32_t>(options.max);
    exchange.routes = routes;
    exchange.visibility = options.visibility;
    const auto deadline = exchange.now + options.visibility;
    auto answer = this->exchange(std::move(exchange), true);
    auto pulled = accept(join.key, options, std::move(answer), deadline);
    if (!pulled.empty()) return pulled;
    if (answer.more) continue;
    auto wake = until;
    if (answer.due) {
      wake = std::min(wake, std::chrono::steady_clock::now() + std::max<engine::Nanos>(*answer.due - now(), Millis(1)));
    }
    std::unique_lock lock(news->mutex);
    const bool arrived = news->wake.wait_until(lock, wake, [&] { return news->arrived; });
    news->arrived = false;
    if (!arrived && std::chrono::steady_clock::now() >= until) return {};
  }
}

// What no caller could handle is settled here, as the worker handlers do.
std::vector<Pulled> Core::accept(const broker::GroupKey& key, const FetchOptions& options,
                                 const broker::Exchanged& answer, Timestamp deadline) {
  std::vector<Pulled> pulled;
  std::vector<broker::Settlement> hopeless;
  for (const auto& delivered : answer.deliveries) {
    auto progress = delivered.progress;
    progress.note = engine::with_stalls(progress.note, progress.stalls, progress.attempts + 1, now());
    std::string reason;
    if (!delivered.entry.defect.empty())
      reason = "the stored entry cannot be read: " + std::string(delivered.entry.defect);
    if (progress.stalls >= stall_limit)
      reason = "taken " + std::to_string(progress.stalls) + " times and never settled in time";
    if (!reason.empty()) {
      hopeless.push_back({delivered.ticket, Verdict::dead_letter, progress, std::move(reason)});
      continue;
    }
    const runtime::TokenContent content{key, options.consumer, delivered.ticket, progress, options.max_attempts};
    pulled.push_back({AnyEvent(delivered.entry.id, delivered.entry.event), runtime::write_token(content),
                      progress.attempts + 1, deadline});
  }
  if (!hopeless.empty()) {
    broker::Exchange exchange;
    exchange.key = key;
    exchange.member = pull_member(options.consumer);
    exchange.now = now();
    exchange.lease = presence;
    exchange.settlements = std::move(hopeless);
    this->exchange(std::move(exchange), true);
  }
  return pulled;
}

Settlement Core::settle(const DeliveryToken& token,
                        const std::function<void(const runtime::TokenContent&, broker::Settlement&)>& decide) {
  const auto content = runtime::read_token(token);
  broker::Settlement settlement{content.ticket, Verdict::acknowledge, content.progress, {}};
  settlement.progress.suspect = settlement.progress.started = false;
  decide(content, settlement);
  broker::Exchange exchange;
  exchange.key = content.key;
  exchange.member = pull_member(content.consumer);
  exchange.now = now();
  exchange.lease = presence;
  exchange.settlements.push_back(std::move(settlement));
  const auto answer = this->exchange(std::move(exchange), true);
  switch (answer.settled.at(0)) {
    case broker::Settled::done:
      return Settlement::done;
    case broker::Settled::stale:
      return Settlement::stale;
    case broker::Settled::no_room:
      throw Error(Errc::full,
                  "the store has no room for this dead letter: the event stays with its token; free space or "
                  "trim, then settle it again");
    case broker::Settled::gone:
      break;
  }
  return Settlement::gone;
}

Settlement Core::acknowledge(const DeliveryToken& token) {
  return settle(token, [](const auto&, auto&) {});
}

Settlement Core::retry(const DeliveryToken& token, Millis delay, std::string_view error) {
  check_duration("retry: delay", delay);
  return settle(token, [&](const runtime::TokenContent& content, broker::Settlement& settlement) {
    auto& progress = settlement.progress;
    ++progress.attempts;
    const auto text = error.empty() ? std::string_view("the consumer asked for a retry") : error;
    progress.note = engine::with_attempt(
        progress.note, {progress.attempts, now(), std::string(content.consumer), std::string(text), {}});
    if (progress.attempts >= content.max_attempts) {
      settlement.verdict = Verdict::dead_letter;
      settlement.reason = "failed " + std::to_string(progress.attempts) + " times; last error: " + std::string(text);
    } else {
      settlement.verdict = Verdict::park;
      progress.due = now() + delay;
    }
  });
}

Settlement Core::dead_letter(const DeliveryToken& token, std::string_view reason) {
  return settle(token, [&](const runtime::TokenContent& content, broker::Settlement& settlement) {
    auto& progress = settlement.progress;
    ++progress.attempts;
    progress.note = engine::with_attempt(
        progress.note, {progress.attempts, now(), std::string(content.consumer), std::string(reason), {}});
    settlement.verdict = Verdict::dead_letter;
    settlement.reason = std::string(reason);
  });
}

Settlement Core::extend(const DeliveryToken& token, Millis from_now) {
  check_duration("extend: from_now", from_now);
  return settle(token, [&](const runtime::TokenContent&, broker::Settlement& settlement) {
    settlement.verdict = Verdict::extend;
    settlement.progress.due = now() + from_now;
  });
}

}  // namespace collective::detail
