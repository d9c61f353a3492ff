#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "collective/options.hpp"

#include "broker/admin.hpp"

namespace collective::runtime {

/// A broker URL taken apart: `scheme:rest?name=value&…`.
struct BrokerUrl {
  std::string text;    ///< as given, for messages: without a password
  std::string scheme;  ///< "embedded", "memory", …
  std::string rest;    ///< a path, a name, …
  std::map<std::string, std::string> options;

  /// @throws Error Errc::invalid that says what a broker URL looks like
  static BrokerUrl parse(std::string_view text);

  /// The option's value, or the fallback; taken options are removed so that `refuse_rest` can name what is unknown.
  std::string take(const std::string& name, const std::string& fallback);
  /// @throws Error Errc::invalid naming the first option left and the known ones
  void refuse_rest(std::string_view known) const;
};

/// The URL to use: as given, else $EVENT_BUS_BROKER, else $REDIS_HOST and its companions, else the embedded store under
/// the XDG state directory.
std::string resolve_broker_url(const std::string& given);

/// Opens a store for a URL of one scheme. @throws Error
using BrokerFactory = std::function<broker::Store(BrokerUrl, const Options&)>;

/// Which brokers exist, by URL scheme: made by the composition root and passed on explicitly.
using BrokerTable = std::map<std::string, BrokerFactory>;

/// The brokers of this build. Defined in src/composition, the one place that knows the broker rooms.
BrokerTable default_brokers();

/// @throws Error Errc::invalid for a scheme that the table does not have
broker::Store open_store(const BrokerTable& table, const Options& options);

}  // namespace collective::runtime
