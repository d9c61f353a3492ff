#include "collective/bus.hpp"

#include "runtime/core.hpp"

namespace collective {

EventBus::EventBus(Options options) : EventBus(EventClient(std::move(options))) {}
EventBus::EventBus(const EventClient& client) : core_(client.core_) {}

void EventBus::connect() {
  core_->connect();
}
void EventBus::close(Millis deadline) {
  core_->close(deadline);
}

Subscription EventBus::subscribe_erased(std::vector<RouteSpec> routes, detail::RawHandler handler,
                                        SubscribeOptions options, bool batch) {
  std::vector<detail::Core::RouteKey> keys;
  keys.reserve(routes.size());
  for (auto& route : routes) keys.push_back({std::move(route.stream), std::move(route.type), route.version});
  return core_->subscribe(std::move(keys), std::move(handler), std::move(options), batch);
}

std::vector<Pulled> EventBus::fetch(std::string_view stream, const FetchOptions& options) {
  return core_->fetch(std::string(stream), options);
}
Settlement EventBus::acknowledge(const DeliveryToken& token) {
  return core_->acknowledge(token);
}
Settlement EventBus::retry(const DeliveryToken& token, Millis delay, std::string_view error) {
  return core_->retry(token, delay, error);
}
Settlement EventBus::dead_letter(const DeliveryToken& token, std::string_view reason) {
  return core_->dead_letter(token, reason);
}
Settlement EventBus::extend(const DeliveryToken& token, Millis from_now) {
  return core_->extend(token, from_now);
}

std::uint64_t EventBus::republish_dead_letters(std::string_view stream, std::string_view group, Millis max_age) {
  return core_->republish(std::string(stream), std::string(group), max_age);
}
std::uint64_t EventBus::republish_dead_letters(std::string_view stream, std::string_view group,
                                               const std::vector<std::uint64_t>& numbers) {
  return core_->republish(std::string(stream), std::string(group), numbers);
}
std::vector<DeadLetter> EventBus::dead_letters(std::string_view stream, std::string_view group, std::uint64_t after,
                                               std::size_t limit) {
  return core_->dead_letters(std::string(stream), std::string(group), after, limit);
}
std::uint64_t EventBus::discard_dead_letters(std::string_view stream, std::string_view group,
                                             const std::vector<std::uint64_t>& numbers) {
  return core_->discard(std::string(stream), std::string(group), numbers);
}

StreamInfo EventBus::stream_info(std::string_view stream) {
  return core_->stream_info(std::string(stream));
}
std::vector<GroupInfo> EventBus::groups(std::string_view stream) {
  return core_->groups(std::string(stream));
}
std::vector<PendingEvent> EventBus::pending(std::string_view stream, std::string_view group, std::size_t limit) {
  return core_->pending(std::string(stream), std::string(group), limit);
}

std::uint64_t EventBus::replay(std::string_view stream, std::string_view group, EntryId after) {
  return core_->replay(std::string(stream), std::string(group), after);
}
std::uint64_t EventBus::replay(std::string_view stream, std::string_view group, Timestamp from) {
  const auto first = EntryId::at(from);
  const auto before = first.ms == 0 ? EntryId::min() : EntryId{first.ms - 1, EntryId::max().seq};
  return replay(stream, group, before);
}
std::uint64_t EventBus::forget(std::string_view stream, std::string_view group, std::string_view type) {
  return core_->forget(std::string(stream), std::string(group), std::string(type));
}
std::uint64_t EventBus::trim(std::string_view stream, std::uint64_t max_length, bool unacknowledged) {
  return core_->trim(std::string(stream), max_length, unacknowledged);
}
bool EventBus::ready() const {
  return core_->ready();
}

}  // namespace collective
