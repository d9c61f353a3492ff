#pragma once

#include "broker/redis/request.hpp"

// The scripts of src/broker/redis/scripts: each is one atomic step of the contract.
namespace collective::redis {

struct Scripts {
  Script append, join, leave, exchange, read, upkeep;
  Script stream_info, groups, pending, dead_letters, republish, discard, replay, forget, destroy;
};

/// All of them; made once.
const Scripts& scripts();

}  // namespace collective::redis
