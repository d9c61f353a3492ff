#include "service/options.hpp"

#include "collective/error.hpp"

namespace collective::service {
namespace {

[[noreturn]] void refuse(const std::string& what) {
  throw Error(Errc::invalid, what);
}

}  // namespace

bool is_loopback(std::string_view host) {
  return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

void ServiceOptions::check() const {
  if (host.empty()) refuse("the service's address is empty: use 127.0.0.1, or 0.0.0.0 for all");
  const bool open = tokens.empty() && !anonymous_info;
  if (open && !is_loopback(host)) {
    refuse("the service refuses to listen on " + host +
           " without a token: name a token file (--tokens or EVENT_BUS_TOKENS_FILE), or open only health and stream "
           "metadata with --anonymous=info");
  }
  if (certificate_file.empty() != key_file.empty())
    refuse("TLS needs both a certificate and its key: give --tls-cert and --tls-key");
  if (limits.connections == 0 || limits.workers == 0 || limits.waiting_fetches == 0 || limits.queued_calls == 0)
    refuse("a limit of 0 connections, workers, waiting fetches or queued calls leaves no service: use at least 1");
  if (limits.header_bytes < 1'024) refuse("a limit of less than 1024 header bytes refuses every request");
}

}  // namespace collective::service
