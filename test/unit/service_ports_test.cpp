// Services of several ports: which of them a packet belongs to, and what becomes of flows when they change.
#include <gtest/gtest.h>

#include <set>

#include "test/support/service_rig.h"

namespace turnout::service_ports_test {
namespace {

ServiceConfig at(uint16_t port, uint16_t last_port, const std::vector<int>& servers) {
  ServiceConfig config =
      service({ip("192.0.2.100"), Protocol::tcp, port, last_port}, servers, SchedulerKind::rr);
  config.flags = {};
  if (port == 0) config.persistence = 300;
  return config;
}

TEST(ServicePorts, ASinglePortGoesBeforeARangeAndARangeBeforeAll) {
  ServiceRig rig(
      config_with({at(0, 0, {11}), at(8000, 8099, {12}), at(8080, 0, {13}), at(9000, 9001, {14})}));
  const auto to = [&](uint16_t port) { return rig.send({.client_port = port, .port = port}); };
  EXPECT_EQ(to(1), 11);
  EXPECT_EQ(to(7999), 11);
  EXPECT_EQ(to(8000), 12);
  EXPECT_EQ(to(8080), 13);
  EXPECT_EQ(to(8099), 12);
  EXPECT_EQ(to(8100), 11);
  EXPECT_EQ(to(9001), 14);
  EXPECT_EQ(to(65535), 11);
  EXPECT_EQ(rig.send({.port = 80, .udp = true}), ServiceRig::kNobody);
  EXPECT_EQ(rig.dropped, DropReason::no_service);
}

TEST(ServicePorts, FlowsThatDifferByTheirDestinationPortAloneAreTwo) {
  ServiceRig rig(config_with({at(8000, 8099, {11, 12})}));
  const int first = rig.send({.port = 8001});
  const int second = rig.send({.port = 8002});
  EXPECT_NE(first, second) << "each takes its turn";
  EXPECT_EQ(rig.send({.port = 8001}, kAck), first);
  EXPECT_EQ(rig.send({.port = 8002}, kAck, 1), second);
  EXPECT_EQ(rig.wide.live(), 2u);
  EXPECT_EQ(rig.table.live(), 0u);
}

TEST(ServicePorts, OfAllPortsAClientsConnectionsReachOneServer) {
  ServiceRig rig(config_with({at(0, 0, {11, 12, 13})}));
  std::set<int> all;
  for (int client = 1; client < 30; ++client) {
    std::set<int> servers;
    for (const uint16_t port : std::initializer_list<uint16_t>{21, 80, 443, 50000})
      servers.insert(
          rig.send({.client = "203.0.113." + std::to_string(client), .port = port}, kSyn, port % 2));
    EXPECT_EQ(servers.size(), 1u);
    all.merge(servers);
  }
  EXPECT_EQ(all.size(), 3u);
}

TEST(ServicePorts, MembersOfAGroupHaveFlowsOfTheirOwnAndCountTogether) {
  ServiceConfig group = at(80, 0, {11, 12});
  group.key = {};
  group.key.group = "7";
  group.members = {web(80), web(443)};
  ServiceRig rig(config_with({group}));
  const int first = rig.send({.port = 80});
  const int second = rig.send({.port = 443});
  EXPECT_NE(first, second) << "the group has its turns in common";
  EXPECT_EQ(rig.send({.port = 80}, kAck), first);
  EXPECT_EQ(rig.send({.port = 443}, kAck), second);
  EXPECT_EQ(rig.totals(first).connections, 1u);
  EXPECT_EQ(rig.statistics.service(rig.registry.service(rig.service().key), rig.registry).connections, 2u);
}

/// A member's index is given to another service only when no flow of the member's stands under it.
TEST(ServicePorts, AMemberThatLeavesItsGroupLeavesNoFlowsToTheNext) {
  ServiceConfig group = at(80, 0, {11});
  group.key = {};
  group.key.group = "7";
  group.members = {web(80), web(443)};
  ServiceRig rig(config_with({group}));
  for (uint16_t port = 1024; port < 1124; ++port) rig.send({.client_port = port, .port = 443});
  const uint16_t index = rig.registry.service(rig.service().key).members.at(web(443));
  rig.service().members = {web(80)};
  rig.apply();
  rig.apply();  // now no worker has the member any more
  ServiceConfig next = at(8080, 0, {12});
  rig.config.services.push_back(next);
  rig.apply();
  EXPECT_NE(rig.registry.service(next.key).index, index) << "it was given away too early";
  rig.keep_up();
  EXPECT_EQ(rig.totals(11).inactive, 0u) << "its flows are counted as ended";
  EXPECT_EQ(rig.table.live(), 0u);
  std::set<uint16_t> given;
  for (uint16_t port = 9000; port < 9003; ++port) {
    rig.config.services.push_back(at(port, 0, {13}));
    rig.apply();
    given.insert(rig.registry.service(rig.config.services.back().key).index);
  }
  EXPECT_TRUE(given.contains(index)) << "it is never given out again";
  for (uint16_t port = 1024; port < 1124; ++port) {
    for (const uint16_t to : std::initializer_list<uint16_t>{9000, 9001, 9002})
      EXPECT_EQ(rig.send({.client_port = port, .port = to}, kAck), 13);
  }
}

TEST(ServicePorts, PersistenceThatIsTurnedOffLeavesNoTemplates) {
  ServiceConfig config = at(80, 0, {11, 12});
  config.persistence = 300;
  ServiceRig rig(config_with({config}));
  for (uint16_t port = 1024; port < 1034; ++port) {
    rig.send({.client_port = port});
    rig.send({.client_port = port}, kAck);
  }
  ASSERT_EQ(rig.templates(), 1u);
  rig.service().persistence = 0;
  rig.apply();
  rig.apply();
  rig.keep_up();
  EXPECT_EQ(rig.templates(), 0u);
  EXPECT_EQ(rig.totals(11).templates + rig.totals(12).templates, 0u);
  EXPECT_EQ(rig.totals(11).active + rig.totals(12).active, 10u) << "the connections stay";
  std::set<int> servers;
  for (uint16_t port = 2000; port < 2004; ++port) servers.insert(rig.send({.client_port = port}));
  EXPECT_EQ(servers.size(), 2u);
}

TEST(ServicePorts, OverlapsAreRefused) {
  Config config = config_with({at(8000, 8099, {11}), at(8050, 8200, {11})});
  const ConfigErrors errors = check_config(config);
  ASSERT_EQ(errors.size(), 1u);
  EXPECT_EQ(errors[0].pointer, "/services/1/port");
  EXPECT_NE(errors[0].reason.find("overlaps tcp 192.0.2.100:8000-8099"), std::string::npos);
  config.services[1].key = {};
  config.services[1].key.group = "web";
  config.services[1].members = {web(80), web(80), {ip("2001:db8::100"), Protocol::tcp, 80}};
  const ConfigErrors of_group = check_config(config);
  ASSERT_EQ(of_group.size(), 2u);
  EXPECT_EQ(of_group[0].pointer, "/services/1/members/1");
  EXPECT_EQ(of_group[1].pointer, "/services/1/members/2/vip");
}

}  // namespace
}  // namespace turnout::service_ports_test
