#pragma once

#include <filesystem>
#include <ostream>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "broker/admin.hpp"
#include "broker/embedded/embedded.hpp"
#include "broker/memory/memory.hpp"
#include "broker/redis/redis.hpp"
#include "support/redis_server.hpp"
#include "support/steps.hpp"
#include "support/temporary_directory.hpp"

// Every broker, for tests of what they have in common.
namespace collective::testing_support {

/// A broker's name in the tests, and how a store of it is opened in a directory of the test's own.
struct StoreKind {
  std::string name;
  broker::Store (*open)(const std::filesystem::path& directory);

  friend void PrintTo(const StoreKind& kind, std::ostream* out) { *out << kind.name; }
};

inline broker::Store open_memory(const std::filesystem::path&) {
  return memory::open("test");
}

inline broker::Store open_embedded(const std::filesystem::path& directory) {
  embedded::Options options;
  options.path = (directory / "store").string();
  options.sync = embedded::Sync::none;
  options.map_size = std::size_t{1} << 30;
  return embedded::open(options);
}

inline broker::Store open_redis(const std::filesystem::path& directory) {
  return redis::open(shared_redis().options(redis_database_of(directory)));
}

/// A new broker is one more line here: everything its users rely on is then tested on it too.
inline std::vector<StoreKind> every_store() {
  return {
      {"memory", open_memory},
      {"embedded", open_embedded},
      {"redis", open_redis},
  };
}

/// Runs each test on every broker, with a store of its own.
class StoreTest : public ::testing::TestWithParam<StoreKind> {
 protected:
  StoreTest() : store_(GetParam().open(directory_.path())) {}

  [[nodiscard]] Steps& store() { return store_; }

 private:
  TemporaryDirectory directory_;
  Steps store_;
};

}  // namespace collective::testing_support

#define COLLECTIVE_ON_EVERY_STORE(Suite)                                                                     \
  INSTANTIATE_TEST_SUITE_P(Stores, Suite, ::testing::ValuesIn(::collective::testing_support::every_store()), \
                           [](const auto& parameter) { return parameter.param.name; })
