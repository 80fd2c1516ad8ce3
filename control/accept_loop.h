// Accepts connections for as long as it isn't stopped. Runs on the io_context's one thread; takes no lock.
#pragma once

#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "control/log.h"

namespace turnout {

template <typename Protocol>
class AcceptLoop : public std::enable_shared_from_this<AcceptLoop<Protocol>> {
 public:
  using Acceptor = typename Protocol::acceptor;
  using Socket = typename Protocol::socket;
  using Accepted = std::function<void(Socket)>;

  /// `name` is what the operator calls the listener, for the log.
  AcceptLoop(Acceptor acceptor, std::string name, Accepted accepted)
      : acceptor_(std::move(acceptor)),
        retry_(acceptor_.get_executor()),
        name_(std::move(name)),
        accepted_(std::move(accepted)) {}

  void start() {
    acceptor_.async_accept([self = this->shared_from_this()](boost::system::error_code error, Socket socket) {
      self->on_accept(error, std::move(socket));
    });
  }

  void stop() {
    boost::system::error_code ignored;
    acceptor_.close(ignored);
    retry_.cancel();
  }

 private:
  // Out of descriptors, accept() fails at once and the connection stays in the queue: asking again at once
  // would spin.
  static constexpr std::chrono::milliseconds kRetryDelay{100};

  void on_accept(boost::system::error_code error, Socket socket) {
    if (!acceptor_.is_open()) return;
    if (!error) {
      accepted_(std::move(socket));
      return start();
    }
    log_.log(LogLevel::warning, name_ + ": can't accept a connection: " + error.message() + ": trying again");
    retry_.expires_after(kRetryDelay);
    retry_.async_wait([self = this->shared_from_this()](boost::system::error_code) {
      if (self->acceptor_.is_open()) self->start();
    });
  }

  Acceptor acceptor_;
  boost::asio::steady_timer retry_;
  std::string name_;
  Accepted accepted_;
  LogLimiter log_{1};
};

}  // namespace turnout
