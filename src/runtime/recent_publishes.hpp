#pragma once

#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "collective/entry_id.hpp"

namespace collective::runtime {

/// Where this client last published with a correlation id, so that a wait knows how far to look back. Keeps the newest ten
/// thousand. Thread-safe.
class RecentPublishes {
 public:
  struct Place {
    std::string stream;
    EntryId entry;
  };

  void remember(const std::string& id, const std::string& stream, EntryId entry) {
    if (id.empty() || entry == EntryId{}) return;
    const std::lock_guard lock(mutex_);
    const auto [found, added] = places_.insert_or_assign(id, Place{stream, entry});
    if (!added) return;
    order_.push_back(id);
    if (order_.size() <= most) return;
    places_.erase(order_.front());
    order_.pop_front();
  }

  [[nodiscard]] std::optional<Place> find(const std::string& id) const {
    const std::lock_guard lock(mutex_);
    const auto found = places_.find(id);
    if (found == places_.end()) return std::nullopt;
    return found->second;
  }

 private:
  static constexpr std::size_t most = 10'000;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Place> places_;  // guarded by mutex_
  std::deque<std::string> order_;                  // guarded by mutex_
};

}  // namespace collective::runtime
