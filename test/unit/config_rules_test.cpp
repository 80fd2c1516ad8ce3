// Every rule of the configuration: a change to the example, and the one error it must give.
#include <gtest/gtest.h>

#include <ostream>
#include <string>
#include <vector>

#include "test/support/config_example.h"

using namespace turnout;

namespace config_rules_test {
namespace {

struct Refused {
  const char* path;     // what to change in the example
  std::string value;    // its new value; empty: removed
  const char* pointer;  // where the one error must be
  std::vector<const char*> words;
};

void PrintTo(const Refused& row, std::ostream* out) {
  *out << row.path << " = " << row.value.substr(0, 60);
}

class ConfigRefuses : public testing::TestWithParam<Refused> {};

TEST_P(ConfigRefuses, WithPointerReasonAndRemedy) {
  const Refused& row = GetParam();
  const auto parsed = parse_config(example_with(row.path, row.value));
  EXPECT_FALSE(parsed.value);
  ASSERT_EQ(parsed.errors.size(), 1u) << all_of(parsed.errors);
  EXPECT_EQ(parsed.errors[0].pointer, row.pointer) << parsed.errors[0].reason;
  for (const char* word : row.words)
    EXPECT_NE(parsed.errors[0].reason.find(word), std::string::npos)
        << "\"" << word << "\" is not in: " << parsed.errors[0].reason;
}

const Refused kShape[] = {
    {"", "[]", "", {"a list", "object"}},
    {"/colour", "1", "/colour", {"unknown key", "services"}},
    {"/a~1b", "1", "/a~1b", {"unknown key"}},
    {"/services/0/helth",
     "{}",
     "/services/0/helth",
     {"unknown key", "did you mean \"health\"", "real_servers"}},
    {"/services/0/real_servers/1/wieght",
     "1",
     "/services/0/real_servers/1/wieght",
     {"did you mean \"weight\""}},
    {"/connections/timeouts/tcp_sin", "1", "/connections/timeouts/tcp_sin", {"did you mean \"tcp_syn\""}},
    {"/eal", "3", "/eal", {"3 is a number", "object"}},
    {"/eal/lcores", "1", "/eal/lcores", {"1 is a number", "text"}},
    {"/eal/lcores", R"("")", "/eal/lcores", {"empty"}},
    {"/eal/args", R"("--no-huge")", "/eal/args", {"--no-huge", "list"}},
    {"/eal/args/1", "7", "/eal/args/1", {"7 is a number"}},
    {"/eal/args/1", R"("a\u0000b")", "/eal/args/1", {"control characters"}},
    {"/vip_watch",
     R"({"interval": 0.05})",
     "/vip_watch/interval",
     {"0.05", "0.1 or more", "0 to only listen"}},
    {"/vip_watch", R"({"clear": 0})", "/vip_watch/clear", {"0"}},
    {"/vip_watch", R"({"every": 1})", "/vip_watch/every", {"unknown key", "interval"}},
    {"/workers", R"("sleep")", "/workers", {"\"sleep\" is text", "object"}},
    {"/workers/idle", R"("nap")", "/workers/idle", {"\"nap\"", R"("poll", "pause" or "sleep")"}},
    {"/workers/idle", "0", "/workers/idle", {"0 is a number", "text"}},
    {"/workers/sleep", "true", "/workers/sleep", {"unknown key", "idle"}},
    {"/buffers/count", "1023", "/buffers/count", {"1023 is out of range", "1024", "67108864"}},
    {"/buffers/count", "67108865", "/buffers/count", {"out of range"}},
    {"/connections/capacity", "1073741825", "/connections/capacity", {"out of range", "1024", "1073741824"}},
    {"/connections/capacity", "1.0", "/connections/capacity", {"1.0 is written with a fraction", "whole"}},
    {"/connections/capacity", R"("1048576")", "/connections/capacity", {"\"1048576\" is text", "whole"}},
    {"/connections/capacity", "true", "/connections/capacity", {"true is a truth value"}},
    {"/connections/timeouts/tcp_syn",
     "0",
     "/connections/timeouts/tcp_syn",
     {"0 is out of range", "1 to 1000000"}},
    {"/connections/timeouts/udp", "1000001", "/connections/timeouts/udp", {"out of range"}},
    {"/connections/timeouts/tcp_fin", "-1", "/connections/timeouts/tcp_fin", {"-1 is out of range"}},
    {"/connections/timeouts/tcp_close",
     "18446744073709551617",
     "/connections/timeouts/tcp_close",
     {"out of range"}},
    {"/connections/timeouts/tcp_close", "4294967297", "/connections/timeouts/tcp_close", {"out of range"}},
    {"/connections/timeouts/tcp_close",
     "-18446744073709551617",
     "/connections/timeouts/tcp_close",
     {"out of range"}},
    {"/control/socket", R"("control.sock")", "/control/socket", {"control.sock", "absolute"}},
    {"/control/socket", R"("/run/")", "/control/socket", {"absolute path of a file"}},
    {"/control/socket",
     "\"/" + std::string(107, 'a') + "\"",
     "/control/socket",
     {"108 bytes", "107", "shorter"}},
    {"/http/listen", R"("127.0.0.1:0")", "/http/listen", {"127.0.0.1:0", "1 to 65535"}},
    {"/http/listen", R"("127.0.0.1:65536")", "/http/listen", {"1 to 65535"}},
    {"/http/listen", R"("127.0.0.1")", "/http/listen", {"address and port"}},
    {"/http/listen", R"("::1:9877")", "/http/listen", {"[::1]:9877"}},
    {"/http/listen", R"("localhost:9877")", "/http/listen", {"localhost"}},
    {"/http/listen", R"("127.0.0.1:98x")", "/http/listen", {"address and port"}},
};
INSTANTIATE_TEST_SUITE_P(Shape, ConfigRefuses, testing::ValuesIn(kShape));

const Refused kPorts[] = {
    {"/ports", "", "/ports", {"missing", "at least one port"}},
    {"/ports", "[]", "/ports", {"no port", "at least one"}},
    {"/ports", "[1,2,3,4,5,6,7,8,9]", "/ports", {"9 ports", "at most 8"}},
    {"/ports/0/name", "", "/ports/0/name", {"missing"}},
    {"/ports/0/name", R"("")", "/ports/0/name", {"empty"}},
    {"/ports/0/name", R"("my lan")", "/ports/0/name", {"my lan", "letters, digits"}},
    {"/ports/0/device", R"("")", "/ports/0/device", {"empty"}},
    {"/ports/0/addresses", "[]", "/ports/0/addresses", {"no address", "192.0.2.2/24"}},
    {"/ports/0/addresses/0", R"("192.0.2.2")", "/ports/0/addresses/0", {"192.0.2.2", "prefix length"}},
    {"/ports/0/addresses/0", R"("10.0.0.1/7")", "/ports/0/addresses/0", {"prefix", "/8 to /32"}},
    {"/ports/0/addresses/0", R"("127.0.0.1/24")", "/ports/0/addresses/0", {"loopback"}},
    {"/ports/0/addresses/1", R"("10.0.0.0/24")", "/ports/0/addresses/1", {"10.0.0.0/24", "network address"}},
    {"/ports/0/addresses/1", R"("10.0.0.255/24")", "/ports/0/addresses/1", {"broadcast address"}},
    {"/ports/0/addresses/1",
     R"("192.0.2.2/24")",
     "/ports/0/addresses/1",
     {"given already", "/ports/0/addresses/0"}},
    {"/ports/1",
     R"({"name": "lan", "device": "b", "addresses": ["10.0.0.1/24"]})",
     "/ports/1/name",
     {"lan", "given already", "/ports/0/name"}},
    {"/ports/1",
     R"({"name": "b", "device": "net_af_packet0", "addresses": ["10.0.0.1/24"]})",
     "/ports/1/device",
     {"net_af_packet0", "/ports/0/device"}},
    {"/ports/1",
     R"({"name": "b", "device": "b", "addresses": ["192.0.2.129/25"]})",
     "/ports/1/addresses/0",
     {"192.0.2.129/25 overlaps 192.0.2.2/24", "port lan", "/ports/0/addresses/0"}},
    {"/ports/1",
     R"({"name": "b", "device": "b", "addresses": ["192.0.77.1/16"]})",
     "/ports/1/addresses/0",
     {"overlaps"}},
    {"/ports/1",
     R"({"name": "b", "device": "b", "addresses": ["192.0.2.2/24"]})",
     "/ports/1/addresses/0",
     {"given already"}},
    {"/ports/0/gateway", R"("198.51.100.1")", "/ports/0/gateway", {"198.51.100.1", "192.0.2.0/24", "router"}},
    {"/ports/0/gateway", R"("192.0.2.2")", "/ports/0/gateway", {"director's own", "/ports/0/addresses/0"}},
    {"/ports/0/gateway", R"("192.0.2.255")", "/ports/0/gateway", {"broadcast address of 192.0.2.0/24"}},
    {"/ports/0/gateway", "null", "/ports/0/gateway", {"null", "text"}},
    {"/ports/0/vlan", "4095", "/ports/0/vlan", {"out of range", "0 to 4094"}},
    {"/ports/0/rx_queues", "65", "/ports/0/rx_queues", {"65 is out of range", "0 to 64"}},
    {"/ports/0/spread", R"("rss")", "/ports/0/spread", {"rss", "\"auto\", \"on\" or \"off\""}},
    {"/ports/0/spread", "true", "/ports/0/spread", {"true", "text"}},
    {"/ports/0/rebalance", "1", "/ports/0/rebalance", {"1 is neither true nor false"}},
};
INSTANTIATE_TEST_SUITE_P(Ports, ConfigRefuses, testing::ValuesIn(kPorts));

const Refused kServices[] = {
    {"/services", "{}", "/services", {"list"}},
    {"/services/0", "1", "/services/0", {"1 is a number", "object"}},
    {"/services/0/vip", "", "/services/0/vip", {"missing", "IP address"}},
    {"/services/0/protocol", "", "/services/0/protocol", {"missing", "tcp"}},
    {"/services/0/port", "", "/services/0/port", {"missing", "1 to 65535"}},
    {"/services/0/vip", R"("www")", "/services/0/vip", {"www", "no IP address", "192.0.2.100"}},
    {"/services/0/vip", R"("0.1.2.3")", "/services/0/vip", {"0.0.0.0/8"}},
    {"/services/0/vip", R"("127.1.2.3")", "/services/0/vip", {"loopback"}},
    {"/services/0/vip", R"("224.0.0.1")", "/services/0/vip", {"multicast"}},
    {"/services/0/vip", R"("255.255.255.255")", "/services/0/vip", {"broadcast"}},
    {"/services/0/vip", R"("240.0.0.1")", "/services/0/vip", {"reserved"}},
    {"/services/0/vip",
     R"("192.0.2.2")",
     "/services/0/vip",
     {"director's own address", "/ports/0/addresses/0"}},
    {"/services/0/vip", R"("192.0.2.255")", "/services/0/vip", {"broadcast address of 192.0.2.0/24"}},
    {"/services/0/protocol", R"("dccp")", "/services/0/protocol", {"dccp", R"("tcp", "udp" or "sctp")"}},
    {"/services/0/port", "0", "/services/0/port", {"every port, which needs persistence"}},
    {"/services/0/port", "65536", "/services/0/port", {"65536 is out of range", "0 to 65535"}},
    {"/services/0/port", R"("99-80")", "/services/0/port", {"99-80", "is no range of ports", "8000-8099"}},
    {"/services/0/family", R"("ipv6")", "/services/0/family", {"only a group has one"}},
    {"/services/0/members", "[]", "/services/0/members", {"only a group has members"}},
    {"/services/1",
     R"({"vip": "192.0.2.100", "protocol": "tcp", "port": 80})",
     "/services/1",
     {"tcp 192.0.2.100:80", "given already at /services/0"}},
    {"/services/0/scheduler",
     R"("best")",
     "/services/0/scheduler",
     {"best", "is no scheduler", "mh, rr, wrr, lc, wlc, sh, dh, sed, nq, fo or ovf"}},
    {"/services/0/scheduler_flags",
     R"(["sh-port"])",
     "/services/0/scheduler_flags/0",
     {"sh-port", "no flag of"}},
    {"/services/0/dscp", "64", "/services/0/dscp", {"out of range", "0 to 63"}},
    {"/services/0/vlan_priority", "8", "/services/0/vlan_priority", {"out of range", "0 to 7"}},
    {"/services/0/one_packet", "true", "/services/0/one_packet", {"only datagrams"}},
    {"/services/0/real_servers/0/lower_threshold",
     "3",
     "/services/0/real_servers/0/lower_threshold",
     {"above upper_threshold, 0"}},
    {"/services/0/persistence", "1000001", "/services/0/persistence", {"out of range", "0 to 1000000"}},
    {"/services/0/persistence_prefix", "33", "/services/0/persistence_prefix", {"out of range", "1 to 32"}},
    {"/maintenance",
     R"(["192.0.2.11", "192.0.2.11"])",
     "/maintenance/1",
     {"given already at /maintenance/0"}},
    {"/services/0/persistence", "false", "/services/0/persistence", {"truth value"}},
    {"/services/0/health/type", R"("smtp")", "/services/0/health/type", {"smtp", "no type"}},
    {"/services/0/health/interval", "2", "/services/0/health/interval", {"no effect", "remove"}},
    {"/services/0/health/rises", "2", "/services/0/health/rises", {"did you mean \"rise\""}},
    {"/services/0/maglev_table_size",
     "250",
     "/services/0/maglev_table_size",
     {"out of range", "251", "16777213"}},
    {"/services/0/maglev_table_size",
     "4096",
     "/services/0/maglev_table_size",
     {"4096 is no prime", "use 4099"}},
};
INSTANTIATE_TEST_SUITE_P(Services, ConfigRefuses, testing::ValuesIn(kServices));

const Refused kRealServers[] = {
    {"/services/0/real_servers/0", R"("192.0.2.11")", "/services/0/real_servers/0", {"is text", "object"}},
    {"/services/0/real_servers/0/address",
     "",
     "/services/0/real_servers/0/address",
     {"missing", "IP address"}},
    {"/services/0/real_servers/0/address",
     R"("127.0.0.1")",
     "/services/0/real_servers/0/address",
     {"loopback"}},
    {"/services/0/real_servers/1/address",
     R"("192.0.2.11")",
     "/services/0/real_servers/1/address",
     {"given already at /services/0/real_servers/0"}},
    {"/services/0/real_servers/1/address",
     R"("198.51.100.9")",
     "/services/0/real_servers/1/address",
     {"198.51.100.9 is on no port's subnet (lan 192.0.2.0/24)", "Direct Routing", "layer-2",
      "remove the server"}},
    {"/services/0/real_servers/1/address",
     R"("192.0.2.2")",
     "/services/0/real_servers/1/address",
     {"director's own address"}},
    {"/services/0/real_servers/1/address",
     R"("192.0.2.100")",
     "/services/0/real_servers/1/address",
     {"virtual service's address (/services/0/vip)"}},
    {"/services/0/real_servers/1/address",
     R"("192.0.2.0")",
     "/services/0/real_servers/1/address",
     {"network address of 192.0.2.0/24"}},
    {"/services/0/real_servers/0/weight",
     "65536",
     "/services/0/real_servers/0/weight",
     {"out of range", "0 to 65535"}},
    {"/services/0/real_servers/0/weight", "1.5", "/services/0/real_servers/0/weight", {"fraction"}},
    {"/services/0/real_servers/1/mac",
     R"("02:00:00:00:00")",
     "/services/0/real_servers/1/mac",
     {"no MAC address"}},
    {"/services/0/real_servers/1/mac",
     R"("01:00:5e:00:00:01")",
     "/services/0/real_servers/1/mac",
     {"unicast"}},
};
INSTANTIATE_TEST_SUITE_P(RealServers, ConfigRefuses, testing::ValuesIn(kRealServers));

TEST(Config, ReportsEveryErrorAndNoneThatOnlyFollowsFromAnother) {
  Json document = example();
  document["ports"][0]["addresses"][0] = "nowhere";  // every real server is then on no known subnet
  document["services"][0]["scheduler"] = "best";
  document["services"][0]["real_servers"][0]["weight"] = -1;
  document["services"][0]["real_servers"][1]["address"] = "192.0.2.11";
  const auto parsed = parse_config(document);
  std::vector<std::string> pointers;
  for (const ConfigError& error : parsed.errors) pointers.push_back(error.pointer);
  EXPECT_EQ(pointers, (std::vector<std::string>{"/ports/0/addresses/0", "/services/0/scheduler",
                                                "/services/0/real_servers/0/weight",
                                                "/services/0/real_servers/1/address"}));
}

RealServerConfig numbered_server(uint32_t number) {
  return {boost::asio::ip::address_v4(0x0a000001 + number), 1, std::nullopt};  // in 10.0.0.0/8
}

TEST(Config, BoundsTheNumberOfRealServers) {
  Config config = example_config();
  config.ports[0].addresses.push_back(*parse_interface_address("10.255.255.254/8"));
  auto& servers = config.services[0].real_servers;
  for (uint32_t i = 0; i < 4096; ++i) servers.push_back(numbered_server(i));
  servers.resize(4096);
  ASSERT_EQ(check_config(config).size(), 1u);
  EXPECT_EQ(check_config(config)[0].pointer, "/services/0/maglev_table_size");
  EXPECT_NE(check_config(config)[0].reason.find("4093 is not above the service's 4096"), std::string::npos);
  EXPECT_NE(check_config(config)[0].reason.find("at least 4099"), std::string::npos);

  config.services[0].maglev_table_size = 4099;
  EXPECT_EQ(all_of(check_config(config)), "");
  servers.push_back(numbered_server(5000));
  EXPECT_EQ(
      all_of(check_config(config)),
      "/services/0/real_servers: 4097 real servers: at most 4096 a service are possible, remove some\n");

  servers.clear();
  for (uint32_t i = 0; i < 4000; ++i) servers.push_back(numbered_server(i));
  for (uint16_t port = 81; config.services.size() < 251; ++port) {
    config.services.push_back(config.services[0]);
    config.services.back().key.port = port;
  }
  ASSERT_EQ(check_config(config).size(), 1u);
  EXPECT_EQ(check_config(config)[0].pointer, "/services");
  EXPECT_NE(check_config(config)[0].reason.find("1004000 real servers"), std::string::npos);
}

TEST(Config, BoundsTheNumberOfServices) {
  Config config = example_config();
  config.services.clear();
  ServiceConfig service;
  service.key.vip = *parse_address("203.0.113.1");
  for (uint32_t port = 1; port <= 32000; ++port) {
    service.key.port = static_cast<uint16_t>(port);
    config.services.push_back(service);
  }
  EXPECT_EQ(all_of(check_config(config)), "");
  service.key.protocol = Protocol::udp;
  config.services.push_back(service);
  ASSERT_EQ(check_config(config).size(), 1u);
  EXPECT_NE(check_config(config)[0].reason.find("32001 services: at most 32000"), std::string::npos);
}

TEST(Config, ChecksWhatWasChangedInMemory) {
  Config config = example_config();
  EXPECT_TRUE(check_config(config).empty());
  config.services[0].real_servers.push_back({*parse_address("198.51.100.9"), 1, std::nullopt});
  ASSERT_EQ(check_config(config).size(), 1u);
  EXPECT_EQ(check_config(config)[0].pointer, "/services/0/real_servers/2/address");
}

TEST(Config, OneServiceIsCheckedByItselfAsInTheWhole) {
  Config config = example_config();
  config.services.push_back(config.services[0]);
  config.services[1].key.vip = *parse_address("192.0.2.101");
  ASSERT_TRUE(check_config(config).empty());
  const ServiceConfig service = config.services[0];
  const auto stays = [&](auto change) {
    ServiceConfig next = service;
    change(next);
    Config whole = config;
    whole.services[0] = next;
    const bool answer = stays_valid(config, next);
    EXPECT_EQ(answer, check_config(whole).empty());
    return answer;
  };
  const auto with_server = [](const char* address) {
    return [address](ServiceConfig& next) { next.real_servers.push_back({*parse_address(address), 1, {}}); };
  };
  EXPECT_TRUE(stays([](ServiceConfig& next) { next.real_servers[0].weight = 9; }));
  EXPECT_TRUE(stays([](ServiceConfig& next) { next.real_servers.clear(); }));
  EXPECT_TRUE(stays(with_server("192.0.2.13")));
  EXPECT_FALSE(stays(with_server("192.0.2.12"))) << "twice";
  EXPECT_FALSE(stays(with_server("192.0.2.2"))) << "the director's own";
  EXPECT_FALSE(stays(with_server("192.0.2.100"))) << "its own VIP";
  EXPECT_FALSE(stays(with_server("192.0.2.101"))) << "another service's VIP";
  EXPECT_FALSE(stays(with_server("198.51.100.9"))) << "on no subnet";
  EXPECT_FALSE(stays(with_server("2001:db8::9"))) << "of the other family";
  EXPECT_FALSE(stays([](ServiceConfig& next) {
    next.scheduler = SchedulerKind::wrr;
    next.real_servers[0].weight = 65535;
    next.real_servers[1].weight = 65534;
    for (uint32_t i = 0; i < 200; ++i) {
      next.real_servers.push_back({boost::asio::ip::address_v4(0xc0000214 + i), 65533 - i, {}});
    }
  })) << "too many turns";
}

TEST(Config, OneServiceMayNotBringMoreRealServersThanThereCanBe) {
  Config config = example_config();
  config.ports[0].addresses.push_back(*parse_interface_address("10.255.255.254/8"));
  config.services[0].maglev_table_size = 4099;
  auto& servers = config.services[0].real_servers;
  servers.clear();
  for (uint32_t i = 0; i < 4000; ++i) servers.push_back(numbered_server(i));
  for (uint16_t port = 81; config.services.size() < 125; ++port) {
    config.services.push_back(config.services[0]);
    config.services.back().key.port = port;
  }
  ASSERT_EQ(all_of(check_config(config)), "") << "500,000, as many as can be";
  ServiceConfig next = config.services[0];
  EXPECT_TRUE(stays_valid(config, next));
  next.real_servers.push_back(numbered_server(5000));
  EXPECT_FALSE(stays_valid(config, next));
  next.real_servers.resize(3999);
  EXPECT_TRUE(stays_valid(config, next));
}

}  // namespace
}  // namespace config_rules_test
