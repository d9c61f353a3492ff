#include "service/service_test.hpp"

// What clients do that mean harm, or are broken.
namespace collective::service {
namespace {

using namespace testing_support;

class HostileClients : public ServiceTest {
 protected:
  void expect_alive() { EXPECT_EQ(get("/livez").status, 200); }
};

TEST_F(HostileClients, ABodyBeyondTheLimitIsRefusedBeforeItIsRead) {
  options.limits.body_bytes = 1'000;
  const std::string call = "/streams/user.events/groups/mailer/republish-dead-letters";
  Wire wire(port());
  wire.send("POST " + call +
            " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 1001\r\n\r\n");
  const auto reply = wire.receive();
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.has(R"("code":"body_too_large")"));
  EXPECT_EQ(reply.header("Connection"), "close");
}

TEST_F(HostileClients, AChunkedBodyBeyondTheLimitIsRefused) {
  options.limits.body_bytes = 1'000;
  const auto reply =
      raw("POST /streams/user.events/groups/m/republish-dead-letters HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
          "application/json\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" +
          std::string(2'000, ' ') + "\r\n0\r\n\r\n");
  EXPECT_EQ(reply.status, 413);
}

TEST_F(HostileClients, ABodyAtTheLimitIsTaken) {
  options.limits.body_bytes = 1'000;
  client.publish(user("u-1"));
  (void)bus.fetch("user.events", {.group = "mailer"});
  const std::string body = "{" + std::string(998, ' ') + "}";
  EXPECT_EQ(post("/streams/user.events/groups/mailer/republish-dead-letters", body).status, 200);
}

TEST_F(HostileClients, HeadersBeyondTheLimitAreRefused) {
  const auto reply = get("/health", "X-Padding: " + std::string(20'000, 'a') + "\r\n");
  EXPECT_EQ(reply.status, 431);
  EXPECT_TRUE(reply.has(R"("code":"headers_too_large")"));
}

TEST_F(HostileClients, ARequestThatComesTooSlowlyIsCutOff) {
  options.limits.header_timeout = std::chrono::milliseconds(50);
  Wire wire(port());
  wire.send("GET /health HTTP/1.1\r\nHost: local");
  EXPECT_EQ(wire.receive_all(), "");  // returns because the service closes the connection
  expect_alive();
}

TEST_F(HostileClients, ABodyThatComesTooSlowlyIsCutOff) {
  options.limits.body_timeout = std::chrono::milliseconds(50);
  Wire wire(port());
  wire.send(
      "POST /streams/user.events/groups/m/republish-dead-letters HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: 100\r\n\r\n{");
  EXPECT_EQ(wire.receive_all(), "");
  expect_alive();
}

TEST_F(HostileClients, AnIdleConnectionIsClosedAfterAWhile) {
  options.limits.idle_timeout = std::chrono::milliseconds(50);
  Wire wire(port());
  wire.send(request_text("GET", "/livez"));
  EXPECT_EQ(wire.receive().status, 200);
  EXPECT_EQ(wire.receive_all(), "");
}

TEST_F(HostileClients, ConnectionsBeyondTheLimitAreToldSo) {
  options.limits.connections = 2;
  Wire first(port()), second(port());
  for (auto* wire : {&first, &second}) {
    wire->send(request_text("GET", "/livez"));
    EXPECT_EQ(wire->receive().status, 200);
  }
  Wire third(port());
  const auto refused = third.receive();
  EXPECT_EQ(refused.status, 503);
  EXPECT_TRUE(refused.has(R"("code":"busy"})"));
  first.send(request_text("GET", "/livez"));
  EXPECT_EQ(first.receive().status, 200);
}

TEST_F(HostileClients, NamesThatAreNoneAreRefused) {
  const std::string long_name(10 * 1'024, 'a');
  for (const auto& bad : {std::string(".."), std::string("%2e%2e"), std::string("..%2f..%2fetc%2fpasswd"),
                          std::string("a%00b"), std::string("a%0d%0aSet-Cookie:%20x"), std::string("%ff"),
                          std::string("a%20b"), std::string(129, 'a'), long_name, std::string("user.events%2Finfo")}) {
    const auto reply = get("/streams/" + bad + "/info");
    EXPECT_EQ(reply.status, 400) << bad.substr(0, 40);
    EXPECT_TRUE(reply.has(R"("code":"invalid_name")")) << reply.body;
    EXPECT_EQ(reply.header("Set-Cookie"), "");
  }
  EXPECT_EQ(get("/streams/%zz/info").status, 400);
  EXPECT_EQ(get("/streams/" + std::string(128, 'a') + "/info").status, 404);  // a name, of no stream
}

TEST_F(HostileClients, WhatIsNoRequestIsRefused) {
  for (const auto& bad : {std::string("nonsense\r\n\r\n"), std::string("GET /health\r\n\r\n"),
                          std::string("GET health HTTP/1.1\r\nHost: localhost\r\n\r\n"),
                          std::string("GET /health HTTP/1.1\r\nHost localhost\r\n\r\n"),
                          std::string("GET /health HTTP/9.9\r\nHost: localhost\r\n\r\n"),
                          std::string("GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n"),
                          std::string("GET /he\0lth HTTP/1.1\r\nHost: localhost\r\n\r\n", 41)}) {
    EXPECT_EQ(raw(bad).status, 400) << bad;
  }
  EXPECT_EQ(get("/health?a=1&a=2").status, 400);
  EXPECT_EQ(get("/health?nonsense=1").status, 400);
  expect_alive();
}

TEST_F(HostileClients, ARequestWithTwoLengthsIsRefusedSoThatNoneIsSmuggled) {
  const std::string call =
      "POST /streams/user.events/groups/m/republish-dead-letters HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\n";
  EXPECT_EQ(raw(call + "Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}").status, 400);
  EXPECT_EQ(raw(call + "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").status, 400);
}

TEST_F(HostileClients, JsonThatNestsWithoutEndIsRefused) {
  const std::string call = "/streams/user.events/groups/mailer/republish-dead-letters";
  const std::string bomb = R"({"maxAge":)" + std::string(100'000, '[') + std::string(100'000, ']') + "}";
  const auto reply = post(call, bomb);
  EXPECT_EQ(reply.status, 400);
  EXPECT_TRUE(reply.has(R"("code":"invalid_json")")) << reply.body;
  EXPECT_EQ(post(call, R"({"maxAge":)").status, 400);
  EXPECT_EQ(post(call, "{\"maxAge\":\"\xff\"}").status, 400);
  EXPECT_EQ(post(call, R"({"maxAge":1,"maxAge":2})").status, 400);
  expect_alive();
}

TEST_F(HostileClients, RequestsInOneGoAreAnsweredInOrder) {
  Wire wire(port());
  std::string many;
  for (int i = 0; i < 50; ++i) many += request_text("GET", i % 2 == 0 ? "/livez" : "/nowhere");
  wire.send(many);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(wire.receive().status, i % 2 == 0 ? 200 : 404) << i;
}

TEST_F(HostileClients, AnUnknownPathOrMethodSaysWhereToLook) {
  EXPECT_EQ(get("/nowhere").status, 404);
  EXPECT_EQ(get("/").status, 404);
  const auto reply = raw(request_text("DELETE", "/health"));
  EXPECT_EQ(reply.status, 405);
  EXPECT_TRUE(reply.has("called with GET"));
}

TEST_F(HostileClients, HeadIsGetWithoutTheBody) {
  Wire wire(port());
  wire.send(request_text("HEAD", "/livez") + request_text("GET", "/livez"));
  const auto head = wire.receive(false);
  EXPECT_EQ(head.status, 200);
  const auto get = wire.receive();
  EXPECT_EQ(get.status, 200);
  EXPECT_EQ(head.header("Content-Length"), get.header("Content-Length"));
}

TEST_F(HostileClients, AClientThatAsksBeforeItSendsItsBodyIsToldToGoOn) {
  client.publish(user("u-1"));
  (void)bus.fetch("user.events", {.group = "mailer"});
  Wire wire(port());
  wire.send(
      "POST /streams/user.events/groups/mailer/republish-dead-letters HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wire.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  wire.send("{}");
  EXPECT_EQ(wire.receive().status, 200);
}

}  // namespace
}  // namespace collective::service
