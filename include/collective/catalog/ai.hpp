#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collective/catalog/streams.hpp"
#include "collective/event_type.hpp"

namespace collective {

enum class ContentType : std::uint8_t { social_post = 1, blog_article, marketing_copy, email };
BOOST_DESCRIBE_ENUM(ContentType, social_post, blog_article, marketing_copy, email)

/// Someone wants a text to be written.
struct AiContentGenerationRequested {
  static constexpr EventType event{"ai.content.generation.requested", streams::ai};

  Id request_id;
  Id user_id;
  Id contextual_core_id;
  ContentType content_type;
  std::string prompt_template;
  std::string ai_provider;
  Count max_tokens;

  bool operator==(const AiContentGenerationRequested&) const = default;
};
BOOST_DESCRIBE_STRUCT(AiContentGenerationRequested, (),
                      (request_id, user_id, contextual_core_id, content_type, prompt_template, ai_provider, max_tokens))

/// A text was written.
struct AiContentGenerationCompleted {
  static constexpr EventType event{"ai.content.generation.completed", streams::ai};

  Id request_id;
  Id content_draft_id;
  std::string generated_content;
  std::string ai_provider;
  std::string model_used;
  Count tokens_used;
  NonNegative generation_time_ms;
  double cost_usd;

  bool operator==(const AiContentGenerationCompleted&) const = default;
};
BOOST_DESCRIBE_STRUCT(AiContentGenerationCompleted, (),
                      (request_id, content_draft_id, generated_content, ai_provider, model_used, tokens_used,
                       generation_time_ms, cost_usd))

enum class ConsultationType : std::uint8_t { strategic_advice = 1, trend_analysis, goal_planning };
BOOST_DESCRIBE_ENUM(ConsultationType, strategic_advice, trend_analysis, goal_planning)

/// A user asks for business advice.
struct AiConsultationRequested {
  static constexpr EventType event{"ai.consultation.requested", streams::ai};

  Id session_id;
  Id user_id;
  Id contextual_core_id;
  std::string query;
  ConsultationType session_type;

  bool operator==(const AiConsultationRequested&) const = default;
};
BOOST_DESCRIBE_STRUCT(AiConsultationRequested, (), (session_id, user_id, contextual_core_id, query, session_type))

/// The advice is there.
struct AiConsultationCompleted {
  static constexpr EventType event{"ai.consultation.completed", streams::ai};

  Id session_id;
  std::string response;
  double confidence_score;
  std::vector<Id> market_data_referenced;
  std::string ai_provider;
  Count tokens_used;

  bool operator==(const AiConsultationCompleted&) const = default;
};
BOOST_DESCRIBE_STRUCT(AiConsultationCompleted, (),
                      (session_id, response, confidence_score, market_data_referenced, ai_provider, tokens_used))

}  // namespace collective
