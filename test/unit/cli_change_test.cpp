// turnoutctl without a daemon: what its commands ask for.
#include <gtest/gtest.h>

#include "control/cli/errors.h"
#include "test/support/scripted_turnoutctl.h"

namespace turnout::cli::cli_change_test {
namespace {

const Json kKey = Json::parse(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80})");
const Json kGeneration = Json::parse(R"({"generation": 8})");

TEST(CliChange, AsksToAddAService) {
  Turnoutctl ctl;
  ctl.answers["service.add"] = kGeneration;
  EXPECT_EQ(ctl.run({"service", "add", "tcp", "192.0.2.100:80", "--scheduler", "wrr", "--server",
                     "192.0.2.11", "--server", "192.0.2.12,weight=2"}),
            kDone);
  ASSERT_EQ(ctl.asked.size(), 1u);
  EXPECT_EQ(ctl.asked[0].second, Json::parse(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80,
      "scheduler": "wrr", "real_servers": [{"address": "192.0.2.11"}, {"address": "192.0.2.12", "weight": 2}]})"));
  EXPECT_EQ(ctl.out, "added tcp 192.0.2.100:80 (generation 8)\n");
}

TEST(CliChange, TakesIpv6InEveryWordCommand) {
  const std::string vip = "[2001:DB8:0::100]:80";
  const Json key = {{"vip", "2001:db8::100"}, {"protocol", "tcp"}, {"port", 80}};
  const Json server = {{"service", key}, {"server", {{"address", "2001:db8::11"}}}};
  Turnoutctl ctl;
  for (const char* method :
       {"service.add", "service.edit", "service.delete", "server.add", "server.edit", "server.delete"}) {
    ctl.answers[method] = kGeneration;
  }
  EXPECT_EQ(ctl.run({"service", "add", "tcp", vip, "--server", "2001:db8:0::11"}), kDone);
  EXPECT_EQ(ctl.asked.back().second["real_servers"], Json::parse(R"([{"address": "2001:db8::11"}])"));
  EXPECT_EQ(ctl.out, "added tcp [2001:db8::100]:80 (generation 8)\n");
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", vip, "--scheduler", "rr"}), kDone);
  EXPECT_EQ(ctl.asked.back().second["vip"], "2001:db8::100");
  EXPECT_EQ(ctl.run({"server", "add", "tcp", vip, "2001:db8::0011"}), kDone);
  EXPECT_EQ(ctl.asked.back().second, server);
  EXPECT_EQ(ctl.out, "added 2001:db8::11 of tcp [2001:db8::100]:80 (generation 8)\n");
  EXPECT_EQ(ctl.run({"server", "edit", "tcp", vip, "2001:db8::11", "--weight", "2"}), kDone);
  EXPECT_EQ(ctl.asked.back().second["server"]["weight"], 2);
  EXPECT_EQ(ctl.run({"server", "delete", "tcp", vip, "2001:db8::11"}), kDone);
  EXPECT_EQ(ctl.asked.back().second, server);
  EXPECT_EQ(ctl.run({"service", "delete", "tcp", vip}), kDone);
  EXPECT_EQ(ctl.asked.back().second, key);
  EXPECT_EQ(ctl.run({"service", "add", "tcp", "2001:db8::100:80"}), kUsage);
  EXPECT_TRUE(contains(ctl.err, "[2001:db8::1]:80")) << ctl.err;
}

TEST(CliChange, ChangesWhatIsSetForAVip) {
  Turnoutctl ctl;
  ctl.answers["vip.edit"] = kGeneration;
  EXPECT_EQ(ctl.run({"vip", "2001:DB8::0100", "--echo", "while_up"}), kDone);
  EXPECT_EQ(ctl.asked.back().second, Json({{"vip", "2001:db8::100"}, {"echo", "while_up"}}));
  EXPECT_EQ(ctl.out, "changed vip 2001:db8::100 (generation 8)\n");
  EXPECT_EQ(ctl.run({"vip", "192.0.2.100", "--unmatched=reject", "--echo=no"}), kDone);
  EXPECT_EQ(ctl.asked.back().second, Json({{"vip", "192.0.2.100"}, {"echo", "no"}, {"unmatched", "reject"}}));
  EXPECT_EQ(ctl.asked.size(), 2u);
  EXPECT_EQ(ctl.run({"vip", "192.0.2.100"}), kUsage);
  EXPECT_TRUE(contains(ctl.err, "give --echo, --unmatched")) << ctl.err;
  EXPECT_EQ(ctl.run({"vip"}), kUsage);
  EXPECT_EQ(ctl.run({"vip", "www", "--echo", "no"}), kUsage);
  EXPECT_EQ(ctl.run({"vip", "192.0.2.100:80", "--echo", "no"}), kUsage);
  EXPECT_EQ(ctl.asked.size(), 2u);
  ctl.answers["vip.edit"] =
      Json::parse(R"({"error": {"code": -32602, "message": "no", "data": {"pointer": "/echo"}}})");
  EXPECT_EQ(ctl.run({"vip", "192.0.2.100", "--echo", "maybe"}), kRefused);
  EXPECT_TRUE(contains(ctl.err, "/echo")) << ctl.err;
}

TEST(CliChange, SendsOnlyWhatAnEditChanges) {
  Turnoutctl ctl;
  ctl.answers["server.edit"] = kGeneration;
  EXPECT_EQ(ctl.run({"server", "edit", "tcp", "192.0.2.100:80", "192.0.2.11", "--mac", "none"}), kDone);
  EXPECT_EQ(ctl.asked[0].second,
            Json({{"service", kKey}, {"server", {{"address", "192.0.2.11"}, {"mac", nullptr}}}}));
  EXPECT_EQ(ctl.run({"server", "edit", "tcp", "192.0.2.100:80", "192.0.2.11"}), kUsage);
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80"}), kUsage);
  EXPECT_EQ(ctl.asked.size(), 1u);
}

TEST(CliChange, TakesWhatLvsHasInWords) {
  Turnoutctl ctl;
  for (const char* method : {"service.add", "service.edit", "server.add", "server.edit", "server.delete"})
    ctl.answers[method] = kGeneration;
  EXPECT_EQ(ctl.run({"service", "add", "group", "7", "--member", "tcp 192.0.2.100:80", "--member",
                     "udp/192.0.2.100:8000-8099", "--persistence", "360", "--persistence-prefix", "24"}),
            kDone)
      << ctl.err;
  EXPECT_EQ(ctl.asked.back().second, Json::parse(R"({"group": 7, "persistence": 360, "persistence_prefix": 24,
      "members": [{"vip": "192.0.2.100", "protocol": "tcp", "port": 80},
                  {"vip": "192.0.2.100", "protocol": "udp", "port": "8000-8099"}]})"));
  EXPECT_EQ(ctl.out, "added group 7 (generation 8)\n");
  EXPECT_EQ(ctl.run({"service", "edit", "group", "web", "ipv6", "--scheduler", "sh", "--flag", "sh-port",
                     "--flag", "sh-fallback", "--one-packet", "no"}),
            kDone);
  EXPECT_EQ(ctl.asked.back().second,
            Json::parse(R"({"group": "web", "family": "ipv6", "scheduler_flags": ["sh-port", "sh-fallback"],
                            "one_packet": false, "scheduler": "sh"})"));
  EXPECT_EQ(ctl.out, "changed group web (ipv6) (generation 8)\n");
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--dscp", "46", "--vlan-priority", "none"}),
            kDone);
  EXPECT_EQ(ctl.asked.back().second["dscp"], 46);
  EXPECT_EQ(ctl.asked.back().second["vlan_priority"], nullptr);
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--dscp", "64"}), kUsage);
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--client-rate", "50:200",
                     "--client-connections", "none", "--packet-rate", "none", "--prefix-rate", "9",
                     "--prefix-length", "20,48", "--limits", "observe"}),
            kDone);
  EXPECT_EQ(ctl.asked.back().second["limits"], Json::parse(R"({
      "packets_per_second": null, "packets_burst": null, "observe": true,
      "client": {"connections_per_second": 50, "connections_burst": 200, "connections": null},
      "client_prefix": {"connections_per_second": 9, "connections_burst": null, "ipv4": 20, "ipv6": 48}})"));
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--client-rate", "0"}), kUsage);
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--client-rate", "5:"}), kUsage);
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--limits", "off"}), kUsage);
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--flag", "none"}), kDone);
  EXPECT_EQ(ctl.asked.back().second["scheduler_flags"], Json::array());
  EXPECT_EQ(ctl.run({"server", "add", "group", "web", "ipv6", "2001:db8::11", "--upper-threshold", "100"}),
            kDone);
  EXPECT_EQ(ctl.asked.back().second, Json::parse(R"({"service": {"group": "web", "family": "ipv6"},
                            "server": {"address": "2001:db8::11", "upper_threshold": 100}})"));
  EXPECT_EQ(ctl.run({"server", "edit", "group", "web", "192.0.2.11", "--lower-threshold", "0"}), kDone);
  EXPECT_EQ(ctl.asked.back().second["server"],
            Json::parse(R"({"address": "192.0.2.11", "lower_threshold": 0})"));
}

TEST(CliChange, RefusesWhatIsNoGroupInWords) {
  Turnoutctl ctl;
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"service", "delete", "tcp", "192.0.2.100:80", "ipv6"},
        {"service", "delete", "group", "web", "192.0.2.11"},
        {"server", "add", "group", "web", "ipv6"},
        {"server", "add", "tcp", "192.0.2.100:80", "192.0.2.11", "192.0.2.12"},
        {"service", "add", "group", "web", "--member", "group/7"},
        {"service", "add", "udp", "192.0.2.100:53", "--one-packet", "maybe"},
        {"trace", "group", "web", "192.0.2.100:80"},
        {"server", "edit", "group", "web", "192.0.2.11"}}) {
    EXPECT_EQ(ctl.run(words), kUsage) << words.back();
    EXPECT_TRUE(contains(ctl.err, "See: turnoutctl help ")) << ctl.err;
  }
  EXPECT_TRUE(ctl.asked.empty());
}

TEST(CliChange, AServicesHealthIsATypeOrAnObject) {
  Turnoutctl ctl;
  ctl.answers["service.edit"] = {{"generation", 3}};
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--health", "none", "--fallback", "none"}),
            kDone);
  EXPECT_EQ(ctl.asked[0].second["health"], Json({{"type", "none"}}));
  EXPECT_TRUE(ctl.asked[0].second["fallback"].is_null());
  ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--health", R"({"type": "http", "path": "/up"})",
           "--on-down", "keep", "--slow-start", "30", "--fallback", "192.0.2.99"});
  EXPECT_EQ(ctl.asked[1].second["health"]["path"], "/up");
  EXPECT_EQ(ctl.asked[1].second["on_down"], "keep");
  EXPECT_EQ(ctl.asked[1].second["slow_start"], 30);
  EXPECT_EQ(ctl.asked[1].second["fallback"]["address"], "192.0.2.99");
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80", "--health", "{"}), kUsage);
}

TEST(CliChange, AppliesStandardInputAndListsTheChanges) {
  Turnoutctl ctl;
  ctl.answers["config.apply"] = Json::parse(R"({"generation": 9, "changes": ["one", "a: add two"]})");
  EXPECT_EQ(ctl.run({"apply", "-", "--dry-run"}, "{\"services\": []} // end"), kDone);
  EXPECT_EQ(ctl.asked[0].second, Json::parse(R"({"config": {"services": []}, "dry_run": true})"));
  EXPECT_EQ(ctl.out, "~ one\n~ a\n    + two\nDry run: nothing was applied; still at generation 9.\n");
  EXPECT_EQ(ctl.run({"apply", "/nonexistent/turnout.json"}), kUsage);
  EXPECT_TRUE(contains(ctl.err, "/nonexistent/turnout.json: No such file")) << ctl.err;
  EXPECT_EQ(ctl.run({"apply", "/"}), kUsage);
  EXPECT_TRUE(contains(ctl.err, "can't read /: Is a directory")) << ctl.err;
}

TEST(CliChange, SavesToTheDaemonsOwnFileOnly) {
  Turnoutctl ctl;
  ctl.answers["config.save"] = {{"file", "/x"}, {"changed", true}};
  EXPECT_EQ(ctl.run({"save"}), kDone);
  EXPECT_EQ(ctl.asked[0].second, Json::object());
  EXPECT_EQ(ctl.out, "Saved to /x.\n");
  ctl.answers["config.save"] = {{"file", "/x"}, {"changed", false}};
  EXPECT_EQ(ctl.run({"save"}), kDone);
  EXPECT_EQ(ctl.out, "Nothing to save: that is what is in /x.\n");
  ctl.answers["config.save"] = {{"file", "/x"}, {"changed", true}, {"remarks", {"it was written whole"}}};
  EXPECT_EQ(ctl.run({"save"}), kDone);
  EXPECT_EQ(ctl.out, "Saved to /x.\nNote: it was written whole.\n");
  EXPECT_EQ(ctl.run({"save", "here.json"}), kUsage);
}

TEST(CliChange, GoesBackToAGeneration) {
  Turnoutctl ctl;
  ctl.answers["config.rollback"] = Json::parse(R"({"generation": 9, "changes": ["one"]})");
  EXPECT_EQ(ctl.run({"rollback", "7"}), kDone);
  EXPECT_EQ(ctl.asked[0].second, Json::parse(R"({"generation": 7, "dry_run": false})"));
  EXPECT_EQ(ctl.out, "one\nNow at generation 9.\n");
  EXPECT_EQ(ctl.run({"rollback", "7", "--dry-run", "--if-generation", "8"}), kDone);
  EXPECT_EQ(ctl.asked[1].second, Json::parse(R"({"generation": 7, "dry_run": true, "if_generation": 8})"));
  EXPECT_EQ(ctl.out, "one\nDry run: nothing was applied; still at generation 9.\n");
  for (const char* generation : {"", "-1", "0", "last", "7x"})
    EXPECT_EQ(ctl.run({"rollback", generation}), kUsage) << generation;
  EXPECT_EQ(ctl.run({"rollback"}), kUsage);
}

TEST(CliChange, MakesEveryChangeConditional) {
  const std::vector<std::vector<std::string>> changes = {
      {"service", "add", "tcp", "192.0.2.100:80"},
      {"service", "edit", "tcp", "192.0.2.100:80", "--scheduler", "rr"},
      {"service", "delete", "tcp", "192.0.2.100:80"},
      {"server", "add", "tcp", "192.0.2.100:80", "192.0.2.11"},
      {"server", "edit", "tcp", "192.0.2.100:80", "192.0.2.11", "--weight", "2"},
      {"server", "delete", "tcp", "192.0.2.100:80", "192.0.2.11"},
      {"vip", "192.0.2.100", "--echo", "no"},
      {"apply", "-"},
      {"rollback", "7"}};
  for (std::vector<std::string> words : changes) {
    Turnoutctl ctl;
    for (const char* method : {"service.add", "service.edit", "service.delete", "server.add", "server.edit",
                               "server.delete", "vip.edit", "config.apply", "config.rollback"})
      ctl.answers[method] = kGeneration;
    ASSERT_EQ(ctl.run(words, "{}"), kDone) << words[0] << ctl.err;
    EXPECT_FALSE(ctl.asked[0].second.contains("if_generation")) << words[0];
    words.insert(words.end(), {"--if-generation", "5"});
    ASSERT_EQ(ctl.run(words, "{}"), kDone) << words[0] << ctl.err;
    EXPECT_EQ(ctl.asked[1].second["if_generation"], 5) << words[0];
    words.back() = "five";
    EXPECT_EQ(ctl.run(words, "{}"), kUsage) << words[0];
  }
}

}  // namespace
}  // namespace turnout::cli::cli_change_test
