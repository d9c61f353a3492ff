#include "runtime/subscription_control.hpp"

namespace collective::detail {
namespace {

void check(const SubscribeOptions& options, bool batch) {
  const auto refuse = [](const std::string& what) { throw Error(Errc::invalid, "SubscribeOptions::" + what); };
  check_name("SubscribeOptions::group", options.group);
  if (!options.consumer.empty()) check_name("SubscribeOptions::consumer", options.consumer);
  if (options.concurrency < 1 || options.concurrency > 1'024) {
    refuse("concurrency is " + std::to_string(options.concurrency) + "; allowed are 1 to 1024");
  }
  if (options.retry.max_attempts < 1) refuse("retry.max_attempts is 0; at least one attempt is needed");
  if (!(options.retry.jitter >= 0 && options.retry.jitter <= 1)) refuse("retry.jitter must be between 0 and 1");
  check_duration("SubscribeOptions::retry.base_delay", options.retry.base_delay);
  check_duration("SubscribeOptions::retry.max_delay", options.retry.max_delay);
  check_duration("SubscribeOptions::lease", options.lease, Millis(100));
  check_duration("SubscribeOptions::max_handling_time", options.max_handling_time, Millis(1));
  check_duration("SubscribeOptions::newer_version_wait", options.newer_version_wait);
  check_duration("SubscribeOptions::drain_timeout", options.drain_timeout);
  check_duration("SubscribeOptions::breaker.probe_after", options.breaker.probe_after);
  check_duration("SubscribeOptions::breaker.max_pause", options.breaker.max_pause);
  if (options.prefetch == 0) refuse("prefetch is 0; at least one event must be held");
  if (!batch) return;
  check_duration("SubscribeOptions::batch_wait", options.batch_wait);
  if (options.batch_size < 1 || options.batch_size > 10'000) {
    refuse("batch_size is " + std::to_string(options.batch_size) + "; allowed are 1 to 10000");
  }
  if (options.ordering != Ordering::none)
    refuse("ordering: batches are handled unordered; use subscribe for an ordered group");
}

broker::Start start_of(const StartAt& start) {
  using At = broker::Start::At;
  switch (start.kind) {
    case StartAt::Kind::latest:
      return {At::latest, {}};
    case StartAt::Kind::after:
      return {At::after, start.entry};
    case StartAt::Kind::earliest:
      break;
  }
  return {};
}

engine::MemberOptions member_options(const std::string& stream, const std::string& member,
                                     const SubscribeOptions& options) {
  engine::MemberOptions result;
  result.key = {stream, options.group};
  result.member = member;
  result.start = start_of(options.start);
  result.dispatch.consumer = member.substr(0, member.find('~'));
  result.dispatch.ordering = options.ordering;
  result.dispatch.lease = options.lease;
  result.dispatch.prefetch = options.prefetch;
  result.dispatch.breaker = options.breaker;
  result.dispatch.newer_version_wait = options.newer_version_wait;
  return result;
}

}  // namespace

// Subscriptions of one group, stream and consumer share one member, so that nothing is handed over between them. One that
// leaves its group, perhaps while handlers still run, is replaced.
std::shared_ptr<runtime::MemberRunner> Core::runner_for(const std::string& stream, const SubscribeOptions& options) {
  const auto connected = store();
  const auto member = member_name(options.consumer);
  const std::lock_guard lock(mutex_);
  auto& joined = runners_[stream + "\n" + options.group + "\n" + options.consumer];
  if (joined.runner && !joined.runner->leaving()) {
    const auto& first = joined.options;
    if (first.ordering != options.ordering || first.lease != options.lease) {
      throw Error(Errc::invalid,
                  "group \"" + options.group + "\" of stream \"" + stream +
                      "\" is subscribed in this process with another ordering or lease: one group has one of each");
    }
    return joined.runner;
  }
  joined.options = options;
  joined.runner = std::make_shared<runtime::MemberRunner>(
      connected.broker, clock_, options_.observer,
      member_options(stream, member + "." + std::to_string(next_subscription_++), options));
  return joined.runner;
}

std::shared_ptr<runtime::MemberRunner> Core::take_part(const std::string& stream,
                                                       const engine::Subscription& subscription,
                                                       const RawHandler& handler, const SubscribeOptions& options) {
  while (true) {
    auto runner = runner_for(stream, options);
    const runtime::HandlerContext context{
        stream,  options.group,      runner->consumer(), options.retry.max_attempts, options.max_handling_time,
        handler, shared_from_this(), options_.observer};
    if (runner->add(subscription, context, options_.operation_timeout)) return runner;
  }
}

Subscription Core::subscribe(std::vector<RouteKey> routes, RawHandler handler, SubscribeOptions options, bool batch) {
  runtime::refuse_in_callback("subscribe");
  check(options, batch);
  std::map<std::string, std::vector<engine::Route>> by_stream;
  for (const auto& route : routes) {
    check_name("stream name", route.stream);
    if (route.type != "*") check_name("event type", route.type);
    by_stream[route.stream].push_back({route.type, route.version});
  }
  std::uint32_t id = 0;
  {
    const std::lock_guard lock(mutex_);
    id = next_subscription_++;
  }
  std::vector<std::shared_ptr<runtime::MemberRunner>> runners;
  try {
    for (auto& [stream, stream_routes] : by_stream) {
      upkeeper()->look_after(stream);
      engine::Subscription subscription{id, std::move(stream_routes), options.concurrency, options.retry,
                                        options.max_handling_time};
      if (batch) {
        subscription.batch_size = options.batch_size;
        subscription.batch_wait = options.batch_wait;
      }
      runners.push_back(take_part(stream, subscription, handler, options));
    }
  } catch (...) {
    end_subscription(id, runners, Millis(0));
    throw;
  }
  auto control =
      std::make_shared<SubscriptionControl>(shared_from_this(), id, std::move(runners), options.drain_timeout);
  const std::lock_guard lock(mutex_);
  subscriptions_[id] = control;
  return Subscription(std::move(control));
}

void Core::end_subscription(std::uint32_t id, const std::vector<std::shared_ptr<runtime::MemberRunner>>& runners,
                            Millis drain) {
  const auto until = runtime::after(drain);
  for (const auto& runner : runners) {
    runner->remove(id,
                   std::max(Millis(0), std::chrono::duration_cast<Millis>(until - std::chrono::steady_clock::now())));
  }
  const std::lock_guard lock(mutex_);
  subscriptions_.erase(id);
  std::erase_if(runners_, [](const auto& joined) { return !joined.second.runner || joined.second.runner->leaving(); });
}

bool Core::ready() const {
  const auto patience = engine::Nanos(std::chrono::seconds(30));
  const std::lock_guard lock(mutex_);
  if (!connection_) return false;
  for (const auto& [key, joined] : runners_) {
    const auto health = joined.runner->health();
    if (health.hung || (health.troubled && health.since_progress > patience)) return false;
  }
  return true;
}

}  // namespace collective::detail

namespace collective {

Subscription& Subscription::operator=(Subscription&& other) noexcept {
  if (this != &other) {
    if (control_) control_->end(control_->drain());
    control_ = std::move(other.control_);
  }
  return *this;
}

Subscription::~Subscription() {
  if (control_) control_->end(control_->drain());
}

void Subscription::pause() {
  if (control_) control_->pause();
}

void Subscription::resume() {
  if (control_) control_->resume();
}

void Subscription::close() {
  if (control_) close(control_->drain());
}

void Subscription::close(Millis drain) {
  runtime::refuse_in_callback("Subscription::close");
  if (const auto control = std::exchange(control_, nullptr)) control->end(drain);
}

}  // namespace collective
