#pragma once

#include <string>
#include <vector>

#include <collective/collective.hpp>

// The services of the pipeline, each run as a process of its own.
namespace pipeline {

struct RoleOptions {
  std::string broker{};
  std::vector<std::string> folders{};  ///< the publisher's
  std::string fail{};  ///< the extractor fails on files whose name contains this, until they are republished
};

/// Announces every file and ends. Returns the exit code.
int publish_files(const RoleOptions& options);

// These run until SIGTERM or SIGINT.
int extract_texts(const RoleOptions& options);
int embed_texts(const RoleOptions& options);
int serve_index(const RoleOptions& options);
int notify(const RoleOptions& options);

/// What the roles share.
collective::Options client_options(const RoleOptions& options, const char* source);
inline constexpr const char* user = "pipeline-user";
inline constexpr const char* core = "pipeline";
inline constexpr const char* extractors = "text-extractor";  ///< consumer groups
inline constexpr const char* embedders = "embedder";
inline constexpr const char* indexers = "index";
inline constexpr const char* notifiers = "notifier";

/// Failed files come back quickly: this is a demonstration.
inline constexpr collective::RetryPolicy quick_retries{.base_delay = collective::Millis(200)};

/// Waits for SIGTERM or SIGINT. Both must be blocked in every thread: call `block_signals` first in the process.
void block_signals();
void wait_for_signal();
bool signal_came();  ///< the same without waiting

}  // namespace pipeline
