// The control socket: JSON-RPC, one object per line, over a UNIX stream socket.
#pragma once

#include <boost/asio/io_context.hpp>
#include <cstddef>
#include <memory>
#include <string>

#include "control/json_rpc.h"

namespace turnout {

/// Bounds that keep one client from harming another or the daemon.
struct RpcLimits {
  size_t clients = 256;                // one more is told so and closed
  size_t line_bytes = 64u << 20;       // a longer request is answered with an error and closed
  unsigned half_request_seconds = 30;  // a request begun must be finished by then
  unsigned write_seconds = 30;         // a client that doesn't read is closed
};

/// Requests of one client are answered one at a time and in order, so it costs at most one request and one
/// response of memory. All of it runs on the one thread that runs the io_context; it takes no lock.
class RpcServer {
 public:
  /// Listens on `path` (mode 0660). Throws std::runtime_error naming path, reason and remedy: a second daemon
  /// that answers there, a file that is no socket, a missing directory (it is made if its parent exists), no
  /// permission. A socket file left by a daemon that died is replaced. The dispatcher must outlive the
  /// server.
  RpcServer(boost::asio::io_context& io, std::string path, const RpcDispatcher& dispatcher,
            RpcLimits limits = {});
  ~RpcServer();  // closes every client and removes the socket file
  RpcServer(const RpcServer&) = delete;
  RpcServer& operator=(const RpcServer&) = delete;

 private:
  class Session;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace turnout
