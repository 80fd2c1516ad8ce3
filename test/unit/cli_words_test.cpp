// turnoutctl's words: how it reads those it is given and writes its own.
#include <gtest/gtest.h>

#include "control/cli/arguments.h"
#include "control/cli/config_file.h"
#include "control/cli/errors.h"
#include "control/cli/format.h"
#include "control/cli/options.h"
#include "control/cli/table.h"
#include "test/support/cli_session.h"

namespace turnout::cli::cli_words_test {
namespace {

const Json kKey = Json::parse(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80})");

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

}  // namespace
}  // namespace turnout::cli::cli_words_test
