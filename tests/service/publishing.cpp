#include "service/service_test.hpp"

// POST /streams/{stream}/events.
namespace collective::service {
namespace {

using namespace testing_support;

constexpr const char* events = "/streams/user.events/events";
constexpr const char* data = R"({"user_id":"u-1","email":"user@example.com","tier":"individual_pro"})";

std::string event(const std::string& members = "") {
  return R"({"type":"user.registered","data":)" + std::string(data) + members + "}";
}

class Publishing : public ServiceTest {};

TEST_F(Publishing, StoresAnEventWithEverythingThatWasSaidOfIt) {
  const auto reply = post(events, event(R"(,"correlation_id":"flow-1","user_id":"u-9","metadata":{"source":"shop"},)"
                                        R"("timestamp":"2026-01-31T09:30:00.000Z")"));
  EXPECT_EQ(reply.status, 201);
  EXPECT_TRUE(reply.has(R"("duplicate":false)"));
  const auto stored = client.read("user.events").at(0);
  EXPECT_EQ(stored.envelope.id, member(reply.body, "eventId"));
  EXPECT_EQ(stored.entry_id.to_string(), member(reply.body, "entryId"));
  EXPECT_EQ(stored.envelope.correlation_id, "flow-1");
  EXPECT_EQ(stored.envelope.user_id, "u-9");
  EXPECT_EQ(stored.envelope.data, data);
  EXPECT_NE(stored.envelope.metadata.find(R"("source":"shop")"), std::string::npos);
  EXPECT_EQ(stored.envelope.timestamp, Timestamp(std::chrono::milliseconds(1'769'851'800'000)));
}

TEST_F(Publishing, KeepsNumbersAndUnknownFieldsAsTheyWereWritten) {
  const std::string exact =
      R"({"user_id":"u-1","email":"user@example.com","tier":"individual_pro","n":1.0,"big":12345678901234567890123})";
  EXPECT_EQ(post(events, R"({"type":"user.registered","data":)" + exact + "}").status, 201);
  EXPECT_EQ(client.read("user.events").at(0).envelope.data, exact);
}

TEST_F(Publishing, ReportsEveryBadFieldAndStoresNothing) {
  const auto reply =
      post(events, R"({"type":"user.registered","data":{"user_id":"u 1","email":"x"},"id":"no","colour":1})");
  EXPECT_EQ(reply.status, 422);
  EXPECT_TRUE(reply.has(R"("code":"invalid")"));
  for (const auto* pointer : {"/data/user_id", "/data/email", "/data/tier", "/id", "/colour"})
    EXPECT_TRUE(reply.has(R"("pointer":")" + std::string(pointer) + "\"")) << pointer << reply.body;
  EXPECT_TRUE(client.streams().empty());
}

TEST_F(Publishing, AnEventIdIsStoredOnce) {
  const auto one = event(R"(,"id":"01ARYZ6S41TSV4RRFFQ69G5FAV")");
  EXPECT_EQ(post(events, one).status, 201);
  const auto again = post(events, one);
  EXPECT_EQ(again.status, 200);
  EXPECT_TRUE(again.has(R"("duplicate":true)"));
  EXPECT_EQ(client.stream_info("user.events").length, 1u);
}

TEST_F(Publishing, SeveralEventsAreCheckedBeforeTheFirstIsStored) {
  const auto reply = post(events, R"({"events":[)" + event() + R"(,{"type":"user.registered","data":{}}]})");
  EXPECT_EQ(reply.status, 422);
  EXPECT_TRUE(reply.has(R"("pointer":"/events/1/data/user_id")"));
  EXPECT_TRUE(client.streams().empty());
  const auto good = post(events, R"({"events":[)" + event() + "," + event() + "]}");
  EXPECT_EQ(good.status, 201);
  EXPECT_TRUE(good.has(R"("count":2)"));
  EXPECT_EQ(client.stream_info("user.events").length, 2u);
}

TEST_F(Publishing, ATypeBelongsToItsStream) {
  const auto other = post("/streams/system.events/events", event());
  EXPECT_EQ(other.status, 422);
  EXPECT_TRUE(other.has("a type of the stream system.events"));
  const auto unknown = post(events, R"({"type":"user.registred","data":{}})");
  EXPECT_EQ(unknown.status, 422);
  EXPECT_TRUE(unknown.has("did you mean user.registered?"));
}

TEST_F(Publishing, ADelayedEventHasNoEntryYet) {
  const auto reply = post(events, event(R"(,"delay_ms":3600000)"));
  EXPECT_EQ(reply.status, 201);
  EXPECT_TRUE(reply.has(R"("entryId":null)"));
  EXPECT_EQ(client.stream_info("user.events").delayed, 1u);
}

TEST_F(Publishing, AnEventBeyondTheLimitOfTheLibraryIsTooLarge) {
  options.limits.body_bytes = 4u << 20;
  const std::string large(1u << 20, 'x');
  const auto reply =
      post(events, R"({"type":"user.registered","data":{"user_id":"u-1","email":"user@example.com","tier":)"
                   R"("individual_pro","referral_source":")" +
                       large + "\"}}");
  EXPECT_EQ(reply.status, 413);
  EXPECT_TRUE(reply.has(R"("code":"too_large")"));
}

}  // namespace
}  // namespace collective::service
