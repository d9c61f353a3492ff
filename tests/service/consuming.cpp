#include "service/service_test.hpp"

// Being a member of a group over HTTP.
namespace collective::service {
namespace {

using namespace testing_support;

class Consuming : public ServiceTest {
 protected:
  static constexpr const char* group = "/streams/user.events/groups/mailer/";

  Reply fetch(const std::string& body = "{}", const std::string& query = "") {
    return post(group + ("fetch" + query), body);
  }
  void expect_joined() {
    EXPECT_TRUE(eventually([&] { return !client.streams().empty() && !client.groups("user.events").empty(); }));
  }
  Reply settle(const std::string& call, const std::string& token, const std::string& members = "") {
    return post(group + call, R"({"token":")" + token + "\"" + members + "}");
  }
};

TEST_F(Consuming, AnEventIsTakenAndAcknowledgedByItsToken) {
  client.publish(user("u-1"));
  const auto taken = fetch(R"({"consumer":"worker-1","max":10})");
  EXPECT_EQ(taken.status, 200);
  EXPECT_TRUE(taken.has(R"("attempt":1)"));
  EXPECT_TRUE(taken.has("u-1"));
  const auto token = member(taken.body, "token");
  EXPECT_TRUE(settle("acknowledge", token).has(R"("results":["done"])"));
  EXPECT_TRUE(settle("acknowledge", token).has(R"("results":["gone"])"));
  EXPECT_EQ(client.groups("user.events").at(0).pending, 0u);
}

TEST_F(Consuming, SeveralTokensAreSettledAtOnce) {
  client.publish(user("u-1"));
  client.publish(user("u-2"));
  const auto taken = fetch(R"({"max":2})");
  const auto first = member(taken.body, "token");
  const auto second = member(taken.body.substr(taken.body.find(first) + 1), "token");
  const auto reply = post(std::string(group) + "acknowledge", R"({"tokens":[")" + first + R"(",")" + second + R"("]})");
  EXPECT_TRUE(reply.has(R"("results":["done","done"])")) << reply.body;
}

TEST_F(Consuming, ANackBringsTheEventBackUntilItsAttemptsAreUsedUp) {
  client.publish(user("u-1"));
  for (int attempt = 1; attempt <= 2; ++attempt) {
    const auto taken = fetch(R"({"maxAttempts":2})");
    EXPECT_TRUE(taken.has(R"("attempt":)" + std::to_string(attempt))) << taken.body;
    EXPECT_EQ(settle("nack", member(taken.body, "token"), R"(,"delayMs":0,"error":"no mail today")").status, 200);
  }
  EXPECT_TRUE(fetch().has(R"("data":[])"));
  EXPECT_EQ(bus.dead_letters("user.events", "mailer").at(0).history.at(1).error, "no mail today");
}

TEST_F(Consuming, AHopelessEventGoesToTheDeadLettersAtOnce) {
  client.publish(user("u-1"));
  const auto token = member(fetch().body, "token");
  EXPECT_EQ(settle("dead-letter", token).status, 400);  // without a reason
  EXPECT_TRUE(settle("dead-letter", token, R"(,"reason":"no such mailbox")").has("done"));
  EXPECT_EQ(bus.dead_letters("user.events", "mailer").at(0).reason, "no such mailbox");
}

TEST_F(Consuming, ADeadlineIsMoved) {
  client.publish(user("u-1"));
  const auto token = member(fetch(R"({"visibilityMs":60000})").body, "token");
  EXPECT_TRUE(settle("extend", token, R"(,"byMs":120000)").has(R"("results":["done"])"));
  EXPECT_EQ(settle("extend", token).status, 400);
}

TEST_F(Consuming, AFetchWaitsForTheFirstEvent) {
  Wire wire(port());
  wire.send(request_text("POST", std::string(group) + "fetch?waitMs=30000", "{}"));
  expect_joined();
  client.publish(user("u-1"));
  EXPECT_TRUE(wire.receive().has("u-1"));
}

TEST_F(Consuming, FetchesThatWaitKeepOthersOutOfNothing) {
  options.limits.waiting_fetches = 1;
  Wire first(port()), second(port());
  first.send(request_text("POST", std::string(group) + "fetch?waitMs=30000", "{}"));
  expect_joined();
  second.send(request_text("POST", std::string(group) + "fetch?waitMs=30000", "{}"));
  const auto busy = second.receive();
  EXPECT_EQ(busy.status, 503);
  EXPECT_EQ(busy.header("Retry-After"), "1");
  EXPECT_EQ(fetch().status, 200);  // one that does not wait has its place with the workers
  service().stop(std::chrono::seconds(10));
  EXPECT_TRUE(first.receive().has(R"("data":[])"));  // the end of the service ends the wait
}

TEST_F(Consuming, ATokenIsNoGoodForAnotherGroupOrWhenChanged) {
  client.publish(user("u-1"));
  const auto token = member(fetch().body, "token");
  const auto other = post("/streams/user.events/groups/other/acknowledge", R"({"token":")" + token + "\"}");
  EXPECT_EQ(other.status, 400);
  EXPECT_TRUE(other.has(R"("code":"invalid_token")"));
  auto changed = token;
  changed[60] = changed[60] == 'A' ? 'B' : 'A';
  for (const auto& bad : {changed, token + "A", token.substr(1), std::string("x"), std::string()})
    EXPECT_EQ(settle("acknowledge", bad).status, 400) << bad;
  EXPECT_EQ(client.groups("user.events").at(0).pending, 1u);
}

TEST_F(Consuming, BadOptionsAreAllNamed) {
  const auto reply = fetch(R"({"max":0,"visibilityMs":"long","types":[1],"from":"soon","colour":"red"})");
  EXPECT_EQ(reply.status, 400);
  for (const auto* pointer : {"/max", "/visibilityMs", "/types/0", "/from", "/colour"})
    EXPECT_TRUE(reply.has(R"("pointer":")" + std::string(pointer) + "\"")) << pointer << reply.body;
}

}  // namespace
}  // namespace collective::service
