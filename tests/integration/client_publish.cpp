#include <thread>

#include "support/live.hpp"

namespace collective {
namespace {

using testing_support::Collected;

class ClientPublish : public testing_support::LiveTest {
 protected:
  static Errc code_of(const std::function<void()>& call) {
    try {
      call();
    } catch (const Error& error) {
      last_message() = error.what();
      return error.code();
    }
    return Errc::ok;
  }
  static std::string& last_message() {
    static std::string message;
    return message;
  }
};

TEST_P(ClientPublish, ReturnsIdsThatGrowAndTheEventCanBeRead) {
  auto client = connected();
  const auto first = client.publish(user("u1"), {.correlation_id = "c-1", .key = "k"});
  const auto second = client.publish(user("u2"));
  EXPECT_LT(first.entry_id, second.entry_id);
  EXPECT_LT(first.event_id, second.event_id);
  const auto events = client.read("user.events");
  ASSERT_EQ(events.size(), 2u);
  EXPECT_EQ(events[0].envelope.id, first.event_id);
  EXPECT_EQ(events[0].envelope.correlation_id, "c-1");
  EXPECT_EQ(events[0].envelope.user_id, "u1");
  EXPECT_EQ(events[0].header().key(), "k");
  EXPECT_EQ(events[0].as<UserRegistered>().data, user("u1"));
}

TEST_P(ClientPublish, ReportsEveryBadFieldAndStoresNothing) {
  auto client = connected();
  const auto wrong = [&] {
    client.publish(UserRegistered{.user_id = "", .email = "nobody", .tier = Tier::individual_pro});
  };
  EXPECT_EQ(code_of(wrong), Errc::invalid);
  EXPECT_NE(last_message().find("/user_id"), std::string::npos) << last_message();
  EXPECT_NE(last_message().find("/email"), std::string::npos) << last_message();
  EXPECT_TRUE(client.read("user.events").empty());
}

TEST_P(ClientPublish, NamesTheNearestTypeOfAMisspeltOne) {
  auto client = connected();
  EXPECT_EQ(code_of([&] { client.publish("user.registred", "{}"); }), Errc::unknown_type);
  EXPECT_NE(last_message().find("user.registered"), std::string::npos) << last_message();
}

TEST_P(ClientPublish, RefusesAnEventBeyondTheSizeLimit) {
  auto small = options();
  small.max_event_bytes = 1'000;
  auto client = connected(small);
  auto big = user("u1");
  big.referral_source = std::string(2'000, 'x');
  EXPECT_EQ(code_of([&] { client.publish(big); }), Errc::too_large);
  EXPECT_NE(last_message().find("max_event_bytes"), std::string::npos) << last_message();
}

TEST_P(ClientPublish, ABatchIsStoredWholeOrNotAtAll) {
  auto client = connected();
  EXPECT_EQ(client.publish_batch(std::vector<UserRegistered>{user("a"), user("b")}).size(), 2u);
  const std::vector<UserRegistered> half_bad{user("c"), user("")};
  EXPECT_EQ(code_of([&] { client.publish_batch(half_bad); }), Errc::invalid);
  EXPECT_NE(last_message().find("event 1"), std::string::npos) << last_message();
  EXPECT_EQ(client.read("user.events").size(), 2u);
}

TEST_P(ClientPublish, AsynchronousPublishesKeepTheirOrderAndAllEnd) {
  auto narrow = options();
  narrow.window = 7;
  auto client = connected(narrow);
  Collected<std::string> stored;
  for (int i = 0; i < 200; ++i) {
    client.publish_async(user("u" + std::to_string(i)),
                         [&](const Published& published, const std::exception_ptr& error) {
                           if (!error) stored.add(published.event_id);
                         });
  }
  client.flush();
  const auto ids = stored.wait_for(200);
  const auto events = client.read("user.events");
  ASSERT_EQ(ids.size(), 200u);
  ASSERT_EQ(events.size(), 200u);
  for (std::size_t i = 0; i < 200; ++i) EXPECT_EQ(events[i].envelope.id, ids[i]);
}

TEST_P(ClientPublish, AHardCapRefusesOfThoseOnTheirWayOnlyTheOnesBeyondIt) {
  auto client = connected();
  Collected<std::string> stored, refused;
  for (int i = 0; i < 300; ++i) {
    client.publish_async(user("u" + std::to_string(i)),
                         [&](const Published& published, const std::exception_ptr& error) {
                           (error ? refused : stored).add(published.event_id);
                         },
                         {.hard_cap = 137});
  }
  client.flush();
  const auto ids = stored.now();
  ASSERT_EQ(ids.size(), 137u);
  EXPECT_EQ(refused.now().size(), 163u);
  const auto events = client.read("user.events");
  ASSERT_EQ(events.size(), 137u);
  for (std::size_t i = 0; i < 137; ++i) EXPECT_EQ(events[i].envelope.user_id, "u" + std::to_string(i));
}

TEST_P(ClientPublish, ADelayedEventIsNotVisibleBeforeItsTime) {
  auto client = connected();
  client.publish(user("far"), {.delay = std::chrono::hours(1)});
  client.publish(user("near"), {.delay = Millis(20)});
  EXPECT_TRUE(client.read("user.events").empty());
  EXPECT_EQ(client.stream_info("user.events").delayed, 2u);
  const auto events = client.follow("user.events", {}, testing_support::limit);
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].envelope.user_id, "near");
}

TEST_P(ClientPublish, IsSafeFromManyThreads) {
  auto client = connected();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 50; ++i) client.publish(user("u" + std::to_string(t) + "-" + std::to_string(i)));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(client.read("user.events").size(), 200u);
}

TEST_P(ClientPublish, BeforeConnectAndAfterCloseItSaysSo) {
  EventClient client(options());
  EXPECT_EQ(code_of([&] { client.publish(user("u1")); }), Errc::not_connected);
  client.connect();
  client.publish(user("u1"));
  client.close();
  EXPECT_EQ(code_of([&] { client.publish(user("u2")); }), Errc::not_connected);
}

TEST_P(ClientPublish, FillsInTheContentHashOfAnEmbeddingRequest) {
  auto client = connected();
  client.publish("embedding.generation.requested",
                 R"({"text_content":"abc","user_id":"u1","contextual_core_id":"c1","priority":"normal"})");
  const auto events = client.read("contextual.events");
  ASSERT_EQ(events.size(), 1u);
  EXPECT_EQ(events[0].as<EmbeddingGenerationRequested>().data.content_hash,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

COLLECTIVE_ON_EVERY_BROKER(ClientPublish);

TEST(BrokerUrl, AnUnknownSchemeOptionOrShapeIsRefusedByName) {
  const auto message = [](const std::string& url) {
    Options options;
    options.broker = url;
    try {
      EventClient client(options);
      client.connect();
    } catch (const Error& error) {
      return std::string(name(error.code())) + ": " + error.what();
    }
    return std::string("connected");
  };
  EXPECT_NE(message("carrier-pigeon:x").find("carrier-pigeon:"), std::string::npos);
  EXPECT_NE(message("embedded:/tmp/x?sinc=none").find("sinc"), std::string::npos);
  EXPECT_NE(message("nonsense").find("embedded:PATH"), std::string::npos);
}

}  // namespace
}  // namespace collective
