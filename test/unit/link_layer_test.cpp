// What the director answers for and whom it asks for. How it does so is in the packet tests.
#include "control/link_layer.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "test/support/test_config.h"

namespace turnout::link_layer_test {
namespace {

const std::vector<MacAddress> kMacs = {mac("02:00:00:00:01:00"), mac("02:00:00:00:01:01")};

Config two_ports(const std::vector<ServiceConfig>& services) {
  Config config = config_with(services);
  PortConfig wan;
  wan.name = "wan";
  wan.device = "net_ring1";
  wan.addresses = {parse_interface_address("198.51.100.2/24").value(),
                   parse_interface_address("203.0.113.2/28").value()};
  config.ports.push_back(wan);
  return config;
}

std::map<std::string, uint32_t> ports_of_addresses(const Config& config) {
  std::map<std::string, uint32_t> masks;
  for (const LocalAddress& local : local_addresses(config, kMacs)) {
    EXPECT_TRUE(masks.emplace(local.ip.to_string(), local.port_mask).second) << "listed twice";
  }
  return masks;
}

ServiceConfig at(const std::string& vip, uint16_t port, const std::vector<int>& numbers) {
  return service({ip(vip), Protocol::tcp, port}, numbers);
}

TEST(LocalAddresses, OwnOnesAreAnsweredOnTheirPort) {
  EXPECT_EQ(ports_of_addresses(two_ports({})),
            (std::map<std::string, uint32_t>{{"192.0.2.2", 1}, {"198.51.100.2", 2}, {"203.0.113.2", 2}}));
}

TEST(LocalAddresses, AVipIsAnsweredWhereItsSubnetIs) {
  const auto masks = ports_of_addresses(two_ports({at("192.0.2.100", 80, {}), at("203.0.113.5", 80, {})}));
  EXPECT_EQ(masks.at("192.0.2.100"), 1u);
  EXPECT_EQ(masks.at("203.0.113.5"), 2u);
}

TEST(LocalAddresses, AVipOffEverySubnetIsAnsweredOnAllPorts) {
  EXPECT_EQ(ports_of_addresses(two_ports({at("10.9.9.9", 80, {})})).at("10.9.9.9"), 3u);
}

TEST(LocalAddresses, AVipOfSeveralServicesIsListedOnce) {
  EXPECT_EQ(ports_of_addresses(two_ports({at("192.0.2.100", 80, {}), at("192.0.2.100", 443, {})})).size(),
            4u);
}

/// The first port has IPv6 as well.
Config with_ipv6(const std::vector<ServiceConfig>& services) {
  Config config = two_ports(services);
  config.ports[0].addresses.push_back(parse_interface_address("2001:db8::2/64").value());
  return config;
}

TEST(LocalAddresses, APortWithIpv6AlsoHasItsLinkLocalAddress) {
  const auto masks = ports_of_addresses(with_ipv6({}));
  EXPECT_EQ(masks.at("2001:db8::2"), 1u);
  EXPECT_EQ(masks.at("fe80::ff:fe00:100"), 1u);
  EXPECT_FALSE(masks.contains("fe80::ff:fe00:101"));
  EXPECT_EQ(masks.size(), 5u);
}

TEST(LocalAddresses, ALinkLocalAddressThatIsConfiguredIsListedOnce) {
  Config config = with_ipv6({});
  config.ports[0].addresses.push_back(parse_interface_address("fe80::ff:fe00:100/64").value());
  EXPECT_EQ(ports_of_addresses(config).size(), 5u);
}

TEST(LocalAddresses, AnIpv6VipIsAnsweredByTheSameRule) {
  const auto masks =
      ports_of_addresses(with_ipv6({at("2001:db8::100", 80, {}), at("2001:db8:9::9", 80, {})}));
  EXPECT_EQ(masks.at("2001:db8::100"), 1u);
  EXPECT_EQ(masks.at("2001:db8:9::9"), 3u);
}

std::optional<std::string> source_for(const PortConfig& port, const std::string& target) {
  const auto source = source_address(port, kMacs[0], ip(target));
  return source ? std::optional(source->to_string()) : std::nullopt;
}

TEST(SourceAddress, IsThePortsOwnInTheSubnetOfWhoIsAsked) {
  PortConfig port = with_ipv6({}).ports[0];
  port.addresses.push_back(parse_interface_address("2001:db8:0:1::2/64").value());
  port.addresses.push_back(parse_interface_address("198.51.100.2/24").value());
  EXPECT_EQ(source_for(port, "2001:db8::11"), "2001:db8::2");
  EXPECT_EQ(source_for(port, "2001:db8:0:1::11"), "2001:db8:0:1::2");
  EXPECT_EQ(source_for(port, "198.51.100.11"), "198.51.100.2");
}

TEST(SourceAddress, IsLinkLocalForALinkLocalGateway) {
  EXPECT_EQ(source_for(with_ipv6({}).ports[0], "fe80::1"), "fe80::ff:fe00:100");
}

TEST(SourceAddress, ElsewhereIsTheFirstOfThatFamily) {
  const PortConfig port = with_ipv6({}).ports[0];
  EXPECT_EQ(source_for(port, "203.0.113.1"), "192.0.2.2");
  EXPECT_EQ(source_for(port, "2001:db8:9::1"), "2001:db8::2");
  EXPECT_FALSE(source_for(two_ports({}).ports[1], "2001:db8:9::1"));
}

std::set<std::pair<size_t, std::string>> wanted(const Config& config) {
  std::set<std::pair<size_t, std::string>> all;
  for (const auto& [port, address] : wanted_neighbors(config)) {
    EXPECT_TRUE(all.emplace(port, address.to_string()).second) << "wanted twice";
  }
  return all;
}

using Wanted = std::set<std::pair<size_t, std::string>>;

TEST(WantedNeighbors, AreRealServersOnThePortsThatTheyAreOn) {
  Config config = two_ports({at("192.0.2.100", 80, {11, 12})});
  config.services[0].real_servers.push_back({ip("198.51.100.7"), 1, {}});
  EXPECT_EQ(wanted(config), (Wanted{{0, "192.0.2.11"}, {0, "192.0.2.12"}, {1, "198.51.100.7"}}));
}

TEST(WantedNeighbors, AServerOfTwoServicesIsAskedForOnce) {
  EXPECT_EQ(wanted(two_ports({at("192.0.2.100", 80, {11}), at("192.0.2.100", 443, {11})})),
            (Wanted{{0, "192.0.2.11"}}));
}

TEST(WantedNeighbors, AFixedMacAddressIsNotAskedFor) {
  Config config = two_ports({at("192.0.2.100", 80, {11, 12})});
  config.services[0].real_servers[0].mac = mac("02:00:00:00:00:11");
  EXPECT_EQ(wanted(config), (Wanted{{0, "192.0.2.12"}}));
}

TEST(WantedNeighbors, ADrainedServerIsStillAskedFor) {
  Config config = two_ports({at("192.0.2.100", 80, {11})});
  config.services[0].real_servers[0].weight = 0;
  EXPECT_EQ(wanted(config), (Wanted{{0, "192.0.2.11"}})) << "its connections need it";
}

TEST(WantedNeighbors, GatewaysAreAskedFor) {
  Config config = two_ports({});
  config.ports[1].gateways = {ip("198.51.100.1")};
  EXPECT_EQ(wanted(config), (Wanted{{1, "198.51.100.1"}}));
}

}  // namespace
}  // namespace turnout::link_layer_test
