// `turnoutctl doctor`: the page, the looks, and the exit codes.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <sstream>

#include "control/cli/doctor_page.h"
#include "control/cli/output.h"
#include "control/cli/wrap.h"
#include "test/support/cli_session.h"

namespace turnout::cli::cli_doctor_test {
namespace {

Json finding(const std::string& severity, const std::string& subject) {
  return {{"severity", severity},   {"code", "link_down"},      {"subject", subject},
          {"meaning", "it's down"}, {"evidence", "no carrier"}, {"remedy", "`ip link set dir0 up`"}};
}

Json result_of(const std::string& severity, const std::vector<Json>& findings = {}) {
  return {{"severity", severity}, {"checked", Json::array({"ports", "load"})}, {"findings", findings}};
}

/// Gives one answer after the other, the last for ever, and lets so many pauses pass.
struct Turnoutctl {
  std::vector<Json> answers;
  Screen screen{};
  size_t pauses = 100;  // with those of no length
  size_t asked = 0;
  std::vector<std::chrono::seconds> waited{};
  std::string out{};
  std::string err{};

  int operator()(const std::vector<std::string>& words) {
    const auto answer = [this](const std::string&, const Json&) {
      return answers[std::min(asked++, answers.size() - 1)];
    };
    const auto pause = [this](std::chrono::seconds time) {
      if (time.count() > 0) waited.push_back(time);
      return pauses-- > 0;
    };
    const CliRun done = run_cli(
        words, answer, {.input = {}, .socket = {}, .screen = screen, .pause = pause, .connected = {}});
    out = done.out;
    err = done.err;
    return done.code;
  }
};

TEST(CliDoctor, EndsWithTheGravestSeverity) {
  const auto code = [](const std::string& severity) { return Turnoutctl{{result_of(severity)}}({"doctor"}); };
  EXPECT_EQ(code("ok"), 0);
  EXPECT_EQ(code("info"), 0);
  EXPECT_EQ(code("warning"), 4);
  EXPECT_EQ(code("critical"), 5);
  EXPECT_EQ(code("catastrophe"), 5);  // of a newer turnoutd
}

TEST(CliDoctor, PrintsOnePage) {
  Turnoutctl run{{result_of(
      "critical", {finding("critical", "port 'lan'"), finding("info", "x"), finding("info", "y")})}};
  run({"doctor"});
  EXPECT_EQ(run.out.substr(0, run.out.find("\nINFO")),
            "1 critical, 2 remarks. Looked at: ports, load.\n"
            "\n"
            "CRITICAL  port 'lan': it's down [link_down]\n"
            "          Seen: no carrier\n"
            "          Mend: `ip link set dir0 up`\n");
}

TEST(CliDoctor, SaysWhatItLookedAtIfNothingIsWrong) {
  Turnoutctl run{{result_of("ok")}};
  EXPECT_EQ(run({"doctor"}), 0);
  EXPECT_EQ(run.out, "Nothing found. Looked at: ports, load.\n");
}

TEST(CliDoctor, PrintsJsonAsTheSocketGaveIt) {
  const Json result = result_of("warning", {finding("warning", "x")});
  Turnoutctl run{{result}};
  EXPECT_EQ(run({"--json", "doctor"}), 4);
  EXPECT_EQ(Json::parse(run.out), result);

  EXPECT_EQ(run({"--json", "doctor", "--watch", "--count", "2"}), 4);
  EXPECT_EQ(run.out, result.dump() + '\n' + result.dump() + '\n');
}

TEST(CliDoctor, LooksAsOftenAsItIsAskedTo) {
  Turnoutctl run{{result_of("critical"), result_of("ok"), result_of("warning")}};
  EXPECT_EQ(run({"doctor", "--watch", "--count", "3", "--interval", "7"}), 4);  // of the last
  EXPECT_EQ(run.asked, 3u);
  using std::chrono::seconds;
  EXPECT_EQ(run.waited, (std::vector<seconds>{seconds(7), seconds(7)}));
  EXPECT_EQ(run.out,
            "Nothing found. Looked at: ports, load.\n\n"
            "Nothing found. Looked at: ports, load.\n\n"
            "Nothing found. Looked at: ports, load.\n");
}

TEST(CliDoctor, DrawsATerminalAnewForEachLook) {
  Turnoutctl run{{result_of("ok")}, {.is_terminal = true, .columns = 100}};
  run({"doctor", "--watch", "--count", "2"});
  const std::string page = "\x1b[H\x1b[JNothing found. Looked at: ports, load.\n";
  EXPECT_EQ(run.out, page + page);
  run({"doctor"});
  EXPECT_EQ(run.out, "Nothing found. Looked at: ports, load.\n");
}

TEST(CliDoctor, EndsWhenTheUserHasSeenEnough) {
  Turnoutctl run{{result_of("warning")}};
  run.pauses = 3;  // the second look's wait is interrupted
  EXPECT_EQ(run({"doctor", "--watch"}), 4);
  EXPECT_EQ(run.asked, 2u);
  EXPECT_EQ(run.waited.front(), std::chrono::seconds(2));
}

TEST(CliDoctor, TakesIntervalAndCountWithWatchOnly) {
  Turnoutctl run{{result_of("ok")}};
  EXPECT_EQ(run({"doctor", "--count", "2"}), 2);
  EXPECT_NE(run.err.find("--count goes with --watch"), std::string::npos) << run.err;
  EXPECT_EQ(run({"doctor", "--interval", "2"}), 2);
  EXPECT_EQ(run({"doctor", "--watch", "--interval", "0"}), 2);
  EXPECT_EQ(run({"doctor", "--watch", "--count", "0"}), 2);
  EXPECT_EQ(run.asked, 0u);
}

TEST(CliDoctor, HelpListsItsExitCodes) {
  Turnoutctl run{{result_of("ok")}};
  EXPECT_EQ(run({"help", "doctor"}), 0);
  EXPECT_NE(run.out.find("4 a warning is the gravest, 5 something is\ncritical"), std::string::npos)
      << run.out;
  run({"help"});
  EXPECT_NE(run.out.find("4: it found what deserves a warning, 5: something critical"), std::string::npos);
}

TEST(CliWrap, BreaksAtSpacesAndSetsIn) {
  EXPECT_EQ(wrap("one two three four", 10, 2), "one two\n  three\n  four");
  EXPECT_EQ(wrap("one two three four", 100, 2), "one two three four");
  EXPECT_EQ(wrap("incomprehensibilities and", 10, 0), "incomprehensibilities\nand");
  EXPECT_EQ(wrap("über öde äcker", 9, 0), "über öde\näcker");  // characters, not bytes
  EXPECT_EQ(wrap("", 10, 2), "");
}

TEST(CliWrap, LeavesCommandsWhole) {
  EXPECT_EQ(wrap("now run `ip link set dir0 up` there", 12, 0), "now run\n`ip link set dir0 up`\nthere");
}

TEST(CliOutput, WritesWhenFlushedAndTakesNoMoreWhenTheReaderHasGone) {
  std::array<int, 2> ends{};
  ASSERT_EQ(pipe(ends.data()), 0);
  Output out(ends[1]);
  out << "one" << std::flush << "two";
  std::array<char, 16> read_text{};
  EXPECT_EQ(::read(ends[0], read_text.data(), read_text.size()), 3);
  EXPECT_TRUE(out.good());

  std::signal(SIGPIPE, SIG_IGN);
  ::close(ends[0]);
  out.flush();
  EXPECT_FALSE(out.good());
  EXPECT_EQ(out.failure(), 0);  // it had all it wanted
  ::close(ends[1]);
}

TEST(CliOutput, KeepsWhyItFailed) {
  const int full = ::open("/dev/full", O_WRONLY);
  Output out(full);
  out << "x" << std::flush;
  EXPECT_EQ(out.failure(), ENOSPC);
  ::close(full);
}

}  // namespace
}  // namespace turnout::cli::cli_doctor_test
