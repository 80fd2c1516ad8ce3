#include "control/http_session.h"

#include <ctime>
#include <exception>
#include <utility>

#include "control/log.h"

namespace turnout {
namespace {

namespace http = boost::beast::http;

constexpr uint32_t kRequestHeaderBytes = 8192;
constexpr size_t kRequestBufferBytes = 16384;  // a header and what was pipelined behind it

/// RFC 9110 section 5.6.7, as section 6.6.1 asks of a server with a clock.
std::string http_date() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  char text[sizeof "Sun, 06 Nov 1994 08:49:37 GMT"];
  const size_t length = std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &utc);
  return {text, length};
}

HttpReply text_reply(http::status status, const std::string& text) {
  return {.status = static_cast<unsigned>(status), .body = text + "\n"};
}

/// The reply to a request that couldn't be read; nothing if there is no one left to tell.
std::optional<HttpReply> reply_to_fault(boost::beast::error_code error) {
  if (error == http::error::header_limit || error == http::error::buffer_overflow) {
    return text_reply(http::status::request_header_fields_too_large, "request header too large");
  }
  if (error == http::error::body_limit || error == http::error::unexpected_body) {
    return text_reply(http::status::payload_too_large, "no request here has a body");
  }
  const bool client_left = error == http::error::end_of_stream || error == http::error::partial_message;
  if (client_left || error.category() != http::make_error_code(http::error::bad_method).category()) return {};
  return text_reply(http::status::bad_request, "not an HTTP request: " + error.message());
}

}  // namespace

HttpServer::Session::Session(Socket socket, std::shared_ptr<const Handlers> handlers,
                             const HttpLimits& limits, Closed closed)
    : stream_(std::move(socket)),
      handlers_(std::move(handlers)),
      idle_(limits.idle_seconds),
      on_closed_(std::move(closed)),
      buffer_(kRequestBufferBytes) {}

void HttpServer::Session::close() {
  if (closed_) return;
  closed_ = true;
  ErrorCode ignored;
  stream_.socket().shutdown(Socket::shutdown_send, ignored);
  stream_.close();
  on_closed_(shared_from_this());
}

void HttpServer::Session::read() {
  parser_.emplace();
  parser_->header_limit(kRequestHeaderBytes);
  parser_->body_limit(0);
  stream_.expires_after(idle_);
  http::async_read(stream_, buffer_, *parser_,
                   [self = shared_from_this()](ErrorCode error, size_t) { self->on_read(error); });
}

void HttpServer::Session::on_read(ErrorCode error) {
  if (closed_) return;
  if (!error) {
    const Request& request = parser_->get();
    return write(reply_to(request), request.method() == http::verb::head, parser_->keep_alive());
  }
  const std::optional<HttpReply> reply = reply_to_fault(error);
  if (!reply) return close();
  write(*reply, false, false);
}

HttpReply HttpServer::Session::reply_to(const Request& request) const {
  const std::string target(request.target());
  const std::string path = target.substr(0, target.find('?'));
  const auto handler = handlers_->find(path);
  if (handler == handlers_->end()) return text_reply(http::status::not_found, "nothing at this path");
  if (request.method() != http::verb::get && request.method() != http::verb::head) {
    return text_reply(http::status::method_not_allowed, "only GET and HEAD");
  }
  try {
    return handler->second();
  } catch (const std::exception& e) {
    log_error("http " + path + ": " + e.what());
    return text_reply(http::status::internal_server_error, "internal error: see turnoutd's log");
  }
}

void HttpServer::Session::write(const HttpReply& reply, bool head_only, bool keep_alive) {
  response_ = Response(static_cast<http::status>(reply.status), 11, reply.body);
  response_.set(http::field::date, http_date());
  response_.set(http::field::content_type, reply.content_type);
  if (response_.result() == http::status::method_not_allowed) response_.set(http::field::allow, "GET, HEAD");
  response_.keep_alive(keep_alive);
  response_.prepare_payload();
  serializer_.emplace(response_);
  stream_.expires_after(idle_);
  const auto written = [self = shared_from_this()](ErrorCode error, size_t) { self->on_written(error); };
  if (head_only) return http::async_write_header(stream_, *serializer_, written);
  http::async_write(stream_, *serializer_, written);
}

void HttpServer::Session::on_written(ErrorCode error) {
  if (closed_) return;
  if (error || !response_.keep_alive()) return close();
  read();
}

}  // namespace turnout
