// The control thread's loop: timers, signals and sockets by Boost.Asio; on a single lcore it polls the worker
// in between.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <filesystem>
#include <vector>

#include "control/daemon_view.h"
#include "dataplane/tick.h"
#include "dataplane/worker.h"

namespace turnout {

class EventLoop {
 public:
  EventLoop(boost::asio::io_context& io, DaemonView& daemon, TickClock clock);

  /// Runs until SIGTERM or SIGINT. Prints `ready` once the director has started. `shared`: the worker to poll
  /// as well, if there is one.
  void run(Worker* shared);

 private:
  void upkeep();
  void say_ready();
  void watch_links();
  void watch_load();
  void await_signal();
  void reload();
  void reread_filters();
  ConfigSaver::Running running() const;

  boost::asio::io_context& io_;
  DaemonView& daemon_;
  TickClock clock_;
  boost::asio::steady_timer upkeep_timer_;
  boost::asio::steady_timer link_timer_;
  boost::asio::steady_timer load_timer_;
  boost::asio::signal_set signals_;
  bool ready_ = false;
  std::vector<bool> link_up_;  // by port, when last looked at
};

std::chrono::milliseconds steady_milliseconds();

}  // namespace turnout
