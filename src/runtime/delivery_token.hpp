#pragma once

#include <string>

#include "collective/pull.hpp"

#include "broker/contract.hpp"

namespace collective::runtime {

/// What a pulled delivery's token holds: all that a later settlement needs, so that any process can make it.
struct TokenContent {
  broker::GroupKey key;
  std::string consumer;
  broker::Ticket ticket;
  broker::Progress progress;
  std::uint32_t max_attempts = 3;
};

DeliveryToken write_token(const TokenContent& content);
/// @throws Error Errc::invalid when the text is no token
TokenContent read_token(const DeliveryToken& token);

}  // namespace collective::runtime
