#include "service/service_test.hpp"

// How the service stops.
namespace collective::service {
namespace {

using namespace testing_support;

class Ending : public ServiceTest {};

TEST_F(Ending, AnIdleConnectionIsClosedAtOnce) {
  Wire used(port()), unused(port());
  used.send(request_text("GET", "/livez"));
  EXPECT_EQ(used.receive().status, 200);
  unused.send(request_text("GET", "/livez"));
  EXPECT_EQ(unused.receive().status, 200);
  service().stop(std::chrono::seconds(30));
  EXPECT_EQ(used.receive_all(), "");
  EXPECT_EQ(unused.receive_all(), "");
}

TEST_F(Ending, WhatIsOnItsWayIsAnswered) {
  Wire wire(port());
  wire.send(request_text("POST", "/streams/user.events/groups/mailer/fetch?waitMs=30000", "{}"));
  EXPECT_TRUE(eventually([&] { return !client.streams().empty() && !client.groups("user.events").empty(); }));
  service().stop(std::chrono::seconds(30));
  const auto reply = wire.receive();
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.header("Connection"), "close");
}

TEST_F(Ending, AClientThatHangsHoldsItNoLongerThanTheDeadline) {
  Wire wire(port());
  wire.send(
      "POST /streams/user.events/groups/m/fetch HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
      "application/json\r\nContent-Length: 100\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(wire.receive_until("\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  service().stop(std::chrono::milliseconds(50));
  EXPECT_EQ(wire.receive_all(), "");
}

TEST_F(Ending, ASecondStopChangesNothing) {
  service().stop();
  service().stop();
  EXPECT_NE(log().find("\"stopped\""), std::string::npos);
}

TEST_F(Ending, AnAddressInUseIsNamedWithWhatToDo) {
  ServiceOptions second = options;
  second.port = port();
  try {
    Service refused(second);
    FAIL() << "two services listen on one port";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unavailable);
    EXPECT_NE(std::string(error.what()).find("choose another with --host and --port"), std::string::npos);
  }
}

}  // namespace
}  // namespace collective::service
