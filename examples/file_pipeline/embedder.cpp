#include <chrono>

#include "embedding.hpp"
#include "events.hpp"
#include "roles.hpp"
#include "text.hpp"

namespace pipeline {

using namespace collective;

int embed_texts(const RoleOptions& options) {
  EventClient client(client_options(options, "embedder"));
  client.connect();
  EventBus bus(client);

  const auto embed_text = [&](const Event<EmbeddingGenerationRequested>& event) {
    const auto begun = std::chrono::steady_clock::now();
    const auto& text = event.data.text_content;
    const auto vector = embed(text);
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begun;

    const auto embedding_id = event.id;  // the same after a crash in between
    client.publish(EmbeddingGenerationCompleted{.embedding_id = embedding_id,
                                                .content_hash = event.data.content_hash.value_or(""),
                                                .model_id = "hashed-bag-of-words",
                                                .dimensions = dimensions,
                                                .generation_time_ms = took.count(),
                                                .cost_usd = 0});
    client.publish(TextEmbedded{.embedding_id = embedding_id, .vector = vector, .excerpt = shortened(text, 120)});
    return true;
  };
  auto subscription = bus.subscribe<EmbeddingGenerationRequested>(
      embed_text, {.group = embedders, .concurrency = 4, .retry = quick_retries});
  wait_for_signal();
  return 0;
}

}  // namespace pipeline
