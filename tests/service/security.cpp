#include <fstream>

#include <sys/stat.h>

#include "service/service_test.hpp"
#include "support/temporary_directory.hpp"

// Who may call, and what is kept from everybody.
namespace collective::service {
namespace {

using namespace testing_support;

constexpr const char* reader = "reader-secret-0123456789";
constexpr const char* admin = "admin-secret-0123456789";

class Security : public ServiceTest {
 protected:
  void with_tokens() {
    options.tokens = {{"reader", reader, {Scope::read}, {"user.*"}}, {"admin", admin, {Scope::admin}, {}}};
  }
  static std::string refusal_of(ServiceOptions refused) {
    try {
      refused.check();
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }
};

TEST_F(Security, AnAddressBeyondLoopbackWantsATokenOrAnonymousInfo) {
  options.host = "0.0.0.0";
  EXPECT_NE(refusal_of(options).find("refuses to listen on 0.0.0.0 without a token"), std::string::npos);
  options.anonymous_info = true;
  EXPECT_EQ(refusal_of(options), "");
  options.anonymous_info = false;
  with_tokens();
  EXPECT_EQ(refusal_of(options), "");
}

TEST_F(Security, WithoutATokenLoopbackIsOpen) {
  client.publish(user("u-1"));
  EXPECT_EQ(get("/health").status, 200);
  EXPECT_EQ(get("/streams/user.events/groups/none/pending").status, 404);  // a call for readers
}

TEST_F(Security, WithATokenConfiguredEveryCallButLivenessWantsOne) {
  with_tokens();
  const auto refused = get("/health");
  EXPECT_EQ(refused.status, 401);
  EXPECT_EQ(refused.header("WWW-Authenticate"), "Bearer");
  EXPECT_TRUE(refused.has(R"("code":"unauthorized")"));
  EXPECT_EQ(get("/health", bearer(admin)).status, 200);
  EXPECT_EQ(get("/livez").status, 200);
  EXPECT_EQ(get("/readyz").status, 200);
}

TEST_F(Security, AWrongTokenIsRefusedWhateverItsLength) {
  with_tokens();
  for (const auto& wrong : {std::string(), std::string("x"), std::string(admin) + "x", std::string(4'096, 'a')})
    EXPECT_EQ(get("/health", bearer(wrong)).status, 401) << wrong.size();
  EXPECT_EQ(get("/health", "Authorization: Basic YTpi\r\n").status, 401);
  EXPECT_EQ(get("/livez", bearer("wrong")).status, 401);  // said, so that a bad configuration is seen
}

TEST_F(Security, ATokenIsGoodForItsScopesAndStreamsOnly) {
  with_tokens();
  client.publish(user("u-1"));
  client.publish(SystemErrorCritical{.service_name = "s",
                                     .error_type = "E",
                                     .error_message = "m",
                                     .stack_trace = "t",
                                     .requires_immediate_attention = false});
  (void)bus.fetch("user.events", {.group = "mailer"});
  (void)bus.fetch("system.events", {.group = "mailer"});
  EXPECT_EQ(get("/streams/user.events/groups/mailer/pending", bearer(reader)).status, 200);
  const auto other = get("/streams/system.events/groups/mailer/pending", bearer(reader));
  EXPECT_EQ(other.status, 403);
  EXPECT_TRUE(other.has(R"("code":"forbidden")"));
  EXPECT_EQ(get("/streams/system.events/info", bearer(reader)).status, 200);  // metadata
  const std::string republish = "/streams/user.events/groups/mailer/republish-dead-letters";
  EXPECT_EQ(post(republish, "{}", bearer(reader)).status, 403);
  EXPECT_EQ(post(republish, "{}", bearer(admin)).status, 200);
}

TEST_F(Security, AnonymousInfoOpensHealthAndMetadataButNoEvent) {
  options.anonymous_info = true;
  options.allowed_hosts = {"event-bus"};
  client.publish(user("u-secret-person"));
  (void)bus.fetch("user.events", {.group = "mailer"});
  const std::string as_callers_do = "Host: event-bus:3002\r\n";
  EXPECT_EQ(get("/health", as_callers_do).status, 200);
  EXPECT_EQ(get("/streams/user.events/groups", as_callers_do).status, 200);
  const auto info = get("/streams/user.events/info", as_callers_do);
  EXPECT_EQ(info.status, 200);
  EXPECT_TRUE(info.has(R"("firstEntry":{"id":")"));
  EXPECT_FALSE(info.has("u-secret-person"));
  EXPECT_EQ(get("/streams/user.events/groups/mailer/pending", as_callers_do).status, 401);
  EXPECT_EQ(post("/streams/user.events/groups/mailer/republish-dead-letters", "{}", as_callers_do).status, 401);
}

TEST_F(Security, AForeignHostNameIsRefused) {
  const auto refused = get("/health", "Host: attacker.example:3002\r\n");
  EXPECT_EQ(refused.status, 421);
  EXPECT_TRUE(refused.has(R"("code":"unknown_host")"));
  EXPECT_FALSE(refused.has("attacker"));
  for (const auto* ours : {"localhost", "LOCALHOST:1", "127.0.0.1:3002", "[::1]:3002"})
    EXPECT_EQ(get("/health", "Host: " + std::string(ours) + "\r\n").status, 200) << ours;
  EXPECT_EQ(raw("GET /health HTTP/1.0\r\n\r\n").status, 421);
  EXPECT_EQ(get("/health", "Host: localhost\r\nHost: attacker.example\r\n").status, 400);
  EXPECT_EQ(get("/livez", "Host: 10.0.0.7:3002\r\n").status, 200);  // probes call by address
}

TEST_F(Security, APageOfAnotherOriginIsRefused) {
  EXPECT_EQ(get("/health", "Origin: https://attacker.example\r\n").status, 403);
  EXPECT_EQ(get("/health", "Origin: null\r\n").status, 403);
  EXPECT_EQ(get("/health", "Host: localhost:3002\r\nOrigin: http://localhost:3002\r\n").status, 200);
  EXPECT_EQ(get("/health", "Origin: http://localhost.attacker.example\r\n").status, 403);
  const auto preflight = raw(request_text("OPTIONS", "/health", {}, "Origin: http://localhost\r\n"));
  EXPECT_EQ(preflight.status, 405);
  EXPECT_EQ(preflight.header("Access-Control-Allow-Origin"), "");
}

TEST_F(Security, ABodyThatIsNotDeclaredAsJsonIsRefused) {
  const std::string call = "/streams/user.events/groups/mailer/republish-dead-letters";
  EXPECT_EQ(post(call, "{}", "Content-Type: text/plain\r\n").status, 415);
  EXPECT_EQ(post(call, "maxAge=1", "Content-Type: application/x-www-form-urlencoded\r\n").status, 415);
}

TEST_F(Security, SecretsAppearInNoAnswerAndNoLog) {
  const std::string canary = "canary-0123456789-do-not-tell";
  options.tokens = {{"canary", canary, {Scope::admin}, {}}};
  options.secrets = {"canary-of-redis"};
  client.publish(user("u-1"));
  std::string seen;
  const auto see = [&](const Reply& reply) { seen += reply.head + reply.body; };
  for (const auto& headers : {bearer(canary), bearer(canary + "x"), std::string("Host: ") + canary + "\r\n",
                              "Origin: http://" + canary + "\r\n", "Authorization: " + canary + "\r\n"}) {
    for (const auto* target : {"/health", "/streams", "/metrics", "/openapi.json", "/streams/user.events/info"})
      see(get(target, headers));
  }
  see(get("/" + canary, bearer(canary)));
  see(get("/streams/" + canary + "/info", bearer(canary)));
  see(get("/streams/canary-of-redis/info", bearer(canary)));
  see(get("/health?" + canary + "=" + canary, bearer(canary)));
  see(post("/streams/user.events/groups/g/republish-dead-letters", "{\"" + canary + "\":1}", bearer(canary)));
  see(raw(canary + "\r\n\r\n"));
  service().stop();
  seen += log();
  EXPECT_EQ(seen.find(canary), std::string::npos) << seen.substr(seen.find(canary) - 200, 400);
  EXPECT_EQ(seen.find("canary-of-redis"), std::string::npos);
  EXPECT_NE(log().find("***"), std::string::npos);
}

TEST_F(Security, AnErrorShowsNoInnards) {
  const auto reply = get("/streams/user.events/info");
  for (const auto* innards : {".cpp", "0x", "terminate", "what():"}) EXPECT_FALSE(reply.has(innards)) << innards;
}

class TokenFile : public ::testing::Test {
 protected:
  std::string written(const std::string& text, mode_t mode = 0600) {
    const auto path = (directory_.path() / "tokens").string();
    std::ofstream(path) << text;
    ::chmod(path.c_str(), mode);
    return path;
  }
  std::string refusal(const std::string& text, mode_t mode = 0600) {
    try {
      (void)read_tokens(written(text, mode));
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

 private:
  collective::testing_support::TemporaryDirectory directory_;
};

TEST_F(TokenFile, NamesTokensWithScopesAndStreams) {
  const auto tokens = read_tokens(
      written("# who\n\nshop publish,read user.events,orders.* 0123456789abcdef\nops admin * fedcba9876543210\n"));
  ASSERT_EQ(tokens.size(), 2u);
  EXPECT_EQ(tokens[0].name, "shop");
  EXPECT_EQ(tokens[0].scopes, (std::vector<Scope>{Scope::publish, Scope::read}));
  EXPECT_EQ(tokens[0].streams, (std::vector<std::string>{"user.events", "orders.*"}));
  EXPECT_TRUE(tokens[1].streams.empty());
  EXPECT_EQ(tokens[1].secret, "fedcba9876543210");
}

TEST_F(TokenFile, IsRefusedWhenOthersMayReadIt) {
  EXPECT_NE(refusal("ops admin * fedcba9876543210\n", 0640).find("run chmod 600"), std::string::npos);
}

TEST_F(TokenFile, ItsMistakesAreNamedByLineWithoutTheSecret) {
  EXPECT_NE(refusal("# x\nops root * fedcba9876543210\n").find("line 2: there is no scope \"root\""),
            std::string::npos);
  EXPECT_NE(refusal("ops admin ../x fedcba9876543210\n").find("is no stream's name"), std::string::npos);
  const auto shorter = refusal("ops admin * hush-hush\n");
  EXPECT_NE(shorter.find("shorter than 16"), std::string::npos);
  EXPECT_EQ(shorter.find("hush-hush"), std::string::npos);
  EXPECT_NE(refusal("\n").find("holds no token"), std::string::npos);
}

}  // namespace
}  // namespace collective::service
