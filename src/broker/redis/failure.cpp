#include "broker/redis/failure.hpp"

namespace collective::redis {
namespace {

struct Meaning {
  std::string_view begins;
  Errc code;
  std::string_view advice;
};

// All of these refuse a script or a command before it does anything.
constexpr Meaning meanings[] = {
    {"OOM", Errc::full, "nothing was stored; raise the server's maxmemory, trim streams, or let groups catch up"},
    {"READONLY", Errc::unavailable, "it is a replica: name the primary, or wait until it is one"},
    {"LOADING", Errc::unavailable, "it reads its data back; try again"},
    {"MASTERDOWN", Errc::unavailable, "its primary is down; try again"},
    {"MISCONF", Errc::unavailable, "it cannot save to its disk and refuses writes; look into the server's log"},
    {"NOREPLICAS", Errc::unavailable, "it has fewer replicas than its min-replicas-to-write"},
    {"BUSY", Errc::unavailable, "another client's script runs for too long; try again"},
    {"CLUSTERDOWN", Errc::unavailable, "the cluster is down; try again"},
    {"TRYAGAIN", Errc::unavailable, "the cluster moves slots; try again"},
    {"MOVED", Errc::unavailable,
     "it is one node of a cluster, which this version does not follow; name a single server"},
    {"NOAUTH", Errc::permission, "it wants a password; put it into the URL or into REDIS_PASSWORD"},
    {"NOPERM", Errc::permission, "grant the user the commands and keys of docs/formats/redis.md"},
    {"WRONGPASS", Errc::permission, "check the user and password"},
    {"WRONGTYPE", Errc::conflict, "a key of the stream's name holds something else than a stream; rename one of them"},
};

}  // namespace

broker::Failure failure_of(std::string_view error, const std::string& to) {
  for (const auto& meaning : meanings) {
    if (error.starts_with(meaning.begins))
      return {meaning.code, to + ": the Redis server refuses: " + std::string(error.substr(0, 200)) + "; " +
                                std::string(meaning.advice)};
  }
  return {Errc::unknown, to + ": the Redis server answers with an error: " + std::string(error.substr(0, 300))};
}

}  // namespace collective::redis
