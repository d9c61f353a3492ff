#include "broker/redis/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "broker/redis/fault.hpp"

namespace collective::redis {
namespace {

void require(bool well, const std::string& what) {
  if (!well) throw Fault(Errc::invalid, what + ": " + tls_error());
}

bool is_address(const std::string& host) {
  unsigned char ignored[sizeof(in6_addr)];
  return inet_pton(AF_INET, host.c_str(), ignored) == 1 || inet_pton(AF_INET6, host.c_str(), ignored) == 1;
}

}  // namespace

void SslDeleter::operator()(SSL* ssl) const {
  SSL_free(ssl);
}

std::string tls_error(const SSL* ssl) {
  if (ssl != nullptr) {
    if (const auto verified = SSL_get_verify_result(ssl); verified != X509_V_OK)
      return std::string("the server's certificate is not trusted: ") + X509_verify_cert_error_string(verified);
  }
  const auto code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection was closed";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  return text;
}

TlsContext make_tls_context(const TlsOptions& options) {
  const TlsContext context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  require(context != nullptr, "TLS cannot be set up");
  auto* const raw = context.get();
  SSL_CTX_set_min_proto_version(raw, TLS1_2_VERSION);
  SSL_CTX_set_mode(raw, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(raw, options.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  if (options.ca.empty()) {
    require(SSL_CTX_set_default_verify_paths(raw) == 1, "the system's trusted certificates cannot be read");
  } else {
    require(SSL_CTX_load_verify_locations(raw, options.ca.c_str(), nullptr) == 1,
            "the file of trusted certificates, ca=" + options.ca + ", cannot be used");
  }
  if (options.cert.empty() != options.key.empty())
    throw Fault(Errc::invalid, "a client certificate needs both cert=FILE and key=FILE");
  if (!options.cert.empty()) {
    require(SSL_CTX_use_certificate_chain_file(raw, options.cert.c_str()) == 1,
            "the client certificate, cert=" + options.cert + ", cannot be used");
    require(SSL_CTX_use_PrivateKey_file(raw, options.key.c_str(), SSL_FILETYPE_PEM) == 1,
            "the client's private key, key=" + options.key + ", cannot be used");
    require(SSL_CTX_check_private_key(raw) == 1, "the client's private key does not belong to its certificate");
  }
  return context;
}

SslPointer make_tls_session(const TlsContext& context, int socket, const std::string& host, bool verify) {
  SslPointer ssl(SSL_new(context.get()));
  require(ssl != nullptr && SSL_set_fd(ssl.get(), socket) == 1, "a TLS session cannot be set up");
  if (is_address(host)) {
    if (verify) X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str());
  } else {
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
             const_cast<char*>(host.c_str()));  // NOLINT: it only reads it
    if (verify) SSL_set1_host(ssl.get(), host.c_str());
  }
  SSL_set_connect_state(ssl.get());
  return ssl;
}

}  // namespace collective::redis
