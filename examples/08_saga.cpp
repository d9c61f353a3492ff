// A file goes through several services. When one of them fails, what the earlier steps did is undone.
//
//> report.txt: searchable, 3 dimensions
//> notes.txt, attempt 1: saga "process notes.txt" failed at step "embed"; undone: "keep text": the model is overloaded
//> notes.txt, attempt 2: saga "process notes.txt" failed at step "embed"; undone: "keep text": the model is overloaded
//> told user-1: notes.txt could not be processed
//> texts kept: 1
//> dead letter: failed 2 times; last error: saga "process notes.txt" failed at step "embed"…
#include <iostream>
#include <map>
#include <semaphore>

#include <collective/collective.hpp>

using namespace collective;

int main() {
  EventClient client({.broker = "memory:saga"});
  client.connect();
  EventBus bus(client);

  // Two services that answer requests. An answer can say that the work failed.
  const auto extractor = bus.subscribe<FileProcessingStarted>(
      [&](const Event<FileProcessingStarted>& event) {
        client.publish(FileProcessingCompleted{.file_id = event.data.file_id,
                                               .processing_type = "text_extraction",
                                               .processing_time_ms = 1,
                                               .extracted_text = "the text of " + event.data.file_id.str(),
                                               .success = true});
        return true;
      },
      {.group = "extractor"});
  const auto embedder = bus.subscribe<EmbeddingGenerationRequested>(
      [&](const Event<EmbeddingGenerationRequested>& event) {
        const bool overloaded = event.data.text_content.ends_with("notes.txt");
        client.publish(EmbeddingGenerationCompleted{.embedding_id = "e-1",
                                                    .content_hash = event.data.content_hash.value_or(""),
                                                    .model_id = "tiny-model",
                                                    .dimensions = overloaded ? 0 : 3,
                                                    .generation_time_ms = 1,
                                                    .cost_usd = 0});
        return true;
      },
      {.group = "embedder"});

  std::map<std::string, std::string> texts;  // this service's own store
  std::counting_semaphore<> ended(0);

  const auto process = [&](const FileUploaded& file, Delivery& delivery) {
    run_saga("process " + file.filename, delivery.stop_token(), [&](Saga& saga) {
      const auto text = saga.step("extract", [&] {
        const auto answer = client.request<FileProcessingCompleted>(
            FileProcessingStarted{.file_id = file.file_id, .processing_type = ProcessingType::text_extraction});
        if (!answer.data.success) throw std::runtime_error(answer.data.error.value_or("extraction failed"));
        return answer.data.extracted_text.value_or("");
      });
      saga.step("keep text", [&] { texts[file.filename] = text; }, [&] { texts.erase(file.filename); });
      const auto dimensions = saga.step("embed", [&]() -> std::int64_t {
        const auto answer = client.request<EmbeddingGenerationCompleted>(
            EmbeddingGenerationRequested{.text_content = text,
                                         .user_id = file.user_id,
                                         .contextual_core_id = file.contextual_core_id,
                                         .priority = EmbeddingPriority::normal});
        if (answer.data.dimensions == 0) throw std::runtime_error("the model is overloaded");
        return answer.data.dimensions;
      });
      std::cout << file.filename << ": searchable, " << dimensions << " dimensions" << std::endl;
    });
  };

  auto files = bus.subscribe<FileUploaded>(
      [&](const Event<FileUploaded>& event, Delivery& delivery) {
        try {
          process(event.data, delivery);
        } catch (const SagaFailed& failed) {
          std::cout << event.data.filename << ", attempt " << delivery.attempt() << ": " << failed.what() << std::endl;
          if (!delivery.last_attempt()) throw;  // undone, so it can be tried again from the start
          std::cout << "told " << event.user_id << ": " << event.data.filename << " could not be processed"
                    << std::endl;
          ended.release();
          throw;  // to the dead letters, with this text as the reason
        }
        ended.release();
        return true;
      },
      {.group = "file-processor", .retry = {.max_attempts = 2, .base_delay = Millis(20)}});

  for (const char* name : {"report.txt", "notes.txt"}) {
    client.publish(FileUploaded{.file_id = name,
                                .user_id = "user-1",
                                .contextual_core_id = "core-1",
                                .filename = name,
                                .file_size = 11,
                                .mime_type = "text/plain",
                                .is_browser_viewable = true});
    ended.acquire();
  }
  files.close();
  std::cout << "texts kept: " << texts.size() << "\n";
  std::cout << "dead letter: " << bus.dead_letters(streams::contextual, "file-processor").at(0).reason << "\n";
}
