// Asks by an event and waits for the event that answers. Nothing is missed, also when the answer is faster than the wait.
//
//> embedding of 3 dimensions by tiny-model
//> no embedding.generation.completed with correlation id …within 100 ms
#include <iostream>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client({.broker = "memory:request"});
  client.connect();
  EventBus bus(client);

  const auto embedder = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>& request) {
        if (request.data.text_content == "ignore me") return true;
        // Published while handling the request, so it carries its correlation id and names it as its cause.
        client.publish(EmbeddingGenerationCompleted{.embedding_id = "e-1",
                                                    .content_hash = request.data.content_hash.value_or(""),
                                                    .model_id = "tiny-model",
                                                    .dimensions = 3,
                                                    .generation_time_ms = 1,
                                                    .cost_usd = 0});
        return true;
      },
      {.group = "embedder"});

  EmbeddingGenerationRequested question{
      .text_content = "a text", .user_id = "u", .contextual_core_id = "c", .priority = EmbeddingPriority::high};
  const auto answer = client.request<EmbeddingGenerationCompleted>(question, Millis(5'000));
  std::cout << "embedding of " << answer.data.dimensions << " dimensions by " << answer.data.model_id.str() << "\n";

  question.text_content = "ignore me";
  try {
    (void)client.request<EmbeddingGenerationCompleted>(question, Millis(100));
  } catch (const Error& error) {
    std::cout << error.what() << "\n";
  }
}
