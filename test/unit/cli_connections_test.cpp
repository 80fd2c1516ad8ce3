// `turnoutctl connections`, `zero` and rates, without a daemon.
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "control/cli/errors.h"
#include "control/cli/table.h"
#include "test/support/cli_session.h"

namespace turnout::cli::cli_connections_test {
namespace {

Json connection(uint64_t number) {
  return {{"client", "198.51.100." + std::to_string(number / 1000)},
          {"client_port", number % 1000},
          {"vip", "192.0.2.100"},
          {"protocol", "tcp"},
          {"port", 80},
          {"server", "192.0.2.11"},
          {"state", "ESTABLISHED"},
          {"idle", 1},
          {"expires", 899}};
}

/// A daemon with so many connections, that gives `page` of them at most in an answer.
struct Connections {
  uint64_t count;
  uint64_t page = 10'000;
  std::vector<Json> asked = {};
  std::string out = {}, err = {};

  int run(std::vector<std::string> words) {
    asked.clear();
    words.insert(words.begin() + (words[0] == "--json" ? 1 : 0), "connections");
    const CliRun done =
        run_cli(words, [this](const std::string&, const Json& params) { return answer(params); });
    out = done.out;
    err = done.err;
    return done.code;
  }
  Json answer(const Json& params) {
    asked.push_back(params);
    Json rows = Json::array();
    uint64_t at = params.contains("cursor") ? params["cursor"].get<uint64_t>() : 0;
    const uint64_t most = std::min<uint64_t>(page, params["limit"].get<uint64_t>());
    while (at < count && rows.size() < most) rows.push_back(connection(at++));
    if (!params.contains("cursor")) return rows;
    return {{"connections", rows}, {"next", at < count ? Json(at) : Json(nullptr)}};
  }
  uint64_t lines() const { return static_cast<uint64_t>(std::ranges::count(out, '\n')); }
};

TEST(CliConnections, StreamsAllOfThemPageByPage) {
  Connections table{.count = 12'000};
  EXPECT_EQ(table.run({"--all"}), kDone);
  EXPECT_EQ(table.lines(), 12'001u) << "and the title, once";
  EXPECT_TRUE(table.out.starts_with("CLIENT "));
  EXPECT_TRUE(contains(table.out, "\n198.51.100.11:999  tcp 192.0.2.100:80  192.0.2.11  ESTABLISHED"));
  EXPECT_EQ(table.asked.size(), 12u);
  EXPECT_EQ(table.asked.back()["cursor"], 11 * 1024);
  EXPECT_EQ(table.err, "");
}

TEST(CliConnections, GoesOnAfterAPageThatIsEmpty) {
  std::istringstream in;
  std::ostringstream out, err;
  unsigned asked = 0;
  const auto answer = [&asked](const std::string&, const Json&) -> Json {
    if (++asked < 3) return {{"connections", Json::array()}, {"next", asked * 1000}};
    return {{"connections", Json::array({connection(5)})}, {"next", nullptr}};
  };
  EXPECT_EQ(cli::run({"connections"}, {.version = "1.2.3",
                                       .socket = std::nullopt,
                                       .connect = [&](const std::string&) -> Call { return answer; },
                                       .in = in,
                                       .out = out,
                                       .err = err}),
            kDone);
  EXPECT_TRUE(contains(out.str(), "198.51.100.0:5"));
  EXPECT_EQ(asked, 3u);
}

TEST(CliConnections, AsksForOneMoreToKnowWhetherThereIsMore) {
  Connections table{.count = 12};
  EXPECT_EQ(table.run({"--limit", "11", "--service", "tcp/192.0.2.100:80"}), kDone);
  EXPECT_EQ(table.asked[0]["limit"], 12);
  EXPECT_EQ(table.asked[0]["service"]["vip"], "192.0.2.100");
  EXPECT_TRUE(contains(table.out, "more than these 11; raise --limit")) << table.out;
  EXPECT_EQ(table.lines(), 13u);
  table.run({"--limit", "12"});
  EXPECT_FALSE(contains(table.out, "more than")) << table.out;
  EXPECT_EQ(table.lines(), 13u);
  EXPECT_EQ(table.run({"--limit", "0"}), kUsage);
  EXPECT_EQ(table.run({"--limit", "5", "--all"}), kUsage);
}

TEST(CliConnections, ShowsExactlyAsManyAsAreWantedOverPages) {
  Connections table{.count = 5000, .page = 4};
  table.run({"--limit", "2"});
  EXPECT_EQ(table.asked[0]["limit"], 4) << "a page has at least a bucket";
  EXPECT_EQ(table.lines(), 4u);
  table.run({"--limit", "2500"});
  EXPECT_EQ(table.lines(), 2502u);
  EXPECT_EQ(table.asked[0]["limit"], 1024);
  EXPECT_EQ(table.asked.back()["limit"], 4) << "the last page is as short as can be";
}

TEST(CliConnections, FiltersByAddressPrefixAndState) {
  Connections table{.count = 1};
  EXPECT_EQ(table.run({"--client", "2001:DB8::/32", "--state", "fin_wait", "--server", "192.0.2.11"}), kDone);
  EXPECT_EQ(table.asked[0]["client"], "2001:db8::/32");
  EXPECT_EQ(table.asked[0]["state"], "FIN_WAIT");
  EXPECT_EQ(table.asked[0]["server"], "192.0.2.11");
  EXPECT_EQ(table.run({"--client", "198.51.100.7"}), kDone);
  EXPECT_EQ(table.asked[0]["client"], "198.51.100.7");
  EXPECT_EQ(table.run({"--client", "198.51.100.0/33"}), kUsage);
  EXPECT_EQ(table.run({"--client", "198.51.100/24"}), kUsage);
  EXPECT_EQ(table.run({"--client", "198.51.100.0/"}), kUsage);
}

TEST(CliConnections, JsonIsOneAnswerOrALineForEach) {
  Connections table{.count = 2000};
  EXPECT_EQ(table.run({"--json", "--limit", "3"}), kDone);
  EXPECT_EQ(Json::parse(table.out), Json::array({connection(0), connection(1), connection(2)}));
  EXPECT_FALSE(table.asked[0].contains("cursor"));
  EXPECT_EQ(table.run({"--json", "--all"}), kDone);
  EXPECT_EQ(table.lines(), 2000u);
  EXPECT_EQ(Json::parse(table.out.substr(0, table.out.find('\n'))), connection(0));
  EXPECT_EQ(table.run({"--json", "--limit", "100001"}), kUsage);
}

TEST(CliConnections, SaysThatThereAreNone) {
  Connections table{.count = 0};
  EXPECT_EQ(table.run({"--client", "198.51.100.7"}), kDone);
  EXPECT_EQ(table.out, "No such connections.\n");
}

TEST(CliTable, GivesItsRowsPieceByPieceInColumnsThatOnlyGetWider) {
  Table table({{"NAME"}, {"COUNT", Align::right}});
  EXPECT_EQ(table.take_rows(), "");
  table.add_row({"longer", "1"});
  EXPECT_EQ(table.take_rows(), "NAME    COUNT\nlonger      1\n");
  table.add_row({"a", "2"});
  table.add_row({"the longest", "3"});
  EXPECT_EQ(table.take_rows(), "a                2\nthe longest      3\n");
  table.add_row({"b", "4"});
  EXPECT_EQ(table.take_rows(), "b                4\n");
  EXPECT_EQ(table.width(), 18u);
}

TEST(CliZero, IsOfOneServiceOrOfAll) {
  std::vector<Json> asked;
  std::ostringstream out, err;
  const auto zero = [&](const std::vector<std::string>& words) {
    std::istringstream in;
    const auto answer = [&](const std::string& method, const Json& params) -> Json {
      EXPECT_EQ(method, "stats.zero");
      asked.push_back(params);
      return Json::object();
    };
    return cli::run(words, {.version = "1.2.3",
                            .socket = std::nullopt,
                            .connect = [&](const std::string&) -> Call { return answer; },
                            .in = in,
                            .out = out,
                            .err = err});
  };
  EXPECT_EQ(zero({"zero"}), kDone);
  EXPECT_EQ(zero({"zero", "tcp", "192.0.2.100:80"}), kDone);
  EXPECT_EQ(zero({"zero", "tcp"}), kUsage);
  ASSERT_EQ(asked.size(), 2u);
  EXPECT_EQ(asked[0], Json::object());
  EXPECT_EQ(asked[1]["service"], Json({{"vip", "192.0.2.100"}, {"protocol", "tcp"}, {"port", 80}}));
  EXPECT_TRUE(contains(out.str(), "all services") && contains(out.str(), "tcp 192.0.2.100:80")) << out.str();
}

/// What turnoutctl prints of a service with one server.
std::string show(const std::vector<std::string>& words, Screen screen = {}) {
  const Json services =
      Json::parse(R"([{"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "scheduler": "mh"}])");
  const Json stats = Json::parse(R"({"services": [{"vip": "192.0.2.100", "protocol": "tcp", "port": 80,
      "connections": 7, "packets": 70, "bytes": 7000, "rates": {"connections": 3, "packets": 21, "bytes": 1234},
      "servers": [{"address": "192.0.2.11", "weight": 1, "up": true, "active_connections": 5,
        "inactive_connections": 2, "connections": 6, "packets": 60, "bytes": 6000,
        "rates": {"connections": 2, "packets": 20, "bytes": 1200}}]}]})");
  std::istringstream in;
  std::ostringstream out, err;
  cli::run(words, {.version = "1.2.3",
                   .socket = std::nullopt,
                   .connect = [&](const std::string&) -> Call {
                     return [&](const std::string& method, const Json&) {
                       return method == "service.list" ? services : stats;
                     };
                   },
                   .in = in,
                   .out = out,
                   .err = err,
                   .screen = screen});
  return out.str();
}

TEST(CliRates, StandInPlaceOfTheCountersIfTheyAreAskedFor) {
  EXPECT_EQ(show({"services", "--rates"}),
            "SERVICE             SCHEDULER   UP  CONN/S  PACKETS/S  BYTES/S\n"
            "tcp 192.0.2.100:80  mh         1/1       3         21     1234\n");
  EXPECT_EQ(show({"servers", "--rates"}),
            "SERVICE             SERVER      WEIGHT  STATE  CONN/S  PACKETS/S  BYTES/S\n"
            "tcp 192.0.2.100:80  192.0.2.11       1  up          2         20     1200\n");
}

TEST(CliRates, StandBesideTheCountersWhereATerminalHasRoom) {
  const std::string counters = show({"servers"});
  EXPECT_FALSE(contains(counters, "CONN/S"));
  const auto on_terminal = [](size_t columns) {
    return show({"servers"}, {.is_terminal = true, .columns = 80, .table_columns = columns});
  };
  EXPECT_EQ(on_terminal(80), counters);
  const std::string wide = on_terminal(200);
  EXPECT_TRUE(contains(wide, "BYTES  CONN/S  PACKETS/S  BYTES/S\n")) << wide;
  EXPECT_TRUE(contains(wide, "6000       2         20     1200\n")) << wide;
  const size_t width = wide.find('\n');
  EXPECT_EQ(on_terminal(width), wide);
  EXPECT_EQ(on_terminal(width - 1), counters);
}

}  // namespace
}  // namespace turnout::cli::cli_connections_test
