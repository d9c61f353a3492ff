#include "collective/time.hpp"

#include "service/service_test.hpp"

// Streams and their events: lists, pages, single events.
namespace collective::service {
namespace {

using namespace testing_support;

class Reading : public ServiceTest {
 protected:
  std::size_t count(const Reply& reply) {
    std::size_t events = 0;
    for (auto at = reply.body.find("\"entry_id\""); at != std::string::npos;
         at = reply.body.find("\"entry_id\"", at + 1))
      ++events;
    return events;
  }
};

TEST_F(Reading, StreamsAreListedWithLengthsAndRates) {
  service().refresh();
  for (int i = 0; i < 10; ++i) client.publish(user("u-1"));
  service().refresh();
  for (int i = 0; i < 10; ++i) client.publish(user("u-1"));
  service().refresh();
  const auto reply = get("/streams");
  EXPECT_TRUE(reply.has(R"("name":"user.events","length":20,)")) << reply.body;
  EXPECT_GT(std::stod(member(reply.body, "eventsPerSecond")), 0.0);
}

TEST_F(Reading, PagesGoThroughAStreamWithoutGapsInBothDirections) {
  for (int i = 0; i < 250; ++i) client.publish(user("u-" + std::to_string(i)));
  for (const std::string order : {"asc", "desc"}) {
    std::string cursor, seen;
    std::size_t events = 0, pages = 0;
    do {
      const auto page =
          get("/streams/user.events/events?limit=100&order=" + order + (cursor.empty() ? "" : "&cursor=" + cursor));
      ASSERT_EQ(page.status, 200) << page.body;
      events += count(page);
      seen += page.body;
      cursor = member(page.body, "nextCursor");
      ++pages;
    } while (cursor != "null" && pages < 10);
    EXPECT_EQ(events, 250u) << order;
    EXPECT_EQ(pages, 3u) << order;
    for (int i = 0; i < 250; ++i)
      EXPECT_NE(seen.find(R"("user_id":"u-)" + std::to_string(i) + "\",\"email"), std::string::npos) << order << i;
  }
}

TEST_F(Reading, ARangeIsGivenByEntriesOrTimes) {
  const auto first = client.publish(user("u-1"));
  const auto second = client.publish(user("u-2"));
  client.publish(user("u-3"));
  const std::string call = "/streams/user.events/events";
  const auto range = get(call + "?from=" + second.entry_id.to_string() + "&to=" + second.entry_id.to_string());
  EXPECT_EQ(count(range), 1u);
  EXPECT_TRUE(range.has(second.event_id));
  EXPECT_EQ(count(get(call + "?from=2020-01-01T00:00:00Z")), 3u);
  EXPECT_EQ(count(get(call + "?to=2020-01-01T00:00:00Z")), 0u);
  EXPECT_EQ(get(call + "?from=yesterday").status, 400);
  EXPECT_EQ(get(call + "?limit=0").status, 400);
  EXPECT_EQ(get(call + "?order=up").status, 400);
}

TEST_F(Reading, ATypeFilterPassesOverTheOthers) {
  client.publish(user("u-1"));
  client.publish(UserLogin{.user_id = "u-1", .ip_address = "::1", .user_agent = "test", .success = true});
  const auto reply = get("/streams/user.events/events?type=user.login");
  EXPECT_EQ(count(reply), 1u);
  EXPECT_TRUE(reply.has(R"("type":"user.login")"));
  EXPECT_EQ(get("/streams/user.events/events?type=..").status, 400);
}

TEST_F(Reading, OneEventIsFoundByEitherId) {
  for (int i = 0; i < 100; ++i) client.publish(user("u-1"));
  const auto wanted = client.publish(user("u-wanted"));
  for (int i = 0; i < 100; ++i) client.publish(user("u-1"));
  for (const auto& id : {wanted.event_id, wanted.entry_id.to_string()}) {
    const auto reply = get("/streams/user.events/events/" + id);
    EXPECT_EQ(reply.status, 200) << reply.body;
    EXPECT_TRUE(reply.has("u-wanted"));
  }
  EXPECT_EQ(get("/streams/user.events/events/01ARYZ6S41TSV4RRFFQ69G5FAV").status, 404);
  EXPECT_EQ(get("/streams/user.events/events/1-1").status, 404);
  EXPECT_EQ(get("/streams/user.events/events/nonsense").status, 400);
}

TEST_F(Reading, AGroupTellsItsMembersTypesAndPendingEntries) {
  client.publish(user("u-1"));
  const auto pulled = bus.fetch("user.events", {.group = "mailer", .consumer = "worker-1"});
  const auto group = get("/streams/user.events/groups/mailer");
  EXPECT_TRUE(group.has(R"("members":[{"name":"worker-1","pending":1,)")) << group.body;
  bus.retry(pulled.at(0).token, Millis(3'600'000), "the mail server is away");
  const auto pending = get("/streams/user.events/groups/mailer/pending");
  EXPECT_TRUE(pending.has(R"("attempts":1)")) << pending.body;
  EXPECT_TRUE(pending.has("the mail server is away"));
  EXPECT_EQ(get("/streams/user.events/groups/nobody").status, 404);
}

TEST_F(Reading, AFlowIsTracedAcrossStreamsAsFarAsTheCallerMayRead) {
  options.tokens = {{"all", "secret-of-all-streams", {Scope::read}, {}},
                    {"users", "secret-of-one-stream-only", {Scope::read}, {"user.events"}}};
  client.publish(user("u-1"), {.correlation_id = "flow-1"});
  client.publish(SystemPerformanceDegraded{"lag", 2, 1, {}, {}}, {.correlation_id = "flow-1"});
  client.publish(user("u-2"), {.correlation_id = "flow-2"});
  const auto all = get("/trace/flow-1", bearer("secret-of-all-streams"));
  EXPECT_EQ(count(all), 2u) << all.body;
  EXPECT_TRUE(all.has(R"("depth":0,"handlings":[])")) << all.body;
  const auto some = get("/trace/flow-1", bearer("secret-of-one-stream-only"));
  EXPECT_EQ(count(some), 1u) << some.body;
  EXPECT_EQ(get("/trace/flow-3", bearer("secret-of-all-streams")).status, 404);
  EXPECT_EQ(get("/trace/flow-1?since=yesterday", bearer("secret-of-all-streams")).status, 400);
}

}  // namespace
}  // namespace collective::service
