#include "control/log.h"

#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <string>
#include <thread>
#include <vector>

namespace turnout::log_test {
namespace {

/// Stands in for stderr. A datagram socket keeps each write(2) apart.
class LogTest : public testing::Test {
 protected:
  void SetUp() override {
    std::array<int, 2> ends{};
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0, ends.data()), 0);
    saved_stderr_ = ::dup(STDERR_FILENO);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
    reader_ = ends[0];
    ::unsetenv("JOURNAL_STREAM");
    set_log_level(LogLevel::info);
  }

  void TearDown() override {
    ::dup2(saved_stderr_, STDERR_FILENO);
    ::close(saved_stderr_);
    ::close(reader_);
    ::unsetenv("JOURNAL_STREAM");
    set_log_level(LogLevel::info);
  }

  std::vector<std::string> writes() const {
    std::vector<std::string> all;
    std::array<char, 4096> buffer{};
    for (ssize_t got = 0; (got = ::recv(reader_, buffer.data(), buffer.size(), 0)) > 0;) {
      all.emplace_back(buffer.data(), static_cast<size_t>(got));
    }
    return all;
  }

 private:
  int saved_stderr_ = -1;
  int reader_ = -1;
};

using Lines = std::vector<std::string>;

TEST_F(LogTest, NamesTheProgramAndTheLevel) {
  log_error("no such port");
  log_info("ready");
  EXPECT_EQ(writes(), (Lines{"turnoutd: error: no such port\n", "turnoutd: info: ready\n"}));
}

TEST_F(LogTest, GivesJournaldThePriority) {
  ::setenv("JOURNAL_STREAM", "8:1234", 1);
  set_log_level(LogLevel::debug);
  log_error("a");
  log_warning("b");
  log_info("c");
  log_debug("d");
  EXPECT_EQ(writes(), (Lines{"<3>a\n", "<4>b\n", "<6>c\n", "<7>d\n"}));
}

TEST_F(LogTest, LeavesOutWhatIsBelowTheLevel) {
  set_log_level(LogLevel::warning);
  log_info("not this");
  log_warning("this");
  EXPECT_EQ(log_level(), LogLevel::warning);
  EXPECT_EQ(writes(), Lines{"turnoutd: warning: this\n"});
}

TEST_F(LogTest, AMessageStaysOneLineAndCannotSteerTheTerminal) {
  log_info("one\ntwo\r\nthree\x1b[2Jfour é");
  EXPECT_EQ(writes(), Lines{"turnoutd: info: one two  three [2Jfour é\n"});
}

TEST_F(LogTest, LinesOfSeveralThreadsDoNotMix) {
  std::vector<std::thread> threads;
  for (const char letter : {'a', 'b'}) {
    threads.emplace_back([letter] {
      for (int i = 0; i < 4; ++i) log_info(std::string(100, letter));
    });
  }
  for (std::thread& thread : threads) thread.join();
  const Lines lines = writes();
  EXPECT_EQ(lines.size(), 8u);
  for (const std::string& line : lines) {
    const std::string text = line.substr(sizeof "turnoutd: info: " - 1);
    EXPECT_EQ(text, std::string(100, text[0]) + "\n");
  }
}

TEST_F(LogTest, ReadsTheNamesOfLevels) {
  EXPECT_EQ(parse_log_level("error"), LogLevel::error);
  EXPECT_EQ(parse_log_level("warning"), LogLevel::warning);
  EXPECT_EQ(parse_log_level("info"), LogLevel::info);
  EXPECT_EQ(parse_log_level("debug"), LogLevel::debug);
  EXPECT_EQ(parse_log_level("Info"), std::nullopt);
  EXPECT_EQ(parse_log_level(""), std::nullopt);
}

TEST_F(LogTest, LimiterSaysHowManyItLeftOut) {
  LogLimiter limiter(2, std::chrono::seconds(1));
  for (int i = 0; i < 5; ++i) limiter.log(LogLevel::info, "again");
  EXPECT_EQ(writes(), (Lines{"turnoutd: info: again\n", "turnoutd: info: again\n"}));
  std::this_thread::sleep_for(std::chrono::milliseconds(1050));
  limiter.log(LogLevel::info, "again");
  limiter.log(LogLevel::info, "again");
  EXPECT_EQ(writes(),
            (Lines{"turnoutd: info: again (3 like it left out before)\n", "turnoutd: info: again\n"}));
}

TEST_F(LogTest, LimiterDoesNotCountWhatTheLevelHides) {
  LogLimiter limiter(1, std::chrono::seconds(10));
  for (int i = 0; i < 3; ++i) limiter.log(LogLevel::debug, "hidden");
  limiter.log(LogLevel::info, "shown");
  EXPECT_EQ(writes(), Lines{"turnoutd: info: shown\n"});
}

}  // namespace
}  // namespace turnout::log_test
