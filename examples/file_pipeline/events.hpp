#pragma once

#include <collective/collective.hpp>

// The pipeline's own event types, beside those of the catalogue. The flow of one file:
//
//   file.uploaded > file.processing.completed > embedding.generation.requested > embedding.generation.completed
//                                                                              > text.embedded > file.indexed
//   and at the end, well or not: notification.delivered
//
// A file's id is the correlation id of its whole flow.
namespace pipeline {

/// The vector of a text, for whoever searches.
struct TextEmbedded {
  static constexpr collective::EventType event{"text.embedded", collective::streams::contextual};

  collective::Id embedding_id{};
  std::vector<double> vector{};  ///< unit length
  std::string excerpt{};         ///< the beginning of the text
};
BOOST_DESCRIBE_STRUCT(TextEmbedded, (), (embedding_id, vector, excerpt))

/// A file can be found by searching.
struct FileIndexed {
  static constexpr collective::EventType event{"file.indexed", collective::streams::contextual};

  collective::Id file_id{};
  collective::Count files = 0;  ///< in the index now
};
BOOST_DESCRIBE_STRUCT(FileIndexed, (), (file_id, files))

struct SearchRequested {
  static constexpr collective::EventType event{"search.requested", "search.events"};

  std::string query{};
  collective::Count limit = 5;
};
BOOST_DESCRIBE_STRUCT(SearchRequested, (), (query, limit))

struct SearchHit {
  std::string filename{};
  double score = 0;  ///< cosine of the angle between query and text: 0 unrelated, 1 the same words
  std::string excerpt{};
};
BOOST_DESCRIBE_STRUCT(SearchHit, (), (filename, score, excerpt))

struct SearchCompleted {
  static constexpr collective::EventType event{"search.completed", "search.events"};

  std::vector<SearchHit> hits{};
};
BOOST_DESCRIBE_STRUCT(SearchCompleted, (), (hits))

}  // namespace pipeline
