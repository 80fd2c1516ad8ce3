#include "control/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <spawn.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

namespace turnout {
namespace {

constexpr size_t kKeptOfErrors = 1024;  // octets; the rest is read and forgotten, so that it is not held up
constexpr int kReadsATurn = 16;
constexpr int kPatience = 1000;  // ms, for a process that was killed

/// An open file.
struct Descriptor {
  ~Descriptor() {
    if (number >= 0) ::close(number);
  }
  int number = -1;
};

[[noreturn]] void fail(const std::string& program, int error) {
  const std::string reason = program + ": " + std::generic_category().message(error);
  switch (error) {
    case ENOENT:
      throw SpawnFailure(reason,
                         "install it, or correct health.command; of a script, the interpreter that its "
                         "first line names may be what is missing");
    case EACCES:
    case EPERM:
      throw SpawnFailure(reason, "let turnoutd's user run it (`chmod +x " + program + "`)");
    case ENOEXEC:
      throw SpawnFailure(reason, "begin the script with the line #!/bin/sh");
    default:
      throw SpawnFailure(reason,
                         "see whether the machine lacks memory, or turnoutd processes or open files "
                         "(LimitNPROC=, LimitNOFILE=)");
  }
}

/// posix_spawn has no attribute for CPUs: a child gets those of the thread that starts it.
class OnCpus {
 public:
  explicit OnCpus(const cpu_set_t& cpus) : before_(own_cpus()) { set(cpus); }
  ~OnCpus() { set(before_); }
  OnCpus(const OnCpus&) = delete;
  OnCpus& operator=(const OnCpus&) = delete;

 private:
  static void set(const cpu_set_t& cpus) { ::pthread_setaffinity_np(::pthread_self(), sizeof cpus, &cpus); }
  const cpu_set_t before_;
};

/// How it is started, as posix_spawn takes it.
class SpawnRules {
 public:
  explicit SpawnRules(int errors) {
    ::posix_spawn_file_actions_init(&files_);
    ::posix_spawn_file_actions_adddup2(&files_, errors, STDERR_FILENO);
    ::posix_spawn_file_actions_addopen(&files_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    ::posix_spawn_file_actions_addopen(&files_, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addclosefrom_np(&files_, STDERR_FILENO + 1);

    sigset_t all, none;
    ::sigfillset(&all);
    ::sigemptyset(&none);
    ::posix_spawnattr_init(&attributes_);
    ::posix_spawnattr_setflags(&attributes_,
                               POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
    ::posix_spawnattr_setpgroup(&attributes_, 0);
    ::posix_spawnattr_setsigdefault(&attributes_, &all);
    ::posix_spawnattr_setsigmask(&attributes_, &none);
  }
  ~SpawnRules() {
    ::posix_spawn_file_actions_destroy(&files_);
    ::posix_spawnattr_destroy(&attributes_);
  }
  SpawnRules(const SpawnRules&) = delete;
  SpawnRules& operator=(const SpawnRules&) = delete;

  const posix_spawn_file_actions_t* files() const { return &files_; }
  const posix_spawnattr_t* attributes() const { return &attributes_; }

 private:
  posix_spawn_file_actions_t files_;
  posix_spawnattr_t attributes_;
};

std::vector<char*> pointers_to(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

pid_t spawn(ChildProcess::Program program, int errors) {
  const SpawnRules rules(errors);
  const std::vector<char*> command = pointers_to(program.command);
  const std::vector<char*> environment = pointers_to(program.environment);
  const OnCpus wide(program.cpus);
  pid_t pid = 0;
  const int error = ::posix_spawn(&pid, command.front(), rules.files(), rules.attributes(), command.data(),
                                  environment.data());
  if (error != 0) fail(program.command.front(), error);
  return pid;
}

}  // namespace

cpu_set_t own_cpus() {
  cpu_set_t cpus;
  CPU_ZERO(&cpus);
  ::pthread_getaffinity_np(::pthread_self(), sizeof cpus, &cpus);
  return cpus;
}

ChildProcess::ChildProcess(boost::asio::io_context& io) : stderr_(io), pidfd_(io) {}

ChildProcess::ChildProcess(boost::asio::io_context& io, const Program& program) : ChildProcess(io) {
  std::array<int, 2> pipe{};
  if (::pipe2(pipe.data(), O_CLOEXEC) != 0) fail(program.command.front(), errno);
  const Descriptor writer{pipe[1]};
  stderr_.assign(pipe[0]);
  stderr_.non_blocking(true);
  pid_ = spawn(program, writer.number);
  // By number: glibc 2.36 declares the function without extern "C".
  const auto pidfd = static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0));
  if (pidfd < 0) fail(program.command.front(), errno);
  pidfd_.assign(pidfd);
}

ChildProcess::~ChildProcess() {
  stop();
}

void ChildProcess::await(Exited exited) {
  exited_ = std::move(exited);
  read_errors();
  pidfd_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [self = shared_from_this()](const boost::system::error_code& error) {
                      if (!error && self->pid_ != 0) self->on_exit();
                    });
}

void ChildProcess::kill() const {
  if (pid_ != 0) ::kill(-pid_, SIGKILL);
}

void ChildProcess::read_errors() {
  stderr_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                     [self = shared_from_this()](const boost::system::error_code& error) {
                       if (error || self->pid_ == 0) return;
                       self->keep_errors();
                       if (self->stderr_.is_open()) self->read_errors();
                     });
}

/// As much as is there, if it is not endless.
void ChildProcess::keep_errors() {
  std::array<char, 4096> part;
  for (int reads = 0; reads < kReadsATurn; ++reads) {
    const ssize_t length = ::read(stderr_.native_handle(), part.data(), part.size());
    if (length < 0) return;
    if (length == 0) {
      stderr_.close();
      return;
    }
    const size_t room = kKeptOfErrors - errors_.size();
    errors_.append(part.data(), std::min(room, static_cast<size_t>(length)));
  }
}

void ChildProcess::on_exit() {
  kill();  // what it left: the group is its own for as long as it isn't reaped
  int status = 0;
  ::waitpid(pid_, &status, WNOHANG);
  pid_ = 0;
  if (stderr_.is_open()) keep_errors();
  boost::system::error_code ignored;
  stderr_.close(ignored);
  pidfd_.close(ignored);
  const Exited exited = std::move(exited_);
  if (exited) exited(status);
}

void ChildProcess::stop() {
  exited_ = nullptr;
  if (pid_ == 0) return;
  kill();
  pollfd ended{pidfd_.native_handle(), POLLIN, 0};
  if (pidfd_.is_open()) ::poll(&ended, 1, kPatience);
  ::waitpid(pid_, nullptr, pidfd_.is_open() ? WNOHANG : 0);
  pid_ = 0;
  boost::system::error_code ignored;
  stderr_.close(ignored);
  pidfd_.close(ignored);
}

}  // namespace turnout
