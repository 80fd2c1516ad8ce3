// A program that the daemon runs: started without blocking for longer than exec takes, killed with all that
// it started, and never left as a zombie. Control thread only.
#pragma once

#include <sched.h>
#include <sys/types.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace turnout {

/// CPUs that this thread may run on.
cpu_set_t own_cpus();

/// A program could not be started. what() is the reason.
struct SpawnFailure : std::runtime_error {
  SpawnFailure(const std::string& reason, std::string remedy)
      : std::runtime_error(reason), hint(std::move(remedy)) {}
  std::string hint;
};

class ChildProcess : public std::enable_shared_from_this<ChildProcess> {
 public:
  struct Program {
    std::vector<std::string> command;      // absolute path and arguments
    std::vector<std::string> environment;  // all of it, as NAME=value
    cpu_set_t cpus{};                      // on which it may run
  };
  /// As waitpid() has it.
  using Exited = std::function<void(int status)>;

  /// Starts it as the leader of a process group of its own, with default signal handling, no files but
  /// /dev/null for input and output, and a pipe for errors. Throws SpawnFailure, or
  /// boost::system::system_error.
  ChildProcess(boost::asio::io_context& io, const Program& program);
  /// Kills it if it still runs.
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  /// `exited` is called once, out of the io_context, after it was reaped and what it left running in its
  /// group was killed; never if stop() comes first.
  void await(Exited exited);

  /// Kills its group. Its end is still told.
  void kill() const;

  /// Kills its group and reaps it: waits for that, though not for long. What a dead disk holds is left to
  /// init.
  void stop();

  /// What it wrote to its standard error, the beginning only.
  const std::string& errors() const { return errors_; }

 private:
  explicit ChildProcess(boost::asio::io_context& io);
  void read_errors();
  void keep_errors();
  void on_exit();

  pid_t pid_ = 0;  // 0: reaped
  boost::asio::posix::stream_descriptor stderr_;
  boost::asio::posix::stream_descriptor pidfd_;  // readable when it has ended
  std::string errors_;
  Exited exited_;
};

}  // namespace turnout
