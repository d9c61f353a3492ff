#include "engine/answer_table.hpp"

#include <algorithm>

#include "event/metadata.hpp"

namespace collective::engine {
namespace {

void erase_one(std::unordered_multimap<std::string, AnswerTable::Id>& index, const std::string& key,
               AnswerTable::Id id) {
  auto [first, last] = index.equal_range(key);
  for (auto it = first; it != last; ++it) {
    if (it->second == id) {
      index.erase(it);
      return;
    }
  }
}

}  // namespace

bool answers(const Wanted& wanted, std::string_view type, std::string_view correlation_id,
             std::string_view causation_id) {
  if (type != wanted.type) return false;
  if (!wanted.request_id.empty() && !causation_id.empty()) return causation_id == wanted.request_id;
  return !wanted.correlation_id.empty() && correlation_id == wanted.correlation_id;
}

void AnswerTable::add(Id id, Wanted wanted) {
  if (!wanted.correlation_id.empty()) by_correlation_.emplace(wanted.correlation_id, id);
  if (!wanted.request_id.empty()) by_request_.emplace(wanted.request_id, id);
  waits_.emplace(id, std::move(wanted));
}

bool AnswerTable::remove(Id id) {
  const auto found = waits_.find(id);
  if (found == waits_.end()) return false;
  erase_one(by_correlation_, found->second.correlation_id, id);
  erase_one(by_request_, found->second.request_id, id);
  waits_.erase(found);
  return true;
}

void AnswerTable::offer(const EnvelopeView& event, std::vector<Id>& answered) const {
  const auto causation = by_request_.empty() ? std::string() : event::causation_id(event.metadata);
  const auto collect = [&](const auto& index, std::string_view key) {
    if (key.empty() || index.empty()) return;
    const auto [first, last] = index.equal_range(std::string(key));
    for (auto it = first; it != last; ++it) {
      if (answers(waits_.at(it->second), event.type, event.correlation_id, causation)) answered.push_back(it->second);
    }
  };
  collect(by_request_, causation);
  const auto by_cause = answered.size();
  collect(by_correlation_, event.correlation_id);
  // A request is in both indexes; it is answered once.
  for (auto i = by_cause; i < answered.size();) {
    const bool twice = std::find(answered.begin(), answered.begin() + static_cast<std::ptrdiff_t>(by_cause),
                                 answered[i]) != answered.begin() + static_cast<std::ptrdiff_t>(by_cause);
    i = twice ? static_cast<std::size_t>(answered.erase(answered.begin() + static_cast<std::ptrdiff_t>(i)) -
                                         answered.begin())
              : i + 1;
  }
}

std::vector<AnswerTable::Id> AnswerTable::all() const {
  std::vector<Id> ids;
  ids.reserve(waits_.size());
  for (const auto& [id, wanted] : waits_) ids.push_back(id);
  return ids;
}

}  // namespace collective::engine
