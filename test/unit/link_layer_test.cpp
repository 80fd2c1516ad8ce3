// What the director answers for and whom it asks for. How it does so is in the packet tests.
#include "control/link_layer.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "test/support/test_config.h"

namespace turnout {
namespace {

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
  for (const LocalAddress& local : local_addresses(config)) {
    EXPECT_TRUE(masks.emplace(from_be32(local.ip).to_string(), local.port_mask).second) << "listed twice";
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
}  // namespace turnout
