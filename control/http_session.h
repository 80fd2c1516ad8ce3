// One HTTP connection: reads a request, writes the reply, and so on while the client keeps it alive.
#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/http_server.h"

namespace turnout {

class HttpServer::Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::ip::tcp::socket;
  using Closed = std::function<void(const std::shared_ptr<Session>&)>;

  Session(Socket socket, std::shared_ptr<const Handlers> handlers, const HttpLimits& limits, Closed closed);
  void start() { read(); }
  void close();

 private:
  using ErrorCode = boost::beast::error_code;
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;
  using Response = boost::beast::http::response<boost::beast::http::string_body>;
  using Serializer = boost::beast::http::response_serializer<boost::beast::http::string_body>;

  void read();
  void on_read(ErrorCode error);
  HttpReply reply_to(const Request& request) const;
  void write(const HttpReply& reply, bool head_only, bool keep_alive);
  void on_written(ErrorCode error);

  boost::beast::tcp_stream stream_;
  const std::shared_ptr<const Handlers> handlers_;
  const std::chrono::seconds idle_;
  const Closed on_closed_;
  boost::beast::flat_buffer buffer_;
  std::optional<boost::beast::http::request_parser<boost::beast::http::empty_body>> parser_;
  Response response_;
  std::optional<Serializer> serializer_;  // of response_
  bool closed_ = false;
};

}  // namespace turnout
