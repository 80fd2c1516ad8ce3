// ICMP errors about a service's packets go to the real server that sent those, and change nothing.
#include <gtest/gtest.h>

#include <array>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout::forwarder_icmp_test {
namespace {

using enum ConnectionState;

constexpr std::array<uint8_t, 3> kErrors{3, 11, 12};
constexpr std::array<uint8_t, 4> kErrors6{1, 2, 3, 4};

FrameFields reply(uint16_t flow, uint16_t service_port = 80) {
  FrameFields fields;
  fields.source_port = static_cast<uint16_t>(1024 + flow);
  fields.destination_port = service_port;
  return turned_round(fields);
}
FrameFields6 reply6(uint16_t flow, uint16_t service_port = 80) {
  FrameFields6 fields;
  fields.source_port = static_cast<uint16_t>(1024 + flow);
  fields.destination_port = service_port;
  return turned_round(fields);
}
FrameFields from_router() {
  FrameFields fields;
  fields.source = "198.51.100.254";
  return fields;
}
FrameFields6 from_router6() {
  FrameFields6 fields;
  fields.source = "2001:db8:f::1";
  return fields;
}
Bytes tcp_error(uint16_t flow, uint8_t type = 3) {
  return icmp_error(from_router(), type, ip_packet_of(tcp_frame(reply(flow), kAck, payload(40)), 28));
}
Bytes udp_error(uint16_t flow, uint8_t type = 3) {
  return icmp_error(from_router(), type, ip_packet_of(udp_frame(reply(flow, 53), payload(40)), 28));
}
Bytes tcp6_error(uint16_t flow, uint8_t type = 2) {
  return icmp6_error(from_router6(), type, ip_packet_of(tcp6_frame(reply6(flow), kAck, payload(40))));
}
Bytes udp6_error(uint16_t flow, uint8_t type = 2) {
  return icmp6_error(from_router6(), type, ip_packet_of(udp6_frame(reply6(flow, 53), payload(40))));
}

/// Turns, so that the Maglev table says something else for most flows.
struct ForwarderIcmp : testing::Test {
  static SnapshotRecipe round_robin() {
    SnapshotRecipe recipe;
    recipe.turns = {0, 1, 2};
    return recipe;
  }
  ForwarderRig rig{1024, round_robin()};

  void expect_at(uint32_t server, const Bytes& frame, const char* what) {
    const Fate fate = rig.send(frame);
    ASSERT_EQ(fate.kind, Fate::transmitted) << what << hex(frame);
    EXPECT_EQ(fate.frame, redirected(frame, "02:00:00:00:02:0" + std::to_string(server), "02:00:00:00:01:00"))
        << what;
  }
  void expect_unmatched(const Bytes& frame, const char* what) {
    const Fate fate = rig.send(frame);
    EXPECT_EQ(fate.kind, Fate::dropped) << what;
    EXPECT_EQ(name_of(fate.reason), "icmp_unmatched") << what;
  }
};

TEST_F(ForwarderIcmp, ErrorsReachTheServerOfTheFlowWhateverTheSchedulerSays) {
  unsigned elsewhere_by_maglev = 0;
  for (uint16_t flow = 0; flow < 30; ++flow) {
    const uint32_t tcp = rig.tcp(flow, kSyn), udp = rig.udp(flow);
    const uint32_t tcp6 = rig.tcp6(flow, kSyn), udp6 = rig.udp6(flow);
    elsewhere_by_maglev += (tcp != rig.maglev_server(flow)) + (tcp6 != rig.maglev_server6(flow));
    for (const uint8_t type : kErrors) {
      expect_at(tcp, tcp_error(flow, type), "TCP");
      expect_at(udp, udp_error(flow, type), "UDP");
    }
    for (const uint8_t type : kErrors6) {
      expect_at(tcp6, tcp6_error(flow, type), "TCP over IPv6");
      expect_at(udp6, udp6_error(flow, type), "UDP over IPv6");
    }
  }
  EXPECT_GT(elsewhere_by_maglev, 10u);
}

TEST_F(ForwarderIcmp, ErrorsComeThroughAnotherWorkerAsWell) {
  for (uint16_t flow = 0; flow < 20; ++flow) {
    rig.worker = &rig.forwarder;
    const uint32_t tcp = rig.tcp(flow, kSyn), tcp6 = rig.tcp6(flow, kSyn);
    rig.worker = &rig.other_forwarder;
    expect_at(tcp, tcp_error(flow), "TCP");
    expect_at(tcp6, tcp6_error(flow), "TCP over IPv6");
  }
}

TEST_F(ForwarderIcmp, AnErrorInTheBurstThatOpensTheConnectionFollowsIt) {
  for (uint16_t flow = 0; flow < 10; ++flow) {
    const std::vector<Fate> fates = rig.burst({ForwarderRig::tcp_of(flow, kSyn), tcp_error(flow),
                                               ForwarderRig::tcp6_of(flow, kSyn), tcp6_error(flow)});
    EXPECT_EQ(fates[1].server(), fates[0].server());
    EXPECT_EQ(fates[3].server(), fates[2].server());
  }
}

TEST_F(ForwarderIcmp, AnErrorOpensNoConnection) {
  for (uint16_t flow = 0; flow < 20; ++flow) {
    expect_at(rig.maglev_server(flow), tcp_error(flow), "where the flow would be without an entry");
    expect_at(rig.maglev_server6(flow), tcp6_error(flow), "IPv6");
  }
  EXPECT_EQ(rig.table.live() + rig.wide_table.live(), 0u);
  EXPECT_EQ(rig.counters.ipv4_table.inserted.read() + rig.counters.ipv6_table.inserted.read(), 0u);
  EXPECT_EQ(rig.counters.ipv4_table.stateless.read() + rig.counters.ipv6_table.stateless.read(), 0u);
  for (uint32_t slot = 0; slot < 3; ++slot) EXPECT_EQ(rig.counters.server(slot).connections.read(), 0u);
}

TEST_F(ForwarderIcmp, AnErrorTakesNoTurn) {
  rig.tcp(0, kSyn);
  for (uint16_t flow = 100; flow < 110; ++flow) rig.send(tcp_error(flow));
  EXPECT_EQ(rig.tcp(1, kSyn), 1u);
}

TEST_F(ForwarderIcmp, AnErrorMovesNoConnectionOnInAnyState) {
  uint16_t flow = 0;
  for (const auto& flags : std::vector<std::vector<uint8_t>>{
           {kSyn}, {kSyn, kAck}, {kSyn, kAck, kFin | kAck}, {kSyn, kAck, kRst}}) {
    uint32_t server = 0, server6 = 0;
    for (const uint8_t flag : flags) {
      server = rig.tcp(flow, flag);
      server6 = rig.tcp6(flow, flag);
    }
    const ConnectionValue before = rig.entry(flow).value, before6 = rig.entry6(flow).value;
    for (rig.now += 3; rig.now % 10 != 0; ++rig.now) {
      for (const uint8_t type : kErrors) expect_at(server, tcp_error(flow, type), "IPv4");
      for (const uint8_t type : kErrors6) expect_at(server6, tcp6_error(flow, type), "IPv6");
    }
    EXPECT_EQ(rig.entry(flow).value, before) << "state " << static_cast<int>(before.state());
    EXPECT_EQ(rig.entry6(flow).value, before6) << "state " << static_cast<int>(before6.state());
    ++flow;
  }
}

TEST_F(ForwarderIcmp, AnErrorKeepsNoConnectionAlive) {
  rig.tcp(1, kSyn);
  rig.udp6(1);
  for (int second = 0; second < 60; ++second, ++rig.now) rig.send(tcp_error(1));
  ++rig.now;
  EXPECT_FALSE(rig.entry(1)) << "60 seconds after its only SYN";
  expect_at(rig.maglev_server(1), tcp_error(1), "of a flow that is forgotten");
  EXPECT_FALSE(rig.entry(1));
  for (int second = 0; second < 240; ++second, ++rig.now) rig.send(udp6_error(1));
  rig.sweep();
  EXPECT_EQ(rig.wide_table.live(), 0u);
}

TEST_F(ForwarderIcmp, AnErrorDoesNotChangeWhatIsCountedOfConnections) {
  rig.tcp(1, kSyn);
  rig.tcp(1, kAck);
  const uint32_t slot = rig.entry(1).value.server();
  const ServerCounters& server = rig.counters.server(slot);
  const TrafficCounters& traffic = rig.counters.traffic(slot);
  const uint64_t packets = traffic.packets.read(), octets = traffic.bytes.read();
  rig.send(tcp_error(1));
  EXPECT_EQ(server.active.read(), 1u);
  EXPECT_EQ(server.inactive.read(), 0u);
  EXPECT_EQ(server.connections.read(), 1u);
  EXPECT_EQ(traffic.packets.read(), packets + 1) << "it is a packet for it all the same";
  EXPECT_EQ(traffic.bytes.read(), octets + 56);
}

TEST_F(ForwarderIcmp, GoesToNoOneElseWhenTheServerIsDraining) {
  const uint32_t server = rig.tcp(1, kSyn), server6 = rig.tcp6(1, kSyn);
  std::vector<uint32_t> others;
  for (uint32_t slot = 0; slot < 3; ++slot) {
    if (slot != server && slot != server6) others.push_back(slot);
  }
  rig.recipe.turns = rig.recipe.maglev = others;
  rig.apply();
  expect_at(server, tcp_error(1), "IPv4");
  expect_at(server6, tcp6_error(1), "IPv6");
}

TEST_F(ForwarderIcmp, GoesByTheMaglevTableWhenTheServerWasRemoved) {
  const uint32_t server = rig.tcp(1, kSyn);
  const uint32_t other = (server + 1) % 3;
  rig.recipe.servers[server].resolved = false;
  rig.recipe.turns = rig.recipe.maglev = {other};
  rig.apply();
  expect_at(other, tcp_error(1), "the server that has the flow from now on");
  EXPECT_EQ(rig.entry(1).value.server(), server) << "the connection itself moves with its own next packet";
  rig.recipe.maglev = {server};
  rig.apply();
  EXPECT_EQ(rig.send(tcp_error(1)).reason, DropReason::no_server_resolved);
  rig.recipe.maglev.clear();
  rig.apply();
  EXPECT_EQ(rig.send(tcp_error(1)).reason, DropReason::no_server);
}

TEST_F(ForwarderIcmp, DropsWhatQuotesNoPacketOfAService) {
  rig.tcp(1, kSyn);
  expect_unmatched(icmp_error(from_router(), 3, ip_packet_of(tcp_frame(reply(1, 81), kAck))), "another port");
  expect_unmatched(icmp_error(from_router(), 3, ip_packet_of(udp_frame(reply(1, 80)))),
                   "another protocol's port");
  expect_unmatched(icmp_error(from_router(), 3, ip_packet_of(icmp_frame(reply(1), 0))), "an echo reply");
  expect_unmatched(icmp_error(from_router(), 3, {}), "nothing");
  expect_unmatched(icmp_error(from_router(), 3, ip_packet_of(tcp_frame(reply(1), kAck), 23)), "half a port");
  FrameFields other_vip = reply(1);
  other_vip.source = "192.0.2.101";
  expect_unmatched(icmp_error(from_router(), 3, ip_packet_of(tcp_frame(other_vip, kAck))),
                   "another address's");
  FrameFields later = reply(1);
  later.fragment = 1;
  expect_unmatched(icmp_error(from_router(), 3, ip_packet_of(tcp_frame(later, kAck))), "a later fragment");

  expect_unmatched(icmp6_error(from_router6(), 1, ip_packet_of(tcp6_frame(reply6(1, 81), kAck))),
                   "another port");
  expect_unmatched(icmp6_error(from_router6(), 1, {}), "nothing");
  FrameFields6 later6 = reply6(1);
  later6.extension_headers = {fragment_header6(1, 8, false)};
  expect_unmatched(icmp6_error(from_router6(), 1, ip_packet_of(tcp6_frame(later6, kAck))),
                   "a later fragment");
  EXPECT_EQ(rig.table.live(), 1u);
}

TEST_F(ForwarderIcmp, DropsWhatIsNoErrorByAnotherName) {
  for (const uint8_t type : std::to_array<uint8_t>({0, 4, 5, 9, 10, 13, 14, 40})) {
    const Fate fate = rig.send(tcp_error(1, type));
    EXPECT_EQ(fate.reason, DropReason::icmp_unsupported) << int{type};
  }
  for (const uint8_t type : std::to_array<uint8_t>({0, 5, 100, 127, 129, 133, 134, 137, 255})) {
    const Fate fate = rig.send(tcp6_error(1, type));
    EXPECT_EQ(fate.reason, DropReason::icmp_unsupported) << int{type};
  }
}

TEST_F(ForwarderIcmp, AVipThatRejectsRejectsNoErrors) {
  rig.recipe.vip_role |= AddressRole::kReject;
  rig.apply();
  expect_unmatched(icmp_error(from_router(), 3, ip_packet_of(tcp_frame(reply(1, 81), kAck))), "another port");
  expect_unmatched(icmp6_error(from_router6(), 1, ip_packet_of(tcp6_frame(reply6(1, 81), kAck))), "IPv6");
  expect_unmatched(icmp_error(from_router(), 3, {}), "nothing");
}

TEST_F(ForwarderIcmp, AnErrorToAnAddressThatIsNobodysIsNotOurs) {
  FrameFields outer = from_router(), inner = reply(1);
  outer.destination = inner.source = "192.0.2.77";
  EXPECT_EQ(rig.send(icmp_error(outer, 3, ip_packet_of(tcp_frame(inner, kAck)))).reason,
            DropReason::not_our_address);
}

}  // namespace
}  // namespace turnout::forwarder_icmp_test
