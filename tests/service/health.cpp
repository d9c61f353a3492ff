#include "service/health.hpp"

#include <gtest/gtest.h>

// When the service says that it does not work, and how.
namespace collective::service {
namespace {

using std::chrono::seconds;

HealthFacts healthy() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->connected = true;
  HealthFacts facts;
  facts.snapshot = snapshot;
  facts.sample_interval = seconds(1);
  facts.durability = "a returned publish survives a killed process";
  return facts;
}

HealthFacts disconnected() {
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->error = "redis://db:6379 does not answer";
  auto facts = healthy();
  facts.snapshot = snapshot;
  return facts;
}

TEST(Health, IsGoodWhileTheBrokerAnswersAndTheLoopsGoOn) {
  EXPECT_TRUE(troubles(healthy()).empty());
  EXPECT_EQ(health_response(healthy()).status, 200);
}

TEST(Health, ALostBrokerIs503WithBothErrorAndData) {
  const auto response = health_response(disconnected());
  EXPECT_EQ(response.status, 503);
  EXPECT_NE(response.body.find(R"({"success":false,"error":"the broker does not answer: redis://db:6379)"),
            std::string::npos);
  EXPECT_NE(response.body.find(R"("data":{"status":"unhealthy")"), std::string::npos);
  EXPECT_NE(response.body.find(R"("services":{"redis":"disconnected")"), std::string::npos);
}

TEST(Health, ABrokerThatHangsIsNoticedByTheAgeOfTheLastSample) {
  auto facts = healthy();
  facts.sample_age = seconds(9);
  EXPECT_TRUE(troubles(facts).empty());
  facts.sample_age = seconds(11);
  EXPECT_EQ(troubles(facts).size(), 1u);
  facts.sample_interval = seconds(60);  // samples are meant to be rare
  EXPECT_TRUE(troubles(facts).empty());
}

TEST(Health, WorkersThatMakeNoProgressAreNoticed) {
  auto facts = healthy();
  facts.oldest_wait = seconds(11);
  EXPECT_EQ(health_response(facts).status, 503);
  EXPECT_NE(health_response(facts).body.find(R"("workers":{"status":"stuck")"), std::string::npos);
}

TEST(Health, AServiceThatStopsTakesNoMoreCalls) {
  auto facts = healthy();
  facts.stopping = true;
  EXPECT_EQ(health_response(facts).status, 503);
}

}  // namespace
}  // namespace collective::service
