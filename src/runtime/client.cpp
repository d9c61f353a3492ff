#include "collective/client.hpp"

#include "runtime/await.hpp"
#include "runtime/core.hpp"

namespace collective {

EventClient::EventClient(Options options)
    : core_(std::make_shared<detail::Core>(std::move(options), runtime::default_brokers(),
                                           std::make_shared<runtime::SystemClock>())) {}

void EventClient::connect() {
  core_->connect();
}
void EventClient::close(Millis deadline) {
  core_->close(deadline);
}

Published EventClient::publish(std::string_view type, std::string_view json, const PublishOptions& options) {
  return core_->publish_json(type, json, options);
}
Published EventClient::publish_erased(const TypeDescriptor& type, const void* event, const PublishOptions& options) {
  return core_->publish(type, event, options, nullptr);
}
std::vector<Published> EventClient::publish_batch_erased(const TypeDescriptor& type,
                                                         std::span<const void* const> events,
                                                         const PublishOptions& options) {
  return core_->publish_batch(type, events, options);
}
void EventClient::publish_async_erased(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                                       PublishCallback done) {
  core_->publish_async(type, event, options, std::move(done));
}
void EventClient::flush() {
  runtime::refuse_in_callback("flush");
  if (!core_->flush(std::chrono::steady_clock::now() + core_->options().operation_timeout)) {
    throw Error(Errc::timeout,
                "flush: events are still on their way after Options::operation_timeout; the broker is slow or away");
  }
}
void EventClient::know_erased(const TypeDescriptor& type) {
  core_->know(type);
}

AnyEvent EventClient::wait_for(std::string_view stream, std::string_view type, std::string_view correlation_id,
                               Millis timeout) {
  return wait_erased(stream, type, correlation_id, timeout);
}
AnyEvent EventClient::wait_erased(std::string_view stream, std::string_view type, std::string_view correlation_id,
                                  Millis timeout) {
  return core_->wait_for(std::string(stream), std::string(type), std::string(correlation_id), timeout);
}
AnyEvent EventClient::request_erased(const TypeDescriptor& type, const void* event, const PublishOptions& options,
                                     std::string_view stream, std::string_view reply_type, Millis timeout) {
  return core_->request(type, event, options, std::string(stream), std::string(reply_type), timeout);
}

std::vector<AnyEvent> EventClient::read(std::string_view stream, const ReadOptions& options) {
  return core_->read(std::string(stream), options);
}
std::vector<AnyEvent> EventClient::follow(std::string_view stream, EntryId after, Millis timeout, std::size_t limit) {
  return core_->follow(std::string(stream), after, timeout, limit);
}
std::vector<TracedEvent> EventClient::trace(std::string_view correlation_id, const TraceOptions& options) {
  return core_->trace(std::string(correlation_id), options);
}
std::vector<std::string> EventClient::streams() {
  return core_->streams();
}
StreamInfo EventClient::stream_info(std::string_view stream) {
  return core_->stream_info(std::string(stream));
}
std::vector<Finding> EventClient::diagnose() {
  return core_->diagnose();
}

std::vector<GroupInfo> EventClient::groups(std::string_view stream) {
  return core_->groups(std::string(stream));
}

std::string EventClient::describe() const {
  const auto connection = core_->connection();
  return connection->store.description + "; a returned publish survives " + connection->store.survives;
}

}  // namespace collective
