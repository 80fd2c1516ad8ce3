// One check of type http or https, from the SYN to the page. HttpProber's own.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "control/http_check_words.h"
#include "control/probe_connection.h"
#include "control/prober.h"

namespace turnout {

class HttpCheck : public std::enable_shared_from_this<HttpCheck> {
 public:
  struct Means {
    boost::asio::io_context& io;
    ProbeConnector& connector;
    boost::asio::ssl::context& tls;
  };
  using Ended = std::function<void(const std::shared_ptr<HttpCheck>&, ProbeResult)>;

  HttpCheck(const Means& means, const ProbeTarget& target, const HealthConfig& health, Ended ended);

  /// The time runs from here. `ended` is called once, out of the io_context.
  void start();
  void begin();
  /// Nobody is told.
  void abandon();

 private:
  using ErrorCode = boost::system::error_code;
  using Request = boost::beast::http::request<boost::beast::http::empty_body>;
  using Parser = boost::beast::http::response_parser<boost::beast::http::buffer_body>;

  void on_connected(const ErrorCode& error);
  void encrypt();
  void ask();
  void read_header();
  void on_header(const ErrorCode& error);
  ProbeResult judge_status() const;
  void read_page();
  void on_page(ErrorCode error);
  void on_timeout();
  void fail(const ErrorCode& error);
  void finish(ProbeResult result);
  void close();
  template <typename Operation>
  void on_stream(Operation&& operation);
  template <typename Next>
  auto then(Next next);

  const Means means_;
  const ProbeTarget target_;
  const HealthConfig health_;
  const Ended ended_;
  HttpStage stage_ = HttpStage::waiting;
  bool finished_ = false;
  bool abandoned_ = false;
  boost::asio::steady_timer timer_;
  std::unique_ptr<ProbeConnection> connection_;
  std::optional<boost::asio::ssl::stream<boost::asio::ip::tcp::socket&>> tls_;  // over connection_'s socket
  Request request_;
  boost::beast::flat_buffer buffer_;
  std::optional<Parser> parser_;
  std::string page_;  // room for as much of it as is looked at
  size_t page_size_ = 0;
};

}  // namespace turnout
