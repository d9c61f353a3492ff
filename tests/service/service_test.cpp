#include "service/service_test.hpp"

namespace collective::service::testing_support {
namespace {

EventClient connected(const std::string& broker) {
  EventClient client({.broker = broker});
  client.connect();
  return client;
}

std::string broker_of_this_test() {
  return "memory:" + std::string(::testing::UnitTest::GetInstance()->current_test_info()->name());
}

}  // namespace

ServiceTest::ServiceTest() : client(connected(broker_of_this_test())), bus(client) {
  options.broker = broker_of_this_test();
  options.port = 0;
  options.sample_interval = std::chrono::hours(1);  // tests ask for samples
  options.log_level = Severity::debug;
  options.log_sink = [this](std::string_view line) {
    const std::lock_guard lock(mutex_);
    (log_ += line) += '\n';
  };
}

ServiceTest::~ServiceTest() {
  if (service_) service_->stop();
}

Service& ServiceTest::service() {
  if (!service_) {
    service_ = std::make_unique<Service>(options);
    service_->start();
  }
  return *service_;
}

Reply ServiceTest::raw(std::string_view bytes) {
  Wire wire(port());
  wire.send(bytes);
  return wire.receive();
}

Reply ServiceTest::get(std::string_view target, std::string_view headers) {
  return raw(request_text("GET", target, {}, headers));
}

Reply ServiceTest::post(std::string_view target, std::string_view body, std::string_view headers) {
  return raw(request_text("POST", target, body, headers));
}

std::string ServiceTest::log() {
  const std::lock_guard lock(mutex_);
  return log_;
}

std::string bearer(std::string_view secret) {
  return "Authorization: Bearer " + std::string(secret) + "\r\n";
}

std::string member(std::string_view json, std::string_view name) {
  const auto key = "\"" + std::string(name) + "\":";
  const auto at = json.find(key);
  if (at == std::string_view::npos) return {};
  auto value = json.substr(at + key.size());
  if (!value.starts_with('"')) return std::string(value.substr(0, value.find_first_of(",}]")));
  value.remove_prefix(1);
  return std::string(value.substr(0, value.find('"')));
}

}  // namespace collective::service::testing_support
