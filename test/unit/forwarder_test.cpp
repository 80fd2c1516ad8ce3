// Where the forwarder sends packets, and what it does to them.
#include "dataplane/forwarder.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "dataplane/scheduler.h"
#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"

namespace turnout::forwarder_test {
namespace {

using enum ConnectionState;

SnapshotRecipe round_robin() {
  SnapshotRecipe recipe;
  recipe.turns = {0, 1, 2};
  return recipe;
}

uint32_t maglev_server(const ForwarderRig& rig, uint16_t flow) {
  const uint16_t port_be = rte_cpu_to_be_16(static_cast<uint16_t>(1024 + flow));
  return schedule_by_maglev(rig.snapshot.services[kTcpService], maglev_flow(RTE_BE32(0xCB007107), port_be));
}

TEST(Forwarder, AnEstablishedFlowKeepsItsServerWhateverTheSchedulerSaysNow) {
  for (const SnapshotRecipe& recipe : {SnapshotRecipe{}, round_robin()}) {
    ForwarderRig rig(1024, recipe);
    std::map<uint16_t, uint32_t> servers;
    for (uint16_t flow = 0; flow < 60; ++flow) servers[flow] = rig.tcp(flow, kSyn);
    rig.recipe.maglev = {2};
    if (!rig.recipe.turns.empty()) rig.recipe.turns = {2};
    rig.apply();
    for (int second = 0; second < 50; ++second, rig.now += 7) {
      for (uint16_t flow = 0; flow < 60; ++flow) ASSERT_EQ(rig.tcp(flow, kAck), servers[flow]);
    }
  }
}

TEST(Forwarder, ChangesTheTwoMacAddressesAndNotOneOctetMore) {
  FrameFields options;
  options.ip_options = Bytes(24, 1);
  options.type_of_service = 0xB9;
  options.time_to_live = 1;
  ForwarderRig rig;
  for (const Bytes& frame :
       {tcp_frame({}, kSyn), tcp_frame({}, kAck, payload(1446)), padded(tcp_frame({}, kFin | kAck)),
        tcp_frame(options, kPsh | kAck, payload(333), Bytes(12, 1)), tcp_frame({}, kRst)}) {
    const Fate fate = rig.send(frame);
    ASSERT_EQ(fate.kind, Fate::transmitted);
    const std::string to = "02:00:00:00:02:0" + std::to_string(fate.server());
    EXPECT_EQ(fate.frame, redirected(frame, to, "02:00:00:00:01:00")) << hex(fate.frame);
  }
}

TEST(Forwarder, LeavesWhatItDropsOrPuntsAsItCame) {
  ForwarderRig rig;
  FrameFields elsewhere;
  elsewhere.destination = "192.0.2.77";
  for (const Bytes& frame : {tcp_frame(elsewhere, kSyn), icmp_frame({}, 8), udp_frame({})}) {
    EXPECT_EQ(rig.send(frame).frame, frame);
  }
}

TEST(Forwarder, FollowsAConnectionThroughItsStates) {
  ForwarderRig rig;
  const auto expect_after = [&](uint8_t flags, ConnectionState state) {
    rig.tcp(1, flags);
    ASSERT_TRUE(rig.entry(1));
    EXPECT_EQ(rig.entry(1).value.state(), state) << "after flags " << int{flags};
    EXPECT_EQ(rig.entry(1).value.seen(), rig.now);
    ++rig.now;
  };
  expect_after(kSyn, syn_recv);
  expect_after(kSyn, syn_recv);
  expect_after(kAck, established);
  expect_after(kPsh | kAck, established);
  expect_after(kSyn, established);
  expect_after(kFin | kAck, fin_wait);
  expect_after(kAck, fin_wait);
  expect_after(kRst, close);
  expect_after(kAck, close);
}

TEST(Forwarder, ASynOnAConnectionThatIsOverTakesANewTurn) {
  for (const uint8_t end : {uint8_t{kFin | kAck}, kRst}) {
    ForwarderRig rig(1024, round_robin());
    const uint32_t first = rig.tcp(1, kSyn);
    rig.tcp(1, kAck);
    EXPECT_EQ(rig.tcp(1, end), first);
    EXPECT_EQ(rig.tcp(1, kSyn), (first + 1) % 3);
    EXPECT_EQ(rig.entry(1).value.state(), syn_recv);
    EXPECT_EQ(rig.tcp(1, kAck), (first + 1) % 3);
    EXPECT_EQ(rig.table.live(), 1u);
  }
}

TEST(Forwarder, ASynOnAConnectionThatIsOverTakesItsEntryWhereverThatIs) {
  for (const SnapshotRecipe& recipe : {SnapshotRecipe{}, round_robin()}) {
    ForwarderRig rig(256, recipe);
    constexpr uint16_t kFlows = 200;  // some of them in their second bucket
    for (const uint8_t flags : {kSyn, kAck, kRst, kSyn}) {
      for (uint16_t flow = 0; flow < kFlows; ++flow) rig.tcp(flow, flags);
    }
    for (uint16_t flow = 0; flow < kFlows; ++flow) EXPECT_EQ(rig.entry(flow).value.state(), syn_recv);
    EXPECT_EQ(rig.table.live(), kFlows);
    EXPECT_EQ(rig.table.duplicates(), 0u);
    EXPECT_EQ(rig.counters.ipv4_table.stateless.read(), 0u);
    EXPECT_EQ(rig.counters.ipv4_table.evicted.read(), 0u);
    uint64_t connections = 0;
    for (uint32_t slot = 0; slot < 3; ++slot) connections += rig.counters.server(slot).connections.read();
    EXPECT_EQ(connections, 2u * kFlows);
  }
}

TEST(Forwarder, ASynThatIsRepeatedInAFullTableKeepsItsEntry) {
  ForwarderRig rig(8);
  std::vector<uint32_t> servers;
  for (uint16_t flow = 0; flow < 8; ++flow) servers.push_back(rig.tcp(flow, kSyn));
  ASSERT_EQ(rig.table.live(), 8u);
  for (uint16_t flow = 0; flow < 8; ++flow) EXPECT_EQ(rig.tcp(flow, kSyn), servers[flow]);
  for (uint16_t flow = 0; flow < 8; ++flow) EXPECT_TRUE(rig.entry(flow)) << flow;
  EXPECT_EQ(rig.counters.ipv4_table.inserted.read(), 8u);
  EXPECT_EQ(rig.counters.ipv4_table.evicted.read(), 0u);
}

TEST(Forwarder, AFlowWhoseEntryExpiredIsANewOne) {
  ForwarderRig rig(1024, round_robin());
  const uint32_t first = rig.tcp(1, kSyn);
  rig.now += 60;
  EXPECT_EQ(rig.tcp(1, kSyn), first) << "at the end of its time";
  rig.now += 61;
  EXPECT_EQ(rig.tcp(1, kSyn), (first + 1) % 3);
  EXPECT_EQ(rig.counters.ipv4_table.expired.read(), 1u);
}

TEST(Forwarder, AServerThatWasRemovedLosesItsConnectionsToTheOthers) {
  ForwarderRig rig(1024, round_robin());
  std::map<uint16_t, uint32_t> before;
  for (uint16_t flow = 0; flow < 30; ++flow) before[flow] = rig.tcp(flow, kSyn);
  for (uint16_t flow = 0; flow < 30; ++flow) rig.tcp(flow, kAck);
  rig.recipe.servers[1] = {0, false};  // nobody's slot
  rig.recipe.turns = {0, 2};
  rig.recipe.maglev = {0, 2};
  rig.apply();
  for (uint16_t flow = 0; flow < 30; ++flow) {
    const uint32_t after = rig.tcp(flow, kAck);
    EXPECT_NE(after, 1u);
    EXPECT_TRUE(before[flow] == 1 || after == before[flow]) << "flow " << flow << " had no reason to move";
    EXPECT_EQ(rig.tcp(flow, kAck), after) << "and stays where it was moved";
  }
  EXPECT_EQ(rig.table.live(), 30u);
}

TEST(Forwarder, TheNextServerOfASlotDoesNotInheritItsConnections) {
  ForwarderRig rig(1024, round_robin());
  for (uint16_t flow = 0; flow < 30; ++flow) rig.tcp(flow, kSyn);
  rig.recipe.servers[1].generation = 2;
  rig.apply();
  std::set<uint32_t> now_at;
  for (uint16_t flow = 0; flow < 30; ++flow) {
    const bool was_there = rig.entry(flow).value.server() == 1;
    const uint32_t server = rig.tcp(flow, kAck);
    if (!was_there) continue;
    EXPECT_EQ(server, maglev_server(rig, flow))
        << "in the middle of a connection: where all directors would send it";
    EXPECT_EQ(rig.entry(flow).value.generation(), server == 1 ? 2u : 1u);
  }
}

TEST(Forwarder, ServersWithoutAMacAddressGetNothing) {
  ForwarderRig rig(1024, round_robin());
  for (uint16_t flow = 0; flow < 9; ++flow) rig.tcp(flow, kSyn);
  rig.recipe.servers[0].resolved = false;
  rig.recipe.turns = rig.recipe.maglev = {1, 2};
  rig.apply();
  for (uint16_t flow = 0; flow < 30; ++flow) EXPECT_NE(rig.tcp(flow, flow < 9 ? kAck : kSyn), 0u);
}

TEST(Forwarder, DropsWhatIsScheduledToAServerThatHasItsPlaceButNoMacAddressYet) {
  for (SnapshotRecipe recipe : {SnapshotRecipe{}, round_robin()}) {
    recipe.servers[1].resolved = false;
    ForwarderRig rig(1024, recipe);
    unsigned dropped = 0;
    for (uint16_t flow = 0; flow < 60; ++flow) {
      const Fate fate = rig.send(ForwarderRig::tcp_of(flow, kSyn));
      EXPECT_EQ(fate.kind == Fate::transmitted, static_cast<bool>(rig.entry(flow)));
      if (fate.kind == Fate::transmitted) {
        EXPECT_NE(fate.server(), 1u);
      } else {
        EXPECT_EQ(fate.reason, DropReason::no_server_resolved);
        ++dropped;
      }
    }
    EXPECT_GT(dropped, 5u);
    EXPECT_LT(dropped, 40u);
  }
}

TEST(Forwarder, SaysWhyThereIsNoServer) {
  for (const DropReason why : {DropReason::no_server, DropReason::no_server_resolved}) {
    SnapshotRecipe recipe;
    recipe.servers = {{1, false}, {1, false}, {1, false}};
    recipe.maglev.clear();
    recipe.unavailable = why;
    ForwarderRig rig(1024, recipe);
    const Fate fate = rig.send(ForwarderRig::tcp_of(1, kSyn));
    EXPECT_EQ(fate.kind, Fate::dropped);
    EXPECT_EQ(fate.reason, why);
    EXPECT_EQ(rig.table.live(), 0u);
  }
}

TEST(Forwarder, ADrainedServerKeepsItsConnectionsAndGetsNoNewOnes) {
  ForwarderRig rig(1024, round_robin());
  for (uint16_t flow = 0; flow < 9; ++flow) rig.tcp(flow, kSyn);
  rig.recipe.turns = rig.recipe.maglev = {1, 2};  // weight 0 for server 0
  rig.apply();
  for (uint16_t flow = 0; flow < 9; ++flow) {
    const uint32_t had = rig.entry(flow).value.server();
    EXPECT_EQ(rig.tcp(flow, kAck), had);
  }
  for (uint16_t flow = 100; flow < 130; ++flow) EXPECT_NE(rig.tcp(flow, kSyn), 0u);
}

TEST(Forwarder, DrainsTheLastServerWithoutBreakingItsConnections) {
  ForwarderRig rig;
  const uint32_t server = rig.tcp(1, kSyn);
  rig.recipe.maglev.clear();  // all weights 0
  rig.apply();
  EXPECT_EQ(rig.tcp(1, kAck), server);
  EXPECT_EQ(rig.send(ForwarderRig::tcp_of(2, kSyn)).reason, DropReason::no_server);
}

TEST(Forwarder, TakesTurnsExactly) {
  ForwarderRig rig(4096, round_robin());
  std::map<uint32_t, int> connections;
  for (uint16_t flow = 0; flow < 300; ++flow) {
    ++connections[rig.tcp(flow, kSyn)];
    rig.tcp(flow, kAck);  // takes none
  }
  EXPECT_EQ(connections, (std::map<uint32_t, int>{{0, 100}, {1, 100}, {2, 100}}));
}

TEST(Forwarder, TakesWeightedTurnsExactlyForTcpAndUdp) {
  SnapshotRecipe recipe;
  recipe.turns = {0, 1, 0, 2, 0, 1};
  ForwarderRig rig(4096, recipe);
  std::map<uint32_t, int> tcp, udp;
  for (uint16_t flow = 0; flow < 600; ++flow) {
    ++tcp[rig.tcp(flow, kSyn)];
    ++udp[rig.udp(flow)];
  }
  const std::map<uint32_t, int> expected{{0, 300}, {1, 200}, {2, 100}};
  EXPECT_EQ(tcp, expected);
  EXPECT_EQ(udp, expected) << "each service has turns of its own";
}

TEST(Forwarder, GoesOnWithItsTurnsWhenAConfigurationMakesThemFewer) {
  ForwarderRig rig(1024, round_robin());
  rig.tcp(0, kSyn);
  rig.tcp(1, kSyn);
  rig.recipe.turns = {1};
  rig.apply();
  EXPECT_EQ(rig.tcp(2, kSyn), 1u);
  EXPECT_EQ(rig.tcp(3, kSyn), 1u);
}

TEST(Forwarder, PacketsOfOneNewFlowInOneBurstGoToOneServer) {
  ForwarderRig rig(1024, round_robin());
  std::vector<Bytes> frames;
  for (uint16_t i = 0; i < kBurst; ++i) frames.push_back(ForwarderRig::tcp_of(i % 4, i < 8 ? kSyn : kAck));
  std::map<size_t, std::set<uint32_t>> servers;
  const std::vector<Fate> fates = rig.burst(frames);
  for (size_t i = 0; i < fates.size(); ++i) servers[i % 4].insert(fates[i].server());
  for (size_t flow = 0; flow < 4; ++flow) EXPECT_EQ(servers[flow].size(), 1u) << "flow " << flow;
  EXPECT_EQ(rig.counters.ipv4_table.inserted.read(), 4u);
  EXPECT_EQ(rig.table.live(), 4u);
}

TEST(Forwarder, SendsEachPacketOutOfItsServersPort) {
  SnapshotRecipe recipe = round_robin();
  recipe.servers[1].egress = 1;
  recipe.servers[2].egress = 7;
  ForwarderRig rig(1024, recipe);
  std::vector<Bytes> frames;
  for (uint16_t flow = 0; flow < 30; ++flow) frames.push_back(ForwarderRig::tcp_of(flow, kSyn));
  for (const Fate& fate : rig.burst(frames)) EXPECT_EQ(fate.egress, recipe.servers[fate.server()].egress);
}

TEST(Forwarder, SaysThatAPlainBurstLeavesAsLongAsItCame) {
  ForwarderRig rig;
  const Bytes plain = ForwarderRig::tcp_of(1, kAck, payload(40)), plain6 = ForwarderRig::tcp6_of(1, kAck);
  rig.burst({plain, plain6});
  EXPECT_TRUE(rig.keeps_lengths());
  EXPECT_EQ(rig.received_bytes(), plain.size() + plain6.size());
  const Bytes strange = icmp_frame({}, 8);
  rig.burst({plain, strange, plain6});
  EXPECT_FALSE(rig.keeps_lengths()) << "what is not plain may";
  EXPECT_EQ(rig.received_bytes(), plain.size() + strange.size() + plain6.size());

  SnapshotRecipe tagging;
  for (SnapshotRecipe::Server& server : tagging.servers) server.vlan = 7;
  ForwarderRig trunk(1024, tagging);
  trunk.burst({plain});
  EXPECT_FALSE(trunk.keeps_lengths()) << "a tag is added";
}

TEST(Forwarder, DropsWhatIsNotForAServiceForTheMostLikelyReason) {
  ForwarderRig rig;
  const auto reason = [&](const Bytes& frame, uint64_t flags = 0) { return rig.send(frame, flags).reason; };
  const auto to = [](const char* address, uint16_t port) {
    FrameFields fields;
    fields.destination = address;
    fields.destination_port = port;
    return fields;
  };
  EXPECT_EQ(reason(tcp_frame(to("192.0.2.100", 81), kSyn)), DropReason::no_service);
  EXPECT_EQ(reason(udp_frame(to("192.0.2.100", 80))), DropReason::no_service) << "another protocol's port";
  EXPECT_EQ(reason(tcp_frame(to("192.0.2.77", 80), kSyn)), DropReason::not_our_address);
  EXPECT_EQ(reason(tcp_frame(to("192.0.2.2", 22), kSyn)), DropReason::own_address_unserved);
  EXPECT_EQ(reason(ip_frame(to("192.0.2.100", 0), 47, payload(8))), DropReason::unsupported_protocol);
  EXPECT_EQ(reason(icmp_frame(to("192.0.2.100", 0), 13)), DropReason::icmp_unsupported);
  EXPECT_EQ(reason(icmp_frame(to("192.0.2.77", 0), 8)), DropReason::not_our_address);
  EXPECT_EQ(reason(tcp_frame({}, kSyn), RTE_MBUF_F_RX_IP_CKSUM_BAD), DropReason::bad_checksum);
  EXPECT_EQ(rig.send(tcp_frame({}, kSyn), RTE_MBUF_F_RX_IP_CKSUM_GOOD).kind, Fate::transmitted);
  EXPECT_EQ(rig.send(tcp_frame({}, kAck), RTE_MBUF_F_RX_IP_CKSUM_NONE).kind, Fate::transmitted);
}

TEST(Forwarder, PuntsArpAndPingsToItsAddresses) {
  ForwarderRig rig;
  FrameFields own;
  own.destination = "192.0.2.2";
  EXPECT_EQ(rig.send(icmp_frame(own, 8)).punt, PuntKind::icmp_echo);
  EXPECT_EQ(rig.send(icmp_frame({}, 8)).punt, PuntKind::icmp_echo);
  const ArpFields who_has{1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"};
  EXPECT_EQ(rig.send(arp_frame(kBroadcastMac, who_has)).punt, PuntKind::arp);
}

}  // namespace
}  // namespace turnout::forwarder_test
