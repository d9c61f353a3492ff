#pragma once

#include <memory>
#include <string>

#include "broker/redis/redis.hpp"

using SSL_CTX = struct ssl_ctx_st;
using SSL = struct ssl_st;

namespace collective::redis {

/// What all TLS connections to one server share.
using TlsContext = std::shared_ptr<SSL_CTX>;

/// @throws Fault  Errc::invalid for a file that cannot be used, naming it
TlsContext make_tls_context(const TlsOptions& options);

struct SslDeleter {
  void operator()(SSL* ssl) const;
};
using SslPointer = std::unique_ptr<SSL, SslDeleter>;

/// A session on a connected socket, ready for its handshake, which checks that the server is `host`.
SslPointer make_tls_session(const TlsContext& context, int socket, const std::string& host, bool verify);

/// What went wrong last on this thread, in OpenSSL's words; for a session also why its peer was not trusted.
std::string tls_error(const SSL* ssl = nullptr);

}  // namespace collective::redis
