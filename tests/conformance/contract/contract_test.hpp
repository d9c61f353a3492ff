#pragma once

#include <ostream>
#include <stdexcept>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "support/batch.hpp"
#include "support/stores.hpp"

namespace collective {
inline void PrintTo(const EntryId& id, std::ostream* out) {
  *out << id.to_string();
}
namespace broker {
inline void PrintTo(Settled settled, std::ostream* out) {
  *out << (settled == Settled::done    ? "done"
           : settled == Settled::stale ? "stale"
           : settled == Settled::gone  ? "gone"
                                       : "no room");
}
inline void PrintTo(const Ticket& ticket, std::ostream* out) {
  *out << (ticket.work.side ? "side " : "") << ticket.work.id.to_string() << " token " << ticket.token;
}
}  // namespace broker
}  // namespace collective

// The vocabulary of the contract's tests: one stream, "things", one group, "readers", and a time that stands still
// until a test moves it.
namespace collective::conformance {

using AppendBatch = testing_support::Batch;
using broker::Delivered;
using broker::Exchange;
using broker::Exchanged;
using broker::Millis;
using broker::Progress;
using broker::Settled;
using broker::Settlement;
using broker::Ticket;
using broker::WorkId;
using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Verdict = Settlement::Verdict;

inline Settlement settlement(const Ticket& ticket, Verdict verdict, Progress progress = {}, std::string reason = {}) {
  return {ticket, verdict, std::move(progress), std::move(reason)};
}
inline Settlement acknowledge(const Ticket& ticket) {
  return settlement(ticket, Verdict::acknowledge);
}
inline Settlement release(const Ticket& ticket) {
  return settlement(ticket, Verdict::release);
}
/// Back to the group after one more failed attempt.
inline Settlement park(const Delivered& delivered, Timestamp due = {}) {
  auto progress = delivered.progress;
  ++progress.attempts;
  progress.started = false;
  progress.due = due;
  return settlement(delivered.ticket, Verdict::park, std::move(progress));
}
/// Stores the start mark.
inline Settlement start_mark(const Delivered& delivered) {
  auto progress = delivered.progress;
  progress.started = true;
  return settlement(delivered.ticket, Verdict::hold, std::move(progress));
}
inline Settlement bury(const Delivered& delivered, std::string reason = "it failed") {
  return settlement(delivered.ticket, Verdict::dead_letter, delivered.progress, std::move(reason));
}
inline Settlement extend(const Ticket& ticket, Timestamp until) {
  return settlement(ticket, Verdict::extend, {.due = until});
}

inline std::vector<EntryId> ids(const Exchanged& answer) {
  std::vector<EntryId> list;
  for (const auto& delivered : answer.deliveries) list.push_back(delivered.ticket.work.id);
  return list;
}
inline std::vector<EntryId> ids(const broker::Page& page) {
  std::vector<EntryId> list;
  for (const auto& entry : page.entries) list.push_back(entry.id);
  return list;
}

class ContractTest : public testing_support::StoreTest {
 protected:
  Timestamp now{Millis{1'767'225'600'000}};
  const broker::GroupKey readers{"things", "readers"};

  // --- append ---
  Envelope event(std::string type = "a", std::string data = "{}") {
    Envelope event;
    event.id = "event-" + std::to_string(++events_);
    event.stream = "things";
    event.type = std::move(type);
    event.timestamp = now;
    event.data = std::move(data);
    return event;
  }
  [[nodiscard]] AppendBatch batch(std::vector<Envelope> events = {}) const {
    AppendBatch batch;
    batch.stream = "things";
    batch.now = now;
    for (auto& one : events) batch.events.push_back({std::move(one), {}, false});
    return batch;
  }
  EntryId append(const std::string& type = "a", const std::string& data = "{}") {
    return store().append(batch({event(type, data)})).value().front().id;
  }
  std::vector<EntryId> append_some(std::size_t count, const std::string& type = "a") {
    std::vector<EntryId> list;
    for (std::size_t i = 0; i < count; ++i) list.push_back(append(type));
    return list;
  }

  // --- groups ---
  [[nodiscard]] broker::Join joining(const std::string& member, std::vector<std::string> routes = {"*"}) const {
    return {.key = readers, .member = member, .routes = std::move(routes), .now = now};
  }
  EntryId join(const std::string& member, std::vector<std::string> routes = {"*"}) {
    return store().join(joining(member, std::move(routes))).value();
  }
  [[nodiscard]] Exchange asking(const std::string& member, std::uint32_t most = 10,
                                std::vector<std::string> routes = {"*"}) const {
    return {.key = readers, .member = member, .now = now, .max_entries = most, .routes = std::move(routes)};
  }
  /// What the answer lends stays valid until the test ends.
  Exchanged exchange(Exchange request) {
    auto answer = store().exchange(std::move(request)).value();
    kept_.push_back(answer.storage);
    return answer;
  }
  Exchanged fetch(const std::string& member, std::uint32_t most = 10, std::vector<std::string> routes = {"*"}) {
    return exchange(asking(member, most, std::move(routes)));
  }
  Delivered fetch_one(const std::string& member) {
    const auto answer = fetch(member, 1);
    return answer.deliveries.at(0);
  }
  /// The ordered forms: the member takes or keeps the lane.
  Exchanged fetch_in_order(const std::string& member, std::uint32_t most = 10) {
    auto request = asking(member, most);
    request.ordered = true;
    return exchange(std::move(request));
  }
  std::vector<Settled> settle_all(const std::string& member, std::vector<Settlement> settlements,
                                  bool ordered = false) {
    auto request = asking(member, 0);
    request.settlements = std::move(settlements);
    request.ordered = ordered;
    return exchange(std::move(request)).settled;
  }
  Settled settle(const std::string& member, Settlement one) { return settle_all(member, {std::move(one)}).at(0); }

  // --- looking ---
  broker::GroupInfo group() { return group(readers.group); }
  broker::GroupInfo group(const std::string& name) {
    for (auto& info : store().groups("things", now).value()) {
      if (info.name == name) return info;
    }
    throw std::runtime_error("there is no group " + name);
  }
  std::vector<broker::PendingInfo> pending() { return store().pending(readers).value(); }
  std::vector<broker::DeadLetter> letters() {
    auto page = store().dead_letters(readers).value();
    kept_.push_back(page.storage);
    return page.letters;
  }
  broker::Page read(const broker::Read& request) {
    auto page = store().read(request).value();
    kept_.push_back(page.storage);
    return page;
  }
  broker::UpkeepReport promote() { return store().upkeep({.stream = "things", .now = now}).value(); }
  broker::UpkeepReport trim(const broker::Retention& retention, std::uint32_t slice = 10'000) {
    return store()
        .upkeep({.stream = "things", .now = now, .retention = retention, .slice = slice, .trim = true})
        .value();
  }

 private:
  std::vector<broker::Storage> kept_;
  std::uint64_t events_ = 0;
};

}  // namespace collective::conformance
