#include "control/exec_prober.h"

#include <sys/wait.h>

#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstring>
#include <functional>
#include <utility>

#include "control/child_process.h"
#include "control/probe_text.h"

namespace turnout {
namespace {

constexpr size_t kLongestErrorLine = 200;

ChildProcess::Program program_for(const ProbeTarget& target, const HealthConfig& health,
                                  const cpu_set_t& cpus) {
  const ServiceKey& service = target.service;
  return {health.command,
          {"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "LANG=C",
           "TURNOUT_VIP=" + service.vip.to_string(), "TURNOUT_PORT=" + std::to_string(service.port),
           "TURNOUT_PROTOCOL=" + to_string(service.protocol), "TURNOUT_SERVER=" + target.server.to_string(),
           "TURNOUT_SERVER_MAC=" + target.mac.to_string()},
          cpus};
}

std::string first_line(const std::string& text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == text.npos) return "";
  return printable(text.substr(begin, text.find_first_of("\r\n", begin) - begin), kLongestErrorLine);
}

/// `status`: as waitpid() has it.
ProbeResult result_of(int status, const std::string& errors, const HealthConfig& health) {
  const bool was_killed = WIFSIGNALED(status);
  ProbeResult result;
  result.passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  result.reason = was_killed ? std::string("ended by signal ") + ::strsignal(WTERMSIG(status))
                             : "exit code " + std::to_string(WEXITSTATUS(status));
  if (result.passed) return result;
  if (const std::string line = first_line(errors); !line.empty()) result.reason += ": " + line;
  result.hint = "that is what " + health.command.front() +
                " found: run it by hand with the same TURNOUT_VIP, "
                "TURNOUT_PORT, TURNOUT_PROTOCOL, TURNOUT_SERVER and TURNOUT_SERVER_MAC";
  return result;
}

}  // namespace

/// A check, from its start until its program is reaped; it may be told earlier.
class ExecProber::Check : public std::enable_shared_from_this<Check> {
 public:
  using Gone = std::function<void(const std::shared_ptr<Check>&)>;

  Check(boost::asio::io_context& io, const ProbeTarget& target, const HealthConfig& health,
        const cpu_set_t& cpus, Done done, Gone gone)
      : io_(io),
        program_(program_for(target, health, cpus)),
        health_(health),
        done_(std::move(done)),
        gone_(std::move(gone)),
        timer_(io) {}

  void start() {
    timer_.expires_after(health_.timings.timeout);
    timer_.async_wait([self = shared_from_this()](const boost::system::error_code& error) {
      if (!error && !self->told_) self->on_timeout();
    });
  }

  void begin() {
    if (told_ || timer_.expiry() <= std::chrono::steady_clock::now()) return;  // it waited too long
    try {
      child_ = std::make_shared<ChildProcess>(io_, program_);
      child_->await([check = weak_from_this()](int status) {
        if (const std::shared_ptr<Check> self = check.lock()) self->on_exit(status);
      });
    } catch (const SpawnFailure& failure) {
      tell({false, failure.what(), failure.hint});
    } catch (const boost::system::system_error& error) {
      child_.reset();
      tell({false, std::string("the program's end can't be watched: ") + error.what(),
            "see whether turnoutd lacks open files (LimitNOFILE=)"});
    }
  }

  void abandon() {
    abandoned_ = true;
    told_ = true;
    timer_.cancel();
    if (child_) child_->stop();
  }

 private:
  void on_timeout() {
    const std::string time = in_words(health_.timings.timeout);
    if (!child_) {
      return tell(
          {false, "not begun within " + time + ": " + std::to_string(kMost) + " programs of exec checks ran",
           "a longer interval of the exec checks, or programs that take less time", ProbeShape::not_begun});
    }
    ProbeResult result{
        false, "did not end within " + time,
        "give it more time (health.timeout), or let " + program_.command.front() + " give up earlier"};
    if (const std::string line = first_line(child_->errors()); !line.empty()) result.reason += ": " + line;
    child_->kill();
    tell(std::move(result));
  }

  void on_exit(int status) {
    const ProbeResult result = result_of(status, child_->errors(), health_);
    child_.reset();
    if (told_) return leave();
    tell(result);
  }

  /// Not at once: begin() may have been called by start().
  void tell(ProbeResult result) {
    told_ = true;
    timer_.cancel();
    boost::asio::post(io_, [self = shared_from_this(), result = std::move(result)]() mutable {
      if (self->abandoned_) return;
      const Done done = std::move(self->done_);
      if (!self->child_) self->leave();
      done(std::move(result));
    });
  }

  /// Twice does no harm: it may end while its being told waits for its turn.
  void leave() {
    if (!abandoned_) gone_(shared_from_this());
  }

  boost::asio::io_context& io_;
  const ChildProcess::Program program_;
  const HealthConfig health_;
  Done done_;
  const Gone gone_;
  boost::asio::steady_timer timer_;
  std::shared_ptr<ChildProcess> child_;
  bool told_ = false;
  bool abandoned_ = false;
};

ExecProber::ExecProber(boost::asio::io_context& io, const cpu_set_t& cpus)
    : io_(io), cpus_(cpus), checks_(kMost) {}

ExecProber::~ExecProber() = default;

void ExecProber::start(const ProbeTarget& target, const HealthConfig& health, Done done) {
  const auto gone = [this](const std::shared_ptr<Check>& check) { checks_.remove(check); };
  const auto check = std::make_shared<Check>(io_, target, health, cpus_, std::move(done), gone);
  check->start();
  checks_.add(check);
}

bool ExecProber::on_frame(size_t, std::span<const uint8_t>) {
  return false;
}

}  // namespace turnout
