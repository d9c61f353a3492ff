#pragma once

#include <string>

#include "collective/catalog.hpp"

// A question and its answer, for tests of waits and causes.
namespace collective::testing_support {

inline EmbeddingGenerationRequested embedding(const std::string& text) {
  return {.text_content = text, .user_id = "u1", .contextual_core_id = "c1", .priority = EmbeddingPriority::normal};
}

inline EmbeddingGenerationCompleted completed(const std::string& id) {
  return {.embedding_id = id,
          .content_hash = "h",
          .model_id = "m",
          .dimensions = 3,
          .generation_time_ms = 1,
          .cost_usd = 0};
}

}  // namespace collective::testing_support
