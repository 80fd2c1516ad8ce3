// The figures of `turnoutctl workers`.
#include <gtest/gtest.h>

#include <sstream>

#include "control/cli/errors.h"
#include "control/cli/status.h"
#include "test/support/cli_session.h"

namespace turnout::cli::cli_workers_test {
namespace {

Json worker(uint64_t lcore, uint64_t thousands) {
  return {
      {"lcore", lcore},
      {"packets", 90 * thousands},
      {"polls", 40 * thousands},
      {"bursts", 10 * thousands},
      {"full_bursts", 1 * thousands},
      {"busy_cycles", 9'000 * thousands},
      {"idle_cycles", 27'000 * thousands},
      {"handed_over", 18 * thousands},
      {"taken_over", 0},
      {"idle", "poll"},
      {"queues", Json::parse(R"([{"ports": ["lan"], "queue": 0}, {"ports": ["dmz", "mgmt"], "queue": 2}])")},
      {"tsc_hz", 2'000'000'000}};
}

int run(const std::vector<std::string>& words, const Json& workers, std::string& out) {
  const CliRun done = run_cli(words, [&](const std::string& method, const Json&) {
    return method == "worker.list" ? workers : Json();
  });
  out = done.out;
  return done.code;
}

TEST(CliWorkers, ShowsWhereTheTimeBetweenTwoAnswersWent) {
  const Json before = Json::array({worker(1, 1000), worker(2, 1000)});
  const Json after = Json::array({worker(1, 2000), worker(2, 1000)});
  EXPECT_EQ(
      workers_table(before, after).to_string(),
      "LCORE  PACKETS/S  CYCLES/PACKET  PACKETS/BURST    FULL    BUSY  POLLS/S  HANDED/S  IDLE  QUEUES\n"
      "    1    5000000          100.0            9.0  10.0 %  25.0 %  2222222   1000000  poll  lan:0, "
      "dmz+mgmt:2\n"
      "    2          -              -              -       -       -        -         -  poll  lan:0, "
      "dmz+mgmt:2\n");
}

TEST(CliWorkers, ShowsWhosePacketsAreSpread) {
  Json poller = worker(1, 1000), other = worker(2, 1000);
  poller["queues"] = Json::parse(R"([{"ports": ["lan"], "queue": 0, "spread": true}])");
  other["queues"] = Json::parse(R"([{"ports": ["lan"], "queue": 0, "handed_over_by": 1}])");
  const std::string shown = workers_table(Json(), Json::array({poller, other})).to_string();
  EXPECT_NE(shown.find("  lan:0 (spread)\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("  lan:0 (by 1)\n"), std::string::npos) << shown;
}

TEST(CliWorkers, ShowsAllSinceTheStart) {
  const Json workers = Json::array({worker(7, 1000)});
  std::string out;
  EXPECT_EQ(run({"workers", "--interval", "0"}, workers, out), kDone);
  EXPECT_EQ(out, workers_table(Json(), workers).to_string());
  EXPECT_NE(out.find("\n    7    5000000          100.0"), std::string::npos) << out;
}

TEST(CliWorkers, PrintsWhatTheSocketGaveWithoutWaiting) {
  const Json workers = Json::array({worker(7, 1000)});
  std::string out;
  EXPECT_EQ(run({"--json", "workers", "--interval", "3600"}, workers, out), kDone);
  EXPECT_EQ(Json::parse(out), workers);
}

TEST(CliWorkers, RefusesAnIntervalThatIsNone) {
  std::string out;
  for (const char* interval : {"-1", "0.5", "3601", "x"})
    EXPECT_EQ(run({"workers", "--interval", interval}, Json::array(), out), kUsage) << interval;
}

TEST(CliWorkers, SurvivesAnswersThatLackEverything) {
  EXPECT_NE(workers_table(Json(), Json::parse("[{}, 3]")).to_string().find("\n    -          -"),
            std::string::npos);
}

}  // namespace
}  // namespace turnout::cli::cli_workers_test
