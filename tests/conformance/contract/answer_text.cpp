#include "conformance/contract/answer_text.hpp"

#include <initializer_list>
#include <string_view>

namespace collective::conformance {
namespace {

struct Field {
  std::string_view name;
  std::string value;
};

std::string fields(std::initializer_list<Field> list) {
  std::string all = "{";
  for (const auto& field : list)
    all.append(all.size() > 1 ? " " : "").append(field.name).append("=").append(field.value);
  return all + "}";
}

}  // namespace

std::string text(bool value) {
  return value ? "yes" : "no";
}
std::string text(std::uint64_t value) {
  return std::to_string(value);
}
std::string text(const std::string& value) {
  return "'" + value + "'";
}
std::string text(EntryId id) {
  return id.to_string();
}
std::string text(Timestamp time) {
  return std::to_string(time.time_since_epoch().count());
}

std::string text(broker::Settled settled) {
  switch (settled) {
    case broker::Settled::done:
      return "done";
    case broker::Settled::stale:
      return "stale";
    case broker::Settled::gone:
      return "gone";
    case broker::Settled::no_room:
      return "no room";
  }
  return "?";
}

std::string text(const broker::Ticket& ticket) {
  return (ticket.work.side ? "side:" : "") + ticket.work.id.to_string() + "#" + std::to_string(ticket.token);
}

std::string text(const broker::Progress& p) {
  return fields({{"attempts", std::to_string(p.attempts)},
                 {"stalls", std::to_string(p.stalls)},
                 {"generation", std::to_string(p.generation)},
                 {"suspect", text(p.suspect)},
                 {"started", text(p.started)},
                 {"due", text(p.due)},
                 {"route", text(p.route)},
                 {"note", text(p.note)}});
}

std::string text(const broker::Settlement& settlement) {
  static constexpr std::string_view verdicts[] = {"acknowledge", "park", "hold", "dead_letter", "release", "extend"};
  return std::string(verdicts[static_cast<std::size_t>(settlement.verdict)]) + " " + text(settlement.ticket) + " " +
         text(settlement.progress);
}

std::string text(const broker::Entry& entry) {
  const auto event = entry.event.to_owned();
  return fields({{"id", text(entry.id)},
                 {"event", text(event.id)},
                 {"stream", text(event.stream)},
                 {"type", text(event.type)},
                 {"version", std::to_string(event.version)},
                 {"timestamp", text(event.timestamp)},
                 {"correlation", text(event.correlation_id)},
                 {"user", text(event.user_id)},
                 {"data", text(event.data)},
                 {"metadata", text(event.metadata)},
                 {"defect", text(std::string(entry.defect))}});
}

std::string text(const broker::Delivered& delivered) {
  return text(delivered.ticket) + " " + text(delivered.progress) + " " + text(delivered.entry);
}

std::string text(const broker::Appended& appended) {
  return text(appended.id) + (appended.duplicate ? " duplicate" : "");
}

std::string text(const broker::Exchanged& answer) {
  return fields({{"settled", text(answer.settled)},
                 {"more", text(answer.more)},
                 {"member_lost", text(answer.member_lost)},
                 {"group_lost", text(answer.group_lost)},
                 {"due", text(answer.due)},
                 {"lane", text(answer.lane)},
                 {"epoch", text(answer.epoch)},
                 {"lane_free", text(answer.lane_free)},
                 {"position", text(answer.position)},
                 {"deliveries", text(answer.deliveries)}});
}

std::string text(const broker::Page& page) {
  return fields({{"last", text(page.last)}, {"entries", text(page.entries)}});
}

std::string text(const broker::GroupLoss& loss) {
  return loss.group + ":" + std::to_string(loss.entries);
}

std::string text(const broker::UpkeepReport& report) {
  return fields({{"promoted", text(report.promoted)},
                 {"next_delayed", text(report.next_delayed)},
                 {"trimmed", text(report.trimmed)},
                 {"lost", text(report.lost)},
                 {"dropped_dead_letters", text(report.dropped_dead_letters)},
                 {"more", text(report.more)}});
}

std::string text(const StreamInfo& info) {
  return fields({{"name", text(info.name)},
                 {"length", text(info.length)},
                 {"delayed", text(info.delayed)},
                 {"first", text(info.first)},
                 {"last", text(info.last)},
                 {"appended", text(info.appended)}});
}

std::string text(const RouteInfo& info) {
  return fields({{"route", text(info.route)},
                 {"since", text(info.since)},
                 {"live", text(info.live)},
                 {"waiting", text(info.waiting)}});
}

std::string text(const MemberInfo& info) {
  return fields(
      {{"member", text(info.member)}, {"pending", text(info.pending)}, {"lease_until", text(info.lease_until)}});
}

std::string text(const GroupInfo& info) {
  return fields({{"name", text(info.name)},
                 {"cursor", text(info.cursor)},
                 {"lag", text(info.lag)},
                 {"pending", text(info.pending)},
                 {"delayed", text(info.delayed)},
                 {"unowned", text(info.unowned)},
                 {"dead_letters", text(info.dead_letters)},
                 {"lost", text(info.lost)},
                 {"dropped_dead_letters", text(info.dropped_dead_letters)},
                 {"oldest_pending", text(info.oldest_pending)},
                 {"lane_holder", text(info.lane_holder)},
                 {"epoch", text(info.epoch)},
                 {"routes", text(info.routes)},
                 {"members", text(info.members)}});
}

std::string text(const broker::PendingInfo& info) {
  return text(info.ticket) + " of " + text(info.member) + " " + text(info.progress);
}

std::string text(const broker::DeadLetter& letter) {
  return fields({{"number", text(letter.number)},
                 {"id", text(letter.id)},
                 {"died", text(letter.died)},
                 {"reason", text(letter.reason)},
                 {"progress", text(letter.progress)},
                 {"entry", text(letter.entry)}});
}

std::string text(const broker::DeadLetterPage& page) {
  return text(page.letters);
}

}  // namespace collective::conformance
