// `turnoutctl limits`, without a daemon.
#include <gtest/gtest.h>

#include <sstream>
#include "test/support/cli_session.h"

namespace turnout::cli::cli_limits_test {
namespace {

struct Ctl {
  Json answer;
  std::string method = {};
  Json asked = {};
  std::string out = {}, err = {};

  int run(const std::vector<std::string>& words) {
    const CliRun done = run_cli(words, [this](const std::string& name, const Json& params) {
      method = name;
      asked = params;
      return answer;
    });
    out = done.out;
    err = done.err;
    return done.code;
  }
};

Json some() {
  return Json::parse(R"({
    "services": [{
      "vip": "192.0.2.100", "protocol": "tcp", "port": 80, "observe": false, "passed": 7,
      "limits": [
        {"limit": "client_connections", "value": 5, "dropped": 0, "observed": 0, "offenders": []},
        {"limit": "client_rate", "value": 10, "burst": 50, "dropped": 90, "observed": 3,
         "offenders": [{"client": "203.0.113.7", "seen": 75, "ago": 0.1}, {"client": "203.0.113.8", "seen": 25, "ago": 2}]}]}],
    "table": {"cells": 65536, "taken": 12, "lost": 1, "connections": 4}})");
}

TEST(CliLimits, ShowsEachWithItsWorstClient) {
  Ctl ctl{some()};
  EXPECT_EQ(ctl.run({"limits"}), 0);
  EXPECT_EQ(ctl.method, "limit.list");
  EXPECT_EQ(ctl.asked, Json::object());
  EXPECT_EQ(ctl.out,
            "SERVICE             LIMIT               VALUE  BURST  MODE     DROPPED  OBSERVED  WORST CLIENT\n"
            "tcp 192.0.2.100:80  client_connections      5      -  enforce        0         0  -\n"
            "tcp 192.0.2.100:80  client_rate            10     50  enforce       90         3  203.0.113.7 "
            "(75.0 %)\n"
            "\n"
            "Clients: 12 of 65536 cells taken, 1 given to others too soon; 4 open connections counted\n");
}

TEST(CliLimits, AsksForOneService) {
  Ctl ctl{some()};
  EXPECT_EQ(ctl.run({"limits", "--service", "tcp/192.0.2.100:80"}), 0);
  EXPECT_EQ(ctl.asked, Json::parse(R"({"service": {"vip": "192.0.2.100", "protocol": "tcp", "port": 80}})"));
}

TEST(CliLimits, SaysHowToSetOneWhereThereIsNone) {
  Ctl ctl{Json::parse(R"({"services": [], "table": {}})")};
  EXPECT_EQ(ctl.run({"limits"}), 0);
  EXPECT_NE((ctl.out + ctl.err).find("--client-rate"), std::string::npos);
  EXPECT_EQ(ctl.out.find("cells"), std::string::npos);
}

TEST(CliLimits, GivesTheResultAsItCame) {
  Ctl ctl{some()};
  EXPECT_EQ(ctl.run({"--json", "limits"}), 0);
  EXPECT_EQ(Json::parse(ctl.out), some());
}

}  // namespace
}  // namespace turnout::cli::cli_limits_test
