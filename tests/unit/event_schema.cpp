#include <gtest/gtest.h>

#include "collective/catalog.hpp"
#include "collective/schema.hpp"
#include "collective/validation.hpp"

namespace collective {
namespace {

TEST(EventSchema, DescribesAnEventsData) {
  EXPECT_EQ(
      json_schema<UserRegistered>(),
      R"({"$schema":"https://json-schema.org/draft/2020-12/schema","$id":"urn:collective-events:user.registered:1",)"
      R"("title":"UserRegistered","type":"object","properties":{)"
      R"("user_id":{"type":"string","pattern":"^[!-~]{1,128}$"},)"
      R"("email":{"type":"string","format":"email","maxLength":254},)"
      R"("tier":{"type":"string","enum":["sovereign_circle","individual_pro"]},)"
      R"("referral_source":{"type":"string"}},)"
      R"("required":["user_id","email","tier"],"additionalProperties":true})");
}

TEST(EventSchema, DescribesListsNestedObjectsTimesAndNumbers) {
  const std::string notification = json_schema<NotificationSendRequested>();
  EXPECT_NE(
      notification.find(R"("channels":{"type":"array","items":{"type":"string","enum":["email","push","websocket"]}})"),
      std::string::npos);
  EXPECT_NE(notification.find(
                R"("message":{"type":"object","properties":{"title":{"type":"string"},"body":{"type":"string"},)"
                R"("action_url":{"type":"string"}},"required":["title","body"],"additionalProperties":true})"),
            std::string::npos);
  EXPECT_NE(json_schema<BriefingGenerationScheduled>().find(R"("period_end":{"type":"string","format":"date-time"})"),
            std::string::npos);
  EXPECT_NE(json_schema<EmbeddingGenerationCompleted>().find(
                R"("dimensions":{"type":"integer","minimum":0,"maximum":9007199254740991})"),
            std::string::npos);
  EXPECT_NE(json_schema<FileProcessingStarted>().find(R"("estimated_duration_ms":{"type":"number","minimum":0})"),
            std::string::npos);
  EXPECT_NE(json_schema<MarketTrendDetected>().find(R"("trend_data":{"type":"object"})"), std::string::npos);
}

TEST(EventSchema, ExtraFieldsAreNoMemberOfTheirOwn) {
  EXPECT_EQ(json_schema<UserUpdated>().find("fields"), std::string::npos);
}

struct Widths {
  static constexpr EventType event{"test.widths_of:numbers-v2", "test.events"};
  std::int8_t small{};
  std::uint16_t medium{};
  std::uint64_t large{};
};
BOOST_DESCRIBE_STRUCT(Widths, (), (small, medium, large))

TEST(EventSchema, IntegersHaveTheRangeOfTheirWidth) {
  const std::string schema = json_schema<Widths>();
  EXPECT_NE(schema.find(R"("small":{"type":"integer","minimum":-128,"maximum":127})"), std::string::npos);
  EXPECT_NE(schema.find(R"("medium":{"type":"integer","minimum":0,"maximum":65535})"), std::string::npos);
  EXPECT_NE(schema.find(R"("large":{"type":"integer","minimum":0,"maximum":18446744073709551615})"), std::string::npos);
  EXPECT_NE(schema.find(R"("title":"TestWidthsOfNumbersV2")"), std::string::npos);
  EXPECT_EQ(
      validate_json(descriptor_of<Widths>(), R"({"small":-129,"medium":65536,"large":18446744073709551616})").size(),
      3U);
  EXPECT_TRUE(
      validate_json(descriptor_of<Widths>(), R"({"small":-128,"medium":65535,"large":18446744073709551615})").empty());
}

TEST(EventSchema, EveryTypeOfTheCatalogueHasAWellFormedOne) {
  for (const auto* type : TypeRegistry::catalog().list())
    EXPECT_EQ(json_object_problem(json_schema(*type)), "") << type->name;
}

}  // namespace
}  // namespace collective
