#include "broker/redis/broker.hpp"

#include <charconv>

#include "broker/names.hpp"
#include "broker/redis/answers.hpp"
#include "broker/redis/calls.hpp"
#include "broker/redis/fault.hpp"
#include "broker/redis/scripts.hpp"
#include "broker/redis/wire.hpp"
#include "broker/rules.hpp"

namespace collective::redis {
namespace {

using broker::Failure;
using Verdict = broker::Settlement::Verdict;

std::string_view name_of(broker::Start::At at) {
  using At = broker::Start::At;
  return at == At::latest ? "latest" : at == At::after ? "after" : "earliest";
}

char letter_of(Verdict verdict) {
  switch (verdict) {
    case Verdict::acknowledge:
      return 'a';
    case Verdict::park:
      return 'p';
    case Verdict::hold:
      return 'h';
    case Verdict::dead_letter:
      return 'd';
    case Verdict::release:
      return 'r';
    case Verdict::extend:
      return 'e';
  }
  return 'a';
}

void add_settlement(Request& request, const broker::Settlement& settlement) {
  const char letter = letter_of(settlement.verdict);
  request.add(std::string_view(&letter, 1))
      .add(std::string_view(redis::name_of(settlement.ticket.work)))
      .add(settlement.ticket.token);
  if (settlement.verdict == Verdict::acknowledge || settlement.verdict == Verdict::release) return;
  const auto& progress = settlement.progress;
  request.add(progress.attempts)
      .add(progress.stalls)
      .add(progress.generation)
      .flag(progress.suspect)
      .flag(progress.started)
      .add(progress.due)
      .add(progress.route)
      .add(progress.note);
  if (settlement.verdict == Verdict::dead_letter) request.add(settlement.reason);
}

Request request_of(const broker::Exchange& exchange) {
  Request request(scripts().exchange, exchange.key.stream);
  request.add(exchange.key.group)
      .add(exchange.now)
      .add(exchange.member)
      .add(exchange.lease.count())
      .add(exchange.max_entries)
      .add(exchange.max_suspects)
      .add(exchange.max_bytes)
      .add(exchange.visibility.count())
      .flag(exchange.ordered)
      .flag(exchange.recover);
  request.add(exchange.routes.size());
  for (const auto& route : exchange.routes) request.add(route);
  request.add(exchange.settlements.size());
  for (const auto& settlement : exchange.settlements) add_settlement(request, settlement);
  if (!exchange.recover) return request;
  for (const auto& ticket : exchange.known)
    request.add(std::string_view(redis::name_of(ticket.work))).add(ticket.token);
  return request;
}

Failure full(const std::string& stream, std::string_view length, std::uint64_t cap) {
  return {Errc::full, "stream \"" + stream + "\" holds " + std::string(length) + " entries and its hard cap is " +
                          std::to_string(cap) +
                          ": nothing was stored; trim it, raise the cap, or let its groups catch up"};
}

}  // namespace

RedisBroker::RedisBroker(std::shared_ptr<const Server> server)
    : server_(std::move(server)), channel_(std::make_shared<Channel>(server_)), watcher_(server_) {
  channel_->wait_until_connected(Clock::now() + server_->options.connect_timeout);
}

void RedisBroker::append(broker::AppendBatch batch, broker::Reply<std::vector<broker::Appended>> reply) {
  if (auto wrong = broker::check_names(batch)) return reply(std::move(*wrong));
  Request request(scripts().append, batch.stream);
  request.add(batch.now).add(batch.hard_cap).add(batch.duplicate_window.count());
  for (const auto& one : batch.events()) {
    add_event(request, one.event);
    if (one.not_before > batch.now) {
      request.add(one.not_before);
    } else {
      request.add(std::string_view());
    }
    request.flag(one.deduplicate);
    request.add(std::string_view(one.look_back ? one.look_back->to_string() : std::string()));
  }
  channel_->send(std::move(request), [batch = std::move(batch), reply = std::move(reply)](Outcome outcome) {
    if (!outcome) return reply(outcome.error());
    const auto& root = (*outcome)->root;
    const auto& stream = batch.stream;
    if (root.is_error() && root.text.starts_with("FULL "))
      return reply(full(stream, root.text.substr(5), batch.hard_cap));
    if (root.is_error() && root.text.starts_with("CANNOTTELL ")) {
      std::size_t place = 0;
      std::from_chars(root.text.data() + 11, root.text.data() + root.text.size(), place);
      return reply(broker::cannot_tell(batch.events().at(place)));
    }
    if (root.is_error()) return reply(script_failure(root.text, of(stream)));
    reply(appended(root));
  });
}

void RedisBroker::join(broker::Join join, broker::Reply<EntryId> reply) {
  if (auto wrong = broker::check_names(join)) return reply(std::move(*wrong));
  Request request(scripts().join, join.key.stream);
  request.add(join.key.group)
      .add(join.now)
      .add(join.member)
      .add(join.lease.count())
      .add(name_of(join.start.at))
      .add(join.start.after)
      .add(join.routes.size());
  for (const auto& route : join.routes) request.add(route);
  for (const auto& label : join.labels) request.add(label);
  call(std::move(request), of(join.key), std::move(reply),
       [](const AnswerPointer& answer) { return id_of(answer->root.text); });
}

void RedisBroker::exchange(broker::Exchange exchange, broker::Reply<broker::Exchanged> reply) {
  if (auto wrong = broker::check_names(exchange)) return reply(std::move(*wrong));
  call(request_of(exchange), of(exchange.key), std::move(reply),
       [stream = exchange.key.stream](const AnswerPointer& answer) { return exchanged(answer, stream); });
}

void RedisBroker::leave(broker::GroupKey key, std::string member, Timestamp now, broker::Reply<bool> reply) {
  if (auto wrong = broker::check_names(key, member)) return reply(std::move(*wrong));
  Request request(scripts().leave, key.stream);
  request.add(key.group).add(now).add(member);
  call(std::move(request), of(key), std::move(reply),
       [](const AnswerPointer& answer) { return answer->root.whole() == 1; });
}

void RedisBroker::read(broker::Read read, broker::Reply<broker::Page> reply) {
  if (auto wrong = broker::check_name("stream", read.stream)) return reply(std::move(*wrong));
  Request request(scripts().read, read.stream);
  const bool nothing = read.after == EntryId::max();
  request.add(std::string_view(nothing ? "+" : "(" + read.after.to_string()))
      .add(read.until)
      .add(nothing ? 0 : read.limit)
      .add(read.max_bytes)
      .flag(read.backwards);
  call(std::move(request), of(read.stream), std::move(reply),
       [stream = read.stream](const AnswerPointer& answer) { return page(answer, stream); });
}

void RedisBroker::upkeep(broker::Upkeep upkeep, broker::Reply<broker::UpkeepReport> reply) {
  if (auto wrong = broker::check_name("stream", upkeep.stream)) return reply(std::move(*wrong));
  const auto& retention = upkeep.retention;
  Request request(scripts().upkeep, upkeep.stream);
  request.add(upkeep.now).add(upkeep.slice).flag(upkeep.trim).add(retention.max_length.value_or(retention.keep));
  request.add(std::string_view(retention.min_id ? retention.min_id->to_string() : std::string()))
      .flag(retention.force)
      .add(retention.idle_group.count())
      .add(retention.dead_letter_cap)
      .add(retention.dead_letter_age.count());
  call(std::move(request), of(upkeep.stream), std::move(reply),
       [](const AnswerPointer& answer) { return upkeep_report(answer->root); });
}

broker::Broker::Watch RedisBroker::watch(const std::string& stream, std::function<void()> news) {
  return watcher_.watch(stream, std::move(news));
}

void RedisBroker::close(Clock::time_point deadline) {
  channel_->close(deadline);
  watcher_.close(deadline);
}

broker::Store open(const Options& options) {
  try {
    const auto server = std::make_shared<const Server>(options);
    const auto broker = std::make_shared<RedisBroker>(server);
    return {broker, broker, server->name, "as the server is configured to persist"};
  } catch (const Fault& fault) {
    throw Error(fault.code(), fault.what());
  }
}

}  // namespace collective::redis
