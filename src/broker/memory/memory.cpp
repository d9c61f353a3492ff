#include "broker/memory/memory.hpp"

#include <algorithm>
#include <mutex>

#include "broker/memory/append.hpp"
#include "broker/memory/exchange.hpp"
#include "broker/memory/inspect.hpp"
#include "broker/memory/upkeep.hpp"
#include "broker/names.hpp"
#include "broker/rules.hpp"

namespace collective::memory {
namespace {

using broker::check_name;
using broker::check_names;
using broker::Failure;
using broker::GroupKey;
using broker::Reply;
using broker::Result;

class MemoryBroker final : public broker::Broker,
                           public broker::Admin,
                           public std::enable_shared_from_this<MemoryBroker> {
 public:
  void append(broker::AppendBatch batch, Reply<std::vector<broker::Appended>> reply) override {
    reply(changing<std::vector<broker::Appended>>(batch.stream, check_names(batch),
                                                  [&] { return append_locked(batch); }));
  }

  void join(broker::Join request, Reply<EntryId> reply) override {
    reply(changing<EntryId>(request.key.stream, check_names(request),
                            [&]() -> Result<EntryId> { return memory::join(stream(request.key.stream), request); }));
  }

  void exchange(broker::Exchange request, Reply<broker::Exchanged> reply) override {
    bool rings = false;
    auto result = locked<broker::Exchanged>(check_names(request), [&]() -> Result<broker::Exchanged> {
      auto* group = find(request.key);
      if (group == nullptr) {
        broker::Exchanged answer;
        answer.member_lost = answer.group_lost = true;
        answer.settled.assign(request.settlements.size(), broker::Settled::gone);
        return answer;
      }
      const auto parked = group->parked.size();
      const auto members = group->members.size();
      auto answer = memory::exchange(streams_.at(request.key.stream), *group, request);
      const bool reaped = group->members.size() < members;  // a lane may be free
      rings = reaped || group->parked.size() > parked || settles_for_others(request) ||
              makes_way(request, answer, group->lane_holder);
      return answer;
    });
    if (rings) ring(request.key.stream);
    reply(std::move(result));
  }

  void leave(GroupKey key, std::string member, Timestamp now, Reply<bool> reply) override {
    reply(changing<bool>(key.stream, check_names(key, member), [&]() -> Result<bool> {
      auto* group = find(key);
      return group != nullptr && memory::leave(*group, member, now);
    }));
  }

  void read(broker::Read request, Reply<broker::Page> reply) override {
    reply(locked<broker::Page>(check_name("stream", request.stream), [&] { return read_locked(request); }));
  }

  void upkeep(broker::Upkeep request, Reply<broker::UpkeepReport> reply) override {
    auto result =
        locked<broker::UpkeepReport>(check_name("stream", request.stream), [&]() -> Result<broker::UpkeepReport> {
          const auto at = streams_.find(request.stream);
          return at == streams_.end() ? broker::UpkeepReport{} : memory::upkeep(at->second, request);
        });
    if (result && result->promoted > 0) ring(request.stream);
    reply(std::move(result));
  }

  Watch watch(const std::string& stream, std::function<void()> news) override {
    const std::lock_guard lock(mutex_);
    auto watch = std::make_shared<std::function<void()>>(std::move(news));
    std::erase_if(watches_[stream], [](const auto& old) { return old.expired(); });
    watches_[stream].push_back(watch);
    return watch;
  }

  void close(std::chrono::steady_clock::time_point) override {}  // nothing is ever on its way here

  // --- Admin ------------------------------------------------------------------------------------------------------

  void streams(Reply<std::vector<std::string>> reply) override {
    std::vector<std::string> names;
    {
      const std::lock_guard lock(mutex_);
      for (const auto& [name, stream] : streams_) names.push_back(name);
    }
    reply(std::move(names));
  }

  void stream_info(const std::string& name, Reply<broker::StreamInfo> reply) override {
    reply(locked<broker::StreamInfo>(check_name("stream", name), [&]() -> Result<broker::StreamInfo> {
      const auto at = streams_.find(name);
      if (at == streams_.end()) return no_stream(name);
      return describe(at->second);
    }));
  }

  void groups(const std::string& name, Timestamp now, Reply<std::vector<broker::GroupInfo>> reply) override {
    reply(locked<std::vector<broker::GroupInfo>>(check_name("stream", name),
                                                 [&]() -> Result<std::vector<broker::GroupInfo>> {
                                                   const auto at = streams_.find(name);
                                                   if (at == streams_.end()) return no_stream(name);
                                                   std::vector<broker::GroupInfo> list;
                                                   for (const auto& [group_name, group] : at->second.groups)
                                                     list.push_back(describe(at->second, group, now));
                                                   return list;
                                                 }));
  }

  void pending(GroupKey key, broker::WorkId after, std::size_t limit,
               Reply<std::vector<broker::PendingInfo>> reply) override {
    reply(of_group<std::vector<broker::PendingInfo>>(key, check_names(key),
                                                     [&](Group& group) { return pending_of(group, after, limit); }));
  }

  void dead_letters(GroupKey key, std::uint64_t after, std::size_t limit,
                    Reply<broker::DeadLetterPage> reply) override {
    reply(of_group<broker::DeadLetterPage>(key, check_names(key),
                                           [&](Group& group) { return letters_of(group, after, limit); }));
  }

  void republish(GroupKey key, std::vector<std::uint64_t> numbers, Timestamp now, Reply<std::uint64_t> reply) override {
    reply(changing_group<std::uint64_t>(key, check_names(key),
                                        [&](Group& group) { return memory::republish(group, numbers, now); }));
  }

  void discard(GroupKey key, std::vector<std::uint64_t> numbers, Reply<std::uint64_t> reply) override {
    reply(of_group<std::uint64_t>(key, check_names(key), [&](Group& group) {
      std::uint64_t gone = 0;
      for (const auto number : numbers) gone += group.letters.erase(number);
      return gone;
    }));
  }

  void replay(GroupKey key, EntryId after, Reply<std::uint64_t> reply) override {
    reply(changing_group<std::uint64_t>(key, check_names(key), [&](Group& group) -> Result<std::uint64_t> {
      if (group.replay)
        return Failure{Errc::conflict, "an earlier replay of the group still runs; wait until it is through"};
      const auto& stream = streams_.at(key.stream);
      const auto first = stream.after(after);
      const auto last = stream.after(group.cursor);
      if (first >= last) return std::uint64_t{0};
      group.replay.emplace(after, group.cursor);
      return static_cast<std::uint64_t>(last - first);
    }));
  }

  void forget(GroupKey key, const std::string& route, Reply<std::uint64_t> reply) override {
    reply(changing_group<std::uint64_t>(key, check_names(key, route),
                                        [&](Group& group) { return memory::forget(group, route); }));
  }

  void diagnose(Reply<std::vector<Finding>> reply) override {
    reply(std::vector<Finding>{{Finding::Level::warning, "nothing survives the end of the process (memory:)",
                                "use embedded:PATH for events that must survive"}});
  }

  void destroy_group(GroupKey key, Reply<bool> reply) override {
    reply(changing<bool>(key.stream, check_names(key), [&]() -> Result<bool> {
      const auto at = streams_.find(key.stream);
      if (at == streams_.end()) return false;
      auto& [name, stream] = *at;
      const auto group = stream.groups.find(key.group);
      if (group == stream.groups.end()) return false;
      stream.tokens_given = std::max(stream.tokens_given, group->second.tokens);
      stream.groups.erase(group);
      return true;
    }));
  }

 private:
  /// Takes the step under the lock, unless a name is `wrong`.
  template <class T, class Step>
  Result<T> locked(std::optional<Failure> wrong, Step step) {
    if (wrong) return std::move(*wrong);
    const std::lock_guard lock(mutex_);
    return step();
  }

  /// As `locked`, and tells the watches of the stream.
  template <class T, class Step>
  Result<T> changing(const std::string& stream, std::optional<Failure> wrong, Step step) {
    auto result = locked<T>(std::move(wrong), step);
    if (result) ring(stream);
    return result;
  }

  template <class T, class Step>
  Result<T> of_group(const GroupKey& key, std::optional<Failure> wrong, Step step) {
    return locked<T>(std::move(wrong), [&]() -> Result<T> {
      auto* group = find(key);
      if (group != nullptr) return step(*group);
      return Failure{Errc::not_found, "there is no group \"" + key.group + "\" on stream \"" + key.stream + "\""};
    });
  }

  /// As `of_group`, and tells the watches of the stream.
  template <class T, class Step>
  Result<T> changing_group(const GroupKey& key, std::optional<Failure> wrong, Step step) {
    auto result = of_group<T>(key, std::move(wrong), step);
    if (result) ring(key.stream);
    return result;
  }

  static Failure no_stream(const std::string& name) {
    return {Errc::not_found, "there is no stream \"" + name + "\": nothing was published to it and no group joined it"};
  }

  static bool settles_for_others(const broker::Exchange& request) {
    using Verdict = broker::Settlement::Verdict;
    return std::any_of(request.settlements.begin(), request.settlements.end(), [](const auto& settlement) {
      return settlement.verdict == Verdict::park || settlement.verdict == Verdict::release;
    });
  }

  /// Whether work ended that the holder of the lane waits for.
  static bool makes_way(const broker::Exchange& request, const broker::Exchanged& answer, const std::string& holder) {
    if (holder.empty() || holder == request.member) return false;
    return std::find(answer.settled.begin(), answer.settled.end(), broker::Settled::done) != answer.settled.end();
  }

  Stream& stream(const std::string& name) {
    auto& found = streams_[name];
    found.name = name;
    return found;
  }

  Group* find(const GroupKey& key) {
    const auto stream = streams_.find(key.stream);
    if (stream == streams_.end()) return nullptr;
    const auto group = stream->second.groups.find(key.group);
    return group == stream->second.groups.end() ? nullptr : &group->second;
  }

  Result<std::vector<broker::Appended>> append_locked(const broker::AppendBatch& batch) {
    if (streams_.contains(batch.stream)) return memory::append(stream(batch.stream), batch);
    Stream fresh;
    fresh.name = batch.stream;
    auto answer = memory::append(fresh, batch);
    if (answer) streams_.emplace(batch.stream, std::move(fresh));
    return answer;
  }

  Result<broker::Page> read_locked(const broker::Read& request) {
    broker::Page page;
    const auto at = streams_.find(request.stream);
    if (at == streams_.end()) return page;
    const auto& source = at->second;
    page.last = source.last;
    auto storage = std::make_shared<std::vector<EventPointer>>();
    std::size_t bytes = 0;
    const auto add = [&](const LogEntry& entry) {
      if (page.entries.size() >= request.limit || (bytes >= request.max_bytes && !page.entries.empty())) return false;
      storage->push_back(entry.event);
      bytes += entry.event->data.size() + entry.event->metadata.size();
      page.entries.push_back({entry.id, *entry.event, {}});
      return true;
    };
    const auto first = source.after(request.after);
    const auto last = source.after(request.until);
    if (!request.backwards) {
      for (auto entry = first; entry < last && add(*entry); ++entry) {
      }
    } else {
      for (auto entry = last; entry > first && add(*std::prev(entry)); --entry) {
      }
    }
    page.storage = std::move(storage);
    return page;
  }

  void ring(const std::string& stream) {
    std::vector<Watch> live;
    {
      const std::lock_guard lock(mutex_);
      const auto at = watches_.find(stream);
      if (at == watches_.end()) return;
      for (const auto& watch : at->second) {
        if (auto handle = watch.lock()) live.push_back(std::move(handle));
      }
    }
    for (const auto& watch : live) (*std::static_pointer_cast<std::function<void()>>(watch))();
  }

  std::mutex mutex_;  // guards everything below
  std::map<std::string, Stream> streams_;
  std::map<std::string, std::vector<std::weak_ptr<void>>> watches_;
};

}  // namespace

broker::Store open(const std::string& name) {
  const auto broker = std::make_shared<MemoryBroker>();
  return {broker, broker, "memory:" + name, "nothing beyond this process"};
}

}  // namespace collective::memory
