#include <fstream>
#include <memory>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <sys/socket.h>
#include <unistd.h>

#include "service/service_test.hpp"
#include "support/temporary_directory.hpp"

// HTTPS by certificate files.
namespace collective::service {
namespace {

using namespace testing_support;

template <auto Free>
struct Freed {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};

class Tls : public ServiceTest {
 protected:
  Tls() {
    options.certificate_file = (directory_.path() / "cert.pem").string();
    options.key_file = (directory_.path() / "key.pem").string();
    write_files();
  }

  /// A self-signed certificate of this test's own.
  void write_files() const {
    const std::unique_ptr<EVP_PKEY, Freed<EVP_PKEY_free>> key(EVP_EC_gen("P-256"));
    const std::unique_ptr<X509, Freed<X509_free>> certificate(X509_new());
    X509_set_version(certificate.get(), 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3'600);
    X509_set_pubkey(certificate.get(), key.get());
    auto* const name = X509_get_subject_name(certificate.get());
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1,
                               0);
    X509_set_issuer_name(certificate.get(), name);
    X509_sign(certificate.get(), key.get(), EVP_sha256());
    const std::unique_ptr<std::FILE, Freed<std::fclose>> cert_file(std::fopen(options.certificate_file.c_str(), "w"));
    PEM_write_X509(cert_file.get(), certificate.get());
    const std::unique_ptr<std::FILE, Freed<std::fclose>> key_file(std::fopen(options.key_file.c_str(), "w"));
    PEM_write_PrivateKey(key_file.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  }

  /// One request over TLS; empty when the handshake fails. @param newest  TLS version that the client offers at most
  std::string over_tls(const std::string& text, int newest = TLS1_3_VERSION) {
    const std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_min_proto_version(context.get(), TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context.get(), newest);
    SSL_CTX_set_cipher_list(context.get(), "DEFAULT:@SECLEVEL=0");
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port());
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    std::string answer;
    const std::unique_ptr<SSL, Freed<SSL_free>> session(SSL_new(context.get()));
    SSL_set_fd(session.get(), socket);
    if (SSL_connect(session.get()) == 1) {
      SSL_write(session.get(), text.data(), static_cast<int>(text.size()));
      char buffer[4'096];
      for (int size = 0; (size = SSL_read(session.get(), buffer, sizeof buffer)) > 0;)
        answer.append(buffer, static_cast<std::size_t>(size));
    }
    ::close(socket);
    return answer;
  }

  std::string refusal() {
    try {
      Service refused(options);
    } catch (const Error& error) {
      return error.what();
    }
    return {};
  }

  collective::testing_support::TemporaryDirectory directory_;
};

TEST_F(Tls, TheCallsAreServedOverTls) {
  EXPECT_TRUE(service().address().starts_with("https://127.0.0.1:"));
  const auto answer = over_tls(request_text("GET", "/livez", {}, "Connection: close\r\n"));
  EXPECT_TRUE(answer.starts_with("HTTP/1.1 200 OK")) << answer;
  EXPECT_NE(answer.find(R"({"status":"alive"})"), std::string::npos);
}

TEST_F(Tls, OldVersionsAndPlainTextAreRefused) {
  EXPECT_EQ(over_tls(request_text("GET", "/livez"), TLS1_1_VERSION), "");
  EXPECT_EQ(raw(request_text("GET", "/livez")).status, 0);
  EXPECT_TRUE(over_tls(request_text("GET", "/livez", {}, "Connection: close\r\n")).starts_with("HTTP/1.1 200"));
}

TEST_F(Tls, FilesThatAreNoCertificateOrKeyAreNamed) {
  std::ofstream(options.key_file) << "no key";
  EXPECT_NE(refusal().find("cannot use the key " + options.key_file), std::string::npos);
  options.certificate_file = "/nowhere.pem";
  EXPECT_NE(refusal().find("cannot use the certificate /nowhere.pem"), std::string::npos);
  options.key_file.clear();
  EXPECT_NE(refusal().find("needs both"), std::string::npos);
}

}  // namespace
}  // namespace collective::service
