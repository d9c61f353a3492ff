#include <atomic>
#include <filesystem>
#include <iostream>
#include <mutex>

#include "roles.hpp"
#include "text.hpp"

namespace pipeline {
namespace {

namespace fs = std::filesystem;
using namespace collective;

bool is_passed_over(const fs::directory_entry& entry) {
  const auto name = entry.path().filename().string();
  return name.starts_with('.') || (entry.is_directory() && (name == "build" || name == "node_modules"));
}

/// Publishes without waiting for each answer; the client keeps a bounded window.
class Announcer {
 public:
  explicit Announcer(EventClient& client) : client_(client) {}

  void announce(const fs::path& file) {
    try {
      const auto mime_type = mime_type_of(file);
      const auto flow = new_ulid();
      const FileUploaded event{.file_id = flow,
                               .user_id = user,
                               .contextual_core_id = core,
                               .filename = file.string(),
                               .file_size = fs::file_size(file),
                               .mime_type = mime_type,
                               .is_browser_viewable = is_text(mime_type)};
      const auto done = [this, file](const Published&, const std::exception_ptr& error) { ended(file, error); };
      client_.publish_async(event, done, {.correlation_id = flow, .event_id = flow});
    } catch (const std::exception& error) {
      failed(file, error.what());
    }
  }

  bool finish() {
    client_.flush();
    return failures_ == 0;
  }

 private:
  void ended(const fs::path& file, const std::exception_ptr& error) {
    if (!error) return;
    try {
      std::rethrow_exception(error);
    } catch (const std::exception& reason) {
      failed(file, reason.what());
    }
  }
  void failed(const fs::path& file, const char* reason) {
    const std::lock_guard lock(output_);
    ++failures_;
    std::cerr << "not announced: " << file.string() << ": " << reason << "\n";
  }

  EventClient& client_;
  std::mutex output_;
  std::atomic<int> failures_{0};
};

void announce_folder(Announcer& announcer, const fs::path& folder) {
  if (fs::is_regular_file(folder)) return announcer.announce(folder);
  auto walk = fs::recursive_directory_iterator(folder, fs::directory_options::skip_permission_denied);
  for (const auto& entry : walk) {
    if (is_passed_over(entry)) {
      walk.disable_recursion_pending();
    } else if (entry.is_regular_file() && !entry.is_symlink()) {
      announcer.announce(entry.path());
    }
  }
}

}  // namespace

int publish_files(const RoleOptions& options) {
  EventClient client(client_options(options, "publisher"));
  client.connect();
  Announcer announcer(client);
  for (const auto& folder : options.folders) announce_folder(announcer, folder);
  const bool all = announcer.finish();
  client.close();
  return all ? 0 : 3;
}

}  // namespace pipeline
