#include <functional>

#include <gtest/gtest.h>

#include "collective/catalog.hpp"
#include "collective/codec.hpp"
#include "collective/schema.hpp"
#include "collective/time.hpp"

// Every type of the catalogue, with its data as an existing TypeScript service writes it.
namespace collective {
namespace {

struct Sample {
  const char* name;
  const char* stream;
  const char* json;
  std::function<std::string(std::string_view)> reencode;
};

template <class T>
Sample sample(const char* name, const char* stream, const char* json) {
  return {name, stream, json, [](std::string_view text) { return encode(decode<T>(text, Strictness::publisher)); }};
}

const std::vector<Sample>& samples() {
  static const std::vector<Sample> all{
      sample<UserRegistered>(
          "user.registered", "user.events",
          R"({"user_id":"user-uuid","email":"user@example.com","tier":"individual_pro","referral_source":"website_signup"})"),
      sample<UserLogin>(
          "user.login", "user.events",
          R"json({"user_id":"0b9ff7a2-8a36-4a35-9d8e-7d9ab8d4f0c1","ip_address":"203.0.113.7","user_agent":"Mozilla/5.0 (X11; Linux x86_64)","success":false})json"),
      sample<UserPreferencesUpdated>(
          "user.preferences.updated", "user.events",
          R"({"user_id":"u1","changed_fields":["theme","language"],"old_values":{"theme":"light","language":"en"},"new_values":{"theme":"dark","nested":{"a":[1,2.5,null]}}})"),
      sample<UserUpdated>("user.updated", "user.events",
                          R"({"user_id":"u1","display_name":"Ada","age":36,"tags":["a","b"]})"),
      sample<FileUploaded>(
          "file.uploaded", "contextual.events",
          R"({"file_id":"01JFZ8Q5W3N4X6Y7Z8A9B0C1D2","user_id":"u1","contextual_core_id":"core-1","filename":"Bericht März.pdf","file_size":1048576,"mime_type":"application/pdf","is_browser_viewable":true})"),
      sample<FileProcessingStarted>(
          "file.processing.started", "contextual.events",
          R"({"file_id":"f1","processing_type":"text_extraction","estimated_duration_ms":1500})"),
      sample<FileProcessingCompleted>(
          "file.processing.completed", "contextual.events",
          R"({"file_id":"f1","processing_type":"text_extraction","processing_time_ms":812.5,"extracted_text":"line one\nline \"two\"","extracted_text_length":20,"embedding_model_used":"small","success":false,"error":"page 3 unreadable"})"),
      sample<EmbeddingGenerationRequested>(
          "embedding.generation.requested", "contextual.events",
          R"({"text_content":"Sample text","content_hash":"abc","user_id":"u1","contextual_core_id":"core-1","preferred_model":"large","priority":"normal"})"),
      sample<EmbeddingGenerationCompleted>(
          "embedding.generation.completed", "contextual.events",
          R"({"embedding_id":"e1","content_hash":"abc","model_id":"large","dimensions":1536,"generation_time_ms":120,"cost_usd":0.0001,"quality_score":0.97})"),
      sample<AiContentGenerationRequested>(
          "ai.content.generation.requested", "ai.events",
          R"({"request_id":"r1","user_id":"u1","contextual_core_id":"core-1","content_type":"social_post","prompt_template":"Write about {{topic}}","ai_provider":"anthropic","max_tokens":500})"),
      sample<AiContentGenerationCompleted>(
          "ai.content.generation.completed", "ai.events",
          R"({"request_id":"r1","content_draft_id":"d1","generated_content":"…","ai_provider":"anthropic","model_used":"m","tokens_used":431,"generation_time_ms":2300,"cost_usd":0.0123})"),
      sample<AiConsultationRequested>(
          "ai.consultation.requested", "ai.events",
          R"({"session_id":"s1","user_id":"u1","contextual_core_id":"core-1","query":"What next?","session_type":"goal_planning"})"),
      sample<AiConsultationCompleted>(
          "ai.consultation.completed", "ai.events",
          R"({"session_id":"s1","response":"Focus.","confidence_score":0.8,"market_data_referenced":["m1","m2"],"ai_provider":"anthropic","tokens_used":12})"),
      sample<MarketDataCollectionStarted>(
          "market.data.collection.started", "market.events",
          R"({"collection_id":"c1","data_source":"google_trends","keywords":["solar"],"user_ids":[]})"),
      sample<MarketDataCollected>(
          "market.data.collected", "market.events",
          R"({"collection_id":"c1","data_source":"reddit","data_type":"competitor_activity","records_collected":0,"collection_time_ms":5000,"data_quality_score":0.5})"),
      sample<MarketTrendDetected>(
          "market.trend.detected", "market.events",
          R"({"trend_id":"t1","trend_type":"rising","keywords":["solar","wind"],"confidence_score":0.9,"affected_users":["u1"],"trend_data":{"slope":1e-7}})"),
      sample<NotificationSendRequested>(
          "notification.send.requested", "notification.events",
          R"({"user_id":"u1","notification_type":"briefing_ready","channels":["email","push"],"message":{"title":"Your briefing is ready!","body":"Click to view.","action_url":"https://example.com/b/1"},"priority":"normal"})"),
      sample<NotificationDelivered>(
          "notification.delivered", "notification.events",
          R"({"notification_id":"n1","user_id":"u1","channel":"email","delivery_time_ms":35,"success":false,"error":"mailbox full"})"),
      sample<BriefingGenerationScheduled>(
          "briefing.generation.scheduled", "notification.events",
          R"({"user_id":"u1","contextual_core_id":"core-1","briefing_period":"weekly","scheduled_time":"2026-01-31T09:30:00.000Z","period_start":"2026-01-24T00:00:00.000Z","period_end":"2026-01-30T23:59:59.999Z"})"),
      sample<SystemServiceHealth>(
          "system.service.health", "system.events",
          R"({"service_name":"api","status":"degraded","response_time_ms":12.25,"memory_usage_mb":512,"cpu_usage_percent":37.5,"error_rate":0.01})"),
      sample<SystemErrorCritical>(
          "system.error.critical", "system.events",
          R"json({"service_name":"file-processor","error_type":"ProcessingError","error_message":"boom","stack_trace":"Error: boom\n    at f (a.ts:1:2)","user_id":"u1","request_id":"r1","requires_immediate_attention":true})json"),
      sample<SystemPerformanceDegraded>(
          "system.performance.degraded", "system.events",
          R"({"metric_name":"latency_p99","current_value":912.5,"threshold_value":500,"affected_services":["api"],"suggested_actions":["scale out"]})"),
  };
  return all;
}

TEST(EventCatalog, EveryTypeReadsAndWritesWhatExistingServicesSend) {
  for (const auto& s : samples()) {
    EXPECT_EQ(s.reencode(s.json), s.json) << s.name;
  }
}

TEST(EventCatalog, KnowsExactlyTheTypesOfTheCatalogue) {
  const auto types = TypeRegistry::catalog();
  EXPECT_EQ(types.list().size(), samples().size());
  for (const auto& s : samples()) {
    const auto* type = types.find(s.name);
    ASSERT_NE(type, nullptr) << s.name;
    EXPECT_EQ(type->stream, s.stream);
    EXPECT_EQ(type->version, 1U);
    EXPECT_EQ(validate_json(*type, s.json), std::vector<FieldProblem>{}) << s.name;
  }
}

TEST(EventCatalog, EveryTypeToleratesFieldsOfOtherAges) {
  const auto types = TypeRegistry::catalog();
  for (const auto& s : samples()) {
    std::string json(s.json);
    json.insert(1, R"("from_the_future":{"deep":[1e400,"x"]},)");
    EXPECT_TRUE(validate_json(*types.find(s.name), json).empty()) << s.name;
  }
}

TEST(EventCatalog, EveryRequiredFieldIsMissedByItsPointer) {
  for (const auto* type : TypeRegistry::catalog().list()) {
    std::vector<std::string> missed, required;
    for (const auto& problem : validate_json(*type, "{}")) {
      EXPECT_EQ(problem.found, "nothing");
      missed.push_back(problem.pointer);
    }
    for (const auto& field : type->data->fields) {
      if (field.required) required.push_back("/" + std::string(field.name));
    }
    EXPECT_EQ(missed, required) << type->name;
    EXPECT_FALSE(required.empty()) << type->name;
  }
}

TEST(EventCatalog, TheGuidesSnippetsLeaveOptionalFieldsOut) {
  const auto types = TypeRegistry::catalog();
  const auto good = [&](std::string_view name, std::string_view json) {
    return validate_json(types.get(name), json).empty();
  };
  EXPECT_TRUE(good("user.registered", R"({"user_id":"u","email":"user@example.com","tier":"individual_pro"})"));
  EXPECT_TRUE(good("embedding.generation.requested",
                   R"({"text_content":"Sample text","user_id":"u","contextual_core_id":"c","priority":"normal"})"));
  EXPECT_TRUE(good("file.processing.started", R"({"file_id":"f","processing_type":"text_extraction"})"));
  EXPECT_TRUE(good(
      "system.error.critical",
      R"({"service_name":"s","error_type":"E","error_message":"m","stack_trace":"t","user_id":"u","requires_immediate_attention":true})"));
  EXPECT_TRUE(good("user.updated", R"({"user_id":"u"})"));
}

TEST(EventCatalog, ReadsNaturallyInCode) {
  const UserRegistered event{.user_id = "user-uuid",
                             .email = "user@example.com",
                             .tier = Tier::individual_pro,
                             .referral_source = "website_signup"};
  EXPECT_EQ(encode(event), samples()[0].json);

  const NotificationSendRequested notification{.user_id = "u1",
                                               .notification_type = NotificationType::briefing_ready,
                                               .channels = {NotificationChannel::email, NotificationChannel::push},
                                               .message = {.title = "Your briefing is ready!",
                                                           .body = "Click to view.",
                                                           .action_url = "https://example.com/b/1"},
                                               .priority = NotificationPriority::normal};
  EXPECT_EQ(encode(notification), samples()[16].json);
}

TEST(EventCatalog, FillsInTheHashOfTheContent) {
  const EmbeddingGenerationRequested request{
      .text_content = "abc", .user_id = "u", .contextual_core_id = "c", .priority = EmbeddingPriority::low};
  constexpr auto sha256_of_abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  EXPECT_EQ(string_member(prepare(request), "content_hash"), sha256_of_abc);
  EXPECT_EQ(request.content_hash, std::nullopt) << "the caller's event is not touched";

  const auto& type = descriptor_of<EmbeddingGenerationRequested>();
  const std::string completed = prepare_json(
      type, R"({"text_content":"abc","user_id":"u","contextual_core_id":"c","priority":"low","extra": [1, 2]})");
  EXPECT_EQ(string_member(completed, "content_hash"), sha256_of_abc);
  EXPECT_NE(completed.find(R"("extra": [1, 2])"), std::string::npos) << completed;
  EXPECT_TRUE(validate_json(type, completed).empty()) << completed;

  const std::string given =
      R"({ "text_content":"abc","content_hash":"mine","user_id":"u","contextual_core_id":"c","priority":"low"})";
  EXPECT_EQ(prepare_json(type, given), given) << "nothing to complete: the text stays as it is";
}

TEST(EventCatalog, NamesTheNearestTypeForAnUnknownOne) {
  const auto types = TypeRegistry::catalog();
  EXPECT_EQ(types.nearest("user.registred"), "user.registered");
  EXPECT_EQ(types.nearest("UserRegistered"), "user.registered");
  EXPECT_EQ(types.nearest("completely.different"), "");
  try {
    (void)types.get("file.uplaoded");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), Errc::unknown_type);
    EXPECT_STREQ(error.what(), R"(there is no event type "file.uplaoded"; did you mean "file.uploaded"?)");
  }
}

struct Impostor {
  static constexpr EventType event{"user.login", "other.events"};
  Id id;
};
BOOST_DESCRIBE_STRUCT(Impostor, (), (id))

TEST(EventCatalog, ARegistryRefusesTwoStructsOfOneName) {
  auto types = TypeRegistry::catalog();
  EXPECT_NO_THROW(types.add<UserLogin>());
  EXPECT_THROW(types.add<Impostor>(), Error);
  EXPECT_EQ(types.find("user.login")->stream, "user.events");
}

TEST(EventCatalog, StreamsAreTheGuidesConstants) {
  EXPECT_EQ(streams::user, "user.events");
  EXPECT_EQ(streams::contextual, "contextual.events");
  EXPECT_EQ(streams::ai, "ai.events");
  EXPECT_EQ(streams::market, "market.events");
  EXPECT_EQ(streams::notification, "notification.events");
  EXPECT_EQ(streams::system, "system.events");
  EXPECT_EQ(streams::content, "content.events");
}

}  // namespace
}  // namespace collective
