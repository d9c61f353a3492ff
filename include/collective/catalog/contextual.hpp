#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "collective/catalog/streams.hpp"
#include "collective/event_type.hpp"

namespace collective {

/// A file was uploaded to a contextual core.
struct FileUploaded {
  static constexpr EventType event{"file.uploaded", streams::contextual};

  Id file_id;
  Id user_id;
  Id contextual_core_id;
  std::string filename;
  Count file_size;  ///< bytes
  std::string mime_type;
  bool is_browser_viewable;

  bool operator==(const FileUploaded&) const = default;
};
BOOST_DESCRIBE_STRUCT(FileUploaded, (),
                      (file_id, user_id, contextual_core_id, filename, file_size, mime_type, is_browser_viewable))

enum class ProcessingType : std::uint8_t { text_extraction = 1, embedding_generation, metadata_analysis };
BOOST_DESCRIBE_ENUM(ProcessingType, text_extraction, embedding_generation, metadata_analysis)

/// The processing of a file began.
struct FileProcessingStarted {
  static constexpr EventType event{"file.processing.started", streams::contextual};

  Id file_id;
  ProcessingType processing_type;
  std::optional<NonNegative> estimated_duration_ms{};

  bool operator==(const FileProcessingStarted&) const = default;
};
BOOST_DESCRIBE_STRUCT(FileProcessingStarted, (), (file_id, processing_type, estimated_duration_ms))

/// The processing of a file ended, well or not.
struct FileProcessingCompleted {
  static constexpr EventType event{"file.processing.completed", streams::contextual};

  Id file_id;
  std::string processing_type;  ///< usually the name of a ProcessingType
  NonNegative processing_time_ms;
  std::optional<std::string> extracted_text{};
  std::optional<NonNegative> extracted_text_length{};
  std::optional<std::string> embedding_model_used{};
  bool success;
  std::optional<std::string> error{};

  bool operator==(const FileProcessingCompleted&) const = default;
};
BOOST_DESCRIBE_STRUCT(FileProcessingCompleted, (),
                      (file_id, processing_type, processing_time_ms, extracted_text, extracted_text_length,
                       embedding_model_used, success, error))

enum class EmbeddingPriority : std::uint8_t { low = 1, normal, high };
BOOST_DESCRIBE_ENUM(EmbeddingPriority, low, normal, high)

/// Someone wants the embedding of a text.
struct EmbeddingGenerationRequested {
  static constexpr EventType event{"embedding.generation.requested", streams::contextual};

  std::string text_content;
  std::optional<std::string> content_hash{};  ///< when absent, publish fills in the SHA-256 of text_content in hex
  Id user_id;
  Id contextual_core_id;
  std::optional<std::string> preferred_model{};
  EmbeddingPriority priority;

  static void complete(EmbeddingGenerationRequested& request);
  bool operator==(const EmbeddingGenerationRequested&) const = default;
};
BOOST_DESCRIBE_STRUCT(EmbeddingGenerationRequested, (),
                      (text_content, content_hash, user_id, contextual_core_id, preferred_model, priority))

/// An embedding is there.
struct EmbeddingGenerationCompleted {
  static constexpr EventType event{"embedding.generation.completed", streams::contextual};

  Id embedding_id;
  std::string content_hash;
  Id model_id;
  Count dimensions;
  NonNegative generation_time_ms;
  double cost_usd;
  std::optional<double> quality_score{};

  bool operator==(const EmbeddingGenerationCompleted&) const = default;
};
BOOST_DESCRIBE_STRUCT(EmbeddingGenerationCompleted, (),
                      (embedding_id, content_hash, model_id, dimensions, generation_time_ms, cost_usd, quality_score))

}  // namespace collective
