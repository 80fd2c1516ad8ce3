// apply, drain and maintenance of turnoutctl: what they ask for, what they show, how they end.
#include <gtest/gtest.h>

#include <deque>
#include <map>
#include <sstream>

#include "control/cli/arguments.h"
#include "control/cli/plan.h"
#include "control/cli/real_server.h"
#include "test/support/cli_session.h"

namespace turnout::cli::cli_operate_test {
namespace {

/// Gives each method's answers one after the other, the last for ever, and lets so many pauses pass.
struct Turnoutctl {
  std::map<std::string, std::deque<Json>> answers;
  Screen screen{};
  size_t pauses = 1000;
  std::vector<std::pair<std::string, Json>> asked{};
  std::string out{};
  std::string err{};

  int operator()(const std::vector<std::string>& words, const std::string& input = "") {
    asked.clear();
    const auto to = [this](const std::string& method, const Json& params) { return answer(method, params); };
    const auto pause = [this](std::chrono::seconds) { return pauses-- > 0; };
    const CliRun done =
        run_cli(words, to, {.input = input, .socket = {}, .screen = screen, .pause = pause, .connected = {}});
    out = done.out;
    err = done.err;
    return done.code;
  }

  /// What the first request of a method asked for; null if there was none.
  Json asked_of(const std::string& method) const {
    for (const auto& [name, params] : asked) {
      if (name == method) return params;
    }
    return nullptr;
  }

 private:
  Json answer(const std::string& method, const Json& params) {
    asked.emplace_back(method, params);
    std::deque<Json>& scripted = answers[method];
    if (scripted.empty()) throw NoDaemon("no answer to " + method);
    Json first = scripted.front();
    if (scripted.size() > 1) scripted.pop_front();
    if (first.is_object() && first.contains("error")) throw Refused(first["error"]);
    return first;
  }
};

Json service(int port, const std::vector<std::pair<std::string, int>>& servers) {
  Json json = {{"vip", "192.0.2.100"}, {"protocol", "tcp"}, {"port", port}, {"real_servers", Json::array()}};
  for (const auto& [address, weight] : servers)
    json["real_servers"].push_back({{"address", address}, {"weight", weight}});
  return json;
}

Json config(const std::vector<Json>& services) {
  return {{"services", services}};
}

/// Of stats.get, for 192.0.2.11 and .12 in the services of these ports.
Json stats(const std::vector<int>& ports, int active, bool up = true) {
  Json services = Json::array();
  for (const int port : ports) {
    const Json eleven = {{"address", "192.0.2.11"},
                         {"weight", 1},
                         {"up", up},
                         {"active_connections", active},
                         {"inactive_connections", active}};
    const Json twelve = {{"address", "192.0.2.12"}, {"weight", 1}, {"up", up}};
    services.push_back(
        {{"vip", "192.0.2.100"}, {"protocol", "tcp"}, {"port", port}, {"servers", {eleven, twelve}}});
  }
  return {{"services", services}};
}

const Json kTwoServices = config({service(80, {{"192.0.2.11", 3}, {"192.0.2.12", 1}}),
                                  service(443, {{"192.0.2.11", 2}}), service(8080, {{"192.0.2.12", 1}})});
const Json kGeneration = Json::parse(R"({"generation": 9})");

TEST(CliPlan, ShowsWhatIsAddedRemovedAndChangedByWhatItIsAbout) {
  const Json changes = Json::parse(R"(["connections: change timeout udp from 300 to 60 seconds",
      "tcp 192.0.2.100:80: add real server 192.0.2.13, weight 1",
      "tcp 192.0.2.100:80: change weight of real server 192.0.2.11 from 1 to 3",
      "tcp 192.0.2.100:80: real server 192.0.2.12 becomes the fallback",
      "tcp [2001:db8::100]:80: add service, scheduler mh, no real servers",
      "tcp 192.0.2.102:80: remove service with 3 real servers"])");
  const std::string page =
      "~ connections\n"
      "    ~ timeout udp from 300 to 60 seconds\n"
      "~ tcp 192.0.2.100:80\n"
      "    + real server 192.0.2.13, weight 1\n"
      "    ~ weight of real server 192.0.2.11 from 1 to 3\n"
      "    ~ real server 192.0.2.12 becomes the fallback\n"
      "+ tcp [2001:db8::100]:80, scheduler mh, no real servers\n"
      "- tcp 192.0.2.102:80 with 3 real servers\n";
  EXPECT_EQ(plan_page(changes, false), page);
  EXPECT_TRUE(
      contains(plan_page(changes, true), "\x1b[31m- tcp 192.0.2.102:80 with 3 real servers\x1b[0m\n"));
}

TEST(CliPlan, HasColoursOnATerminalOnly) {
  Turnoutctl run{{{"config.apply", {Json::parse(R"({"generation": 9, "changes": ["a: add b"]})")}}}};
  run({"apply", "-"}, "{}");
  EXPECT_EQ(run.out, "~ a\n    + b\nNow at generation 9.\n");
  run.screen.is_terminal = true;
  run({"apply", "-"}, "{}");
  EXPECT_EQ(contains(run.out, "\x1b[32m+ b\x1b[0m"), std::getenv("NO_COLOR") == nullptr) << run.out;
}

TEST(CliArguments, ReadsDurations) {
  using std::chrono::seconds;
  EXPECT_EQ(parse_duration("--deadline", "90"), seconds(90));
  EXPECT_EQ(parse_duration("--deadline", "90s"), seconds(90));
  EXPECT_EQ(parse_duration("--deadline", "5m"), seconds(300));
  EXPECT_EQ(parse_duration("--deadline", "2h"), seconds(7200));
  for (const char* text : {"", "m", "5 m", "-5", "5d", "1.5h", "99999999"})
    EXPECT_THROW(parse_duration("--deadline", text), UsageError) << text;
}

TEST(CliArguments, ReadsServiceNames) {
  EXPECT_EQ(parse_service_name("tcp 192.0.2.100:80"), "tcp 192.0.2.100:80");
  EXPECT_EQ(parse_service_name("udp/[2001:DB8::100]:53"), "udp [2001:db8::100]:53");
  EXPECT_EQ(parse_service_name("group web"), "group web");
  EXPECT_EQ(parse_service_name("group web ipv6"), "group web (ipv6)");
  EXPECT_EQ(as_typed("group web (ipv6)"), "group web ipv6");
  EXPECT_EQ(as_typed("tcp 192.0.2.100:80"), "tcp 192.0.2.100:80");
  EXPECT_THROW(parse_service_name("192.0.2.100:80"), UsageError);
}

TEST(CliApply, WatchesWhatWasAddedOrChanged) {
  const Json before = config({service(80, {{"192.0.2.11", 1}}), service(443, {{"192.0.2.12", 1}})});
  const Json after = config({service(80, {{"192.0.2.11", 1}, {"192.0.2.12", 1}, {"192.0.2.13", 0}}),
                             service(443, {{"192.0.2.12", 1}})});
  Turnoutctl run;
  run.answers["config.get"] = {before, after};
  run.answers["config.apply"] = {
      Json::parse(R"({"generation": 9, "changes": ["tcp 192.0.2.100:80: add b"]})")};
  run.answers["health.list"] = {Json::array()};
  run.answers["stats.get"] = {stats({80, 443}, 0, false), stats({80, 443}, 0, true)};
  EXPECT_EQ(run({"apply", "-", "--watch"}, "{}"), kDone);
  EXPECT_TRUE(contains(run.out, "0 of 1 up; 192.0.2.12 of tcp 192.0.2.100:80: its MAC")) << run.out;
  EXPECT_TRUE(contains(run.out, "1 of 1 up\nAll up.\n")) << run.out;
}

TEST(CliApply, WatchesAllServersOfAServiceThatIsSetOtherwise) {
  Json after = config({service(80, {{"192.0.2.11", 1}, {"192.0.2.12", 1}})});
  Turnoutctl run;
  run.answers["config.get"] = {after};
  after["services"][0]["scheduler"] = "rr";
  run.answers["config.get"].push_back(after);
  run.answers["config.apply"] = {kGeneration};
  run.answers["stats.get"] = {stats({80}, 0)};
  run.answers["health.list"] = {Json::parse(R"([{"vip": "192.0.2.100", "protocol": "tcp", "port": 80,
      "server": "192.0.2.12", "state": "down", "reason": "connection refused"}])")};
  EXPECT_EQ(run({"apply", "-", "--watch", "--deadline", "3"}, "{}"), kUnfinished);
  EXPECT_TRUE(contains(run.out, "1 of 2 up; 192.0.2.12 of tcp 192.0.2.100:80: down: connection refused"))
      << run.out;
  EXPECT_TRUE(contains(run.out, "The change is in force")) << run.out;
}

TEST(CliApply, EndsTheWatchWithCtrlC) {
  Turnoutctl run;
  run.pauses = 2;
  run.answers["config.get"] = {config({}), config({service(80, {{"192.0.2.11", 1}})})};
  run.answers["config.apply"] = {kGeneration};
  run.answers["stats.get"] = {stats({80}, 0, false)};
  run.answers["health.list"] = {Json::array()};
  EXPECT_EQ(run({"apply", "-", "--watch"}, "{}"), kUnfinished);
}

TEST(CliApply, TakesWhatGoesTogether) {
  Turnoutctl run;
  EXPECT_EQ(run({"apply", "-", "--watch", "--dry-run"}, "{}"), kUsage);
  EXPECT_EQ(run({"apply", "-", "--deadline", "5"}, "{}"), kUsage);
  EXPECT_EQ(run({"apply", "-", "--watch", "--deadline", "soon"}, "{}"), kUsage);
  EXPECT_TRUE(run.asked.empty());
}

TEST(CliDrain, SetsTheWeightInAllServicesAsOneChange) {
  Turnoutctl run;
  run.answers["config.get"] = {kTwoServices};
  run.answers["config.batch"] = {kGeneration};
  run.answers["stats.get"] = {stats({80, 443}, 12)};
  EXPECT_EQ(run({"drain", "192.0.2.11"}), kDone);
  EXPECT_EQ(run.asked_of("config.batch"), Json::parse(R"({"operations": [
      {"method": "server.edit", "params": {"service": {"vip": "192.0.2.100", "protocol": "tcp", "port": 80},
                                           "server": {"address": "192.0.2.11", "weight": 0}}},
      {"method": "server.edit", "params": {"service": {"vip": "192.0.2.100", "protocol": "tcp", "port": 443},
                                           "server": {"address": "192.0.2.11", "weight": 0}}}]})"));
  EXPECT_TRUE(contains(run.out, "draining in tcp 192.0.2.100:80, tcp 192.0.2.100:443 (generation 9)"))
      << run.out;
  EXPECT_TRUE(contains(run.out, "24 active, 24 inactive connections")) << run.out;
  EXPECT_TRUE(contains(run.out,
                       "To undo:\n  turnoutctl server edit tcp 192.0.2.100:80 192.0.2.11 --weight 3\n"
                       "  turnoutctl server edit tcp 192.0.2.100:443 192.0.2.11 --weight 2\n"))
      << run.out;
}

TEST(CliDrain, TakesOneServiceAsOptionOrInFront) {
  Turnoutctl run;
  run.answers["config.get"] = {kTwoServices};
  run.answers["server.edit"] = {kGeneration};
  run.answers["stats.get"] = {stats({80}, 1)};
  const Json wanted = {{"service", {{"vip", "192.0.2.100"}, {"protocol", "tcp"}, {"port", 80}}},
                       {"server", {{"address", "192.0.2.11"}, {"weight", 0}}}};
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"drain", "192.0.2.11", "--service", "tcp 192.0.2.100:80"},
        std::vector<std::string>{"drain", "192.0.2.11", "--service", "tcp/192.0.2.100:80"},
        std::vector<std::string>{"drain", "tcp", "192.0.2.100:80", "192.0.2.11"}}) {
    EXPECT_EQ(run(words), kDone) << run.err;
    EXPECT_EQ(run.asked_of("server.edit"), wanted);
  }
  EXPECT_EQ(run({"drain", "tcp", "192.0.2.100:80"}), kUsage);
}

TEST(CliDrain, WaitsUntilNoneIsActive) {
  Turnoutctl run;
  run.answers["config.get"] = {kTwoServices};
  run.answers["config.batch"] = {kGeneration};
  run.answers["stats.get"] = {stats({80, 443}, 5), stats({80, 443}, 2), stats({80, 443}, 1),
                              stats({80, 443}, 0)};
  EXPECT_EQ(run({"drain", "192.0.2.11", "--wait"}), kDone);
  EXPECT_TRUE(contains(run.out, "192.0.2.11: 4 active, 4 inactive connections\n")) << run.out;
  EXPECT_TRUE(contains(run.out, "Safe: 192.0.2.11 has no active connections left.\n")) << run.out;
}

TEST(CliDrain, IsNotSafeAtTheDeadline) {
  Turnoutctl run;
  run.answers["config.get"] = {kTwoServices};
  run.answers["config.batch"] = {kGeneration};
  run.answers["stats.get"] = {stats({80, 443}, 5)};
  EXPECT_EQ(run({"drain", "192.0.2.11", "--wait", "--deadline", "2m"}), kUnfinished);
  EXPECT_TRUE(contains(run.out, "Not safe yet: 192.0.2.11 still has 10 active")) << run.out;
  EXPECT_EQ(run({"--json", "drain", "192.0.2.11", "--wait", "--deadline", "2"}), kUnfinished);
  EXPECT_EQ(run.out, "{\"generation\":9}\n{\"active\":10,\"inactive\":10,\"persistent\":0}\n");
  EXPECT_EQ(run({"drain", "192.0.2.11", "--deadline", "2m"}), kUsage);
}

TEST(CliDrain, WritesOverItsLineOnATerminal) {
  Turnoutctl run;
  run.screen.is_terminal = true;
  run.answers["config.get"] = {kTwoServices};
  run.answers["config.batch"] = {kGeneration};
  run.answers["stats.get"] = {stats({80, 443}, 1), stats({80, 443}, 1), stats({80, 443}, 0)};
  EXPECT_EQ(run({"drain", "192.0.2.11", "--wait"}), kDone);
  EXPECT_TRUE(contains(run.out,
                       "\r\x1b[K192.0.2.11: 2 active, 2 inactive connections; 0s"
                       "\r\x1b[K192.0.2.11: 0 active, 0 inactive connections; 1s\nSafe"))
      << run.out;
}

TEST(CliDrain, WarnsOfAServiceThatIsLeftWithoutAServer) {
  Turnoutctl run;
  run.answers["config.get"] = {kTwoServices};
  run.answers["config.batch"] = {kGeneration};
  Json alone = stats({80, 443}, 0);
  alone["services"][1]["servers"].erase(1);
  run.answers["stats.get"] = {alone};
  run({"drain", "192.0.2.11"});
  EXPECT_TRUE(contains(run.out, "Warning: no other real server of tcp 192.0.2.100:443 is up")) << run.out;
  EXPECT_FALSE(contains(run.out, "Warning: no other real server of tcp 192.0.2.100:80 ")) << run.out;
}

TEST(CliDrain, ChangesNothingOfAServerThatDrains) {
  Turnoutctl run;
  run.answers["config.get"] = {config({service(80, {{"192.0.2.11", 0}})})};
  run.answers["stats.get"] = {stats({80}, 1)};
  EXPECT_EQ(run({"drain", "192.0.2.11"}), kDone);
  EXPECT_TRUE(contains(run.out, "was draining already")) << run.out;
  EXPECT_FALSE(contains(run.out, "To undo")) << run.out;
}

TEST(CliDrain, RefusesAServerThatIsInNoService) {
  Turnoutctl run;
  run.answers["config.get"] = {kTwoServices};
  EXPECT_EQ(run({"drain", "192.0.2.99"}), kRefused);
  EXPECT_TRUE(contains(run.err, "no such real server: 192.0.2.99 in any service")) << run.err;
  EXPECT_EQ(run({"drain", "192.0.2.11", "--service", "tcp 192.0.2.100:8080"}), kRefused);
  EXPECT_TRUE(contains(run.err, "in tcp 192.0.2.100:8080")) << run.err;
}

TEST(CliMaintenance, BeginsAndEnds) {
  Turnoutctl run;
  run.answers["config.get"] = {kTwoServices};
  run.answers["maintenance.edit"] = {Json::parse(R"({"generation": 9, "changed": true})")};
  run.answers["stats.get"] = {stats({80, 443}, 1), stats({80, 443}, 0)};
  run.answers["health.list"] = {Json::array()};
  EXPECT_EQ(run({"maintenance", "start", "192.0.2.11", "--wait"}), kDone);
  EXPECT_EQ(run.asked_of("maintenance.edit"), Json::parse(R"({"server": "192.0.2.11", "on": true})"));
  EXPECT_TRUE(contains(run.out, "192.0.2.11 is under maintenance (generation 9)")) << run.out;
  EXPECT_TRUE(contains(run.out, "To end it: turnoutctl maintenance end 192.0.2.11\n")) << run.out;
  EXPECT_TRUE(contains(run.out, "Safe: ")) << run.out;
  EXPECT_EQ(run({"maintenance", "end", "192.0.2.11", "--wait"}), kDone);
  EXPECT_EQ(run.asked_of("maintenance.edit"), Json::parse(R"({"server": "192.0.2.11", "on": false})"));
  EXPECT_TRUE(contains(run.out, "is back (generation 9) in tcp 192.0.2.100:80, tcp 192.0.2.100:443.\n"))
      << run.out;
  EXPECT_TRUE(contains(run.out, "2 of 2 up\nAll up.\n")) << run.out;
}

TEST(CliMaintenance, ListsWhoIsUnderIt) {
  Turnoutctl run;
  Json running = kTwoServices;
  run.answers["config.get"] = {running};
  run.answers["stats.get"] = {stats({80, 443}, 1)};
  EXPECT_EQ(run({"maintenance", "list"}), kDone);
  EXPECT_EQ(run.out, "No real server is under maintenance.\n");
  running["maintenance"] = {"192.0.2.11", "192.0.2.12"};
  run.answers["config.get"] = {running};
  EXPECT_EQ(run({"maintenance", "list"}), kDone);
  EXPECT_TRUE(contains(run.out, "2 active, 2 inactive connections  not yet\n")) << run.out;
  EXPECT_EQ(run({"--json", "maintenance", "list"}), kDone);
  EXPECT_EQ(Json::parse(run.out), running["maintenance"]);
}

}  // namespace
}  // namespace turnout::cli::cli_operate_test
