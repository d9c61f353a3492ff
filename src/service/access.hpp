#pragma once

#include <string>
#include <vector>

#include "service/http.hpp"
#include "service/options.hpp"
#include "service/tokens.hpp"

namespace collective::service {

/// Who may call what. Threads: any.
class Access {
 public:
  explicit Access(const ServiceOptions& options);

  /// The name that the caller used in `Host` is one of this service's, and no page of another origin calls: a browser
  /// can be made to send both by a name that resolves to this machine.
  /// @throws Problem 421 unknown_host, 403 foreign_origin
  void check_origin(const Request& request) const;

  /// @throws Problem 401 unauthorized for a token that is missing or unknown
  [[nodiscard]] Principal identify(const Request& request, Scope needed) const;

  /// @param stream  that the call is about; empty: none
  /// @throws Problem 403 forbidden, naming the scope that is missing
  static void check_scope(const Principal& principal, Scope needed, std::string_view stream);

 private:
  std::vector<std::string> hosts_;  // lower case, without ports
  TokenTable tokens_;
  bool anonymous_info_;
};

}  // namespace collective::service
