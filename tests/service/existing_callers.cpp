#include "service/service_test.hpp"

// The four calls that callers made before there was anything else, and exactly what they read of the answers.
namespace collective::service {
namespace {

using namespace testing_support;

class ExistingCallers : public ServiceTest {};

TEST_F(ExistingCallers, HealthTellsStatusTimestampServicesAndStats) {
  client.publish(user("u-1"));
  service().refresh();
  const auto reply = get("/health");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has(R"("success":true)"));
  EXPECT_TRUE(reply.has(R"("status":"healthy")"));
  EXPECT_EQ(member(reply.body, "timestamp").size(), 24u);
  EXPECT_TRUE(reply.has(R"("services":{"redis":"connected","eventBus":"running")"));
  EXPECT_TRUE(reply.has(R"("stats":{"streams":1,"events":1,)"));
  EXPECT_TRUE(reply.has(R"("durability":"a returned publish survives)")) << reply.body;
  EXPECT_EQ(reply.header("Content-Type"), "application/json");
}

TEST_F(ExistingCallers, HealthCountsDeadLettersAndLag) {
  client.publish(user("u-1"));
  client.publish(user("u-2"));
  const auto pulled = bus.fetch("user.events", {.group = "mailer"});
  bus.dead_letter(pulled.at(0).token, "no such mailbox");
  service().refresh();
  const auto reply = get("/health");
  EXPECT_TRUE(reply.has(R"("deadLetters":1)")) << reply.body;
  EXPECT_TRUE(reply.has(R"("maxLag":1)")) << reply.body;
}

TEST_F(ExistingCallers, StreamInfoTellsLengthGroupsAndTheFirstAndLastEntry) {
  const auto first = client.publish(user("u-1"));
  const auto last = client.publish(user("u-2"));
  (void)bus.fetch("user.events", {.group = "mailer"});
  const auto reply = get("/streams/user.events/info");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has(R"("length":2,"groups":1,)")) << reply.body;
  EXPECT_TRUE(reply.has(R"("lastGeneratedId":")" + last.entry_id.to_string() + "\"")) << reply.body;
  EXPECT_TRUE(
      reply.has(R"("firstEntry":{"id":")" + first.entry_id.to_string() + R"(","message":{"id":")" + first.event_id))
      << reply.body;
  EXPECT_TRUE(reply.has(R"("data":"{\"user_id\":\"u-2\")")) << reply.body;
}

TEST_F(ExistingCallers, AStreamThatDoesNotExistIsNotFound) {
  const auto reply = get("/streams/user.events/info");
  EXPECT_EQ(reply.status, 404);
  EXPECT_TRUE(reply.has(R"("success":false,"error":")"));
  EXPECT_TRUE(reply.has(R"("code":"not_found")"));
}

TEST_F(ExistingCallers, GroupsIsAListWithNameConsumersPendingLagAndLastDeliveredId) {
  const auto first = client.publish(user("u-1"));
  client.publish(user("u-2"));
  (void)bus.fetch("user.events", {.group = "mailer"});
  const auto reply = get("/streams/user.events/groups");
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.has(R"("data":[{"name":"mailer","consumers":1,"pending":1,"lag":1,"lastDeliveredId":")" +
                        first.entry_id.to_string() + "\""))
      << reply.body;
}

TEST_F(ExistingCallers, RepublishDeadLettersTellsHowMany) {
  client.publish(user("u-1"));
  bus.dead_letter(bus.fetch("user.events", {.group = "mailer"}).at(0).token, "no such mailbox");
  const std::string call = "/streams/user.events/groups/mailer/republish-dead-letters";
  EXPECT_TRUE(post(call, R"({"maxAge":3600000})").has(R"({"success":true,"data":{"republishedCount":1}})"));
  EXPECT_TRUE(post(call).has(R"("republishedCount":0)"));  // without a body, as callers send it
  EXPECT_EQ(bus.fetch("user.events", {.group = "mailer"}).size(), 1u);
}

}  // namespace
}  // namespace collective::service
