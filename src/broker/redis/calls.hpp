#pragma once

#include "broker/redis/broker.hpp"
#include "broker/redis/failure.hpp"

// What the two halves of RedisBroker share.
namespace collective::redis {

inline std::string of(const broker::GroupKey& key) {
  return "group \"" + key.group + "\" of stream \"" + key.stream + "\"";
}
inline std::string of(const std::string& stream) {
  return "stream \"" + stream + "\"";
}

/// The words of our own scripts first, then those of the server.
inline broker::Failure script_failure(std::string_view error, const std::string& to) {
  if (error.starts_with("NOTFOUND"))
    return {Errc::not_found, "there is no " + to + "; check the names, or subscribe with the group first"};
  if (error.starts_with("NOSTREAM"))
    return {Errc::not_found, "there is no " + to + ": nothing was published to it and no group joined it"};
  if (error.starts_with("REPLAYING"))
    return {Errc::conflict, to + ": an earlier replay of the group still runs; wait until it is through"};
  return failure_of(error, to);
}

template <class T, class ReadAnswer>
void RedisBroker::call(Request request, std::string to, broker::Reply<T> reply, ReadAnswer read_answer) {
  channel_->send(std::move(request),
                 [to = std::move(to), reply = std::move(reply), read_answer = std::move(read_answer)](Outcome outcome) {
                   if (!outcome) return reply(outcome.error());
                   const auto& root = (*outcome)->root;
                   if (root.is_error()) return reply(script_failure(root.text, to));
                   reply(read_answer(*outcome));
                 });
}

}  // namespace collective::redis
