#pragma once

#include "broker/redis/redis.hpp"
#include "runtime/broker_table.hpp"

namespace collective::runtime {

/// Reads `redis://[[USER]:PASSWORD@]HOST[:PORT][/DATABASE]?options`, and `rediss://` for TLS. User and password may be
/// percent-encoded; without a password $REDIS_PASSWORD counts. @throws Error Errc::invalid, naming what is wrong
redis::Options redis_options(BrokerUrl url, const Options& options);

}  // namespace collective::runtime
