#include "broker/embedded/broker.hpp"

#include <algorithm>
#include <optional>

#include "broker/embedded/diagnose.hpp"
#include "broker/embedded/exchange.hpp"
#include "broker/embedded/inspect.hpp"
#include "broker/embedded/log.hpp"
#include "broker/embedded/members.hpp"
#include "broker/embedded/operation.hpp"
#include "broker/embedded/upkeep.hpp"
#include "broker/names.hpp"

namespace collective::embedded {

using broker::check_name;
using broker::check_names;
using broker::Failure;
using broker::GroupKey;
using broker::Reply;

namespace {

Failure closed() {
  return {Errc::not_connected, "the embedded store was closed; open it again"};
}

}  // namespace

EmbeddedBroker::~EmbeddedBroker() {
  close(std::chrono::steady_clock::now() + std::chrono::seconds(5));
}

std::shared_ptr<SharedStore> EmbeddedBroker::store() const {
  const std::lock_guard lock(mutex_);
  return store_;
}

/// Has the writer run `step(unit)` and answers with what it returns.
template <class Answer, class Step>
void EmbeddedBroker::write(Reply<Answer> reply, Step step) {
  const auto open = store();
  if (!open) return reply(closed());
  try {
    open->environment->check_usable();
  } catch (const Fault& fault) {
    return reply(fault.failure());
  }
  open->writer->submit(make_operation<Answer>(this, std::move(step), std::move(reply)));
}

/// Runs `look(view)` here and now, on a snapshot, and answers with what it returns.
template <class Answer, class Look>
void EmbeddedBroker::look(Reply<Answer> reply, Look look) {
  const auto open = store();
  if (!open) return reply(closed());
  std::optional<broker::Result<Answer>> answer;
  try {
    open->environment->check_not_forked();
    answer = open->environment->read([&](const View& view) { return broker::Result<Answer>(look(view)); });
  } catch (const Fault& fault) {
    answer = fault.failure();
  }
  reply(std::move(*answer));
}

broker::Result<std::vector<LookedBack>> EmbeddedBroker::look_back(const broker::AppendBatch& batch) const {
  const auto open = store();
  if (!open) return closed();
  try {
    open->environment->check_not_forked();
    return embedded::look_back(*open->environment, batch);
  } catch (const Fault& fault) {
    return fault.failure();
  }
}

void EmbeddedBroker::append(broker::AppendBatch batch, Reply<std::vector<broker::Appended>> reply) {
  if (auto wrong = check_names(batch)) return reply(std::move(*wrong));
  std::optional<broker::Result<std::vector<LookedBack>>> looked;
  if (std::any_of(batch.events().begin(), batch.events().end(), [](const auto& one) { return one.look_back; })) {
    looked = look_back(batch);
    if (!*looked) return reply(looked->error());
  }
  write(std::move(reply), [batch = std::move(batch), looked = looked ? **looked : std::vector<LookedBack>()](
                              Unit& unit) { return embedded::append(unit, batch, looked); });
}

void EmbeddedBroker::join(broker::Join request, Reply<EntryId> reply) {
  if (auto wrong = check_names(request)) return reply(std::move(*wrong));
  write(std::move(reply), [request = std::move(request)](Unit& unit) { return embedded::join(unit, request); });
}

void EmbeddedBroker::exchange(broker::Exchange request, Reply<broker::Exchanged> reply) {
  if (auto wrong = check_names(request)) return reply(std::move(*wrong));
  if (request.settlements.empty() && !request.recover) {  // maybe there is nothing to do: find out without the writer
    std::optional<broker::Exchanged> idle;
    look<bool>([](const auto&) {},
               [&](const View& view) {
                 idle = idle_answer(view, request);
                 return true;
               });
    if (idle) return reply(std::move(*idle));
  }
  write(std::move(reply), [request = std::move(request)](Unit& unit) { return embedded::exchange(unit, request); });
}

void EmbeddedBroker::leave(GroupKey key, std::string member, Timestamp now, Reply<bool> reply) {
  if (auto wrong = check_names(key, member)) return reply(std::move(*wrong));
  write(std::move(reply), [key = std::move(key), member = std::move(member), now](Unit& unit) {
    return embedded::leave(unit, key, member, now);
  });
}

void EmbeddedBroker::read(broker::Read request, Reply<broker::Page> reply) {
  if (auto wrong = check_name("stream", request.stream)) return reply(std::move(*wrong));
  look(std::move(reply), [&](const View& view) { return embedded::read(view, request); });
}

void EmbeddedBroker::upkeep(broker::Upkeep request, Reply<broker::UpkeepReport> reply) {
  if (auto wrong = check_name("stream", request.stream)) return reply(std::move(*wrong));
  write(std::move(reply), [request = std::move(request)](Unit& unit) {
    unit.check_in_place();
    return embedded::upkeep(unit, request);
  });
}

broker::Broker::Watch EmbeddedBroker::watch(const std::string& stream, std::function<void()> news) {
  const auto open = store();
  return open ? open->listener->watch(stream, std::move(news)) : nullptr;
}

void EmbeddedBroker::close(std::chrono::steady_clock::time_point deadline) {
  std::shared_ptr<SharedStore> closing;
  {
    const std::lock_guard lock(mutex_);
    closing.swap(store_);
  }
  if (!closing || closing->environment->forked()) return;
  if (!closing->writer->drain(this, deadline)) closing->writer->give_up(this);
  give_back(std::move(closing), deadline);
}

// --- what people and tools ask ----------------------------------------------------------------------------------

void EmbeddedBroker::streams(Reply<std::vector<std::string>> reply) {
  look(std::move(reply), [](const View& view) { return stream_names(view); });
}

void EmbeddedBroker::stream_info(const std::string& stream, Reply<broker::StreamInfo> reply) {
  if (auto wrong = check_name("stream", stream)) return reply(std::move(*wrong));
  look(std::move(reply), [&](const View& view) { return embedded::stream_info(view, stream); });
}

void EmbeddedBroker::groups(const std::string& stream, Timestamp now, Reply<std::vector<broker::GroupInfo>> reply) {
  if (auto wrong = check_name("stream", stream)) return reply(std::move(*wrong));
  look(std::move(reply), [&](const View& view) { return group_infos(view, stream, now); });
}

void EmbeddedBroker::pending(GroupKey key, broker::WorkId after, std::size_t limit,
                             Reply<std::vector<broker::PendingInfo>> reply) {
  if (auto wrong = check_names(key)) return reply(std::move(*wrong));
  look(std::move(reply), [&](const View& view) { return pending_infos(view, key, after, limit); });
}

void EmbeddedBroker::dead_letters(GroupKey key, std::uint64_t after, std::size_t limit,
                                  Reply<broker::DeadLetterPage> reply) {
  if (auto wrong = check_names(key)) return reply(std::move(*wrong));
  look(std::move(reply), [&](const View& view) { return embedded::dead_letters(view, key, after, limit); });
}

void EmbeddedBroker::republish(GroupKey key, std::vector<std::uint64_t> numbers, Timestamp now,
                               Reply<std::uint64_t> reply) {
  if (auto wrong = check_names(key)) return reply(std::move(*wrong));
  write(std::move(reply), [key = std::move(key), numbers = std::move(numbers), now](Unit& unit) {
    return embedded::republish(unit, key, numbers, now);
  });
}

void EmbeddedBroker::discard(GroupKey key, std::vector<std::uint64_t> numbers, Reply<std::uint64_t> reply) {
  if (auto wrong = check_names(key)) return reply(std::move(*wrong));
  write(std::move(reply), [key = std::move(key), numbers = std::move(numbers)](Unit& unit) {
    return embedded::discard(unit, key, numbers);
  });
}

void EmbeddedBroker::replay(GroupKey key, EntryId after, Reply<std::uint64_t> reply) {
  if (auto wrong = check_names(key)) return reply(std::move(*wrong));
  write(std::move(reply), [key = std::move(key), after](Unit& unit) { return embedded::replay(unit, key, after); });
}

void EmbeddedBroker::forget(GroupKey key, const std::string& route, Reply<std::uint64_t> reply) {
  if (auto wrong = check_names(key, route)) return reply(std::move(*wrong));
  write(std::move(reply), [key = std::move(key), route](Unit& unit) { return embedded::forget(unit, key, route); });
}

void EmbeddedBroker::diagnose(Reply<std::vector<Finding>> reply) {
  const auto open = store();
  if (!open) return reply(Failure{Errc::not_connected, "the embedded store was closed; open it again"});
  reply(embedded::diagnose(*open->environment));
}

void EmbeddedBroker::destroy_group(GroupKey key, Reply<bool> reply) {
  if (auto wrong = check_names(key)) return reply(std::move(*wrong));
  write(std::move(reply), [key = std::move(key)](Unit& unit) { return embedded::destroy_group(unit, key); });
}

}  // namespace collective::embedded
