// `turnoutctl capture`: what it asks for, where it writes the packets, and how it ends.
#include <gtest/gtest.h>

#include <deque>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "control/cli/capture_options.h"
#include "test/support/cli_session.h"

namespace turnout::cli::cli_capture_test {
namespace {

using Lines = std::vector<std::string>;

Json part(const std::string& data, bool over = false) {
  return {{"data", data},  {"matched", 5},
          {"captured", 3}, {"missed", 2},
          {"bytes", 1234}, {"ended", over ? Json("time") : Json()},
          {"over", over},  {"reason", over ? Json("its time is up") : Json()}};
}
Json started() {
  return {{"capture", 7}, {"filter", "all packets"}, {"seconds", 60}};
}

/// Gives one answer after the other (null: no daemon).
struct Turnoutctl {
  std::deque<Json> answers;
  size_t pauses = 100;  // until Ctrl-C
  bool is_terminal = false;
  Lines asked{};
  std::string out{};
  std::string err{};

  int operator()(const Lines& words) {
    const auto answer = [this](const std::string& method, const Json& params) {
      asked.push_back(method + ' ' + dump(params));
      if (method == "capture.list") return Json(Json::array());
      if (method == "capture.stop") return Json(Json::object());
      if (answers.empty()) throw std::logic_error("asked too often");
      const Json next = answers.front();
      answers.pop_front();
      if (next.is_null()) throw NoDaemon("it is gone");
      return next;
    };
    const auto pause = [this](std::chrono::seconds) { return pauses > 0 && pauses-- > 0; };
    const CliRun done = run_cli(
        words, answer,
        {.input = {}, .socket = {}, .screen = {.is_terminal = is_terminal}, .pause = pause, .connected = {}});
    out = done.out;
    err = done.err;
    return done.code;
  }
};

class CliCapture : public testing::Test {
 protected:
  ~CliCapture() override { std::filesystem::remove(file); }
  std::string written() const {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
  }
  const std::string file = testing::TempDir() + "cli_capture_" + std::to_string(::getpid()) + ".pcapng";
};

TEST_F(CliCapture, WritesWhatComesUntilItIsOver) {
  Turnoutctl run{{started(), part("AAEC"), part(""), part("/w=="), part("//4=", true)}};
  EXPECT_EQ(run({"capture", file}), 0);
  EXPECT_EQ(written(), std::string("\0\1\2\xFF\xFF\xFE", 6));
  EXPECT_EQ(run.asked[1], R"(capture.start {"filter":{}})");
  EXPECT_EQ(run.asked[2], R"(capture.read {"capture":7,"wait":0.25})");
  EXPECT_EQ(run.asked.size(), 6u);
  EXPECT_NE(run.err.find("3 packets captured in " + file +
                         " (1234 octets), of 5 that matched; 2 missed. It ended as "
                         "its time is up."),
            std::string::npos)
      << run.err;
  EXPECT_EQ(std::filesystem::status(file).permissions(),
            std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

TEST_F(CliCapture, AfterCtrlCTakesWhatThereIsYet) {
  Turnoutctl run{{started(), part("QQ=="), part("Qg=="), part("Qw==", true)}};
  run.pauses = 2;
  EXPECT_EQ(run({"capture", file}), 0);
  EXPECT_EQ(written(), "ABC");
  EXPECT_EQ(run.asked[4], R"(capture.stop {"capture":7})");
  EXPECT_EQ(run.asked[5], R"(capture.read {"capture":7,"wait":5.0})");
}

TEST_F(CliCapture, ToTheOutputWritesPacketsAndNothingElse) {
  Turnoutctl run{{started(), part("QUJD"), part("", true)}};
  EXPECT_EQ(run({"capture", "-"}), 0);
  EXPECT_EQ(run.out, "ABC");
}

TEST_F(CliCapture, IsNotForATerminalNorForJsonInTheSamePlace) {
  Turnoutctl terminal{{}};
  terminal.is_terminal = true;
  EXPECT_EQ(terminal({"capture", "-"}), kUsage);
  EXPECT_NE(terminal.err.find("tshark"), std::string::npos);
  Turnoutctl json{{}};
  EXPECT_EQ(json({"--json", "capture", "-"}), kUsage);
  EXPECT_TRUE(json.asked.empty());
}

TEST_F(CliCapture, PrintsItsCountsAsJson) {
  Turnoutctl run{{started(), part("QUJD"), part("", true)}};
  EXPECT_EQ(run({"--json", "capture", file}), 0);
  const Json counts = Json::parse(run.out);
  EXPECT_EQ(counts["captured"], 3);
  EXPECT_EQ(counts["ended"], "time");
  EXPECT_FALSE(counts.contains("data"));
  EXPECT_EQ(run.err, "");
}

TEST_F(CliCapture, SaysWhereThePacketsAreIfTheDaemonGoes) {
  Turnoutctl run{{started(), part("QUJD"), nullptr}};
  EXPECT_EQ(run({"capture", file}), kNoDaemon);
  EXPECT_NE(run.err.find("until then is in " + file), std::string::npos) << run.err;
  EXPECT_EQ(written(), "ABC");
}

TEST_F(CliCapture, SaysWhyItBrokeOff) {
  Turnoutctl run{
      {started(), Json{{"data", ""}, {"over", true}, {"ended", "failed"}, {"reason", "no memory"}}}};
  EXPECT_EQ(run({"capture", file}), kRefused);
  EXPECT_NE(run.err.find("broke off: no memory"), std::string::npos) << run.err;
}

std::string asked_for(const Lines& options) {
  Turnoutctl run{{started(), part("", true)}};
  Lines words = {"capture", "/dev/null"};
  words.insert(words.end(), options.begin(), options.end());
  const int code = run(words);
  return code == 0 ? run.asked.at(1).substr(std::string("capture.start ").size()) : run.err;
}

TEST(CliCaptureOptions, FiltersAreWordsOrOptionsOrBoth) {
  const std::string expected =
      R"({"filter":{"service":[{"vip":"192.0.2.100","protocol":"tcp","port":80}],"client":["198.51.100.0/24"],)"
      R"("drop_reason":["no_service","too_big"]}})";
  EXPECT_EQ(
      asked_for({"--filter",
                 "service=tcp/192.0.2.100:80 client=198.51.100.0/24 drop=no_service drop-reason=too_big"}),
      expected);
  EXPECT_EQ(asked_for({"--service", "tcp/192.0.2.100:80", "--client", "198.51.100.0/24", "--drop-reason",
                       "no_service", "--drop-reason", "too_big"}),
            expected);
  EXPECT_EQ(asked_for({"--filter", "server=2001:db8::11", "--fate", "transmitted", "--server", "192.0.2.11"}),
            R"({"filter":{"server":["2001:db8::11","192.0.2.11"],"fate":["transmitted"]}})");
  EXPECT_EQ(asked_for({"--service", "group/web"}), R"({"filter":{"service":[{"group":"web"}]}})");
}

TEST(CliCaptureOptions, BoundsAreGivenWithTheirUnits) {
  EXPECT_EQ(asked_for({"--seconds", "5m", "--size", "20k", "--packets", "9", "--snaplen", "128"}),
            R"({"filter":{},"seconds":300,"max_bytes":20000,"max_packets":9,"snaplen":128})");
  EXPECT_EQ(parse_size("--size", "3"), 3u);
  EXPECT_EQ(parse_size("--size", "3K"), 3'000u);
  EXPECT_EQ(parse_size("--size", "100M"), 100'000'000u);
  EXPECT_EQ(parse_size("--size", "2G"), 2'000'000'000u);
}

TEST(CliCaptureOptions, WhatIsWrongIsNamed) {
  EXPECT_NE(asked_for({"--filter", "colour=red"}).find("'colour'"), std::string::npos);
  EXPECT_NE(asked_for({"--filter", "client"}).find("'client'"), std::string::npos);
  EXPECT_NE(asked_for({"--filter", "client="}).find("NAME=VALUE"), std::string::npos);
  EXPECT_NE(asked_for({"--filter", " "}).find("is empty"), std::string::npos);
  EXPECT_NE(asked_for({"--client", "red"}).find("--client"), std::string::npos);
  for (const char* size : {"", "M", "1.5M", "-1", "9T", "1000001M"})
    EXPECT_NE(asked_for({"--size", size}).find("--size"), std::string::npos) << size;
}

}  // namespace
}  // namespace turnout::cli::cli_capture_test
