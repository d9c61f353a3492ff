#include <algorithm>
#include <map>
#include <mutex>

#include "embedding.hpp"
#include "events.hpp"
#include "roles.hpp"

namespace pipeline {
namespace {

using namespace collective;

/// Lives in memory: built anew from the stream when the process starts. Adding a file twice changes nothing.
class Index {
 public:
  void name(const std::string& file_id, const std::string& filename) {
    const std::lock_guard lock(mutex_);
    names_[file_id] = filename;
  }
  std::size_t add(const std::string& file_id, const TextEmbedded& text) {
    const std::lock_guard lock(mutex_);
    texts_[file_id] = text;
    return texts_.size();
  }
  std::vector<SearchHit> search(const std::string& query, std::size_t limit) {
    const auto wanted = embed(query);
    const std::lock_guard lock(mutex_);
    std::vector<SearchHit> hits;
    for (const auto& [file_id, text] : texts_) {
      const double score = similarity(wanted, text.vector);
      if (score > 0) hits.push_back({names_[file_id], score, text.excerpt});
    }
    const auto best = std::min(limit, hits.size());
    std::partial_sort(hits.begin(), hits.begin() + static_cast<std::ptrdiff_t>(best), hits.end(),
                      [](const SearchHit& a, const SearchHit& b) { return a.score > b.score; });
    hits.resize(best);
    return hits;
  }

 private:
  std::mutex mutex_;
  std::map<std::string, std::string> names_;   ///< guarded by mutex_
  std::map<std::string, TextEmbedded> texts_;  ///< guarded by mutex_
};

void rebuild(EventClient& client, Index& index) {
  EntryId after;
  while (true) {
    const auto events = client.read(streams::contextual, {.after = after});
    if (events.empty()) return;
    for (const auto& event : events) {
      if (event.envelope.type == FileUploaded::event.name) {
        const auto file = event.as<FileUploaded>();
        index.name(file.data.file_id, file.data.filename);
      } else if (event.envelope.type == TextEmbedded::event.name) {
        index.add(event.envelope.correlation_id, event.as<TextEmbedded>().data);
      }
    }
    after = events.back().entry_id;
  }
}

}  // namespace

int serve_index(const RoleOptions& options) {
  EventClient client(client_options(options, "index"));
  client.connect();
  EventBus bus(client);
  Index index;
  rebuild(client, index);

  auto files = bus.subscribe<FileUploaded, TextEmbedded>(
      overloaded{[&](const Event<FileUploaded>& event) {
                   index.name(event.data.file_id, event.data.filename);
                   return true;
                 },
                 [&](const Event<TextEmbedded>& event) {
                   const auto files_now = index.add(event.correlation_id, event.data);
                   client.publish(FileIndexed{.file_id = event.correlation_id, .files = files_now});
                   return true;
                 }},
      {.group = indexers, .concurrency = 2, .retry = quick_retries});

  auto queries = bus.subscribe<SearchRequested>(
      [&](const Event<SearchRequested>& event) {
        const auto limit = static_cast<std::size_t>(std::int64_t{event.data.limit});
        client.publish(SearchCompleted{.hits = index.search(event.data.query, limit)});
        return true;
      },
      {.group = indexers});
  wait_for_signal();
  return 0;
}

}  // namespace pipeline
