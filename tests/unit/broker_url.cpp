#include <cstdlib>

#include <gtest/gtest.h>

#include "collective/error.hpp"

#include "runtime/broker_table.hpp"

namespace collective::runtime {
namespace {

/// Sets environment variables for the time of a test.
class Environment {
 public:
  Environment(std::initializer_list<std::pair<const char*, const char*>> values) {
    for (const char* name : {"EVENT_BUS_BROKER", "REDIS_HOST", "REDIS_PORT", "REDIS_DB", "XDG_STATE_HOME", "HOME"})
      set(name, nullptr);
    for (const auto& [name, value] : values) setenv(name, value, 1);
  }
  ~Environment() {
    for (const auto& [name, value] : before_) value ? setenv(name.c_str(), value->c_str(), 1) : unsetenv(name.c_str());
  }
  Environment(const Environment&) = delete;
  Environment& operator=(const Environment&) = delete;

 private:
  void set(const char* name, const char* value) {
    const char* old = std::getenv(name);
    before_.emplace_back(name, old == nullptr ? std::nullopt : std::optional<std::string>(old));
    value == nullptr ? unsetenv(name) : setenv(name, value, 1);
  }
  std::vector<std::pair<std::string, std::optional<std::string>>> before_;
};

TEST(BrokerUrl, IsTakenApart) {
  auto url = BrokerUrl::parse("embedded:/var/lib/x?sync=none&max_mb=5");
  EXPECT_EQ(url.scheme, "embedded");
  EXPECT_EQ(url.rest, "/var/lib/x");
  EXPECT_EQ(url.take("sync", "commit"), "none");
  EXPECT_EQ(url.take("other", "fallback"), "fallback");
  EXPECT_THROW(url.refuse_rest("sync"), Error);  // max_mb is left
  EXPECT_EQ(url.take("max_mb", ""), "5");
  EXPECT_NO_THROW(url.refuse_rest("sync"));
}

TEST(BrokerUrl, AMalformedOneIsRefused) {
  for (const char* bad : {"", "path", ":x", "embedded:/x?sync", "embedded:/x?=none"})
    EXPECT_THROW(BrokerUrl::parse(bad), Error) << bad;
}

TEST(BrokerUrl, ARepeatedOptionIsNamed) {
  try {
    BrokerUrl::parse("embedded:/x?sync=full&max_mb=5&sync=none");
    FAIL() << "one of the two would win silently";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid);
    EXPECT_NE(std::string(error.what()).find("option \"sync\" is given twice"), std::string::npos) << error.what();
  }
}

TEST(BrokerUrl, WhatIsGivenComesBeforeTheEnvironment) {
  const Environment environment{{"EVENT_BUS_BROKER", "memory:a"}, {"REDIS_HOST", "redis"}};
  EXPECT_EQ(resolve_broker_url("memory:b"), "memory:b");
  EXPECT_EQ(resolve_broker_url(""), "memory:a");
}

TEST(BrokerUrl, TheVariablesOfExistingDeploymentsNameARedis) {
  const Environment environment{{"REDIS_HOST", "redis"}, {"REDIS_DB", "2"}};
  EXPECT_EQ(resolve_broker_url(""), "redis://redis:6379/2");
}

TEST(BrokerUrl, WithoutAnythingTheStoreIsUnderTheStateDirectory) {
  {
    const Environment environment{{"XDG_STATE_HOME", "/state"}, {"HOME", "/home/u"}};
    EXPECT_EQ(resolve_broker_url(""), "embedded:/state/event-bus");
  }
  const Environment environment{{"HOME", "/home/u"}};
  EXPECT_EQ(resolve_broker_url(""), "embedded:/home/u/.local/state/event-bus");
}

TEST(BrokerUrl, AnUnknownSchemeIsRefusedWithTheKnownOnes) {
  Options options;
  options.broker = "kafka:x";
  try {
    open_store({{"memory", nullptr}}, options);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::invalid);
    EXPECT_NE(std::string(error.what()).find("memory:"), std::string::npos) << error.what();
  }
}

TEST(BrokerUrl, AMemoryNameIsTheSameStoreAsLongAsSomebodyUsesIt) {
  const auto table = default_brokers();
  Options options;
  options.broker = "memory:shared";
  auto first = open_store(table, options);
  const auto second = open_store(table, options);
  first = {};
  EXPECT_EQ(open_store(table, options).broker, second.broker);
}

}  // namespace
}  // namespace collective::runtime
