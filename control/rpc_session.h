// One client of the control socket: reads a line, has it answered, writes the answer, and only then reads on.
#pragma once

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "control/json_rpc.h"
#include "control/rpc_server.h"

namespace turnout {

/// At any time it waits for one thing only: the client's next byte, the rest of a line, an answer, or room to
/// write. While it waits for an answer it also hears if the client goes away, so that those who are gone take
/// no place of others.
class RpcServer::Session : public std::enable_shared_from_this<Session> {
 public:
  using Socket = boost::asio::local::stream_protocol::socket;
  using Closed = std::function<void(const std::shared_ptr<Session>&)>;

  Session(Socket socket, const RpcDispatcher& dispatcher, const RpcLimits& limits, Closed closed);
  void start() { await_request(); }
  void close();

 private:
  using ErrorCode = boost::system::error_code;

  void await_request();
  void read_line();
  void on_line(ErrorCode error, size_t bytes);
  void handle(std::string_view line);
  void watch_for_end();
  void consume(size_t bytes);
  void respond(std::string line);
  void refuse(const std::string& reason);
  void write_rest();
  void on_written(ErrorCode error, size_t bytes);
  void set_deadline(unsigned seconds, void (Session::*expired)());
  void clear_deadline();
  void stop_waiting();

  Socket socket_;
  boost::asio::steady_timer deadline_;
  const RpcDispatcher& dispatcher_;
  const RpcLimits limits_;
  const Closed on_closed_;
  std::shared_ptr<const void> alive_ = std::make_shared<int>();  // as long as the client is connected
  const Caller caller_;
  std::string input_;   // what was read and not yet handled
  std::string output_;  // the response being written
  size_t written_ = 0;
  bool last_ = false;   // close after this response: the client sends no more, or is not wanted any more
  bool asked_ = false;  // and not answered yet
  bool closed_ = false;
};

}  // namespace turnout
