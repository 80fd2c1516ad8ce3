// What -L and -S print, to the space. All texts of IPv4 without names were printed by ipvsadm 1.31 itself, of
// a kernel that had the same services.
#include <gtest/gtest.h>

#include <sstream>

#include "control/cli/ipvsadm/connections.h"
#include "control/cli/ipvsadm/ipvs_order.h"
#include "control/cli/ipvsadm/listing.h"
#include "control/cli/ipvsadm/rules.h"
#include "test/unit/ipvsadm_names.h"
#include "test/unit/ipvsadm_world.h"

namespace turnout::cli::ipvsadm::ipvsadm_listing_test {
namespace {

std::vector<VirtualServer> world() {
  auto services = read_virtual_servers(world_services(), world_stats());
  sort_virtual_servers(services);
  return services;
}

std::string list(Format format) {
  format.numeric = true;
  return list_services(world(), format, FakeNames());
}

/// One service of `json`, which has what service.list has of it.
std::string list_one(const std::string& json, bool numeric = true) {
  const auto services = read_virtual_servers(Json::array({Json::parse(json)}), Json::object());
  const std::string text = list_services(services, {.numeric = numeric}, FakeNames());
  return text.substr(text.find("InActConn") + 10);
}

TEST(IpvsadmListing, ShowsServersAndConnections) {
  EXPECT_EQ(list({.view = View::servers}),
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
            "TCP  192.0.2.99:8080 mh (mh-fallback,mh-port)\n"
            "TCP  192.0.2.100:80 wlc persistent 360\n"
            "  -> 192.0.2.11:80                Route   65535  1234567890 2         \n"
            "  -> 192.0.2.12:80                Route   2      1          2         \n"
            "TCP  192.0.2.100:443 sh (sh-port) persistent 300 mask 255.255.255.0\n"
            "TCP  10.0.0.100:80 wrr\n"
            "UDP  192.0.2.100:53 rr ops\n"
            "  -> 192.0.2.11:53                Route   1      1          2         \n"
            "FWM  7 rr persistent 300\n"
            "  -> 192.0.2.11:0                 Route   1      0          0         \n");
}

TEST(IpvsadmListing, ShowsCounters) {
  EXPECT_EQ(list({.view = View::stats}),
            "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.99:8080                     0        0        0        0        0\n"
            "TCP  192.0.2.100:80                     12       34        0     5678        0\n"
            "  -> 192.0.2.11:80                 999999K    1000M        0   99999M        0\n"
            "  -> 192.0.2.12:80                99999999  100000K        0     123T        0\n"
            "TCP  192.0.2.100:443                     0        0        0        0        0\n"
            "TCP  10.0.0.100:80                       0        0        0        0        0\n"
            "UDP  192.0.2.100:53                      0        0        0        0        0\n"
            "  -> 192.0.2.11:53                       0        0        0        0        0\n"
            "FWM  7                                   0        0        0        0        0\n"
            "  -> 192.0.2.11:0                        0        0        0        0        0\n");
}

TEST(IpvsadmListing, ShowsRates) {
  EXPECT_EQ(list({.view = View::rate}),
            "Prot LocalAddress:Port                 CPS    InPPS   OutPPS    InBPS   OutBPS\n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.99:8080                     0        0        0        0        0\n"
            "TCP  192.0.2.100:80                      1        2        0        3        0\n"
            "  -> 192.0.2.11:80                       1        2        0 99999999        0\n"
            "  -> 192.0.2.12:80                123456789 2000000000        0    3000M        0\n"
            "TCP  192.0.2.100:443                     0        0        0        0        0\n"
            "TCP  10.0.0.100:80                       0        0        0        0        0\n"
            "UDP  192.0.2.100:53                      0        0        0        0        0\n"
            "  -> 192.0.2.11:53                       0        0        0        0        0\n"
            "FWM  7                                   0        0        0        0        0\n"
            "  -> 192.0.2.11:0                        0        0        0        0        0\n");
}

TEST(IpvsadmListing, ShowsThresholds) {
  EXPECT_EQ(list({.view = View::thresholds}),
            "Prot LocalAddress:Port            Uthreshold Lthreshold ActiveConn InActConn \n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.99:8080 mh (mh-fallback,mh-port)\n"
            "TCP  192.0.2.100:80 wlc persistent 360\n"
            "  -> 192.0.2.11:80                0          0          1234567890 2         \n"
            "  -> 192.0.2.12:80                100        75         1          2         \n"
            "TCP  192.0.2.100:443 sh (sh-port) persistent 300 mask 255.255.255.0\n"
            "TCP  10.0.0.100:80 wrr\n"
            "UDP  192.0.2.100:53 rr ops\n"
            "  -> 192.0.2.11:53                0          0          1          2         \n"
            "FWM  7 rr persistent 300\n"
            "  -> 192.0.2.11:0                 0          0          0          0         \n");
}

TEST(IpvsadmListing, ShowsPersistentConnections) {
  EXPECT_EQ(list({.view = View::persistent}),
            "Prot LocalAddress:Port            Weight    PersistConn ActiveConn InActConn \n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.99:8080 mh (mh-fallback,mh-port)\n"
            "TCP  192.0.2.100:80 wlc persistent 360\n"
            "  -> 192.0.2.11:80                65535     3           1234567890 2         \n"
            "  -> 192.0.2.12:80                2         4           1          2         \n"
            "TCP  192.0.2.100:443 sh (sh-port) persistent 300 mask 255.255.255.0\n"
            "TCP  10.0.0.100:80 wrr\n"
            "UDP  192.0.2.100:53 rr ops\n"
            "  -> 192.0.2.11:53                1         3           1          2         \n"
            "FWM  7 rr persistent 300\n"
            "  -> 192.0.2.11:0                 1         0           0          0         \n");
}

TEST(IpvsadmListing, ShowsTunnelsOfWhichThereAreNone) {
  EXPECT_EQ(list({.view = View::tunnels}),
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward TunnelInfo    Weight ActiveConn InActConn\n"
            "TCP  192.0.2.99:8080 mh (mh-fallback,mh-port)\n"
            "TCP  192.0.2.100:80 wlc persistent 360\n"
            "  -> 192.0.2.11:80                Route   n/a           65535  1234567890 2         \n"
            "  -> 192.0.2.12:80                Route   n/a           2      1          2         \n"
            "TCP  192.0.2.100:443 sh (sh-port) persistent 300 mask 255.255.255.0\n"
            "TCP  10.0.0.100:80 wrr\n"
            "UDP  192.0.2.100:53 rr ops\n"
            "  -> 192.0.2.11:53                Route   n/a           1      1          2         \n"
            "FWM  7 rr persistent 300\n"
            "  -> 192.0.2.11:0                 Route   n/a           1      0          0         \n");
}

TEST(IpvsadmListing, ShowsExactCounters) {
  EXPECT_EQ(list({.view = View::stats, .exact = true}),
            "Prot LocalAddress:Port               Conns   InPkts  OutPkts  InBytes OutBytes\n"
            "  -> RemoteAddress:Port\n"
            "TCP  192.0.2.99:8080                     0        0        0        0        0\n"
            "TCP  192.0.2.100:80                     12       34        0     5678        0\n"
            "  -> 192.0.2.11:80                999999999 1000000000        0 99999999999        0\n"
            "  -> 192.0.2.12:80                99999999 100000000        0 123456789012345        0\n"
            "TCP  192.0.2.100:443                     0        0        0        0        0\n"
            "TCP  10.0.0.100:80                       0        0        0        0        0\n"
            "UDP  192.0.2.100:53                      0        0        0        0        0\n"
            "  -> 192.0.2.11:53                       0        0        0        0        0\n"
            "FWM  7                                   0        0        0        0        0\n"
            "  -> 192.0.2.11:0                        0        0        0        0        0\n");
}

TEST(IpvsadmListing, LeavesTheOrderOfAddingWithNosort) {
  const auto services = read_virtual_servers(world_services(), world_stats());
  EXPECT_EQ(list_services(services, {.numeric = true}, FakeNames()),
            "Prot LocalAddress:Port Scheduler Flags\n"
            "  -> RemoteAddress:Port           Forward Weight ActiveConn InActConn\n"
            "TCP  10.0.0.100:80 wrr\n"
            "UDP  192.0.2.100:53 rr ops\n"
            "  -> 192.0.2.11:53                Route   1      1          2         \n"
            "TCP  192.0.2.100:80 wlc persistent 360\n"
            "  -> 192.0.2.12:80                Route   2      1          2         \n"
            "  -> 192.0.2.11:80                Route   65535  1234567890 2         \n"
            "TCP  192.0.2.100:443 sh (sh-port) persistent 300 mask 255.255.255.0\n"
            "TCP  192.0.2.99:8080 mh (mh-fallback,mh-port)\n"
            "FWM  7 rr persistent 300\n"
            "  -> 192.0.2.11:0                 Route   1      0          0         \n");
}

TEST(IpvsadmRules, AreWhatIpvsadmSavesAndThresholdsBesides) {
  EXPECT_EQ(write_rules(world(), true, FakeNames()),
            "-A -t 192.0.2.99:8080 -s mh -b mh-fallback,mh-port\n"
            "-A -t 192.0.2.100:80 -s wlc -p 360\n"
            "-a -t 192.0.2.100:80 -r 192.0.2.11:80 -g -w 65535\n"
            "-a -t 192.0.2.100:80 -r 192.0.2.12:80 -g -w 2 -x 100 -y 75\n"
            "-A -t 192.0.2.100:443 -s sh -p 300 -M 255.255.255.0 -b sh-port\n"
            "-A -t 10.0.0.100:80 -s wrr\n"
            "-A -u 192.0.2.100:53 -s rr -o\n"
            "-a -u 192.0.2.100:53 -r 192.0.2.11:53 -g -w 1\n"
            "-A -f 7 -s rr -p 300\n"
            "-a -f 7 -r 192.0.2.11:0 -g -w 1\n");
}

TEST(IpvsadmListing, PutsIpv6InBracketsAndCutsNothingOfIt) {
  EXPECT_EQ(list_one(R"({"vip": "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "protocol": "tcp", "port": 80,
      "scheduler": "sh", "scheduler_flags": ["sh-fallback"], "persistence": 10, "persistence_prefix": 64,
      "real_servers": [{"address": "2001:db8:ffff:ffff:ffff:ffff:ffff:fffe", "weight": 1}]})"),
            "TCP  [2001:db8:ffff:ffff:ffff:ffff:ffff:ffff]:80 sh (sh-fallback) persistent 10 mask 64\n"
            "  -> [2001:db8:ffff:ffff:ffff:ffff:ffff:fffe]:80 Route   1      0          0         \n");
}

TEST(IpvsadmListing, ResolvesNamesUnlessNumericAndCutsThoseOfIpv4) {
  EXPECT_EQ(list_one(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "scheduler": "rr",
      "real_servers": [{"address": "192.0.2.13", "weight": 1}, {"address": "192.0.2.14", "weight": 1}]})",
                     false),
            "TCP  www.example.com:http rr\n"
            "  -> a-real-server-with-a-long-na Route   1      0          0         \n"
            "  -> 192.0.2.14:http              Route   1      0          0         \n");
  EXPECT_EQ(list_one(R"({"vip": "2001:db8::100", "protocol": "udp", "port": 54, "scheduler": "rr"})", false),
            "UDP  [www6.example.com]:54 rr\n");
}

TEST(IpvsadmListing, ShowsGroupsAndRanges) {
  EXPECT_EQ(list_one(R"({"group": "web", "family": "ipv6", "scheduler": "rr"})"), "FWM  web IPv6 rr\n");
  EXPECT_EQ(list_one(R"({"vip": "192.0.2.100", "protocol": "tcp", "port": "8000-8099", "scheduler": "rr",
      "real_servers": [{"address": "192.0.2.11", "weight": 1}]})"),
            "TCP  192.0.2.100:8000-8099 rr\n"
            "  -> 192.0.2.11:8000-8099         Route   1      0          0         \n");
}

TEST(IpvsadmListing, AbbreviatesFromTenToTheEighthOn) {
  const std::pair<uint64_t, const char*> rows[] = {{0, "        0"},
                                                   {99'999'999, " 99999999"},
                                                   {100'000'000, "  100000K"},
                                                   {999'999'999, "  999999K"},
                                                   {1'000'000'000, "    1000M"},
                                                   {99'999'999'999, "   99999M"},
                                                   {100'000'000'000, "     100G"},
                                                   {99'999'999'999'999, "   99999G"},
                                                   {100'000'000'000'000, "     100T"},
                                                   {UINT64_MAX, "18446744T"}};
  for (const auto& [number, text] : rows) EXPECT_EQ(large_number(number, false), text) << number;
  EXPECT_EQ(large_number(1'000'000'000, true), " 1000000000");
}

TEST(IpvsadmListing, NamesVersionAndSize) {
  EXPECT_EQ(version_line(131072), "IP Virtual Server version 1.2.1 (size=131072)\n");
}

/// ipvsadm's order runs in a circle, so that no list of these is in order throughout; the neighbours in each
/// of these are.
TEST(IpvsadmOrder, LeavesAListThatIpvsadmSavedAsItIs) {
  for (const std::vector<uint32_t>& saved : {std::vector<uint32_t>{10u << 24, 100u << 24, 192u << 24},
                                             {192u << 24, 10u << 24, 100u << 24},
                                             {100u << 24, 192u << 24, 10u << 24}}) {
    auto sorted = saved;
    sort_as_ipvsadm(sorted, circular_difference);
    EXPECT_EQ(sorted, saved);
  }
}

TEST(IpvsadmOrder, SortsWhatIsInNoOrder) {
  std::vector<uint32_t> numbers = {5, 3, 9, 1, 1, 8, 2};
  sort_as_ipvsadm(numbers, circular_difference);
  EXPECT_EQ(numbers, (std::vector<uint32_t>{1, 1, 2, 3, 5, 8, 9}));
}

TEST(IpvsadmOrder, PutsServicesByMarkFamilyProtocolAddressAndPort) {
  const char* const in_order[] = {R"({"vip": "192.0.2.9", "protocol": "tcp", "port": 80})",
                                  R"({"vip": "192.0.2.9", "protocol": "tcp", "port": 443})",
                                  R"({"vip": "192.0.2.10", "protocol": "tcp", "port": 80})",
                                  R"({"vip": "192.0.2.9", "protocol": "udp", "port": 80})",
                                  R"({"vip": "2001:db8::9", "protocol": "tcp", "port": 80})",
                                  R"({"vip": "2001:db8::10", "protocol": "tcp", "port": 80})",
                                  R"({"group": 7})",
                                  R"({"group": 7, "family": "ipv6"})",
                                  R"({"group": 10})",
                                  R"({"group": "mail"})",
                                  R"({"group": "web"})"};
  for (size_t i = 0; i < std::size(in_order); ++i) {
    for (size_t j = 0; j < std::size(in_order); ++j) {
      const int order =
          compare_services(service_id(Json::parse(in_order[i])), service_id(Json::parse(in_order[j])));
      EXPECT_EQ(order, i < j ? -1 : (i > j ? 1 : 0)) << in_order[i] << ' ' << in_order[j];
    }
  }
}

std::string connection(const char* json, bool numeric = true) {
  const FakeNames names;
  return connection_line(Json::parse(json), numeric ? nullptr : &names);
}

TEST(IpvsadmConnections, HaveTheColumnsOfTheKernelsTable) {
  EXPECT_EQ(connections_title(false),
            "IPVS connection entries\n"
            "pro expire state       source             virtual            destination\n");
  EXPECT_EQ(connections_title(true),
            "IPVS connection entries\n"
            "pro expire state       source             virtual            destination        pe name         "
            " pe_data\n");
  const char* tcp = R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80, "client": "198.51.100.7",
      "client_port": 40000, "server": "192.0.2.11", "state": "ESTABLISHED", "idle": 3, "expires": 897})";
  EXPECT_EQ(connection(tcp), "TCP 14:57  ESTABLISHED 198.51.100.7:40000 192.0.2.100:80     192.0.2.11:80\n");
  EXPECT_EQ(connection(tcp, false),
            "TCP 14:57  ESTABLISHED 198.51.100.7:40000 www.example.com:http 192.0.2.11:http\n");
  EXPECT_EQ(connection(R"({"vip": "192.0.2.100", "protocol": "udp", "port": 53, "client": "198.51.100.8",
      "client_port": 40001, "server": "192.0.2.12", "state": "UDP", "idle": 0, "expires": 36000})"),
            "UDP 600:00 UDP         198.51.100.8:40001 192.0.2.100:53     192.0.2.12:53\n");
  EXPECT_EQ(connection(R"({"vip": "2001:db8::100", "protocol": "tcp", "port": 80, "client": "2001:db8::7",
      "client_port": 40000, "server": "2001:db8::b", "state": "SYN_RECV", "idle": 0, "expires": 9})"),
            "TCP 00:09  SYN_RECV    [2001:db8::7]:40000 [2001:db8::100]:80 [2001:db8::b]:80\n");
  EXPECT_EQ(connection(R"({"group": 7, "client": "198.51.100.7", "client_port": 0, "server": "192.0.2.11",
      "state": "NONE", "idle": null, "expires": 59})"),
            "IP  00:59  NONE        198.51.100.7:0     0.0.0.7:0          192.0.2.11:0\n");
  EXPECT_EQ(connection(R"({"group": 7, "family": "ipv6", "client": "2001:db8::7", "client_port": 0,
      "server": "2001:db8::b", "state": "NONE", "idle": null, "expires": 59})"),
            "IP  00:59  NONE        [2001:db8::7]:0    [0:7::]:0          [2001:db8::b]:0\n");
}

TEST(IpvsadmRules, WithoutNumericHaveNames) {
  const auto services =
      read_virtual_servers(Json::parse(R"([{"vip": "192.0.2.100", "protocol": "tcp", "port": 80,
      "scheduler": "rr", "real_servers": [{"address": "192.0.2.11", "weight": 1, "upper_threshold": 9}]}])"),
                           Json::object());
  EXPECT_EQ(write_rules(services, false, FakeNames()),
            "-A -t www.example.com:http -s rr\n"
            "-a -t www.example.com:http -r 192.0.2.11:http -g -w 1 -x 9\n");
}

TEST(IpvsadmRules, ReadsLinesAsIpvsadmDoes) {
  std::istringstream in(
      "-A -t 192.0.2.1:80\n\n   \t\r\n# a comment -A\nipvsadm -D  -t\t192.0.2.1:80 #-s rr\r\n#x\n-C");
  const std::vector<RuleLine> lines = read_rules(in);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].number, 1u);
  EXPECT_EQ(lines[1].number, 5u);
  EXPECT_EQ(lines[1].words, (std::vector<std::string>{"-D", "-t", "192.0.2.1:80"}));
  EXPECT_EQ(lines[2].number, 7u);
  EXPECT_EQ(lines[2].words, std::vector<std::string>{"-C"});
}

}  // namespace
}  // namespace turnout::cli::ipvsadm::ipvsadm_listing_test
