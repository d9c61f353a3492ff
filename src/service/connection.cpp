#include "service/connection.hpp"

#include <array>
#include <optional>

#include <boost/asio/write.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <boost/beast/ssl.hpp>

namespace collective::service {
namespace {

namespace net = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using boost::asio::ip::tcp;
using boost::system::error_code;

using PlainStream = beast::tcp_stream;
using TlsStream = beast::ssl_stream<beast::tcp_stream>;

constexpr std::size_t idle_buffer = 512;
constexpr std::chrono::seconds farewell(2);       // how long a closing client may take
constexpr std::size_t most_discarded = 1u << 20;  // of what a refused client goes on sending
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::string text_of(beast::string_view text) {
  return {text.data(), text.size()};
}

template <class Stream>
class Session final : public Connection, public std::enable_shared_from_this<Session<Stream>> {
  static constexpr bool is_tls = std::is_same_v<Stream, TlsStream>;

 public:
  template <class... Arguments>
  Session(ConnectionContext& context, tcp::socket socket, Arguments&... arguments)
      : context_(context), stream_(std::move(socket), arguments...) {
    error_code ignored;
    const auto peer = transport().socket().remote_endpoint(ignored);
    peer_ = peer.address().to_string();
    transport().socket().set_option(tcp::no_delay(true), ignored);
  }

  void start() override {
    if constexpr (is_tls) {
      transport().expires_after(limits().header_timeout);
      stream_.async_handshake(net::ssl::stream_base::server, [self = this->shared_from_this()](error_code error) {
        if (error) return self->finish();
        self->read_head();
      });
    } else {
      read_head();
    }
  }

  void drain() override {
    if (source_) {
      source_->end();
      return pump();
    }
    if (idle_) close(false);
  }

  void abort() override { finish(); }

 private:
  using Parser = http::request_parser<http::string_body>;

  beast::tcp_stream& transport() { return beast::get_lowest_layer(stream_); }
  const Limits& limits() const { return context_.options.limits; }
  auto bound(void (Session::*then)(error_code)) {
    return [self = this->shared_from_this(), then](error_code error, std::size_t) { ((*self).*then)(error); };
  }

  // --- reading ---

  void await_request() {
    if (context_.draining) return close(false);
    if (buffer_.size() > 0) return read_head();
    buffer_.shrink_to_fit();
    idle_ = true;
    transport().expires_after(limits().idle_timeout);
    stream_.async_read_some(buffer_.prepare(idle_buffer),
                            [self = this->shared_from_this()](error_code error, std::size_t size) {
                              if (error) return self->close(false);
                              self->buffer_.commit(size);
                              self->read_head();
                            });
  }

  void read_head() {
    idle_ = buffer_.size() == 0;
    parser_.emplace();
    parser_->header_limit(limits().header_bytes);
    parser_->body_limit(limits().body_bytes);
    transport().expires_after(limits().header_timeout);
    http::async_read_header(stream_, buffer_, *parser_, bound(&Session::on_head));
  }

  void on_head(error_code error) {
    idle_ = false;
    if (error == http::error::end_of_stream) return close(false);
    if (error) return on_bad_request(error);
    const auto& head = parser_->get();
    if (head.count(http::field::host) > 1 || head.count(http::field::authorization) > 1 ||
        head.count(http::field::origin) > 1)
      return refuse(400, "bad_request", "a header that may stand once stands there twice");
    request_ = std::make_shared<Request>(request_of(head));
    keep_alive_ = head.keep_alive();
    is_head_ = head.method() == http::verb::head;
    if (auto response = context_.gateway.judge(*request_)) {
      if (request_->has_body) keep_alive_ = false;  // it is not read
      return send(std::move(*response), request_->has_body);
    }
    if (!request_->has_body) return dispatch();
    if (beast::iequals(head[http::field::expect], "100-continue")) {
      transport().expires_after(limits().write_timeout);
      return net::async_write(stream_, net::buffer(go_on), bound(&Session::on_told_to_go_on));
    }
    read_body();
  }

  void on_told_to_go_on(error_code error) { error ? finish() : read_body(); }

  void read_body() {
    transport().expires_after(limits().body_timeout);
    http::async_read(stream_, buffer_, *parser_, bound(&Session::on_body));
  }

  void on_body(error_code error) {
    if (error) return on_bad_request(error);
    request_->body = std::move(parser_->get().body());
    dispatch();
  }

  void on_bad_request(error_code error) {
    if (error == beast::error::timeout) {
      (void)context_.gateway.refuse(408, "slow_request", "the request took too long to arrive", peer_);
      return finish();
    }
    if (error == http::error::header_limit) {
      return refuse(
          431, "headers_too_large",
          "the request's line and headers are larger than " + std::to_string(limits().header_bytes) + " bytes");
    }
    if (error == http::error::body_limit) {
      return refuse(413, "body_too_large",
                    "the body is larger than " + std::to_string(limits().body_bytes) + " bytes; send less at once");
    }
    if (error.category() == http::make_error_code(http::error::bad_value).category() &&
        error != http::error::partial_message)
      return refuse(400, "bad_request", "this is no well-formed HTTP/1.1 request: " + error.message());
    finish();
  }

  static Request request_of(const http::request<http::string_body>& head) {
    Request request;
    request.method = text_of(head.method_string());
    request.target = text_of(head.target());
    request.host = text_of(head[http::field::host]);
    request.origin = text_of(head[http::field::origin]);
    request.authorization = text_of(head[http::field::authorization]);
    request.content_type = text_of(head[http::field::content_type]);
    request.last_event_id = text_of(head["Last-Event-ID"]);
    const auto length = head[http::field::content_length];
    request.has_body = head.chunked() || (!length.empty() && length != "0");
    return request;
  }

  // --- answering ---

  void dispatch() {
    request_->peer = peer_;
    parser_.reset();
    transport().expires_never();
    const std::weak_ptr<Session> weak = this->weak_from_this();
    context_.gateway.answer(request_, [weak, executor = stream_.get_executor()](Answer answer) {
      net::post(executor, [weak, answer = std::move(answer)]() mutable {
        if (const auto self = weak.lock()) self->on_answer(std::move(answer));
      });
    });
  }

  void on_answer(Answer answer) {
    if (finished_) return;
    if (answer.source && !is_head_) {
      source_ = std::move(answer.source);
      keep_alive_ = false;
    }
    send(std::move(answer.response), false);
  }

  void refuse(int status, std::string_view code, const std::string& message) {
    keep_alive_ = false;
    send(context_.gateway.refuse(status, code, message, peer_), true);
  }

  void send(Response response, bool unread) {
    unread_ = unread;
    keep_alive_ = keep_alive_ && !context_.draining;
    auto& message = response_.emplace(static_cast<http::status>(response.status), 11);
    message.set(http::field::content_type, response.content_type);
    message.set(http::field::cache_control, "no-store");
    message.set("X-Content-Type-Options", "nosniff");
    for (const auto& [name, value] : response.headers) message.set(beast::string_view(name.data(), name.size()), value);
    message.keep_alive(keep_alive_);
    if (!source_) message.content_length(response.body.size());
    if (!is_head_) message.body() = std::move(response.body);
    writing_ = true;  // the first chunk of a stream waits for its head, also when the service ends meanwhile
    transport().expires_after(limits().write_timeout);
    http::async_write(stream_, *response_, bound(&Session::on_sent));
  }

  void on_sent(error_code error) {
    writing_ = false;
    response_.reset();
    request_.reset();
    is_head_ = false;
    if (error) return finish();
    if (source_) return begin_stream();
    if (keep_alive_) return await_request();
    close(unread_);
  }

  // --- an answer without an end ---

  void begin_stream() {
    const std::weak_ptr<Session> weak = this->weak_from_this();
    source_->on_news([weak, executor = stream_.get_executor()] {
      net::post(executor, [weak] {
        if (const auto self = weak.lock()) self->pump();
      });
    });
    if (context_.draining) source_->end();
    watch_client();
    pump();
  }

  /// Notices that the client went away; what it sends is passed over.
  void watch_client() {
    transport().expires_never();
    stream_.async_read_some(net::buffer(discarded_), [self = this->shared_from_this()](error_code error, std::size_t) {
      error ? self->finish() : self->watch_client();
    });
  }

  void pump() {
    if (writing_ || !source_) return;
    chunk_.clear();
    const bool more = source_->next(chunk_);
    if (chunk_.empty()) return more ? void() : close(false);
    writing_ = true;
    last_chunk_ = !more;
    transport().expires_after(limits().write_timeout);
    net::async_write(stream_, net::buffer(chunk_), bound(&Session::on_chunk));
  }

  void on_chunk(error_code error) {
    writing_ = false;
    if (error == beast::error::timeout) {
      context_.telemetry.refused("slow_subscriber");
      context_.log.write(Severity::warning,
                         "a subscriber took nothing for too long and was cut off; it goes on by Last-Event-ID",
                         {{"peer", peer_}});
    }
    if (error) return finish();
    if (last_chunk_) return close(false);
    pump();
  }

  // --- ending ---

  /// @param unread  the client may still be sending: what it sends is taken for a moment, because a reset would take
  ///   the refusal from it
  void close(bool unread) {
    if (finished_) return;
    idle_ = false;
    source_.reset();
    transport().expires_after(farewell);
    if constexpr (is_tls) {
      stream_.async_shutdown([self = this->shared_from_this()](error_code) { self->finish(); });
    } else {
      error_code ignored;
      transport().socket().shutdown(tcp::socket::shutdown_send, ignored);
      unread ? discard(0) : finish();
    }
  }

  void discard(std::size_t so_far) {
    stream_.async_read_some(net::buffer(discarded_),
                            [self = this->shared_from_this(), so_far](error_code error, std::size_t size) {
                              if (error || so_far + size > most_discarded) return self->finish();
                              self->discard(so_far + size);
                            });
  }

  void finish() {
    if (finished_) return;
    finished_ = true;
    source_.reset();
    error_code ignored;
    transport().socket().close(ignored);
    context_.ended(this);
  }

  ConnectionContext& context_;
  Stream stream_;
  std::string peer_;
  beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::optional<http::response<http::string_body>> response_;
  std::shared_ptr<Request> request_;
  std::shared_ptr<EventSource> source_;
  std::string chunk_;
  std::array<char, 256> discarded_{};
  bool idle_ = false, keep_alive_ = false, is_head_ = false, unread_ = false;
  bool writing_ = false, last_chunk_ = false, finished_ = false;
};

}  // namespace

std::shared_ptr<Connection> make_connection(tcp::socket socket, net::ssl::context* tls, ConnectionContext& context) {
  if (tls == nullptr) return std::make_shared<Session<PlainStream>>(context, std::move(socket));
  return std::make_shared<Session<TlsStream>>(context, std::move(socket), *tls);
}

}  // namespace collective::service
