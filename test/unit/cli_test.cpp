// turnoutctl without a daemon: what it asks for, what it prints, and how it fails.
#include <gtest/gtest.h>

#include <map>
#include <sstream>

#include "control/cli/arguments.h"
#include "control/cli/config_file.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"
#include "control/cli/options.h"
#include "control/cli/run.h"
#include "control/cli/table.h"

namespace turnout::cli::cli_test {
namespace {

/// Answers from a script and remembers what it was asked.
class Turnoutctl {
 public:
  std::map<std::string, Json> answers;
  std::vector<std::pair<std::string, Json>> asked;
  std::string socket;
  std::string out;
  std::string err;

  int run(const std::vector<std::string>& words, const std::string& input = "",
          std::optional<std::string> environment_socket = std::nullopt) {
    std::istringstream in(input);
    std::ostringstream out_stream;
    std::ostringstream err_stream;
    const auto connect = [this](const std::string& path) -> Call {
      socket = path;
      return [this](const std::string& method, const Json& params) { return answer(method, params); };
    };
    const int code = cli::run(words, {.version = "1.2.3",
                                      .socket = environment_socket,
                                      .connect = connect,
                                      .in = in,
                                      .out = out_stream,
                                      .err = err_stream});
    out = out_stream.str();
    err = err_stream.str();
    return code;
  }

 private:
  Json answer(const std::string& method, const Json& params) {
    asked.emplace_back(method, params);
    const auto found = answers.find(method);
    if (found == answers.end()) throw NoDaemon("no daemon on /nowhere");
    if (found->second.is_object() && found->second.contains("error")) throw Refused(found->second["error"]);
    return found->second;
  }
};

const Json kKey = Json::parse(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80})");
const Json kGeneration = Json::parse(R"({"generation": 8})");

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(CliTable, AlignsNumbersRightAndLeavesNoTrailingSpaces) {
  Table table({{"NAME"}, {"COUNT", Align::right}, {"NOTE"}});
  table.add_row({"a", "1", "x"});
  table.add_row({"longer", "1000000", ""});
  EXPECT_EQ(table.to_string(),
            "NAME      COUNT  NOTE\n"
            "a             1  x\n"
            "longer  1000000\n");
}

TEST(CliTable, CountsCharactersNotBytes) {
  Table table({{"NAME"}, {"N", Align::right}});
  table.add_row({"süd", "1"});
  table.add_row({"nord", "2"});
  EXPECT_EQ(table.to_string(), "NAME  N\nsüd   1\nnord  2\n");
}

TEST(CliFormat, WritesDurationsInTheirTwoLargestUnits) {
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(59), "59s");
  EXPECT_EQ(format_duration(125), "2m 05s");
  EXPECT_EQ(format_duration(2 * 3600 + 3 * 60 + 59), "2h 03m");
  EXPECT_EQ(format_duration(3 * 86400 + 4 * 3600), "3d 04h");
}

TEST(CliFormat, WritesShares) {
  EXPECT_EQ(format_share(1, 8), "12.5 %");
  EXPECT_EQ(format_share(0, 0), "-");
}

TEST(CliFormat, EscapesWhatCouldSteerATerminal) {
  EXPECT_EQ(printable("a\x1b[31m\n\x7f"), "a\\x1b[31m\\x0a\\x7f");
  EXPECT_EQ(printable("\xc2\x9b"), "\\x9b");  // U+009B, CSI as one character
  EXPECT_EQ(printable("Zürich"), "Zürich");
}

TEST(CliFormat, PutsIpv6AddressesInBrackets) {
  EXPECT_EQ(format_endpoint("192.0.2.100", "80"), "192.0.2.100:80");
  EXPECT_EQ(format_endpoint("2001:db8::1", "80"), "[2001:db8::1]:80");
}

TEST(CliJson, ReadsOddAnswersWithoutThrowing) {
  const Json odd = Json::parse(R"({"negative": -1, "real": 2.5, "name": "x", "none": null})");
  EXPECT_EQ(number(odd, "negative"), 0u);
  EXPECT_EQ(number(odd, "real"), 2u);
  EXPECT_EQ(number(odd, "name"), 0u);
  EXPECT_EQ(text(odd, "none"), "-");
  EXPECT_EQ(text(Json::array(), "name"), "-");
}

TEST(CliArguments, ReadsServiceKeys) {
  EXPECT_EQ(parse_service_key("tcp", "192.0.2.100:80"), kKey);
  EXPECT_EQ(parse_service_path("tcp/192.0.2.100:80"), kKey);
  EXPECT_EQ(parse_service_key("tcp", "192.0.2.100:0")["port"], 0);
  EXPECT_EQ(parse_service_key("tcp", "192.0.2.100:8000-8099")["port"], "8000-8099");
  EXPECT_EQ(parse_service_words({"group", "web"}), Json::object({{"group", "web"}}));
  EXPECT_EQ(parse_service_path("group/7/ipv6"), Json::object({{"group", 7}, {"family", "ipv6"}}));
  EXPECT_THROW(parse_service_words({"tcp", "192.0.2.100:80", "ipv6"}), UsageError);
  EXPECT_THROW(parse_service_words({"group", "web", "ipv5"}), UsageError);
  EXPECT_EQ(parse_service_key("udp", "[2001:db8::1]:53")["vip"], "2001:db8::1");
}

TEST(CliArguments, ReadsAllPortsRangesAndGroups) {
  EXPECT_EQ(parse_service_key("tcp", "192.0.2.100:0")["port"], 0);
  EXPECT_EQ(parse_service_key("udp", "[2001:db8::1]:8000-8099")["port"], "8000-8099");
  EXPECT_EQ(parse_service_key("group", "web"), Json({{"group", "web"}}));
  EXPECT_EQ(parse_service_path("group/7"), Json({{"group", 7}}));
  EXPECT_EQ(parse_service_path("group/7/ipv6"), Json({{"group", 7}, {"family", "ipv6"}}));
  EXPECT_EQ(parse_service_words({"group", "web", "ipv4"}), Json({{"group", "web"}}));
  for (const char* path :
       {"group", "group/", "group/web/ipv5", "group/web/ipv6/x", "tcp/192.0.2.100:80/ipv6"})
    EXPECT_THROW(parse_service_path(path), UsageError) << path;
}

TEST(CliArguments, WritesIpv6AddressesInCanonicalForm) {
  EXPECT_EQ(parse_service_key("tcp", "[2001:DB8:0:0::100]:80"),
            Json({{"vip", "2001:db8::100"}, {"protocol", "tcp"}, {"port", 80}}));
  EXPECT_EQ(parse_service_path("udp/[2001:db8:0::1]:53")["vip"], "2001:db8::1");
  EXPECT_EQ(parse_address("x", "2001:0DB8::0011"), "2001:db8::11");
  EXPECT_EQ(parse_server("2001:DB8::11,weight=2"), Json({{"address", "2001:db8::11"}, {"weight", 2}}));
}

TEST(CliArguments, SaysWhatIsWrongWithAnIpv6Address) {
  const auto refusal = [](const char* text) -> std::string {
    try {
      return "taken: " + parse_address("real server", text);
    } catch (const UsageError& error) {
      return error.what();
    }
  };
  EXPECT_TRUE(contains(refusal("[2001:db8::11]:80"), "has a port; give the address alone"));
  EXPECT_TRUE(contains(refusal("[2001:DB8::11]"), "has brackets"));
  EXPECT_TRUE(contains(refusal("[2001:DB8::11]"), "give 2001:db8::11"));
  EXPECT_TRUE(contains(refusal("192.0.2.11:80"), "has a port"));
  for (const char* text : {"fe80::1%eth0", "2001:db8::g", "2001:db8::1::2", "[]", "[]:80", ":80", ""}) {
    EXPECT_TRUE(contains(refusal(text), "is no IP address")) << text << ": " << refusal(text);
  }
}

TEST(CliArguments, RefusesWhatIsNoServiceKey) {
  for (const char* endpoint : {"",
                               "192.0.2.100",
                               "192.0.2.100:",
                               "192.0.2.100:80-80",
                               "192.0.2.100:0-80",
                               "192.0.2.100:80-",
                               "192.0.2.100:80-65536",
                               "192.0.2.100:65536",
                               "192.0.2.100:-1",
                               "192.0.2.100:8x",
                               "192.0.2:80",
                               "www:80",
                               "2001:db8::1:80",
                               "[192.0.2.100]:80",
                               ":80",
                               "2001:db8::100",
                               "[2001:db8::100]",
                               "[2001:db8::100]80",
                               "[2001:db8::100]:",
                               "[2001:db8::100]:65536",
                               "[2001:db8::100:80",
                               "2001:db8::100]:80",
                               "[fe80::1%eth0]:80",
                               "[]:80"}) {
    EXPECT_THROW(parse_service_key("tcp", endpoint), UsageError) << endpoint;
  }
  EXPECT_THROW(parse_service_key("192.0.2.100:80", "tcp"), UsageError);
  EXPECT_THROW(parse_service_path("192.0.2.100:80"), UsageError);
}

TEST(CliArguments, ReadsServersWithWeightAndMac) {
  EXPECT_EQ(parse_server("192.0.2.11"), Json({{"address", "192.0.2.11"}}));
  EXPECT_EQ(parse_server("192.0.2.11,weight=3,mac=02:00:00:00:00:11"),
            Json({{"address", "192.0.2.11"}, {"weight", 3}, {"mac", "02:00:00:00:00:11"}}));
  EXPECT_THROW(parse_server("192.0.2.11,wieght=3"), UsageError);
  EXPECT_THROW(parse_server("192.0.2.11,weight=-3"), UsageError);
  EXPECT_THROW(parse_server("192.0.2.11:80"), UsageError);
}

TEST(CliOptions, TakesTheSocketFromOptionThenEnvironmentThenDefault) {
  EXPECT_EQ(parse_global_options({"--socket", "/a", "status"}, "/b").socket, "/a");
  EXPECT_EQ(parse_global_options({"status"}, "/b").socket, "/b");
  EXPECT_EQ(parse_global_options({"status"}, "").socket, kDefaultSocket);
  EXPECT_EQ(parse_global_options({"status"}, std::nullopt).socket, kDefaultSocket);
}

TEST(CliOptions, LeavesTheCommandsOwnWordsInOrder) {
  const GlobalOptions options =
      parse_global_options({"server", "add", "--weight", "3", "--json", "-", "--mac=m"}, "");
  EXPECT_TRUE(options.json);
  EXPECT_EQ(options.words, (std::vector<std::string>{"server", "add", "--weight", "3", "-", "--mac=m"}));
}

TEST(CliConfigFile, ReadsJsonWithComments) {
  EXPECT_EQ(parse_config_text("{ // a comment\n \"a\": 1 /* another */ }", "f"), Json({{"a", 1}}));
}

TEST(CliConfigFile, NamesFileAndPlaceOfAFault) {
  try {
    parse_config_text("{\n\"a\": }", "f.json");
    FAIL() << "accepted";
  } catch (const InputError& error) {
    EXPECT_TRUE(contains(error.what(), "f.json: not JSON: parse error at line 2")) << error.what();
  }
}

TEST(CliConfigFile, RefusesAKeyGivenTwiceInOneObject) {
  EXPECT_THROW(parse_config_text(R"({"a": {"b": 1}, "a": 2})", "f"), InputError);
  EXPECT_NO_THROW(parse_config_text(R"({"a": {"b": 1}, "c": [{"b": 1}, {"b": 2}]})", "f"));
}

TEST(CliConfigFile, RefusesEndlessNesting) {
  EXPECT_THROW(parse_config_text(std::string(100'000, '['), "f"), InputError);
}

TEST(CliRun, AsksToAddAService) {
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

TEST(CliRun, TakesIpv6InEveryWordCommand) {
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

TEST(CliRun, ShowsIpv6ConnectionsInColumns) {
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

TEST(CliRun, ShowsRivalsAndUplinks) {
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

TEST(CliRun, ShowsVips) {
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

TEST(CliRun, ChangesWhatIsSetForAVip) {
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

TEST(CliRun, ShowsWhatPortsHaveInCommonAndApart) {
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

TEST(CliRun, SendsOnlyWhatAnEditChanges) {
  Turnoutctl ctl;
  ctl.answers["server.edit"] = kGeneration;
  EXPECT_EQ(ctl.run({"server", "edit", "tcp", "192.0.2.100:80", "192.0.2.11", "--mac", "none"}), kDone);
  EXPECT_EQ(ctl.asked[0].second,
            Json({{"service", kKey}, {"server", {{"address", "192.0.2.11"}, {"mac", nullptr}}}}));
  EXPECT_EQ(ctl.run({"server", "edit", "tcp", "192.0.2.100:80", "192.0.2.11"}), kUsage);
  EXPECT_EQ(ctl.run({"service", "edit", "tcp", "192.0.2.100:80"}), kUsage);
  EXPECT_EQ(ctl.asked.size(), 1u);
}

TEST(CliRun, TakesWhatLvsHasInWords) {
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

TEST(CliRun, RefusesWhatIsNoGroupInWords) {
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

TEST(CliRun, AServicesHealthIsATypeOrAnObject) {
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

TEST(CliRun, HealthSaysWhyAServerIsDown) {
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

TEST(CliRun, PrintsResultsAsTheSocketGaveThem) {
  Turnoutctl ctl;
  ctl.answers["service.list"] =
      Json::parse(R"([{"vip":"192.0.2.100","protocol":"tcp","a":18446744073709551615}])");
  EXPECT_EQ(ctl.run({"--json", "services"}), kDone);
  EXPECT_EQ(ctl.out, "[{\"vip\":\"192.0.2.100\",\"protocol\":\"tcp\",\"a\":18446744073709551615}]\n");
}

TEST(CliRun, KeepsControlCharactersFromTheTerminal) {
  Turnoutctl ctl;
  ctl.answers["neighbor.list"] = Json::array({{{"port", "\x1b[2J\xc2\x9b"}}});
  ctl.run({"neighbors"});
  EXPECT_FALSE(contains(ctl.out, "\x1b")) << ctl.out;
  ctl.run({"--json", "neighbors"});
  EXPECT_TRUE(contains(ctl.out, "\\u001b[2J\\u009b")) << ctl.out;
}

TEST(CliRun, AppliesStandardInputAndListsTheChanges) {
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

TEST(CliRun, SavesToTheDaemonsOwnFileOnly) {
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

TEST(CliRun, ShowsWhoChangedWhat) {
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

TEST(CliRun, GoesBackToAGeneration) {
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

TEST(CliRun, MakesEveryChangeConditional) {
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

TEST(CliRun, ListsEveryReasonOfARefusal) {
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

TEST(CliRun, TellsUsageFromNoDaemonByExitCode) {
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

TEST(CliRun, TeachesEveryCommandWithoutADaemon) {
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
}  // namespace turnout::cli::cli_test
