#include "service/service_test.hpp"

// GET /streams/{stream}/subscribe: Server-Sent Events.
namespace collective::service {
namespace {

using namespace testing_support;

class Subscribing : public ServiceTest {
 protected:
  void subscribe(Wire& wire, const std::string& query = "", const std::string& headers = "") {
    wire.send(request_text("GET", "/streams/user.events/subscribe" + query, {}, headers));
    EXPECT_NE(wire.receive_until("\r\n\r\n").find("Content-Type: text/event-stream"), std::string::npos);
    EXPECT_EQ(wire.receive_until("\n\n"), "retry: 1000\n\n");
  }
  /// The next event that is no comment.
  static std::string next(Wire& wire) {
    std::string frame;
    do {
      frame = wire.receive_until("\n\n");
    } while (frame.starts_with(':'));
    return frame;
  }
  void publish_many(int from, int to) {
    std::vector<UserRegistered> users;
    for (int i = from; i < to; ++i) users.push_back(user("u-" + std::to_string(i)));
    client.publish_batch(users);
  }
  static void expect_users(Wire& wire, int from, int to) {
    for (int i = from; i < to; ++i) {
      const auto frame = next(wire);
      ASSERT_NE(frame.find(R"("user_id":"u-)" + std::to_string(i) + "\""), std::string::npos) << i << "\n" << frame;
    }
  }
};

TEST_F(Subscribing, ShowsWhatIsPublishedFromNowOn) {
  publish_many(0, 3);
  Wire wire(port());
  subscribe(wire);
  const auto published = client.publish(user("u-3"));
  const auto frame = next(wire);
  EXPECT_TRUE(
      frame.starts_with("id: " + published.entry_id.to_string() + "\nevent: user.registered\ndata: {\"entry_id\":"))
      << frame;
  EXPECT_NE(frame.find("u-3"), std::string::npos);
}

TEST_F(Subscribing, FromEarliestGoesThroughTheWholeStreamAndOnWithoutAGap) {
  publish_many(0, 2'000);  // more than the shared tail keeps
  Wire wire(port());
  subscribe(wire, "?from=earliest");
  expect_users(wire, 0, 1'000);
  publish_many(2'000, 2'500);
  expect_users(wire, 1'000, 2'500);
}

TEST_F(Subscribing, ResumesAfterTheLastEventThatWasSeen) {
  publish_many(0, 3);
  const auto seen = client.read("user.events").at(1).entry_id.to_string();
  Wire wire(port());
  subscribe(wire, "?from=earliest", "Last-Event-ID: " + seen + "\r\n");
  expect_users(wire, 2, 3);
}

TEST_F(Subscribing, SaysSoWhenEventsWereTrimmedMeanwhile) {
  publish_many(0, 10);
  const auto seen = client.read("user.events").at(1).entry_id.to_string();
  bus.trim("user.events", 3, true);
  ASSERT_LT(client.stream_info("user.events").length, 10u);
  Wire wire(port());
  subscribe(wire, "", "Last-Event-ID: " + seen + "\r\n");
  EXPECT_TRUE(next(wire).starts_with("event: event-bus.gap\ndata: {\"after\":\"" + seen + "\",\"firstAvailable\":"));
}

TEST_F(Subscribing, StartsAtATimeOrAnEntry) {
  publish_many(0, 3);
  Wire by_time(port()), by_entry(port());
  subscribe(by_time, "?from=2020-01-01T00:00:00Z");
  expect_users(by_time, 0, 3);
  subscribe(by_entry, "?from=" + client.read("user.events").at(2).entry_id.to_string());
  expect_users(by_entry, 2, 3);
}

TEST_F(Subscribing, ATypeFilterPassesOverTheOthers) {
  Wire wire(port());
  subscribe(wire, "?type=user.login");
  publish_many(0, 3);
  client.publish(UserLogin{.user_id = "u-1", .ip_address = "::1", .user_agent = "test", .success = true});
  EXPECT_NE(next(wire).find("event: user.login"), std::string::npos);
}

TEST_F(Subscribing, AStreamThatDoesNotExistYetBeginsWithItsFirstEvent) {
  Wire wire(port());
  subscribe(wire);
  publish_many(0, 1);
  expect_users(wire, 0, 1);
}

TEST_F(Subscribing, ASilentStreamIsKeptAlive) {
  options.keep_alive = std::chrono::milliseconds(1);
  Wire wire(port());
  subscribe(wire);
  EXPECT_EQ(wire.receive_until("\n\n"), ": keep-alive\n\n");
}

TEST_F(Subscribing, SubscribersBeyondTheLimitAreToldSoAndMakeRoomWhenTheyGo) {
  options.limits.subscribers = 1;
  {
    Wire first(port());
    subscribe(first);
    EXPECT_EQ(get("/streams/user.events/subscribe").status, 503);
  }
  // The service notices that the first one went as soon as its I/O thread sees the end of the connection.
  EXPECT_TRUE(eventually([&] {
    Wire wire(port());
    wire.send(request_text("GET", "/streams/user.events/subscribe"));
    return wire.receive_until("\r\n").find("200 OK") != std::string::npos;
  }));
}

TEST_F(Subscribing, AClientThatTakesNothingIsCutOffAndGoesOnByItsLastId) {
  options.limits.write_timeout = std::chrono::milliseconds(100);
  const std::string large(100'000, 'x');
  for (int i = 0; i < 100; ++i) {
    auto one = user("u-" + std::to_string(i));
    one.referral_source = large;
    client.publish(one);
  }
  std::string last;
  {
    Wire wire(port());
    wire.take_little();
    subscribe(wire, "?from=earliest");
    const auto frame = next(wire);
    last = frame.substr(4, frame.find('\n') - 4);
    EXPECT_TRUE(
        eventually([&] { return log().find("was cut off; it goes on by Last-Event-ID") != std::string::npos; }));
  }
  Wire again(port());
  subscribe(again, "", "Last-Event-ID: " + last + "\r\n");
  expect_users(again, 1, 10);
  EXPECT_EQ(get("/livez").status, 200);
}

TEST_F(Subscribing, TheEndOfTheServiceIsSaid) {
  Wire wire(port());
  subscribe(wire);
  service().stop();
  EXPECT_TRUE(next(wire).starts_with("event: event-bus.end\ndata: {\"reason\":"));
  EXPECT_EQ(wire.receive_all(), "");
}

}  // namespace
}  // namespace collective::service
