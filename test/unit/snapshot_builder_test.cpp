#include "control/snapshot_builder.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "test/support/test_config.h"

namespace turnout::snapshot_builder_test {
namespace {

/// A configuration, its numbers, and the neighbours that are known.
struct SnapshotBuilding : testing::Test {
  Config config = config_with({service(web(), {11, 12, 13})});
  Registry registry;
  SnapshotBuilder builder{{{mac("02:00:00:00:01:00"), false}}};
  std::map<IpAddress, MacAddress> neighbors;
  uint64_t generation = 0;

  SnapshotBuilding() {
    for (int i = 11; i < 20; ++i) {
      neighbors[ip("192.0.2." + std::to_string(i))] = mac("02:00:00:00:02:" + std::to_string(i));
    }
  }
  ResolveMac resolve() {
    return [this](size_t port, const IpAddress& address) -> std::optional<MacAddress> {
      EXPECT_EQ(port, 0u);
      const auto known = neighbors.find(address);
      return known == neighbors.end() ? std::nullopt : std::optional(known->second);
    };
  }
  std::unique_ptr<const Snapshot> build(bool schedule_unresolved = false) {
    registry.update(config, ++generation);
    return builder.build(config, registry, resolve(), generation, schedule_unresolved);
  }
  std::unique_ptr<const Snapshot> rebuild(const Snapshot& before,
                                          const std::vector<const ServiceConfig*>& changed) {
    ++generation;
    for (const ServiceConfig* service : changed) registry.update(*service, generation);
    return builder.rebuild(before, changed, config, registry, resolve(), generation);
  }
  ServiceConfig& web_service() { return config.services.front(); }
  uint32_t slot(int server) const {
    return registry.service(web()).servers.at(ip("192.0.2." + std::to_string(server))).slot;
  }
  static size_t share(const Service& service, uint32_t slot) {
    return static_cast<size_t>(std::count(service.maglev, service.maglev + service.maglev_size, slot));
  }
};

TEST_F(SnapshotBuilding, AServiceIsFoundByVipPortAndProtocol) {
  const auto snapshot = build();
  const auto find = [&](const char* vip, uint16_t port, uint8_t protocol) {
    return snapshot->service_map.find(service_map_key(to_be32(ip(vip)), rte_cpu_to_be_16(port), protocol));
  };
  EXPECT_EQ(find("192.0.2.100", 80, 6), 1u);
  EXPECT_EQ(find("192.0.2.100", 80, 17), 0u);
  EXPECT_EQ(find("192.0.2.100", 81, 6), 0u);
  EXPECT_EQ(find("192.0.2.101", 80, 6), 0u);
  EXPECT_EQ(snapshot->generation, 1u);
  EXPECT_FALSE(snapshot->services[0].known);
  EXPECT_TRUE(snapshot->services[1].known);
}

TEST_F(SnapshotBuilding, KnowsItsOwnAddressesFromVips) {
  const auto snapshot = build();
  const auto kind = [&](const char* address) { return snapshot->address_map.find(to_be32(ip(address))); };
  EXPECT_EQ(kind("192.0.2.2"), AddressRole::kOwn | AddressRole::kEcho);
  EXPECT_EQ(kind("192.0.2.100"), AddressRole::kVip | AddressRole::kEcho);
  EXPECT_EQ(kind("192.0.2.11"), 0u);
}

TEST_F(SnapshotBuilding, AServerHasTheAddressesToWriteIntoFrames) {
  const auto snapshot = build();
  const RealServer& server = snapshot->servers[slot(12)];
  EXPECT_EQ(server.macs, (std::array<uint8_t, 12>{2, 0, 0, 0, 2, 0x12, 2, 0, 0, 0, 1, 0}));
  EXPECT_EQ(server.egress(), 0);
  EXPECT_TRUE(server.usable());
  EXPECT_EQ(server.generation(), 1);
}

TEST_F(SnapshotBuilding, AFixedMacAddressIsNotAskedFor) {
  neighbors.clear();
  web_service().real_servers[0].mac = mac("02:00:00:00:09:09");
  const auto snapshot = build();
  EXPECT_TRUE(snapshot->servers[slot(11)].usable());
  EXPECT_EQ(snapshot->servers[slot(11)].macs[5], 9);
  EXPECT_EQ(share(snapshot->services[1], slot(11)), 251u) << "the others are not resolved";
}

TEST_F(SnapshotBuilding, AServiceThatNeedsNoMoreGoesByItsTable) {
  EXPECT_TRUE(build()->services[1].by_table);
  const ServiceConfig plain = web_service();
  const auto asks_for_more = [&](auto&& change) {
    web_service() = plain;
    change(web_service());
    return !build()->services[1].by_table;
  };
  EXPECT_TRUE(asks_for_more([](ServiceConfig& service) { service.scheduler = SchedulerKind::rr; }));
  EXPECT_TRUE(asks_for_more([](ServiceConfig& service) { service.scheduler = SchedulerKind::wlc; }));
  EXPECT_TRUE(asks_for_more([](ServiceConfig& service) { service.persistence = 300; }));
  EXPECT_TRUE(asks_for_more([](ServiceConfig& service) { service.quic.id_length = 2; }));
  EXPECT_TRUE(asks_for_more([](ServiceConfig& service) { service.limits.client_connections = 5; }));
  EXPECT_TRUE(asks_for_more([](ServiceConfig& service) { service.real_servers[0].upper_threshold = 5; }));
}

TEST_F(SnapshotBuilding, AServerThatIsNotResolvedGetsNothing) {
  neighbors.erase(ip("192.0.2.12"));
  const auto snapshot = build();
  EXPECT_FALSE(snapshot->servers[slot(12)].usable());
  EXPECT_EQ(snapshot->servers[slot(12)].generation(), 1);
  EXPECT_EQ(share(snapshot->services[1], slot(12)), 0u);
  EXPECT_EQ(share(snapshot->services[1], slot(11)) + share(snapshot->services[1], slot(13)), 251u);
  EXPECT_FALSE(snapshot->keeps(ConnectionValue::make(slot(12), 1, ConnectionState::established, 0)));
  EXPECT_TRUE(snapshot->owns(ConnectionValue::make(slot(12), 1, ConnectionState::established, 0)));
}

TEST_F(SnapshotBuilding, AServerThatIsNotResolvedHasItsPlaceWhileTheDirectorStarts) {
  const auto all_known = build();
  const std::vector<uint32_t> places(all_known->services[1].maglev, all_known->services[1].maglev + 251);
  neighbors.erase(ip("192.0.2.12"));
  const auto snapshot = build(true);
  EXPECT_FALSE(snapshot->servers[slot(12)].usable());
  EXPECT_TRUE(std::equal(places.begin(), places.end(), snapshot->services[1].maglev))
      << "nobody else's flows move";
}

TEST_F(SnapshotBuilding, AServerOfWeightZeroKeepsItsConnectionsAndGetsNoNewOnes) {
  web_service().real_servers[1].weight = 0;
  web_service().scheduler = SchedulerKind::rr;
  const auto snapshot = build();
  EXPECT_TRUE(snapshot->keeps(ConnectionValue::make(slot(12), 1, ConnectionState::established, 0)));
  EXPECT_EQ(share(snapshot->services[1], slot(12)), 0u);
  EXPECT_EQ(snapshot->services[1].sequence_size, 2u);
}

TEST_F(SnapshotBuilding, SaysWhyAServiceHasNoServer) {
  for (auto& server : web_service().real_servers) server.weight = 0;
  auto snapshot = build();
  EXPECT_EQ(snapshot->services[1].maglev_size, 0u);
  EXPECT_EQ(snapshot->services[1].unavailable, DropReason::no_server);
  web_service().real_servers[2].weight = 1;
  neighbors.erase(ip("192.0.2.13"));
  snapshot = build();
  EXPECT_EQ(snapshot->services[1].maglev_size, 0u);
  EXPECT_EQ(snapshot->services[1].unavailable, DropReason::no_server_resolved);
  web_service().real_servers.clear();
  EXPECT_EQ(build()->services[1].unavailable, DropReason::no_server);
}

TEST_F(SnapshotBuilding, CompilesEachSchedulersTables) {
  web_service().real_servers[0].weight = 3;
  auto snapshot = build();
  EXPECT_EQ(snapshot->services[1].maglev_size, 251u);
  EXPECT_EQ(snapshot->services[1].sequence, nullptr);
  web_service().scheduler = SchedulerKind::rr;
  snapshot = build();
  EXPECT_EQ(snapshot->services[1].maglev_size, 251u) << "for flows that find no room";
  EXPECT_EQ(snapshot->services[1].sequence_size, 3u);
  web_service().scheduler = SchedulerKind::wrr;
  EXPECT_EQ(build()->services[1].sequence_size, 5u);
}

TEST_F(SnapshotBuilding, SharesTheTablesOfServicesThatDidNotChange) {
  web_service().scheduler = SchedulerKind::wrr;
  config.services.push_back(service(web(81), {14, 15}));
  const auto first = build();
  config.services[1].real_servers = servers({14, 15, 16});
  const auto second = build();
  EXPECT_EQ(second->services[1].maglev, first->services[1].maglev);
  EXPECT_EQ(second->services[1].sequence, first->services[1].sequence);
  EXPECT_NE(second->services[2].maglev, first->services[2].maglev);
}

TEST_F(SnapshotBuilding, CompilesAnewWhatAServiceIsMadeOf) {
  const auto first = build();
  web_service().real_servers[0].weight = 2;
  const auto heavier = build();
  EXPECT_NE(heavier->services[1].maglev, first->services[1].maglev);
  web_service().maglev_table_size = 509;
  EXPECT_EQ(build()->services[1].maglev_size, 509u);
  neighbors.erase(ip("192.0.2.11"));
  const auto fewer = build();
  EXPECT_EQ(share(fewer->services[1], slot(11)), 0u);
}

TEST_F(SnapshotBuilding, AnOldSnapshotKeepsItsTablesAlive) {
  const auto first = build();
  const std::vector<uint32_t> before(first->services[1].maglev, first->services[1].maglev + 251);
  config.services.clear();
  const auto empty = build();
  EXPECT_TRUE(std::equal(before.begin(), before.end(), first->services[1].maglev));
  EXPECT_FALSE(empty->services[1].known);
}

TEST_F(SnapshotBuilding, OneServiceIsBuiltAnewAsAllWouldBe) {
  web_service().scheduler = SchedulerKind::wrr;
  config.services.push_back(service(web(81), {14, 15}));
  const auto first = build();
  web_service().real_servers = servers({11, 13, 16});
  web_service().real_servers[0].weight = 3;
  const uint32_t gone = slot(12);
  const auto second = rebuild(*first, {&web_service()});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->generation, 2u);
  EXPECT_NE(second->services[1].maglev, first->services[1].maglev);
  EXPECT_EQ(second->services[1].sequence_size, 5u);
  EXPECT_EQ(share(second->services[1], gone), 0u);
  EXPECT_GT(share(second->services[1], slot(16)), 0u);
  EXPECT_TRUE(second->servers[slot(16)].usable());
  EXPECT_EQ(second->servers[gone].generation(), 0u) << "nobody's";
  EXPECT_EQ(second->services[2].maglev, first->services[2].maglev) << "shared";
  EXPECT_EQ(second->service_map.find(service_map_key(to_be32(ip("192.0.2.100")), rte_cpu_to_be_16(81), 6)),
            2u);

  const auto whole = build();
  EXPECT_EQ(whole->services[1].maglev, second->services[1].maglev) << "nothing is left to be built";
  EXPECT_EQ(whole->services[2].maglev, second->services[2].maglev);
  for (size_t i = 0; i < whole->servers.size(); ++i) {
    EXPECT_EQ(whole->servers[i].tag, second->servers[i].tag) << "slot " << i;
    EXPECT_EQ(whole->servers[i].macs, second->servers[i].macs) << "slot " << i;
  }
}

TEST_F(SnapshotBuilding, ANewSnapshotOutlivesTheOneItWasMadeOf) {
  config.services.push_back(service(web(81), {14, 15}));
  auto first = build();
  const std::vector<uint32_t> before(first->services[2].maglev, first->services[2].maglev + 251);
  web_service().real_servers[0].weight = 2;
  const auto second = rebuild(*first, {&web_service()});
  first.reset();
  builder = SnapshotBuilder({{mac("02:00:00:00:01:00"), false}});
  EXPECT_TRUE(std::equal(before.begin(), before.end(), second->services[2].maglev));
}

TEST_F(SnapshotBuilding, AServiceThatLosesItsLastServerOrGetsItsFirstConcernsItsVip) {
  const auto first = build();
  for (auto& server : web_service().real_servers) server.weight = 0;
  EXPECT_FALSE(rebuild(*first, {&web_service()})) << "ping may depend on it";
  const auto down = build();
  web_service().real_servers[0].weight = 1;
  EXPECT_FALSE(rebuild(*down, {&web_service()}));
}

TEST_F(SnapshotBuilding, TheSlotOfARemovedServerIsNobodys) {
  build();
  const uint32_t gone = slot(13);
  web_service().real_servers = servers({11, 12});
  const auto snapshot = build();
  EXPECT_FALSE(snapshot->servers[gone].usable());
  EXPECT_FALSE(snapshot->owns(ConnectionValue::make(gone, 1, ConnectionState::established, 0)));
  EXPECT_FALSE(snapshot->keeps(ConnectionValue::make(gone, 1, ConnectionState::established, 0)));
}

TEST_F(SnapshotBuilding, APortTakesFramesForItsOwnAddressOrPlaysACapture) {
  EXPECT_EQ(build()->ports[0].mac, 0x000100000002u);
  EXPECT_EQ(build()->ports[0].mac_mask, kMacMask);
  builder = SnapshotBuilder({{mac("02:00:00:00:01:00"), true}});
  EXPECT_EQ(build()->ports[0].mac, 0u);
  EXPECT_EQ(build()->ports[0].mac_mask, kMacGroupBit);
}

TEST_F(SnapshotBuilding, SaysWhetherAllPacketsLeaveByOnePort) {
  EXPECT_TRUE(build()->has_one_port);
  config.ports.push_back(config.ports.front());
  config.ports.back().addresses = {*parse_interface_address("198.51.100.2/24")};
  builder = SnapshotBuilder({{mac("02:00:00:00:01:00"), false}, {mac("02:00:00:00:01:01"), false}});
  EXPECT_FALSE(build()->has_one_port);
}

TEST_F(SnapshotBuilding, MarksAreTheServicesAndCostNothingWithout) {
  const ServiceKey other{ip("192.0.2.101"), Protocol::udp, 53};
  config.services.push_back(service(other, {11}));
  EXPECT_FALSE(build()->has_more_to_write());
  web_service().dscp = 46;
  const auto marked = build();
  EXPECT_TRUE(marked->has_more_to_write());
  EXPECT_EQ(marked->mark_of(slot(12)).dscp, 46);
  EXPECT_EQ(marked->mark_of(slot(12)).priority, Mark::kNone);
  const uint32_t others = registry.service(other).servers.at(ip("192.0.2.11")).slot;
  EXPECT_FALSE(marked->mark_of(others).is_any());

  web_service().real_servers.erase(web_service().real_servers.begin());
  const uint32_t gone = slot(11);
  web_service().vlan_priority = 3;
  const auto changed = rebuild(*marked, {&web_service()});
  EXPECT_FALSE(changed->mark_of(gone).is_any());
  EXPECT_EQ(changed->mark_of(slot(13)).priority, 3);
  web_service().dscp.reset();
  web_service().vlan_priority.reset();
  EXPECT_FALSE(rebuild(*changed, {&web_service()})->has_more_to_write());
}

TEST_F(SnapshotBuilding, TakesTheTimeoutsOver) {
  config.connections.timeouts = {1, 2, 3, 4, 5};
  const Timeouts timeouts = build()->timeouts;
  EXPECT_EQ(timeouts.of(ConnectionState::syn_recv), 1u);
  EXPECT_EQ(timeouts.of(ConnectionState::established), 2u);
  EXPECT_EQ(timeouts.of(ConnectionState::fin_wait), 3u);
  EXPECT_EQ(timeouts.of(ConnectionState::close), 4u);
  EXPECT_EQ(timeouts.of(ConnectionState::udp), 5u);
}

}  // namespace
}  // namespace turnout::snapshot_builder_test
