// `turnoutctl watch-events`: what it asks for, prints, and does while there is no daemon.
#include <gtest/gtest.h>

#include <deque>
#include <functional>
#include <sstream>
#include "test/support/cli_session.h"

namespace turnout::cli::cli_events_test {
namespace {

using Lines = std::vector<std::string>;

Json event(uint64_t number) {
  return {{"kind", "link_up"},  {"port", "lan"}, {"sequence", number},
          {"severity", "info"}, {"text", "up"},  {"time", "T"}};
}
std::string line(uint64_t number) {
  return R"({"sequence":)" + std::to_string(number) +
         R"(,"time":"T","kind":"link_up","severity":"info","text":"up","port":"lan"})";
}
Json page(const std::vector<uint64_t>& numbers, uint64_t last, const std::string& started = "first") {
  Json events = Json::array();
  for (const uint64_t number : numbers) events.push_back(event(number));
  return {{"events", events},
          {"next", numbers.empty() ? last : numbers.back()},
          {"missed", 0},
          {"last", last},
          {"started", started}};
}

/// Gives one answer after the other (null: no daemon); when there are no more, the user has seen enough.
struct Turnoutctl {
  std::deque<Json> answers;
  size_t pauses = 100;
  Lines asked{};
  Lines printed{};
  std::string err{};

  int operator()(const Lines& words) {
    const auto answer = [this](const std::string& method, const Json& params) {
      asked.push_back(method + ' ' + dump(params));
      if (answers.empty()) throw Interrupted();
      const Json next = answers.front();
      answers.pop_front();
      if (next.is_null()) throw NoDaemon("it is gone");
      return next;
    };
    const auto pause = [this](std::chrono::seconds) { return pauses-- > 0; };
    const CliRun done =
        run_cli(words, answer, {.input = {}, .socket = {}, .screen = {}, .pause = pause, .connected = {}});
    std::istringstream lines(done.out);
    for (std::string text; std::getline(lines, text);) printed.push_back(text);
    err = done.err;
    return done.code;
  }
};

TEST(CliEvents, BeginsWithTheNextEventAndGoesOnFromTheLast) {
  Turnoutctl run{{page({}, 40), page({41, 42}, 42), page({}, 42)}};
  EXPECT_EQ(run({"watch-events"}), 0);
  EXPECT_EQ(run.printed, (Lines{line(41), line(42)}));
  EXPECT_EQ(run.asked, (Lines{R"(events.list {"since":0,"limit":0,"wait":0})",
                              R"(events.list {"since":40,"limit":1000,"wait":20})",
                              R"(events.list {"since":42,"limit":1000,"wait":20})",
                              R"(events.list {"since":42,"limit":1000,"wait":20})"}));
  EXPECT_EQ(run.err, "");
}

TEST(CliEvents, SinceSaysWhereToBegin) {
  Turnoutctl run{{page({}, 40), page({8}, 40)}};
  EXPECT_EQ(run({"watch-events", "--since", "7"}), 0);
  EXPECT_EQ(run.asked[1], R"(events.list {"since":7,"limit":1000,"wait":20})");
  EXPECT_EQ(run.printed, Lines{line(8)});
}

TEST(CliEvents, CountEndsIt) {
  Turnoutctl run{{page({}, 0), page({1, 2, 3}, 3)}};
  EXPECT_EQ(run({"watch-events", "--count", "2"}), 0);
  EXPECT_EQ(run.printed, (Lines{line(1), line(2)}));
  EXPECT_EQ(run.asked.size(), 2u);
}

TEST(CliEvents, KindsAreTheDaemonsToJudge) {
  Turnoutctl run{{page({}, 0)}};
  run({"watch-events", "--kind", "server_up", "--kind", "server_down"});
  EXPECT_EQ(run.asked[1],
            R"(events.list {"since":0,"limit":1000,"wait":20,"kinds":["server_up","server_down"]})");
}

TEST(CliEvents, ARestartedDaemonIsHeardFromItsBeginning) {
  Turnoutctl run{{page({}, 40), nullptr, nullptr, page({41}, 41, "second"), page({1, 2}, 41, "second")}};
  EXPECT_EQ(run({"watch-events"}), 0);
  EXPECT_EQ(run.printed, (Lines{line(1), line(2)}));
  EXPECT_EQ(run.err, "turnoutctl: turnoutd is gone; waiting for it\n");
  EXPECT_EQ(run.asked[4], R"(events.list {"since":0,"limit":1000,"wait":0})");
}

TEST(CliEvents, CtrlCEndsTheWaitForADaemon) {
  Turnoutctl run{{page({}, 40), nullptr}, 1};
  EXPECT_EQ(run({"watch-events"}), 0);
  EXPECT_EQ(run.asked.size(), 2u);
}

TEST(CliEvents, WithoutADaemonItDoesNotBegin) {
  Turnoutctl run{{nullptr}};
  EXPECT_EQ(run({"watch-events"}), 3);
}

TEST(CliEvents, SaysHowManyAreMissing) {
  Json gap = page({9}, 9);
  gap["missed"] = 8;
  Turnoutctl run{{page({}, 9), gap}};
  run({"watch-events", "--since", "0"});
  EXPECT_EQ(run.err, "turnoutctl: 8 earlier events are no longer kept\n");
  EXPECT_EQ(run.printed, Lines{line(9)});
}

}  // namespace
}  // namespace turnout::cli::cli_events_test
