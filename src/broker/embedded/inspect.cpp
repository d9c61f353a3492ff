#include "broker/embedded/inspect.hpp"

#include <algorithm>
#include <functional>
#include <limits>

#include "broker/embedded/log.hpp"
#include "broker/embedded/work.hpp"
#include "broker/rules.hpp"

namespace collective::embedded {
namespace {

constexpr std::size_t after_group = 5;

struct Listed {
  std::uint32_t number = 0;
  GroupRecord record;
};

std::optional<Listed> find_group(const View& view, const broker::GroupKey& key) {
  const auto stream = view.stream_number(key.stream);
  const auto number = stream ? view.group_number(*stream, key.group) : std::nullopt;
  if (!number) return std::nullopt;
  const auto record_key = Key(Kind::group).u32(*number);
  auto record = view.load<GroupRecord>(record_key);
  if (!record) throw view.corrupt(record_key, "it is missing");
  return Listed{*number, std::move(*record)};
}

using VisitPending =
    std::function<void(const WorkId&, std::uint64_t token, const std::string& member, const Progress&)>;

void each_in_runs(const View& view, const Listed& group, WorkId after, std::size_t limit, const VisitPending& visit) {
  const auto runs = Key(Kind::run).u32(group.number);
  auto cursor = view.state();
  for (bool more = cursor.seek(runs, runs); more && limit > 0; more = cursor.next(runs)) {
    const auto run = view.decoded(cursor.key(), [&] { return Run::decode(cursor.key(), cursor.value()); });
    for (std::size_t i = 0; i < run.ids.size() && limit > 0; ++i) {
      const WorkId work{run.ids[i], false};
      if (!run.live[i] || work <= after) continue;
      Progress progress;
      progress.route = route_of(view, group.record.stream, work.id);
      visit(work, run.token + i, run.member, progress);
      --limit;
    }
  }
}

/// Visits the pending work after `after`, place by place; of each place the first `limit`.
void each_pending(const View& view, const Listed& group, WorkId after, std::size_t limit, const VisitPending& visit) {
  each_in_runs(view, group, after, limit, visit);
  auto cursor = view.state();
  for (const auto kind : {Kind::held, Kind::parked}) {
    for (const bool side : {true, false}) {
      const auto prefix = Key(kind).u32(group.number).flag(side);
      auto left = limit;
      bool more = cursor.seek(work_key(kind, group.number, {after.id, side}), prefix);
      for (; more && left > 0; more = cursor.next(prefix)) {
        const WorkId work{KeyReader(cursor.key().substr(after_group + 1)).id(), side};
        if (work <= after) continue;
        const auto pending = view.decoded(cursor.key(), [&] { return Pending::decode(cursor.key(), cursor.value()); });
        visit(work, pending.token, pending.member, pending.progress);
        --left;
      }
    }
  }
}

class Census {
 public:
  Census(const View& view, std::uint32_t stream, const StreamRecord& log, std::uint32_t number, Timestamp now)
      : view_(view), stream_(stream), log_(log), now_(now) {
    const auto key = Key(Kind::group).u32(number);
    auto record = view.load<GroupRecord>(key);
    if (!record) throw view.corrupt(key, "it is missing");
    group_ = {number, std::move(*record)};
  }

  broker::GroupInfo take() {
    const auto& record = group_.record;
    info_.name = record.name;
    info_.cursor = record.cursor;
    info_.lag = log_.appended + 1 - first_ordinal_after(view_, stream_, log_, record.cursor);
    info_.dead_letters = record.letters;
    info_.lost = record.lost;
    info_.dropped_dead_letters = record.letters_dropped;
    info_.lane_holder = record.lane_holder;
    info_.epoch = record.epoch;
    members();
    routes();
    each_pending(view_, group_, {}, std::numeric_limits<std::size_t>::max(),
                 [this](const WorkId& work, std::uint64_t, const std::string& member, const Progress& progress) {
                   count(work, member, progress);
                 });
    return std::move(info_);
  }

 private:
  void members() {
    const auto prefix = Key(Kind::member).u32(group_.number);
    auto cursor = view_.state();
    for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
      auto member = view_.decoded(cursor.key(), [&] { return MemberRecord::decode(cursor.key(), cursor.value()); });
      info_.members.push_back({std::string(cursor.key().substr(after_group)), 0, member.lease_until});
      if (member.lease_until <= now_) continue;
      anyone_lives_ = true;
      live_.insert(live_.end(), member.routes.begin(), member.routes.end());
    }
  }

  void routes() {
    const auto key = Key(Kind::routes).u32(group_.number);
    const auto record = view_.get(key);
    if (!record) return;
    for (auto& route : view_.decoded(key, [&] { return decode_routes(key, *record); })) {
      const bool live = takes(route.name);
      info_.routes.push_back({std::move(route.name), route.since, live, 0});
    }
  }

  void count(const WorkId& work, const std::string& member, const Progress& progress) {
    ++info_.pending;
    if (!work.side) {
      const Timestamp stored{broker::Millis(static_cast<std::int64_t>(work.id.ms))};
      info_.oldest_pending = std::min(info_.oldest_pending.value_or(stored), stored);
    }
    if (!member.empty()) {
      for (auto& listed : info_.members) listed.pending += listed.member == member ? 1 : 0;
      return;
    }
    if (progress.due > now_) ++info_.delayed;
    if (!takes(progress.route)) ++info_.unowned;
    waiting_at(progress.route) += 1;
  }

  [[nodiscard]] bool takes(std::string_view route) const { return anyone_lives_ && broker::takes(live_, route); }

  /// The count of a route's parked work; one that nobody declared is listed when work waits under it.
  std::uint64_t& waiting_at(const std::string& name) {
    auto& routes = info_.routes;
    const auto known =
        std::find_if(routes.begin(), routes.end(), [&](const auto& route) { return route.route == name; });
    if (known != routes.end()) return known->waiting;
    return routes.emplace_back(broker::RouteInfo{name, {}, takes(name), 0}).waiting;
  }

  const View& view_;
  std::uint32_t stream_;
  const StreamRecord& log_;
  Timestamp now_;
  Listed group_;
  broker::GroupInfo info_;
  bool anyone_lives_ = false;
  std::vector<std::string> live_;  ///< what live members take
};

}  // namespace

broker::Failure no_such_group(const broker::GroupKey& key) {
  return {Errc::not_found, "stream " + key.stream + " has no group " + key.group +
                               "; check the names, or subscribe with the group first"};
}

std::vector<std::string> stream_names(const View& view) {
  std::vector<std::string> names;
  const auto prefix = Key(Kind::stream_name);
  auto cursor = view.state();
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix))
    names.emplace_back(cursor.key().substr(1));
  return names;
}

broker::Result<broker::StreamInfo> stream_info(const View& view, const std::string& stream) {
  const auto number = view.stream_number(stream);
  if (!number)
    return broker::Failure{Errc::not_found, "there is no stream " + stream + "; nothing was published to it yet"};
  const auto record = view.load<StreamRecord>(Key(Kind::stream).u32(*number)).value_or(StreamRecord{});
  broker::StreamInfo info{stream, record.length(), record.delayed, {}, record.last, record.appended};
  const auto prefix = Key::of_log(*number);
  auto cursor = view.log();
  if (cursor.seek(prefix, prefix)) info.first = id_of_log_key(cursor.key());
  return info;
}

broker::Result<std::vector<broker::GroupInfo>> group_infos(const View& view, const std::string& stream, Timestamp now) {
  std::vector<broker::GroupInfo> infos;
  const auto number = view.stream_number(stream);
  if (!number)
    return broker::Failure{Errc::not_found, "there is no stream " + stream + "; nothing was published to it yet"};
  const auto record = view.load<StreamRecord>(Key(Kind::stream).u32(*number)).value_or(StreamRecord{});
  const auto prefix = Key(Kind::group_name).u32(*number);
  auto cursor = view.state();
  for (bool more = cursor.seek(prefix, prefix); more; more = cursor.next(prefix)) {
    infos.push_back(Census(view, *number, record, KeyReader(cursor.value()).u32(), now).take());
  }
  return infos;
}

broker::Result<std::vector<broker::PendingInfo>> pending_infos(const View& view, const broker::GroupKey& key,
                                                               WorkId after, std::size_t limit) {
  const auto group = find_group(view, key);
  if (!group) return no_such_group(key);
  std::vector<broker::PendingInfo> infos;
  each_pending(view, *group, after, limit,
               [&](const WorkId& work, std::uint64_t token, const std::string& member, const Progress& progress) {
                 infos.push_back({{work, token}, member, progress});
               });
  std::sort(infos.begin(), infos.end(), [](const auto& a, const auto& b) { return a.ticket.work < b.ticket.work; });
  if (infos.size() > limit) infos.resize(limit);
  return infos;
}

broker::Result<broker::DeadLetterPage> dead_letters(const View& view, const broker::GroupKey& key, std::uint64_t after,
                                                    std::size_t limit) {
  const auto group = find_group(view, key);
  if (!group) return no_such_group(key);
  broker::DeadLetterPage page;
  auto arena = std::make_shared<broker::Arena>();
  const auto stream = arena->copy(key.stream);
  const auto prefix = Key(Kind::letter).u32(group->number);
  auto cursor = view.state();
  bool more = after != ~std::uint64_t{0} && cursor.seek(Key(Kind::letter).u32(group->number).u64(after + 1), prefix);
  for (; more && page.letters.size() < limit; more = cursor.next(prefix)) {
    const auto copy = arena->copy(cursor.value());
    auto letter = view.decoded(cursor.key(), [&] { return Letter::decode(cursor.key(), copy); });
    const auto stored = view.decoded(cursor.key(), [&] { return EventRecord::decode_body(letter.event, stream); });
    page.letters.push_back({KeyReader(cursor.key().substr(after_group)).u64(), letter.id,
                            broker::Entry{letter.id, stored.event, stored.defect}, std::move(letter.progress),
                            std::move(letter.reason), letter.died});
  }
  page.storage = std::move(arena);
  return page;
}

}  // namespace collective::embedded
