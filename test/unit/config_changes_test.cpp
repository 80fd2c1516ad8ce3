// Differences between two configurations.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "test/support/config_example.h"

using namespace turnout;

namespace config_changes_test {
namespace {

TEST(ConfigChanges, AreSentencesPerServiceAndServer) {
  const Config from = example_config();
  Config to = from;
  ServiceConfig& service = to.services[0];
  service.scheduler = SchedulerKind::wrr;
  service.flags = {};
  service.maglev_table_size = 65537;
  std::swap(service.real_servers[0], service.real_servers[1]);  // order is no change
  service.real_servers[0].weight = 5;
  service.real_servers[0].mac.reset();
  service.real_servers[1].address = *parse_address("192.0.2.13");
  to.services.insert(to.services.begin(),
                     {.key = {*parse_address("192.0.2.101"), Protocol::udp, 53},
                      .scheduler = SchedulerKind::rr,
                      .real_servers = {{*parse_address("192.0.2.11"), 1, std::nullopt}}});
  to.connections.timeouts.udp = 30;
  to.vip_watch = {.interval = std::chrono::milliseconds(2500), .clear = std::chrono::milliseconds(60000)};
  EXPECT_EQ(describe_changes(from, to),
            (std::vector<std::string>{
                "connections: change timeout udp from 300 to 30 seconds",
                "vip_watch: change interval from 10 to 2.5 seconds",
                "vip_watch: change clear from 90 to 60 seconds",
                "udp 192.0.2.101:53: add service, scheduler rr, real servers 192.0.2.11",
                "tcp 192.0.2.100:80: change scheduler from mh to wrr",
                "tcp 192.0.2.100:80: change maglev_table_size from 4093 to 65537",
                "tcp 192.0.2.100:80: change weight of real server 192.0.2.12 from 2 to 5",
                "tcp 192.0.2.100:80: change mac of real server 192.0.2.12 from 02:00:00:00:00:12 to none "
                "(ARP finds it)",
                "tcp 192.0.2.100:80: add real server 192.0.2.13, weight 1",
                "tcp 192.0.2.100:80: remove real server 192.0.2.11",
            }));
  to.services.clear();
  to.connections = from.connections;
  to.vip_watch = from.vip_watch;
  EXPECT_EQ(describe_changes(from, to),
            (std::vector<std::string>{"tcp 192.0.2.100:80: remove service with 2 real servers"}));
  EXPECT_TRUE(describe_changes(from, from).empty());
}

TEST(ConfigChanges, NameMarksThatComeChangeAndGo) {
  const Config from = example_config();
  Config to = from;
  to.services[0].dscp = 46;
  EXPECT_EQ(describe_changes(from, to),
            std::vector<std::string>{"tcp 192.0.2.100:80: change dscp from none to 46"});
  to.services[0].vlan_priority = 0;
  EXPECT_EQ(describe_changes(to, from),
            (std::vector<std::string>{"tcp 192.0.2.100:80: change dscp from 46 to none",
                                      "tcp 192.0.2.100:80: change vlan_priority from 0 to none"}));
}

struct Unchangeable {
  const char* path;
  const char* value;
  const char* pointer;
  const char* words;
};

TEST(ConfigChanges, ThatNeedARestartAreRefused) {
  const Config from = example_config();
  for (const auto& [path, value, pointer, words] : {
           Unchangeable{"/eal/lcores", R"("0-3")", "/eal/lcores", R"(from "0-1" to "0-3")"},
           {"/eal/args", R"(["--no-pci"])", "/eal/args", R"(to ["--no-pci"])"},
           {"/workers/idle", R"("sleep")", "/workers/idle", R"(from "pause" to "sleep")"},
           {"/ports/0/device", R"("net_tap0")", "/ports/0/device", "needs a restart"},
           {"/ports/0/addresses", R"(["192.0.2.3/24"])", "/ports/0/addresses", R"(to ["192.0.2.3/24"])"},
           {"/ports/0/gateway", "", "/ports/0/gateway", R"(from "192.0.2.1" to nothing)"},
           {"/ports/0/rx_queues", "2", "/ports/0/rx_queues", "from 1 to 2"},
           {"/ports/0/spread", R"("off")", "/ports/0/spread", R"(from "auto" to "off")"},
           {"/ports/0/rebalance", "true", "/ports/0/rebalance", "from false to true"},
           {"/ports/1", R"({"name": "b", "device": "b", "addresses": ["10.0.0.1/24"]})", "/ports",
            "needs a restart"},
           {"/buffers", "", "/buffers/count", "from 16384 to nothing"},
           {"/ports/0/gateway", R"(["192.0.2.1", "fe80::1"])", "/ports/0/gateway",
            R"(from "192.0.2.1" to ["192.0.2.1", "fe80::1"])"},
           {"/ports/0/vlan", "7", "/ports/0/vlan", "from 0 to 7"},
           {"/ports/0/mtu", "9000", "/ports/0/mtu", "from nothing to 9000"},
           {"/ports/0/kernel_interface", R"("tap0")", "/ports/0/kernel_interface",
            R"(from nothing to "tap0")"},
           {"/connections/capacity_ipv6", "2048", "/connections/capacity_ipv6", "from nothing to 2048"},
           {"/connections/capacity", "2048", "/connections/capacity", "from 1048576 to 2048"},
           {"/control/socket", R"("/tmp/s")", "/control/socket", "/tmp/s"},
           {"/http/listen", R"("")", "/http/listen", "needs a restart"},
       }) {
    const auto to = parse_config(example_with(path, value));
    ASSERT_TRUE(to.value) << path << "\n" << all_of(to.errors);
    const ConfigErrors errors = check_unchangeable(from, *to.value);
    ASSERT_EQ(errors.size(), 1u) << path << "\n" << all_of(errors);
    EXPECT_EQ(errors[0].pointer, pointer);
    EXPECT_NE(errors[0].reason.find(words), std::string::npos) << errors[0].reason;
  }
}

TEST(ConfigChanges, OfVipsAreSentencesAboutWhatIsInForce) {
  const IpAddress first = *parse_address("192.0.2.100"), second = *parse_address("2001:db8::100");
  Config from = example_config();
  Config to = from;
  to.vips = {{second, EchoPolicy::yes, UnmatchedPolicy::reject},
             {first, EchoPolicy::no, UnmatchedPolicy::drop},
             {*parse_address("192.0.2.101")}};  // what it had without being listed
  EXPECT_EQ(describe_changes(from, to),
            (std::vector<std::string>{"vip 2001:db8::100: change unmatched from drop to reject",
                                      "vip 192.0.2.100: change echo from yes to no"}));
  from = to;
  to.vips = {{first, EchoPolicy::while_up, UnmatchedPolicy::reject}};
  EXPECT_EQ(describe_changes(from, to),
            (std::vector<std::string>{"vip 192.0.2.100: change echo from no to while_up",
                                      "vip 192.0.2.100: change unmatched from drop to reject",
                                      "vip 2001:db8::100: change unmatched from reject to drop"}));
  EXPECT_TRUE(describe_changes(to, to).empty());
}

TEST(ConfigChanges, OfIpv6ServicesNameThemInBrackets) {
  const Config from = *parse_config(ipv6_example()).value;
  Config to = from;
  to.services[0].real_servers[1].mac.reset();
  to.services[0].real_servers[0].address = *parse_address("2001:db8::13");
  EXPECT_EQ(
      describe_changes(from, to),
      (std::vector<std::string>{
          "tcp [2001:db8::100]:80: add real server 2001:db8::13, weight 1",
          "tcp [2001:db8::100]:80: change mac of real server 2001:db8::12 from 02:00:00:00:00:12 to none "
          "(neighbor discovery finds it)",
          "tcp [2001:db8::100]:80: remove real server 2001:db8::11"}));
}

TEST(ConfigChanges, OfServicesTimeoutsAndVipsNeedNoRestart) {
  const Config from = example_config();
  Config to = from;
  to.vips = {{*parse_address("192.0.2.100"), EchoPolicy::no, UnmatchedPolicy::reject}};
  to.services.clear();
  to.connections.timeouts.tcp_syn = 5;
  EXPECT_TRUE(check_unchangeable(from, to).empty());
}

}  // namespace
}  // namespace config_changes_test
