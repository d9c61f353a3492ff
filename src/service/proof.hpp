#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "collective/pull.hpp"

#include "service/tokens.hpp"

namespace collective::service {

/// Delivery tokens as callers over HTTP get them: signed for their stream and group, so that none can be made up or
/// carried to a stream that its bearer may not consume. The key comes from the service's bearer tokens: services with
/// the same token file accept each other's, also after a restart.
///
/// Threads: any.
class Proof {
 public:
  explicit Proof(const std::vector<Token>& tokens);

  [[nodiscard]] std::string seal(std::string_view stream, std::string_view group, const DeliveryToken& token) const;
  /// @throws Problem 400 invalid_token for a text that `seal` did not make for this stream and group
  [[nodiscard]] DeliveryToken open(std::string_view stream, std::string_view group, const std::string& text) const;

 private:
  using Mac = std::array<unsigned char, 32>;
  [[nodiscard]] Mac mac_of(std::string_view stream, std::string_view group, std::string_view text) const;

  std::string key_;
};

}  // namespace collective::service
