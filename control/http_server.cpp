#include "control/http_server.h"

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <charconv>
#include <optional>
#include <set>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "control/accept_loop.h"
#include "control/http_session.h"

namespace turnout {
namespace {

namespace asio = boost::asio;
using Tcp = asio::ip::tcp;
using boost::system::error_code;

constexpr std::string_view kTooMany =
    "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 21\r\n\r\ntoo many "
    "connections\n";

std::optional<Tcp::endpoint> parse_endpoint(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);

  uint16_t port = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  error_code error;
  const asio::ip::address address = asio::ip::make_address(host, error);
  if (error || fault != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  if (address.is_v6() != bracketed) return std::nullopt;
  return Tcp::endpoint(address, port);
}

std::string remedy_for(error_code error) {
  if (error == asio::error::address_in_use) return "stop the other program or change http.listen";
  if (error == asio::error::access_denied) {
    return "change http.listen to a port from 1024 up, or give turnoutd CAP_NET_BIND_SERVICE";
  }
  if (error == boost::system::errc::address_not_available) {
    return "change http.listen to an address of this machine's kernel, such as 127.0.0.1";
  }
  return "change http.listen";
}

Tcp::acceptor listen_on(asio::io_context& io, const std::string& listen) {
  const std::optional<Tcp::endpoint> endpoint = parse_endpoint(listen);
  if (!endpoint) {
    throw std::runtime_error(
        "can't listen on \"" + listen +
        "\": not an address and a port: write http.listen as 127.0.0.1:9877 or [::1]:9877");
  }
  try {
    return Tcp::acceptor(io, *endpoint);  // with SO_REUSEADDR, as connections of the daemon before may linger
  } catch (const boost::system::system_error& e) {
    throw std::runtime_error("can't listen on " + listen + ": " + e.code().message() + ": " +
                             remedy_for(e.code()));
  }
}

/// Tells without waiting: so few bytes fit into a new socket's buffer.
void turn_away(Tcp::socket socket) {
  error_code ignored;
  socket.non_blocking(true, ignored);
  socket.write_some(asio::buffer(kTooMany), ignored);
  socket.shutdown(Tcp::socket::shutdown_send, ignored);
}

}  // namespace

struct HttpServer::State : std::enable_shared_from_this<State> {
  State(Handlers paths, const HttpLimits& bounds)
      : handlers(std::make_shared<const Handlers>(std::move(paths))), limits(bounds) {}

  void start(Tcp::acceptor acceptor);
  void accepted(Tcp::socket socket);
  void stop();

  const std::shared_ptr<const Handlers> handlers;
  const HttpLimits limits;
  uint16_t port = 0;
  std::shared_ptr<AcceptLoop<Tcp>> accepting;
  std::set<std::shared_ptr<Session>> sessions;
};

void HttpServer::State::start(Tcp::acceptor acceptor) {
  port = acceptor.local_endpoint().port();
  accepting = std::make_shared<AcceptLoop<Tcp>>(std::move(acceptor), "http",
                                                [weak = weak_from_this()](Tcp::socket socket) {
                                                  if (const auto self = weak.lock())
                                                    self->accepted(std::move(socket));
                                                });
  accepting->start();
}

void HttpServer::State::accepted(Tcp::socket socket) {
  if (sessions.size() >= limits.connections) return turn_away(std::move(socket));
  const auto forget = [weak = weak_from_this()](const std::shared_ptr<Session>& session) {
    if (const auto self = weak.lock()) self->sessions.erase(session);
  };
  const auto session = std::make_shared<Session>(std::move(socket), handlers, limits, forget);
  sessions.insert(session);
  session->start();
}

void HttpServer::State::stop() {
  accepting->stop();
  for (const auto& session : std::exchange(sessions, {})) session->close();
}

HttpServer::HttpServer(asio::io_context& io, const std::string& listen, Handlers handlers, HttpLimits limits)
    : state_(std::make_shared<State>(std::move(handlers), limits)) {
  state_->start(listen_on(io, listen));
}

HttpServer::~HttpServer() {
  state_->stop();
}

uint16_t HttpServer::port() const {
  return state_->port;
}

}  // namespace turnout
