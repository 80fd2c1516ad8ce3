// The HTTP listener for metrics: GET and HEAD, a handler per path, nothing else.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

namespace turnout {

struct HttpReply {
  unsigned status = 200;
  std::string content_type = "text/plain; charset=utf-8";
  std::string body;
};

/// Bounds that keep one client from harming another or the daemon.
struct HttpLimits {
  size_t connections = 64;  // one more is answered with 503 and closed
  unsigned idle_seconds =
      30;  // for a whole request to come, from the answer before it on, and for a reply to be taken
};

/// All of it runs on the one thread that runs the io_context; it takes no lock.
class HttpServer {
 public:
  using Handler = std::function<HttpReply()>;
  using Handlers = std::map<std::string, Handler>;  // by path

  /// Listens on "address:port" ("[::1]:9877" for IPv6). Throws std::runtime_error naming the address, the
  /// reason and the remedy when it can't (address in use, not local, no permission).
  HttpServer(boost::asio::io_context& io, const std::string& listen, Handlers handlers,
             HttpLimits limits = {});
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  uint16_t port() const;  ///< the one listened on; of use if port 0 left the choice to the system

 private:
  class Session;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace turnout
