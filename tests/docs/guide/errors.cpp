// docs/guide/errors.md quotes what each Errc looks like. Here each is provoked through the public API, and its message is
// compared with the page.
#include <cstdio>
#include <fstream>
#include <future>
#include <map>
#include <set>
#include <sstream>

#include <gtest/gtest.h>
#include <openssl/provider.h>

#include "collective/collective.hpp"

#include "broker/embedded/keys.hpp"
#include "broker/embedded/records.hpp"
#include "docs/guide/pattern.hpp"
#include "faults/embedded_processes.hpp"
#include "support/temporary_directory.hpp"

namespace collective {
namespace {

using embedded_test::Child;
using embedded_test::RawEnvironment;
using embedded_test::Signal;
using testing_support::TemporaryDirectory;

/// The messages that the page quotes, by the name of the code: the ```text blocks below a heading `### `name``.
std::map<std::string, std::vector<std::string>> quoted_messages() {
  std::ifstream page(ERRORS_PAGE);
  std::map<std::string, std::vector<std::string>> messages;
  std::string code;
  bool inside = false;
  for (std::string line; std::getline(page, line);) {
    if (line.starts_with("### `")) {
      code = line.substr(5, line.find('`', 5) - 5);
      messages[code];
    } else if (line.starts_with("```")) {
      inside = line == "```text";
      if (inside) messages[code].emplace_back();
    } else if (inside) {
      auto& message = messages[code].back();
      message += (message.empty() ? "" : "\n") + line;
    }
  }
  return messages;
}

class ErrorsPage : public ::testing::Test {
 protected:
  static UserRegistered ada() { return {.user_id = "ada", .email = "ada@example.com", .tier = Tier::individual_pro}; }

  static EventClient connected(Options options = {}) {
    if (options.broker.empty()) options.broker = "memory:" + new_ulid();
    EventClient client(std::move(options));
    client.connect();
    return client;
  }
  static EventClient connected(const std::string& broker) { return connected(Options{.broker = broker}); }

  [[nodiscard]] std::string store() const { return (directory_.path() / "events").string(); }

  /// A store with one event in it, closed.
  void create_store() {
    auto client = connected("embedded:" + store());
    client.publish(ada());
    client.close();
  }

  /// The call fails with this code, in words that the page quotes below the code's name.
  template <class Call>
  void expect(Errc code, Call&& call) {
    const std::string code_name(name(code));
    try {
      call();
      FAIL() << code_name << ": nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(name(error.code()), code_name) << error.what();
      for (const auto& pattern : messages_[code_name]) {
        if (guide::matches(pattern, error.what())) return;
      }
      FAIL() << "docs/guide/errors.md does not quote this message of " << code_name << ":\n"
             << std::string(error.what()).substr(0, 2'000);
    }
  }

  std::map<std::string, std::vector<std::string>> messages_ = quoted_messages();
  TemporaryDirectory directory_;
};

TEST_F(ErrorsPage, NamesEachCodeAndNoOther) {
  std::set<std::string> codes;
  for (int code = 1; code < 256; ++code) codes.emplace(name(static_cast<Errc>(code)));  // "internal" for what is none
  for (const auto& code : codes) EXPECT_FALSE(messages_[code].empty()) << code << " has no message on the page";
  for (const auto& [code, ignored] : messages_) EXPECT_TRUE(codes.contains(code)) << code << " is no Errc";
}

TEST_F(ErrorsPage, Invalid) {
  auto client = connected();
  expect(Errc::invalid,
         [&] { client.publish(UserRegistered{.user_id = "", .email = "ada", .tier = Tier::individual_pro}); });
  expect(Errc::invalid, [&] { EventClient({.broker = "embedded:/tmp/events?sync=fast"}).connect(); });
}

TEST_F(ErrorsPage, UnknownType) {
  auto client = connected();
  expect(Errc::unknown_type, [&] { client.publish("user.registred", "{}"); });
}

TEST_F(ErrorsPage, TooLarge) {
  auto client = connected();
  expect(Errc::too_large, [&] {
    client.publish(UserUpdated{.user_id = "ada", .fields = R"({"notes":")" + std::string(1u << 20, 'x') + "\"}"});
  });
}

TEST_F(ErrorsPage, Loop) {
  auto client = connected(Options{.hop_limit = 2});
  EventBus bus(client);
  std::promise<Error> loop;
  const auto updater = bus.subscribe<UserUpdated>(
      [&](const Event<UserUpdated>& event) {
        try {
          client.publish(event.data);
        } catch (const Error& error) {
          loop.set_value(error);
        }
        return true;
      },
      {.group = "updater"});
  client.publish(UserUpdated{.user_id = "ada", .fields = {}});
  expect(Errc::loop, [&] { throw loop.get_future().get(); });
}

TEST_F(ErrorsPage, NotConnected) {
  EventClient client({.broker = "memory:never-connected"});
  expect(Errc::not_connected, [&] { client.publish(ada()); });
}

TEST_F(ErrorsPage, Deadlock) {
  auto client = connected();
  std::promise<void> told;
  client.publish_async(ada(), [&](const Published&, const std::exception_ptr&) {
    try {
      client.publish(ada());
      told.set_value();
    } catch (...) {
      told.set_exception(std::current_exception());
    }
  });
  expect(Errc::deadlock, [&] { told.get_future().get(); });
}

TEST_F(ErrorsPage, Timeout) {
  auto client = connected();
  expect(Errc::timeout, [&] { (void)client.wait_for<UserUpdated>("flow-1", Millis(1)); });
}

TEST_F(ErrorsPage, Full) {
  auto client = connected();
  client.publish(ada());
  expect(Errc::full, [&] { client.publish(ada(), {.hard_cap = 1}); });

  auto small = connected("embedded:" + store() + "?max_mb=1");
  expect(Errc::full, [&] {
    const UserUpdated large{.user_id = "ada", .fields = R"({"notes":")" + std::string(100'000, 'x') + "\"}"};
    for (int i = 0; i < 100; ++i) small.publish(large);
  });
}

TEST_F(ErrorsPage, NotFound) {
  auto client = connected();
  EventBus bus(client);
  expect(Errc::not_found, [&] { (void)client.stream_info("nothing.events"); });
  client.publish(ada());
  expect(Errc::not_found, [&] { bus.replay(streams::user, "nobody", EntryId{}); });
}

TEST_F(ErrorsPage, Conflict) {
  auto client = connected();
  EventBus bus(client);
  client.publish(ada());
  (void)bus.fetch(streams::user, {.group = "auditors"});
  bus.replay(streams::user, "auditors", EntryId{});
  expect(Errc::conflict, [&] { bus.replay(streams::user, "auditors", EntryId{}); });

  auto first = connected("embedded:" + store());
  expect(Errc::conflict, [&] { connected("embedded:" + store() + "?sync=full"); });
}

TEST_F(ErrorsPage, Cancelled) {
  auto client = connected();
  EventBus bus(client);
  std::promise<void> asked;
  const auto deaf = bus.subscribe<UserRegistered>(
      [&](const Event<UserRegistered>&) {
        asked.set_value();
        return true;
      },
      {.group = "deaf"});
  auto answer = std::async(std::launch::async, [&] { return client.request<UserUpdated>(ada()); });
  asked.get_future().wait();
  client.close();
  expect(Errc::cancelled, [&] { answer.get(); });

  std::stop_source stop = std::stop_source();
  stop.request_stop();
  expect(Errc::cancelled, [&] { run_saga("order", stop.get_token(), [](Saga& saga) { saga.step("ship", [] {}); }); });
}

TEST_F(ErrorsPage, Failed) {
  expect(Errc::failed, [&] {
    run_saga("order", [](Saga& saga) {
      saga.step("reserve", [] {}, [] {});
      saga.step("ship", [] { throw std::runtime_error("no truck"); });
    });
  });
}

TEST_F(ErrorsPage, Internal) {
  auto* const nothing =
      OSSL_PROVIDER_load(nullptr, "null");  // instead of the default one, as a broken installation has it
  auto client = connected();
  expect(Errc::internal, [&] {
    client.publish(EmbeddingGenerationRequested{
        .text_content = "text", .user_id = "ada", .contextual_core_id = "c", .priority = EmbeddingPriority::low});
  });
  OSSL_PROVIDER_unload(nothing);
}

// --- the embedded store's bad days ------------------------------------------------------------------------------------

TEST_F(ErrorsPage, Permission) {
  create_store();
  const auto link = directory_.path() / "link";
  std::filesystem::create_symlink(store(), link);
  expect(Errc::permission, [&] { connected("embedded:" + link.string()); });
}

TEST_F(ErrorsPage, Corrupt) {
  create_store();
  std::filesystem::resize_file(store() + "/data.mdb", 10'000);
  expect(Errc::corrupt, [&] { connected("embedded:" + store()); });
}

TEST_F(ErrorsPage, Incompatible) {
  create_store();
  Child newer([&] {
    const RawEnvironment environment(store());
    MDB_txn* const txn = environment.begin();
    MDB_dbi state = 0;
    if (mdb_dbi_open(txn, "state", 0, &state) != 0) return 1;
    const embedded::Key key(embedded::Kind::format);
    std::string bytes;
    embedded::FormatRecord format;
    format.version = 7;
    format.oldest_reader = 6;
    const auto record = format.encode(key, bytes);
    MDB_val k{key.view().size(), const_cast<char*>(key.view().data())};  // NOLINT
    MDB_val v{record.size(), const_cast<char*>(record.data())};          // NOLINT
    return mdb_put(txn, state, &k, &v, 0) == 0 && mdb_txn_commit(txn) == 0 ? 0 : 2;
  });
  ASSERT_EQ(newer.exit_status(), 0);
  expect(Errc::incompatible, [&] { connected("embedded:" + store()); });
}

// A commit that takes longer than the caller waits. Where the store did not even begin it in time, it says so, and the next try
// meets it under way.
TEST_F(ErrorsPage, Unknown) {
  create_store();
  auto client = connected(Options{.broker = "embedded:" + store(), .operation_timeout = Millis(5)});
  const std::vector<UserRegistered> many(20'000, ada());
  expect(Errc::unknown, [&] {
    for (int i = 0; i < 100; ++i) {
      try {
        client.publish_batch(many);
      } catch (const Error& error) {
        if (error.code() != Errc::unavailable) throw;
      }
    }
  });
}

/// Another process stops while it writes: nobody else can.
class ErrorsPageWithAStoppedWriter : public ErrorsPage {
 protected:
  ErrorsPageWithAStoppedWriter() {
    create_store();
    stopped_.emplace([&] {
      const RawEnvironment environment(store());
      MDB_txn* const txn = environment.begin();
      holding_.raise();
      ::raise(SIGSTOP);
      mdb_txn_abort(txn);
      return 0;
    });
    EXPECT_TRUE(holding_.wait());
    stopped_->wait_until_stopped();
  }
  ~ErrorsPageWithAStoppedWriter() override { stopped_->kill(SIGCONT); }

  Signal holding_;
  std::optional<Child> stopped_;
};

TEST_F(ErrorsPageWithAStoppedWriter, Unavailable) {
  auto client = connected(Options{.broker = "embedded:" + store(), .operation_timeout = Millis(200)});
  expect(Errc::unavailable, [&] { client.publish(ada()); });
  EventBus bus(client);
  expect(Errc::unavailable, [&] {
    const auto never =
        bus.subscribe<UserRegistered>([](const Event<UserRegistered>&) { return true; }, {.group = "mailer"});
  });
}

}  // namespace
}  // namespace collective
