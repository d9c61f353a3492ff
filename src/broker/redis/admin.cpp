#include <algorithm>

#include "broker/names.hpp"
#include "broker/redis/answers.hpp"
#include "broker/redis/calls.hpp"
#include "broker/redis/scripts.hpp"
#include "broker/redis/wire.hpp"

namespace collective::redis {
namespace {

Request request_to(const Script& script, const broker::GroupKey& key, Timestamp now = {}) {
  Request request(script, key.stream);
  request.add(key.group).add(now);
  return request;
}

std::uint64_t number_of(const AnswerPointer& answer) {
  return answer->root.whole();
}

/// The bound of the order behind which the listing goes on.
std::string bound_after(const broker::WorkId& after) {
  if (after.id.ms > 0) return "(" + name_of({after.id, false});  // all side work comes before
  if (after.side) return "(" + name_of(after);
  return after.id.seq == 0 ? "-" : "[" + name_of({after.id, true});
}

// Streams have no list of their own: whoever adds to one makes it. Keys with a brace are helpers of streams.
void scan(const std::shared_ptr<Channel>& channel, std::string cursor, std::vector<std::string> names,
          broker::Reply<std::vector<std::string>> reply) {
  Request request("SCAN");
  request.add(std::string_view(cursor));
  for (const std::string_view word : {"COUNT", "1000", "TYPE", "stream"}) request.add(word);
  channel->send(std::move(request),
                [channel, names = std::move(names), reply = std::move(reply)](Outcome outcome) mutable {
                  if (!outcome) return reply(outcome.error());
                  const auto& root = (*outcome)->root;
                  if (root.is_error()) return reply(failure_of(root.text, "the list of streams"));
                  for (const auto& name : root.at(1).items) {
                    if (name.text.find('{') == std::string_view::npos) names.emplace_back(name.text);
                  }
                  if (root.at(0).text != "0")
                    return scan(channel, std::string(root.at(0).text), std::move(names), std::move(reply));
                  std::sort(names.begin(), names.end());
                  names.erase(std::unique(names.begin(), names.end()), names.end());
                  reply(std::move(names));
                });
}

}  // namespace

void RedisBroker::streams(broker::Reply<std::vector<std::string>> reply) {
  scan(channel_, "0", {}, std::move(reply));
}

void RedisBroker::stream_info(const std::string& stream, broker::Reply<broker::StreamInfo> reply) {
  if (auto wrong = broker::check_name("stream", stream)) return reply(std::move(*wrong));
  call(Request(scripts().stream_info, stream), of(stream), std::move(reply),
       [stream](const AnswerPointer& answer) { return redis::stream_info(answer->root, stream); });
}

void RedisBroker::groups(const std::string& stream, Timestamp now,
                         broker::Reply<std::vector<broker::GroupInfo>> reply) {
  if (auto wrong = broker::check_name("stream", stream)) return reply(std::move(*wrong));
  Request request(scripts().groups, stream);
  request.add(now);
  call(std::move(request), of(stream), std::move(reply),
       [now](const AnswerPointer& answer) { return group_infos(answer->root, now); });
}

void RedisBroker::pending(broker::GroupKey key, broker::WorkId after, std::size_t limit,
                          broker::Reply<std::vector<broker::PendingInfo>> reply) {
  if (auto wrong = broker::check_names(key)) return reply(std::move(*wrong));
  auto request = request_to(scripts().pending, key);
  request.add(std::string_view(bound_after(after))).add(limit);
  call(std::move(request), of(key), std::move(reply),
       [](const AnswerPointer& answer) { return pending_infos(answer->root); });
}

void RedisBroker::dead_letters(broker::GroupKey key, std::uint64_t after, std::size_t limit,
                               broker::Reply<broker::DeadLetterPage> reply) {
  if (auto wrong = broker::check_names(key)) return reply(std::move(*wrong));
  auto request = request_to(scripts().dead_letters, key);
  request.add(std::string_view(after == ~std::uint64_t{0} ? std::string() : "(0-" + std::to_string(after))).add(limit);
  call(std::move(request), of(key), std::move(reply),
       [stream = key.stream](const AnswerPointer& answer) { return redis::dead_letters(answer, stream); });
}

void RedisBroker::republish(broker::GroupKey key, std::vector<std::uint64_t> numbers, Timestamp now,
                            broker::Reply<std::uint64_t> reply) {
  if (auto wrong = broker::check_names(key)) return reply(std::move(*wrong));
  auto request = request_to(scripts().republish, key, now);
  for (const auto number : numbers) request.add(number);
  call(std::move(request), of(key), std::move(reply), number_of);
}

void RedisBroker::discard(broker::GroupKey key, std::vector<std::uint64_t> numbers,
                          broker::Reply<std::uint64_t> reply) {
  if (auto wrong = broker::check_names(key)) return reply(std::move(*wrong));
  auto request = request_to(scripts().discard, key);
  for (const auto number : numbers) request.add(number);
  call(std::move(request), of(key), std::move(reply), number_of);
}

void RedisBroker::replay(broker::GroupKey key, EntryId after, broker::Reply<std::uint64_t> reply) {
  if (auto wrong = broker::check_names(key)) return reply(std::move(*wrong));
  auto request = request_to(scripts().replay, key);
  request.add(after);
  call(std::move(request), of(key), std::move(reply), number_of);
}

void RedisBroker::forget(broker::GroupKey key, const std::string& route, broker::Reply<std::uint64_t> reply) {
  if (auto wrong = broker::check_names(key, route)) return reply(std::move(*wrong));
  auto request = request_to(scripts().forget, key);
  request.add(route);
  call(std::move(request), of(key), std::move(reply), number_of);
}

void RedisBroker::destroy_group(broker::GroupKey key, broker::Reply<bool> reply) {
  if (auto wrong = broker::check_names(key)) return reply(std::move(*wrong));
  call(request_to(scripts().destroy, key), of(key), std::move(reply),
       [](const AnswerPointer& answer) { return answer->root.whole() == 1; });
}

}  // namespace collective::redis
