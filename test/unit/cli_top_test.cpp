// `turnoutctl top`: its keys, and what it prints without a terminal.
#include <gtest/gtest.h>

#include <deque>
#include <sstream>

#include "control/cli/run.h"
#include "control/cli/top/keys.h"
#include "test/support/top_example.h"

namespace turnout::cli::top::cli_top_test {
namespace {

using Keys = std::vector<std::string>;

Wishes after(const Keys& keys, Wishes wishes = {}) {
  for (const std::string& key : keys) EXPECT_TRUE(press(key, wishes)) << key;
  return wishes;
}

TEST(TopKeys, AreSplitAsTerminalsSendThem) {
  EXPECT_EQ(split_keys("q/a"), (Keys{"q", "/", "a"}));
  EXPECT_EQ(split_keys("\x1b[Ax\x1b[6~"), (Keys{"\x1b[A", "x", "\x1b[6~"}));
  EXPECT_EQ(split_keys("\x1bOB"), Keys{"\x1b[B"}) << "in application mode";
  EXPECT_EQ(split_keys("\x1b"), Keys{"\x1b"});
  EXPECT_EQ(split_keys("\x1b["), (Keys{"\x1b", "["}));
  EXPECT_EQ(split_keys("\x1b[12"), Keys{"\x1b[12"});
  EXPECT_EQ(split_keys(""), Keys{});
}

TEST(TopKeys, SortByColumnAndTurnRound) {
  EXPECT_EQ(after({"c"}).sort_by, SortBy::connections);
  EXPECT_EQ(after({"b"}).sort_by, SortBy::bytes);
  EXPECT_EQ(after({"b", "p"}).sort_by, SortBy::packets);
  EXPECT_EQ(after({"a"}).sort_by, SortBy::active);
  EXPECT_EQ(after({"i"}).sort_by, SortBy::inactive);
  EXPECT_EQ(after({"n"}).sort_by, SortBy::name);
  EXPECT_TRUE(after({"n", "r"}).reverse);
  EXPECT_FALSE(after({"r", "n"}).reverse) << "each column begins the usual way";
}

TEST(TopKeys, ShowHideAndPause) {
  EXPECT_FALSE(after({"s"}).services);
  EXPECT_FALSE(after({"e"}).servers);
  EXPECT_FALSE(after({"w"}).workers);
  EXPECT_FALSE(after({"d"}).drops);
  EXPECT_TRUE(after({"d", "d"}).drops);
  EXPECT_TRUE(after({" "}).paused);
}

TEST(TopKeys, TypeAFilter) {
  Wishes wishes = after({"/", "T", "c", "q", "\x7f", "p"});
  EXPECT_TRUE(wishes.is_filter_typed);
  EXPECT_EQ(wishes.filter, "tcp");
  wishes = after({"\r"}, wishes);
  EXPECT_FALSE(wishes.is_filter_typed);
  EXPECT_EQ(wishes.filter, "tcp");
  EXPECT_EQ(after({"\x1b"}, wishes).filter, "");
  EXPECT_EQ(after({"/", "x", "\x15"}, wishes).filter, "");
  EXPECT_EQ(after({"/", "\x1b"}, wishes).filter, "");
  EXPECT_EQ(after({"/", "\x1b[A", "\x01", "\xc3"}).filter, "") << "nothing that isn't printed";
}

TEST(TopKeys, MoveThroughTheList) {
  EXPECT_EQ(after({"\x1b[B", "\x1b[6~", "\x1b[A"}).first, 10u);
  EXPECT_EQ(after({"\x1b[5~", "\x1b[A"}).first, 0u);
  EXPECT_EQ(after({"\x1b[6~", "\x1b[H"}).first, 0u);
  EXPECT_EQ(after({"\x1b[6~", "c"}).first, 0u) << "another order begins at its top";
}

TEST(TopKeys, HelpIsLeftByAnyKeyThatDoesNothingElse) {
  EXPECT_TRUE(after({"?"}).help);
  const Wishes wishes = after({"h", "c"});
  EXPECT_FALSE(wishes.help);
  EXPECT_EQ(wishes.sort_by, SortBy::packets);
}

TEST(TopKeys, QuitEvenFromHelpButNotWhileTyping) {
  Wishes wishes = after({"h"});
  EXPECT_FALSE(press("q", wishes));
  EXPECT_EQ(after({"/", "q"}).filter, "q");
}

/// Looks answer with these, and then with the last for ever.
struct Turnoutctl {
  std::deque<Json> answers{stats_before(), stats_after()};
  size_t pauses = 100;
  std::vector<int64_t> waited{};
  std::string out{};
  std::string err{};

  int operator()(const std::vector<std::string>& words) {
    std::istringstream in;
    std::ostringstream out_stream, err_stream;
    const auto connect = [this](const std::string&) -> Call {
      return [this](const std::string&, const Json&) {
        const Json answer = answers.front();
        if (answers.size() > 1) answers.pop_front();
        return answer;
      };
    };
    const auto pause = [this](std::chrono::seconds time) {
      if (time.count() > 0) waited.push_back(time.count());
      return pauses-- > 0;
    };
    const int code = cli::run(words, {.version = "1.2.3",
                                      .socket = std::nullopt,
                                      .connect = connect,
                                      .in = in,
                                      .out = out_stream,
                                      .err = err_stream,
                                      .pause = pause});
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }
};

TEST(TopBatch, OnceIsOneLookWithTheRatesOfOneInterval) {
  Turnoutctl run;
  EXPECT_EQ(run({"top", "--once"}), 0);
  EXPECT_EQ(run.waited, std::vector<int64_t>{2});
  EXPECT_NE(run.out.find("packets/s  received 1.00k, transmitted 990, punted 5.0, dropped 5.0\n"),
            std::string::npos);
  EXPECT_EQ(run.out.find('\x1b'), std::string::npos);
  EXPECT_EQ(std::ranges::count(run.out, '\n'), 19);
}

TEST(TopBatch, SeveralLooksStandApart) {
  Turnoutctl run;
  EXPECT_EQ(run({"top", "--batch", "3", "--interval", "60"}), 0);
  EXPECT_EQ(run.waited, (std::vector<int64_t>{60, 60, 60}));
  EXPECT_EQ(std::ranges::count(run.out, '\n'), 3 * 19 + 2);
}

TEST(TopBatch, CtrlCEndsIt) {
  Turnoutctl run;
  run.pauses = 2;
  EXPECT_EQ(run({"top", "--batch", "3"}), 0);
  EXPECT_EQ(std::ranges::count(run.out, '\n'), 19);
}

TEST(TopBatch, JsonIsTheSocketsOwn) {
  Turnoutctl run;
  EXPECT_EQ(run({"--json", "top"}), 0);
  EXPECT_EQ(Json::parse(run.out), stats_before());
}

TEST(TopBatch, RefusesWhatMakesNoSense) {
  for (const Keys& words : {Keys{"top", "--once", "--batch", "2"}, Keys{"top", "--batch", "0"},
                            Keys{"top", "--interval", "0"}, Keys{"top", "tcp"}}) {
    Turnoutctl run;
    EXPECT_EQ(run(words), 2) << words.back();
  }
}

}  // namespace
}  // namespace turnout::cli::top::cli_top_test
