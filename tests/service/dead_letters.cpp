#include "service/service_test.hpp"

// Dead letters over HTTP.
namespace collective::service {
namespace {

using namespace testing_support;

class DeadLetters : public ServiceTest {
 protected:
  static constexpr const char* letters = "/streams/user.events/groups/mailer/dead-letters";

  void kill(const std::string& id, const std::string& reason) {
    client.publish(user(id));
    bus.dead_letter(bus.fetch("user.events", {.group = "mailer"}).at(0).token, reason);
  }
  void kill_three() {
    kill("u-1", "no such mailbox");
    kill("u-2", "the mail server is away");
    kill("u-3", "no such mailbox");
  }
  std::size_t left() { return bus.dead_letters("user.events", "mailer").size(); }
};

TEST_F(DeadLetters, AreListedWithTheirHistoryAndFiltered) {
  kill_three();
  EXPECT_TRUE(get(letters).has(R"("reason":"no such mailbox")"));
  const auto filtered = get(letters + std::string("?reason=server%20is"));
  EXPECT_TRUE(filtered.has("u-2"));
  EXPECT_FALSE(filtered.has("u-1"));
  EXPECT_TRUE(get(letters + std::string("?type=user.login")).has(R"("deadLetters":[])"));
  EXPECT_TRUE(get(letters + std::string("?until=2020-01-01T00:00:00Z")).has(R"("deadLetters":[])"));
  EXPECT_EQ(get(letters + std::string("?since=yesterday")).status, 400);
}

TEST_F(DeadLetters, ComeInPages) {
  kill_three();
  const auto first = get(letters + std::string("?limit=2"));
  EXPECT_TRUE(first.has("u-2"));
  EXPECT_FALSE(first.has("u-3"));
  const auto second = get(letters + std::string("?limit=2&cursor=") + member(first.body, "nextCursor"));
  EXPECT_FALSE(second.has("u-2"));
  EXPECT_TRUE(second.has("u-3"));
  EXPECT_TRUE(second.has(R"("nextCursor":null)"));
}

TEST_F(DeadLetters, AreCountedByFailure) {
  kill_three();
  const auto reply = get(letters + std::string("/failures"));
  EXPECT_TRUE(
      reply.has(R"({"type":"user.registered","failure":"no such mailbox","count":2,"firstNumber":1,"lastNumber":3)"))
      << reply.body;
  EXPECT_LT(reply.body.find("no such mailbox"), reply.body.find("server is away"));
}

TEST_F(DeadLetters, OneIsShownByItsNumber) {
  kill_three();
  const auto reply = get(letters + std::string("/2"));
  EXPECT_TRUE(reply.has(R"("number":2,)"));
  EXPECT_TRUE(reply.has("u-2"));
  EXPECT_EQ(get(letters + std::string("/9")).status, 404);
  EXPECT_EQ(get(letters + std::string("/x")).status, 400);
}

TEST_F(DeadLetters, AreRepublishedByNumberByFilterOrAll) {
  kill_three();
  const std::string call = letters + std::string("/republish");
  EXPECT_TRUE(
      post(call, R"({"filter":{"reason":"mailbox"},"dryRun":true})").has(R"("republishedCount":2,"dryRun":true)"));
  EXPECT_EQ(left(), 3u);
  EXPECT_TRUE(post(call, R"({"numbers":[2]})").has(R"("republishedCount":1)"));
  EXPECT_TRUE(post(call, R"({"filter":{"reason":"mailbox"}})").has(R"("republishedCount":2)"));
  EXPECT_EQ(left(), 0u);
  kill("u-4", "x");
  EXPECT_TRUE(post(call, R"({"all":true})").has(R"("republishedCount":1)"));
}

TEST_F(DeadLetters, AChangeSaysWhichLettersItIsFor) {
  kill_three();
  const std::string call = letters + std::string("/discard");
  for (const auto* bad : {"{}", R"({"all":false})", R"({"numbers":[1],"all":true})", R"({"filter":{}})",
                          R"({"numbers":[-1]})", R"({"filter":{"colour":"red","type":"user.login"}})"})
    EXPECT_EQ(post(call, bad).status, 400) << bad;
  EXPECT_EQ(left(), 3u);
}

TEST_F(DeadLetters, AreDiscarded) {
  kill_three();
  EXPECT_TRUE(post(letters + std::string("/discard"), R"({"numbers":[1,3,99]})").has(R"("discardedCount":2)"));
  EXPECT_EQ(left(), 1u);
}

}  // namespace
}  // namespace collective::service
