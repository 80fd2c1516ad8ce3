// JSON-RPC over the daemon's UNIX socket, one call at a time.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <chrono>
#include <functional>
#include <string>

#include "control/cli/json.h"

namespace turnout::cli {

class RpcClient {
 public:
  /// Connects. Throws NoDaemon, naming the socket, the reason and the remedy.
  /// Once the descriptor `interrupt` is readable, if there is one, connecting and calls throw Interrupted.
  explicit RpcClient(std::string path, std::chrono::milliseconds timeout = std::chrono::seconds(30),
                     int interrupt = -1);

  /// The result. Throws Refused with the daemon's error object, NoDaemon if no answer comes within the
  /// timeout.
  Json call(const std::string& method, const Json& params);

 private:
  using Done = std::function<void(boost::system::error_code)>;

  void heed_interrupt();
  boost::system::error_code finish(const std::function<void(Done)>& start);
  void connect();
  std::string exchange(const std::string& line);
  Json result_of(const std::string& line, int id) const;

  std::string path_;
  std::chrono::milliseconds timeout_;
  boost::asio::io_context io_;
  boost::asio::local::stream_protocol::socket socket_{io_};
  boost::asio::posix::stream_descriptor interrupt_{io_};
  bool interrupted_ = false;
  std::string received_;
  int last_id_ = 0;
};

}  // namespace turnout::cli
