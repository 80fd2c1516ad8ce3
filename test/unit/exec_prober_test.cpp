// Checks of type exec, with real programs.
#include "control/exec_prober.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <set>
#include <sstream>

#include "control/child_process.h"
#include "test/support/test_config.h"

namespace turnout::exec_prober_test {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

class ExecProberTest : public testing::Test {
 protected:
  ExecProberTest() {
    std::string pattern = fs::temp_directory_path() / "turnout-exec-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
    health_.type = HealthType::exec;
    health_.timings.timeout = 20s;
    target_.service = {ip("192.0.2.100"), Protocol::udp, 53};
    target_.server = ip("192.0.2.11");
    target_.mac = mac("02:00:00:00:00:11");
    prober_.emplace(io_, own_cpus());
  }
  ~ExecProberTest() override {
    prober_.reset();
    fs::remove_all(folder_);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a zombie or a program that runs is left";
    EXPECT_EQ(errno, ECHILD);
  }

  std::string script(const std::string& text, const std::string& first = "#!/bin/sh\n", int mode = 0755) {
    const fs::path file = folder_ / ("check" + std::to_string(++scripts_));
    std::ofstream(file) << first << text << '\n';
    ::chmod(file.c_str(), static_cast<mode_t>(mode));
    return file;
  }
  std::string file(const std::string& name) const { return folder_ / name; }
  std::string read(const std::string& name) const {
    std::ostringstream text;
    text << std::ifstream(folder_ / name).rdbuf();
    return text.str();
  }

  void start(const std::vector<std::string>& command) {
    health_.command = command;
    prober_->start(target_, health_, [this](ProbeResult result) {
      ++told_;
      result_ = std::move(result);
    });
  }
  bool run_until(const std::function<bool()>& done) {
    for (const auto end = std::chrono::steady_clock::now() + 30s; !done();) {
      if (std::chrono::steady_clock::now() > end) return false;
      io_.restart();
      io_.run_one_for(20ms);
    }
    return true;
  }
  ProbeResult check(const std::vector<std::string>& command) {
    told_ = 0;
    start(command);
    EXPECT_EQ(told_, 0) << "not before start() has returned";
    EXPECT_TRUE(run_until([this] { return told_ > 0; }));
    return result_;
  }
  /// What is written to a file by a script that does not end, once it is there.
  pid_t pid_in(const std::string& name) {
    EXPECT_TRUE(run_until([&] { return read(name).find('\n') != std::string::npos; }));
    return std::stoi(read(name));
  }
  static bool runs(pid_t pid) {
    std::ifstream stat("/proc/" + std::to_string(pid) + "/stat");
    std::string text;
    std::getline(stat, text);
    return !text.empty() && text.find(") Z") == text.npos;
  }

  boost::asio::io_context io_;
  std::optional<ExecProber> prober_;
  ProbeTarget target_;
  HealthConfig health_;
  ProbeResult result_;
  int told_ = 0;
  fs::path folder_;
  int scripts_ = 0;
};

TEST_F(ExecProberTest, ExitCodeZeroPasses) {
  const ProbeResult result = check({"/bin/true"});
  EXPECT_TRUE(result.passed);
  EXPECT_EQ(result.hint, "");
}

TEST_F(ExecProberTest, AnyOtherFails) {
  ProbeResult result = check({"/bin/false"});
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "exit code 1");
  EXPECT_NE(result.hint.find("/bin/false"), std::string::npos);
  EXPECT_EQ(check({script("exit 2")}).reason, "exit code 2");
}

TEST_F(ExecProberTest, TheFirstLineOfItsErrorsIsTheReason) {
  EXPECT_EQ(check({script("echo ignored; echo 'disk full' >&2; echo more >&2; exit 2")}).reason,
            "exit code 2: disk full");
  EXPECT_EQ(check({script("printf '\\n\\n  late\\033[31m\\377\\n' >&2; exit 1")}).reason,
            "exit code 1: late?[31m?");
  EXPECT_EQ(check({script("printf 'x%.0s' $(seq 500) >&2; exit 1")}).reason,
            "exit code 1: " + std::string(200, 'x'));
}

TEST_F(ExecProberTest, WhoSaysMuchIsNotHeldUp) {
  const ProbeResult result = check({script("echo first >&2; head -c 1000000 /dev/zero >&2; exit 3")});
  EXPECT_EQ(result.reason, "exit code 3: first");
}

TEST_F(ExecProberTest, ASignalIsNamed) {
  EXPECT_EQ(check({script("kill -TERM $$")}).reason, "ended by signal Terminated");
}

TEST_F(ExecProberTest, TheEnvironmentSaysWhomToCheckAndNothingElse) {
  ASSERT_EQ(::setenv("TURNOUT_SECRET", "x", 1), 0);
  EXPECT_TRUE(check({"/bin/sh", "-c", "/usr/bin/env >" + file("env")}).passed);
  ::unsetenv("TURNOUT_SECRET");
  std::istringstream text(read("env"));
  std::set<std::string> lines;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("PWD=") && !line.starts_with("_=")) lines.insert(line);  // the shell's own
  }
  EXPECT_EQ(lines, (std::set<std::string>{
                       "LANG=C", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                       "TURNOUT_PORT=53", "TURNOUT_PROTOCOL=udp", "TURNOUT_SERVER=192.0.2.11",
                       "TURNOUT_SERVER_MAC=02:00:00:00:00:11", "TURNOUT_VIP=192.0.2.100"}));
}

TEST_F(ExecProberTest, ArgumentsAreHandedOnAsTheyAre) {
  const std::string program = script("printf '%s|' \"$@\" >" + file("arguments"));
  EXPECT_TRUE(check({program, "two words", "$HOME", ""}).passed);
  EXPECT_EQ(read("arguments"), "two words|$HOME||");
}

TEST_F(ExecProberTest, WhoTakesTooLongIsKilledWithAllItStarted) {
  health_.timings.timeout = 500ms;
  const std::string program = script("echo so far >&2; sleep 1000 & echo $! >" + file("child") +
                                     "; echo $$ >" + file("own") + "; wait");
  const ProbeResult result = check({program});
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "did not end within 500 ms: so far");
  const pid_t own = pid_in("own"), child = pid_in("child");
  EXPECT_TRUE(run_until([&] { return !runs(own) && !runs(child); }));
  EXPECT_TRUE(run_until([&] { return ::waitpid(own, nullptr, WNOHANG | WNOWAIT) == -1; })) << "not reaped";
  EXPECT_EQ(told_, 1);
}

TEST_F(ExecProberTest, WhatAProgramLeavesRunningEndsWithIt) {
  EXPECT_TRUE(check({script("sleep 1000 & echo $! >" + file("child"))}).passed);
  const pid_t child = pid_in("child");
  EXPECT_TRUE(run_until([&] { return !runs(child); }));
}

TEST_F(ExecProberTest, AProgramThatIsNotThereFails) {
  const ProbeResult result = check({"/nowhere/check"});
  EXPECT_FALSE(result.passed);
  EXPECT_EQ(result.reason, "/nowhere/check: No such file or directory");
  EXPECT_NE(result.hint.find("health.command"), std::string::npos);
}

TEST_F(ExecProberTest, AFileThatIsNoProgramFails) {
  const std::string plain = script("exit 0", "#!/bin/sh\n", 0644);
  ProbeResult result = check({plain});
  EXPECT_EQ(result.reason, plain + ": Permission denied");
  EXPECT_NE(result.hint.find("chmod +x " + plain), std::string::npos);
  const std::string no_first_line = script("exit 0", "");
  result = check({no_first_line});
  EXPECT_EQ(result.reason, no_first_line + ": Exec format error");
  EXPECT_NE(result.hint.find("#!/bin/sh"), std::string::npos);
}

TEST_F(ExecProberTest, ItHasNoFilesOfTheDaemons) {
  const int inherited = ::open("/dev/null", O_RDONLY);  // without CLOEXEC
  ASSERT_GE(inherited, 3);
  const std::string program =
      script("for f in /proc/$$/fd/*; do echo ${f##*/} $(readlink $f); done >" + file("files"));
  EXPECT_TRUE(check({program}).passed);
  ::close(inherited);
  const std::string files = read("files");
  EXPECT_NE(files.find("0 /dev/null\n"), std::string::npos) << files;
  EXPECT_NE(files.find("2 pipe:"), std::string::npos) << files;
  EXPECT_EQ(files.find(std::to_string(inherited) + " /dev/null"), std::string::npos) << files;
}

TEST_F(ExecProberTest, SignalsAreAsForANewProgram) {
  const auto before = ::signal(SIGPIPE, SIG_IGN);
  sigset_t blocked, old;
  ::sigemptyset(&blocked);
  ::sigaddset(&blocked, SIGUSR1);
  ::sigprocmask(SIG_BLOCK, &blocked, &old);
  EXPECT_TRUE(check({script("grep -E '^Sig(Blk|Ign)' /proc/self/status >" + file("signals"))}).passed);
  ::sigprocmask(SIG_SETMASK, &old, nullptr);
  ::signal(SIGPIPE, before);
  int lines = 0;
  std::istringstream text(read("signals"));
  std::string name;
  for (uint64_t mask = 1; text >> name >> std::hex >> mask; ++lines) {
    EXPECT_EQ(mask & 0x7fffffff, 0u) << name << " but for 32 and 33, which glibc keeps for itself";
  }
  EXPECT_EQ(lines, 2);
}

TEST_F(ExecProberTest, ItRunsOnTheCpusItWasGivenAndTheDaemonStaysOnIts) {
  const cpu_set_t all = own_cpus();
  if (CPU_COUNT(&all) < 2) GTEST_SKIP() << "needs two CPUs";
  cpu_set_t one;
  CPU_ZERO(&one);
  for (int cpu = 0; CPU_COUNT(&one) == 0; ++cpu) {
    if (CPU_ISSET(cpu, &all)) CPU_SET(cpu, &one);
  }
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);  // as EAL does
  prober_.emplace(io_, all);
  EXPECT_TRUE(check({script("nproc >" + file("cpus"))}).passed);
  const cpu_set_t now = own_cpus();
  EXPECT_TRUE(CPU_EQUAL(&now, &one));
  ::sched_setaffinity(0, sizeof all, &all);
  EXPECT_EQ(read("cpus"), std::to_string(CPU_COUNT(&all)) + "\n");
}

TEST_F(ExecProberTest, BeyondTheLimitProgramsWaitForTheirTurn) {
  const std::string program =
      script("echo >>" + file("begun") + "; while [ ! -e " + file("go") + " ]; do sleep 0.1; done");
  const int all = static_cast<int>(ExecProber::kMost) + 3;
  for (int i = 0; i < all; ++i) start({program});
  EXPECT_TRUE(run_until([this] { return read("begun").size() == ExecProber::kMost; }));
  health_.timings.timeout = 100ms;
  start({program});
  EXPECT_TRUE(run_until([this] { return told_ == 1; }));
  EXPECT_EQ(result_.reason, "not begun within 100 ms: 64 programs of exec checks ran");
  EXPECT_EQ(read("begun").size(), ExecProber::kMost);
  std::ofstream(file("go")) << "now";
  EXPECT_TRUE(run_until([&] { return told_ == 1 + all; }));
  EXPECT_EQ(read("begun").size(), static_cast<size_t>(all));
  EXPECT_TRUE(result_.passed);
}

TEST_F(ExecProberTest, AKilledProgramHoldsItsPlaceUntilItIsGone) {
  health_.timings.timeout = 100ms;
  for (size_t i = 0; i < ExecProber::kMost; ++i) start({"/bin/sleep", "1000"});
  health_.timings.timeout = 20s;
  health_.command = {"/bin/true"};
  std::optional<ProbeResult> last;
  prober_->start(target_, health_, [&last](const ProbeResult& result) { last = result; });
  EXPECT_TRUE(run_until([&] { return last && told_ == static_cast<int>(ExecProber::kMost); }));
  EXPECT_TRUE(last && last->passed);
}

TEST_F(ExecProberTest, MayEndWithProgramsRunningAndWaiting) {
  const std::string program = script("echo $$ >" + file("own") + "; exec sleep 1000");
  for (size_t i = 0; i < ExecProber::kMost + 2; ++i) start({program});
  const pid_t own = pid_in("own");
  prober_.reset();
  EXPECT_FALSE(runs(own));
  io_.restart();
  io_.run_for(10ms);
  EXPECT_EQ(told_, 0);
}

TEST_F(ExecProberTest, MayEndAtAnyMoment) {
  for (int steps = 0; steps < 8; ++steps) {
    prober_.emplace(io_, own_cpus());
    told_ = 0;
    start({"/bin/false"});
    start({"/nowhere/check"});
    for (int i = 0; i < steps; ++i) {
      io_.restart();
      io_.run_one_for(20ms);
    }
    prober_.reset();
    const int before = told_;
    io_.restart();
    io_.run_for(5ms);
    EXPECT_EQ(told_, before);
  }
}

TEST_F(ExecProberTest, MayBeEndedByWhatItTells) {
  health_.command = {"/bin/true"};
  prober_->start(target_, health_, [this](const ProbeResult&) {
    ++told_;
    prober_.reset();
  });
  EXPECT_TRUE(run_until([this] { return told_ == 1; }));
}

TEST_F(ExecProberTest, NoFrameIsItsOwn) {
  EXPECT_FALSE(prober_->on_frame(0, {}));
}

}  // namespace
}  // namespace turnout::exec_prober_test
