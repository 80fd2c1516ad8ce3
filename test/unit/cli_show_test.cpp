// turnoutctl without a daemon: what it prints, and how it fails.
#include <gtest/gtest.h>

#include "control/cli/errors.h"
#include "test/support/scripted_turnoutctl.h"

namespace turnout::cli::cli_show_test {
namespace {

TEST(CliShow, ShowsIpv6ConnectionsInColumns) {
  Turnoutctl ctl;
  ctl.answers["connection.list"] = Json::parse(R"({"next": null, "connections": [
      {"client": "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "client_port": 65535, "vip": "2001:db8::100",
       "protocol": "tcp", "port": 80, "server": "2001:db8::11", "state": "ESTABLISHED", "idle": 1, "expires": 899},
      {"client": "198.51.100.7", "client_port": 4000, "vip": "192.0.2.100",
       "protocol": "udp", "port": 53, "server": "192.0.2.11", "state": "UDP", "idle": 1, "expires": 299}]})");
  EXPECT_EQ(ctl.run({"connections", "--client", "2001:DB8::7", "--server", "2001:db8::11"}), kDone);
  EXPECT_EQ(ctl.asked[0].second,
            Json({{"server", "2001:db8::11"}, {"client", "2001:db8::7"}, {"limit", 1001}, {"cursor", 0}}));
  EXPECT_EQ(ctl.out.substr(0, ctl.out.find("SERVER ")),
            "CLIENT                                          SERVICE                 ");
  EXPECT_TRUE(contains(
      ctl.out,
      "\n[2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:65535  tcp [2001:db8::100]:80  2001:db8::11  EST"));
  EXPECT_TRUE(contains(
      ctl.out, "\n198.51.100.7:4000                               udp 192.0.2.100:53      192.0.2.11    UDP"))
      << ctl.out;
}

TEST(CliShow, ShowsRivalsAndUplinks) {
  Turnoutctl ctl;
  ctl.answers["neighbor.list"] =
      Json::parse(R"([{"port": "lan", "address": "192.0.2.11", "rival": "02:00:00:00:0b:ad"}])");
  EXPECT_EQ(ctl.run({"neighbors"}), kDone);
  EXPECT_TRUE(contains(ctl.out, "RIVAL") && contains(ctl.out, "02:00:00:00:0b:ad")) << ctl.out;
  ctl.answers["port.list"] = Json::parse(
      R"([{"name": "lan", "uplink": [{"state": "up"}, {"state": "down"}]}, {"name": "dmz", "uplink": []}])");
  EXPECT_EQ(ctl.run({"ports"}), kDone);
  EXPECT_TRUE(contains(ctl.out, "UPLINK") && contains(ctl.out, "up, down")) << ctl.out;
}

TEST(CliShow, ShowsVips) {
  Turnoutctl ctl;
  ctl.answers["vip.list"] = Json::parse(R"([
      {"address": "192.0.2.100", "echo": "yes", "unmatched": "drop", "services": 2,
       "depends_on_uplink": null, "withdrawn": false},
      {"address": "2001:db8::100", "echo": "while_up", "unmatched": "reject", "services": 0,
       "filter": "edge", "depends_on_uplink": "isp1", "withdrawn": true}])");
  EXPECT_EQ(ctl.run({"vips"}), kDone);
  EXPECT_EQ(ctl.out,
            "VIP            ECHO      UNMATCHED  FILTER  SERVICES  DEPENDS ON  WITHDRAWN\n"
            "192.0.2.100    yes       drop       -              2  -           no\n"
            "2001:db8::100  while_up  reject     edge           0  isp1        yes\n");
  ctl.answers["vip.list"] = Json::array();
  EXPECT_EQ(ctl.run({"vips"}), kDone);
  EXPECT_TRUE(contains(ctl.out, "No VIPs.")) << ctl.out;
}

TEST(CliShow, ShowsWhatPortsHaveInCommonAndApart) {
  Turnoutctl ctl;
  ctl.answers["port.list"] = Json::parse(R"([
      {"name": "lan", "device": "d", "vlan": 0, "gateway": ["192.0.2.1", "fe80::1"], "kernel_interface": "turnout0",
       "addresses": ["192.0.2.2/24", "2001:db8::2/64"]},
      {"name": "dmz", "device": "d", "vlan": 20, "gateway": null, "kernel_interface": null,
       "addresses": ["2001:db8:1::2/64"]}])");
  EXPECT_EQ(ctl.run({"ports"}), kDone);
  EXPECT_TRUE(contains(ctl.out, "192.0.2.1, fe80::1  -       turnout0  192.0.2.2/24, 2001:db8::2/64\n"))
      << ctl.out;
  EXPECT_TRUE(contains(ctl.out, "  20  ")) << ctl.out;
}

TEST(CliShow, HealthSaysWhyAServerIsDown) {
  Turnoutctl ctl;
  ctl.answers["health.list"] = Json::parse(R"([
    {"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "server": "192.0.2.11", "type": "tcp", "state": "down",
     "since": 75.5, "checks": 9, "failures": 5, "falls": 1, "damped": true, "share": 1.0, "fallback": false,
     "reason": "no answer to SYN", "hint": "it lacks the VIP"},
    {"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "server": "192.0.2.12", "type": "tcp", "state": "up",
     "share": 0.25, "fallback": true, "reason": null, "hint": null},
    {"vip": "192.0.2.100", "protocol": "udp", "port": 53, "server": "192.0.2.13", "type": "none",
     "state": "unchecked"}])");
  EXPECT_EQ(ctl.run({"health"}), kDone);
  for (const char* said : {"down, flapping", "1m 15s", "no answer to SYN", "192.0.2.11: it lacks the VIP",
                           "192.0.2.12 (fallback)", "up, 25.0 %", "unchecked"})
    EXPECT_TRUE(contains(ctl.out, said)) << said << " is not in " << ctl.out;
  ctl.answers["health.list"] = Json::array();
  ctl.run({"health"});
  EXPECT_TRUE(contains(ctl.out, "No real servers")) << ctl.out;
}

TEST(CliShow, PrintsResultsAsTheSocketGaveThem) {
  Turnoutctl ctl;
  ctl.answers["service.list"] =
      Json::parse(R"([{"vip":"192.0.2.100","protocol":"tcp","a":18446744073709551615}])");
  EXPECT_EQ(ctl.run({"--json", "services"}), kDone);
  EXPECT_EQ(ctl.out, "[{\"vip\":\"192.0.2.100\",\"protocol\":\"tcp\",\"a\":18446744073709551615}]\n");
}

TEST(CliShow, KeepsControlCharactersFromTheTerminal) {
  Turnoutctl ctl;
  ctl.answers["neighbor.list"] = Json::array({{{"port", "\x1b[2J\xc2\x9b"}}});
  ctl.run({"neighbors"});
  EXPECT_FALSE(contains(ctl.out, "\x1b")) << ctl.out;
  ctl.run({"--json", "neighbors"});
  EXPECT_TRUE(contains(ctl.out, "\\u001b[2J\\u009b")) << ctl.out;
}

TEST(CliShow, ShowsWhoChangedWhat) {
  Turnoutctl ctl;
  ctl.answers["config.history"] = Json::parse(R"([
      {"generation": 4, "time": "2026-01-31T12:00:03Z", "how": "config.rollback", "restored": 2,
       "who": {"uid": 0, "user": "root", "pid": 77, "program": "turnoutctl"}, "changes": ["one", "two"],
       "config_known": true},
      {"generation": 3, "time": "2026-01-31T12:00:02Z", "how": "service.delete",
       "who": {"uid": 1000, "user": null, "pid": null, "program": null}, "changes": ["three"],
       "config_known": true},
      {"generation": 2, "time": "2026-01-31T12:00:01Z", "how": "SIGHUP", "who": null, "changes": ["four"],
       "config_known": false}])");
  EXPECT_EQ(ctl.run({"history"}), kDone);
  EXPECT_EQ(ctl.out,
            "generation 4  2026-01-31 12:00:03 UTC  config.rollback to 2 by root with turnoutctl[77]\n"
            "  one\n"
            "  two\n"
            "generation 3  2026-01-31 12:00:02 UTC  service.delete by user 1000\n"
            "  three\n"
            "generation 2  2026-01-31 12:00:01 UTC  SIGHUP\n"
            "  four\n"
            "  (can't be gone back to: too large to be kept)\n");
  EXPECT_EQ(ctl.run({"--json", "history"}), kDone);
  EXPECT_EQ(Json::parse(ctl.out), ctl.answers["config.history"]);
}

TEST(CliShow, ListsEveryReasonOfARefusal) {
  Turnoutctl ctl;
  ctl.answers["config.apply"] =
      Json::parse(R"({"error": {"code": -32602, "message": "2 errors", "data": {"errors": [
      {"pointer": "/a", "reason": "unknown key"}, {"pointer": "/b/0", "reason": "wants 1 to 9"}]}}})");
  EXPECT_EQ(ctl.run({"apply", "-"}, "{}"), kRefused);
  EXPECT_EQ(ctl.out, "");
  EXPECT_EQ(ctl.err, "turnoutctl: refused: 2 errors\n  /a: unknown key\n  /b/0: wants 1 to 9\n");
  EXPECT_EQ(ctl.run({"--json", "apply", "-"}, "{}"), kRefused);
  EXPECT_EQ(Json::parse(ctl.err)["code"], -32602);
}

TEST(CliShow, TellsUsageFromNoDaemonByExitCode) {
  Turnoutctl ctl;
  EXPECT_EQ(ctl.run({"status"}), kNoDaemon);
  EXPECT_TRUE(contains(ctl.err, "/nowhere")) << ctl.err;
  EXPECT_EQ(ctl.run({}), kUsage);
  EXPECT_EQ(ctl.run({"statsu"}), kUsage);
  EXPECT_EQ(ctl.run({"status", "now"}), kUsage);
  EXPECT_EQ(ctl.run({"status", "--wrong"}), kUsage);
  EXPECT_TRUE(contains(ctl.err, "turnoutctl help status")) << ctl.err;
  EXPECT_EQ(ctl.run({"service"}), kUsage);
  EXPECT_TRUE(contains(ctl.err, "'service add', 'service edit', 'service delete'")) << ctl.err;
}

TEST(CliShow, TeachesEveryCommandWithoutADaemon) {
  Turnoutctl ctl;
  EXPECT_EQ(ctl.run({"--help"}), kDone);
  const std::string general = ctl.out;
  for (const CommandGroup& group : command_groups()) {
    for (const Command& command : group.commands) {
      EXPECT_TRUE(contains(general, "  " + command.name)) << command.name;
      EXPECT_EQ(ctl.run({"help", command.name.substr(0, command.name.find(' '))}), kDone);
      EXPECT_TRUE(contains(ctl.out, "turnoutctl " + command.name)) << ctl.out;
      EXPECT_TRUE(contains(ctl.out, "Example:") || contains(ctl.out, "Examples:")) << ctl.out;
    }
  }
  EXPECT_EQ(ctl.run({"service", "add", "--help"}), kDone);
  EXPECT_TRUE(contains(ctl.out, "--maglev-table-size")) << ctl.out;
  EXPECT_EQ(ctl.run({"--version"}), kDone);
  EXPECT_EQ(ctl.out, "turnoutctl 1.2.3\n");
  EXPECT_TRUE(ctl.asked.empty());
}

}  // namespace
}  // namespace turnout::cli::cli_show_test
