#include "broker/memory/append.hpp"

#include "broker/rules.hpp"

namespace collective::memory {
namespace {

using broker::Appended;
using broker::Failure;

Failure past_the_cap(const broker::AppendBatch& batch, std::uint64_t length) {
  return {Errc::full, "stream \"" + batch.stream + "\" holds " + std::to_string(length) +
                          " entries and its hard cap is " + std::to_string(batch.hard_cap) +
                          ": nothing was stored; trim it, raise the cap, or let its groups catch up"};
}

/// One batch on its way into the stream.
class Appending {
 public:
  Appending(Stream& stream, const broker::AppendBatch& batch)
      : stream_(stream), batch_(batch), found_(batch.events().size()) {}

  std::optional<Failure> refused() {
    if (auto unknown = look_back()) return unknown;
    if (batch_.hard_cap == 0) return std::nullopt;
    const auto length = stream_.log.size() + stream_.delayed.size();
    const auto fresh =
        broker::events_to_store(batch_, [&](const broker::Append& one) { return stored_before(one).has_value(); });
    return length + fresh > batch_.hard_cap ? std::optional(past_the_cap(batch_, length)) : std::nullopt;
  }

  Appended store(const broker::Append& one) {
    if (const auto before = stored_before(one)) return *before;
    auto event = one.event.to_owned();
    event.stream = batch_.stream;
    EntryId id{};
    if (one.not_before > batch_.now) {
      stream_.delayed.emplace(one.not_before, std::move(event));
    } else {
      id = stream_.append(std::move(event), batch_.now);
    }
    if (one.deduplicate) stream_.remember(std::string(one.event.id), id, broker::remembered_until(batch_, one));
    return {id, false};
  }

 private:
  /// Looks for the events whose ids nobody remembers.
  std::optional<Failure> look_back() {
    for (std::size_t i = 0; i < found_.size(); ++i) {
      const auto& one = batch_.events()[i];
      if (!one.look_back || remembered(one)) continue;
      found_[i] = stream_.find(one.event.id, *one.look_back);
      if (!found_[i] && stream_.trimmed_after(*one.look_back)) return broker::cannot_tell(one);
    }
    return std::nullopt;
  }

  [[nodiscard]] bool remembered(const broker::Append& one) const {
    return one.deduplicate && stream_.was_seen(std::string(one.event.id), batch_.now);
  }

  [[nodiscard]] std::optional<Appended> stored_before(const broker::Append& one) const {
    if (remembered(one)) return Appended{stream_.seen.at(std::string(one.event.id)).id, true};
    const auto& found = found_[static_cast<std::size_t>(&one - batch_.events().data())];
    return found ? std::optional(Appended{*found, true}) : std::nullopt;
  }

  Stream& stream_;
  const broker::AppendBatch& batch_;
  std::vector<std::optional<EntryId>> found_;  // of each event: its entry in the log, when nobody remembers its id
};

}  // namespace

broker::Result<std::vector<Appended>> append(Stream& stream, const broker::AppendBatch& batch) {
  Appending appending(stream, batch);
  if (auto refused = appending.refused()) return std::move(*refused);
  std::vector<Appended> answer;
  answer.reserve(batch.events().size());
  for (const auto& one : batch.events()) answer.push_back(appending.store(one));
  return answer;
}

}  // namespace collective::memory
