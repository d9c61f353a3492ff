#include <chrono>
#include <stdexcept>

#include "roles.hpp"
#include "text.hpp"

namespace pipeline {
namespace {

using namespace collective;
using Clock = std::chrono::steady_clock;

NonNegative since(Clock::time_point begun) {
  return std::chrono::duration<double, std::milli>(Clock::now() - begun).count();
}

FileProcessingCompleted completed(const FileUploaded& file, Clock::time_point begun) {
  return {.file_id = file.file_id,
          .processing_type = "text_extraction",
          .processing_time_ms = since(begun),
          .success = true};
}

}  // namespace

int extract_texts(const RoleOptions& options) {
  EventClient client(client_options(options, "extractor"));
  client.connect();
  EventBus bus(client);

  const auto extract = [&](const Event<FileUploaded>& event, Delivery& delivery) {
    const auto& file = event.data;
    const auto begun = Clock::now();
    if (!is_text(file.mime_type)) {  // no retry helps: say so, and be done
      auto nothing = completed(file, begun);
      nothing.success = false;
      nothing.error = "no text in " + file.mime_type;
      client.publish(nothing);
      return true;
    }
    const bool asked_to_fail = !options.fail.empty() && file.filename.find(options.fail) != std::string::npos;
    if (asked_to_fail && delivery.generation() == 0) throw std::runtime_error("asked to fail by --fail");

    const EmbeddingGenerationRequested request{.text_content = read_text(file.filename),
                                               .user_id = file.user_id,
                                               .contextual_core_id = file.contextual_core_id,
                                               .priority = EmbeddingPriority::normal};
    // What is thrown here (not readable, not UTF-8) is retried, and ends in the dead letters.
    if (auto problems = validate(request); !problems.empty())
      throw invalid_event(request.event.name, std::move(problems));
    auto done = completed(file, begun);
    done.extracted_text_length = request.text_content.size();
    client.publish(done);
    client.publish(request);
    return true;
  };
  auto subscription =
      bus.subscribe<FileUploaded>(extract, {.group = extractors, .concurrency = 4, .retry = quick_retries});
  wait_for_signal();
  return 0;
}

}  // namespace pipeline
