// A client's connections reach one real server: for how long, by how much of its address, and over which
// ports and workers.
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "test/support/service_rig.h"

namespace turnout::persistence_test {
namespace {

/// Both families are to behave alike: `vip` and clients of one.
struct Family {
  const char* name;
  const char* vip;
  std::string client;        // one of many
  std::string neighbor;      // of the same /24 or /64
  std::string other_prefix;  // of no common prefix
  int prefix;
};

class Persistence : public testing::TestWithParam<Family> {
 protected:
  ServiceConfig persistent(SchedulerKind scheduler = SchedulerKind::rr, uint32_t seconds = 300) const {
    const bool v6 = is_v6();
    ServiceConfig config = service({ip(GetParam().vip), Protocol::tcp, 80}, {}, scheduler);
    for (const int number : {11, 12, 13})
      config.real_servers.push_back({ip((v6 ? "2001:db8::" : "192.0.2.") + std::to_string(number)), 1, {}});
    // the octet that tells an IPv6 server apart is hexadecimal
    if (v6) {
      for (size_t i = 0; i < 3; ++i)
        config.real_servers[i].address = ip("2001:db8::" + std::string(1, "bcd"[i]));
    }
    config.persistence = seconds;
    config.persistence_prefix = v6 ? 128 : 32;
    return config;
  }
  bool is_v6() const { return std::string(GetParam().vip).find(':') != std::string::npos; }
  Flow from(const std::string& client, uint16_t port, uint16_t to = 80) const {
    return {.client = client, .client_port = port, .vip = GetParam().vip, .port = to};
  }
  std::string client(int number) const { return GetParam().client + std::to_string(number); }
  static int open(ServiceRig& rig, const Flow& flow, unsigned worker = 0) {
    const int server = rig.send(flow, kSyn, worker);
    EXPECT_EQ(rig.send(flow, kAck, worker), server);
    return server;
  }
};

INSTANTIATE_TEST_SUITE_P(
    Families, Persistence,
    testing::Values(Family{"IPv4", "192.0.2.100", "203.0.113.", "203.0.113.", "198.51.100.1", 24},
                    Family{"IPv6", "2001:db8::100", "2001:db8:c::", "2001:db8:c::", "2001:db8:d::1", 64}),
    [](const auto& family) { return family.param.name; });

TEST_P(Persistence, KeepsAClientAtItsServerOnBothWorkers) {
  ServiceRig rig(persistent());
  std::map<int, int> chosen;
  for (int number = 1; number <= 30; ++number) {
    const int first = open(rig, from(client(number), 1024));
    ++chosen[first];
    for (uint16_t port = 1025; port < 1030; ++port)
      EXPECT_EQ(open(rig, from(client(number), port), port % 2), first) << number;
  }
  EXPECT_EQ(chosen, (std::map<int, int>{{11, 10}, {12, 10}, {13, 10}})) << "turns are taken by clients";
  EXPECT_EQ(rig.templates(), 30u);
  uint64_t counted = 0;
  for (const int number : {11, 12, 13}) counted += rig.totals(number).templates;
  EXPECT_EQ(counted, 30u);
}

TEST_P(Persistence, EndsSomeTimeAfterTheClientsLastConnectionDid) {
  ServiceRig rig(persistent(SchedulerKind::rr, 30));
  const int first = open(rig, from(client(1), 1024));
  rig.send(from(client(1), 1024), kFin | kAck);
  rig.pass(29);
  EXPECT_EQ(rig.templates(), 1u);
  EXPECT_EQ(open(rig, from(client(1), 1025)), first);
  rig.send(from(client(1), 1025), kFin | kAck);
  rig.pass(31);
  EXPECT_EQ(rig.templates(), 0u);
  EXPECT_NE(open(rig, from(client(1), 1026)), first) << "it is another one's turn";
  uint64_t counted = 0;
  for (const int number : {11, 12, 13}) counted += rig.totals(number).templates;
  EXPECT_EQ(counted, 1u);
}

TEST_P(Persistence, LastsAsLongAsAConnectionMayBeIdle) {
  ServiceRig rig(persistent(SchedulerKind::rr, 30));
  const int first = open(rig, from(client(1), 1024));
  rig.pass(800);  // an established connection is remembered for 900 seconds
  EXPECT_EQ(rig.send(from(client(1), 1025)), first);
}

TEST_P(Persistence, GoesByAPrefix) {
  ServiceConfig config = persistent();
  config.persistence_prefix = static_cast<uint8_t>(GetParam().prefix);
  ServiceRig rig(config);
  const int first = open(rig, from(client(1), 1024));
  for (int number = 2; number < 20; ++number) EXPECT_EQ(open(rig, from(client(number), 1024)), first);
  EXPECT_NE(open(rig, from(GetParam().other_prefix, 1024)), first);
  EXPECT_EQ(rig.templates(), 2u);
}

TEST_P(Persistence, EndsForNewConnectionsWhenTheServerIsDrained) {
  ServiceRig rig(persistent());
  const int first = open(rig, from(client(1), 1024));
  rig.server(first).weight = 0;
  rig.apply();
  EXPECT_EQ(rig.send(from(client(1), 1024), kAck), first) << "the connection itself stays";
  const int second = open(rig, from(client(1), 1025));
  EXPECT_NE(second, first);
  rig.pass(2);
  EXPECT_EQ(rig.send(from(client(1), 1024), kAck), first) << "and does not take the client back";
  EXPECT_EQ(open(rig, from(client(1), 1026)), second);
  EXPECT_EQ(rig.totals(first).templates, 0u);
  EXPECT_EQ(rig.totals(second).templates, 1u);
}

TEST_P(Persistence, MaintenanceIsAsGoodAsDraining) {
  ServiceRig rig(persistent());
  const int first = open(rig, from(client(1), 1024));
  rig.config.maintenance = {rig.server(first).address};
  rig.apply();
  const int second = open(rig, from(client(1), 1025));
  EXPECT_NE(second, first);
  for (int number = 2; number < 12; ++number) EXPECT_NE(open(rig, from(client(number), 1024)), first);
}

TEST_P(Persistence, IsSharedByTheMembersOfAGroup) {
  ServiceConfig config = persistent(SchedulerKind::wlc);
  const IpAddress vip = config.key.vip;
  config.key = {};
  config.key.group = "web";
  config.flags = {};
  if (is_v6()) config.key.vip = boost::asio::ip::address_v6();
  config.members = {{vip, Protocol::tcp, 80}, {vip, Protocol::tcp, 443}, {vip, Protocol::tcp, 8000, 8099}};
  ServiceRig rig(config);
  std::set<int> used;
  for (int number = 1; number < 20; ++number) {
    const int first = open(rig, from(client(number), 1024, 80));
    used.insert(first);
    EXPECT_EQ(open(rig, from(client(number), 1024, 443), 1), first);
    EXPECT_EQ(open(rig, from(client(number), 1025, 8042), 1), first);
  }
  EXPECT_EQ(used.size(), 3u);
  EXPECT_EQ(rig.templates(), 19u) << "one of a client, whatever it asks for";
}

TEST_P(Persistence, SendsAClientWhereverThereIsNoRoomForItToOneServer) {
  ServiceRig rig(persistent(), 8);  // two buckets
  for (int number = 1; number < 100; ++number) {
    std::set<int> servers;
    for (uint16_t port = 1024; port < 1030; ++port)
      servers.insert(rig.send(from(client(number), port), kAck));
    EXPECT_EQ(servers.size(), 1u) << number;
  }
}

TEST_P(Persistence, AFloodOfSynsTakesNoTemplateOfAClientWithAConnection) {
  ServiceRig rig(persistent(), 64);
  std::map<int, int> first;
  for (int number = 1; number < 10; ++number) first[number] = open(rig, from(client(number), 1024));
  for (uint16_t i = 0; i < 2000; ++i)
    rig.send(from(GetParam().client + std::to_string(100 + i % 100), static_cast<uint16_t>(2000 + i)));
  for (const auto& [number, server] : first) {
    EXPECT_EQ(rig.send(from(client(number), 1024), kAck), server) << number;
    EXPECT_EQ(rig.send(from(client(number), 1025), kAck), server) << number;
  }
}

TEST_P(Persistence, OfDatagramsThatAreScheduledOneByOne) {
  ServiceConfig config = persistent();
  config.key.protocol = Protocol::udp;
  config.one_packet = true;
  ServiceRig rig(config);
  const auto datagram = [&](int number) {
    Flow flow = from(client(number), 1024);
    flow.udp = true;
    return rig.send(flow);
  };
  const int first = datagram(1);
  EXPECT_EQ(datagram(1), first);
  EXPECT_NE(datagram(2), first);
  EXPECT_EQ(rig.table.live() + rig.wide.live(), 2u) << "two clients, no connection";
}

TEST(OnePacket, EachDatagramTakesItsTurn) {
  ServiceConfig config = service({ip("192.0.2.100"), Protocol::udp, 53}, {11, 12}, SchedulerKind::rr);
  config.one_packet = true;
  ServiceRig rig(config);
  std::map<int, int> chosen;
  for (int i = 0; i < 10; ++i) ++chosen[rig.send({.port = 53, .udp = true})];
  EXPECT_EQ(chosen, (std::map<int, int>{{11, 5}, {12, 5}}));
  EXPECT_EQ(rig.table.live(), 0u);
  EXPECT_EQ(rig.totals(11).connections, 5u);
  EXPECT_EQ(rig.totals(11).packets, 5u);
}

}  // namespace
}  // namespace turnout::persistence_test
