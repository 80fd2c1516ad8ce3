// Health checks of type exec: a program of the operator's, whose exit code 0 means that the server is up.
//
// It is told whom to check by its environment, which is all of it: TURNOUT_VIP, TURNOUT_PORT,
// TURNOUT_PROTOCOL
// ("tcp", "udp"), TURNOUT_SERVER, TURNOUT_SERVER_MAC, PATH and LANG=C. What it writes to its standard error
// is the reason that is told when it fails, the first line of it. It runs as turnoutd's user, in a process
// group that is killed when the time is over, and what is left of that group when the program has ended, too.
//
// Control thread only. The thread waits while the kernel loads the program, about half a millisecond from a
// local disk.
#pragma once

#include <sched.h>

#include <boost/asio/io_context.hpp>
#include <memory>

#include "control/check_set.h"
#include "control/prober.h"

namespace turnout {

class ExecProber : public Prober {
 public:
  static constexpr size_t kMost = 64;  // programs at once

  /// `io` must outlast it. `cpus`: those that programs may run on; the control thread's own are one lcore's.
  /// Those that it has not told the result when it ends are never told; their programs are killed.
  ExecProber(boost::asio::io_context& io, const cpu_set_t& cpus);
  ~ExecProber() override;

  /// For health.type exec. Beyond kMost programs at once, checks wait; their time runs meanwhile.
  void start(const ProbeTarget& target, const HealthConfig& health, Done done) override;
  /// None is an answer to what a program asked.
  bool on_frame(size_t port, std::span<const uint8_t> frame) override;

 private:
  class Check;

  boost::asio::io_context& io_;
  const cpu_set_t cpus_;
  CheckSet<Check> checks_;
};

}  // namespace turnout
