// The forwarder with more flows than its table holds, and with packets of all kinds.
#include <gtest/gtest.h>

#include <array>
#include <map>
#include <random>

#include "dataplane/scheduler.h"
#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"

namespace turnout::forwarder_load_test {
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

TEST(ForwarderLoad, ForwardsFlowsThatFindNoRoomByTheMaglevTable) {
  for (const SnapshotRecipe& recipe : {SnapshotRecipe{}, round_robin()}) {
    ForwarderRig rig(8, recipe);
    rig.fill_with_udp();
    const uint64_t before = rig.counters.ipv4_table.stateless.read();
    for (uint16_t flow = 0; flow < 50; ++flow) {
      for (const uint8_t flags : {kSyn, kAck, kAck, uint8_t{kFin | kAck}}) {
        EXPECT_EQ(rig.tcp(flow, flags), maglev_server(rig, flow)) << "flow " << flow;
      }
      EXPECT_FALSE(rig.entry(flow));
    }
    EXPECT_EQ(rig.counters.ipv4_table.stateless.read() - before, 200u);
    for (uint16_t flow = 0; flow < 8; ++flow) rig.udp(flow);
    EXPECT_EQ(rig.table.live(), 8u);
  }
}

TEST(ForwarderLoad, AFlowThatBeganWithoutAnEntryStaysWhereItIsWhenThereIsRoom) {
  ForwarderRig rig(8, round_robin());
  rig.fill_with_udp();
  std::map<uint16_t, uint32_t> servers;
  for (uint16_t flow = 0; flow < 6; ++flow) servers[flow] = rig.tcp(flow, kSyn);
  rig.now += 301;
  rig.sweep();
  ASSERT_EQ(rig.table.live(), 0u);
  for (uint16_t flow = 0; flow < 6; ++flow) {
    EXPECT_EQ(rig.tcp(flow, kAck), servers[flow]);
    EXPECT_TRUE(rig.entry(flow)) << "and has an entry now";
  }
}

TEST(ForwarderLoad, TakesTurnsAgainSomeTimeAfterTheTableWasFull) {
  ForwarderRig rig(8, round_robin());
  rig.fill_with_udp();
  rig.tcp(0, kSyn);
  rig.now += 299;
  rig.recipe.timeouts.seconds[static_cast<size_t>(udp)] = 10;
  rig.apply();
  rig.sweep();
  EXPECT_EQ(rig.tcp(1, kSyn), maglev_server(rig, 1)) << "its entry may yet be evicted";
  rig.now += 1000;
  std::map<uint32_t, int> connections;
  for (uint16_t flow = 10; flow < 13; ++flow) ++connections[rig.tcp(flow, kSyn)];
  EXPECT_EQ(connections.size(), 3u);
}

Bytes random_frame(std::mt19937& random) {
  FrameFields fields;
  fields.source_port = static_cast<uint16_t>(random() % 200);
  fields.destination_port = random() % 8 ? 80 : 81;
  if (random() % 16 == 0) fields.destination = "192.0.2.2";
  if (random() % 16 == 0) fields.to_mac = "02:00:00:00:01:0f";
  if (random() % 16 == 0) fields.fragment = 0x2000;
  constexpr std::array<uint8_t, 5> kFlags{kSyn, kAck, kAck, kFin | kAck, kRst};
  switch (random() % 12) {
    case 0:
      return icmp_frame(fields, random() % 2 ? 8 : 3);
    case 1:
      return arp_frame(kBroadcastMac, {1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"});
    case 2:
      return cut_to(tcp_frame(fields, kSyn), random() % 60);
    case 3:
      return ip_frame(fields, 47, payload(9));
    case 4:
      fields.destination_port = 53;
      return udp_frame(fields, payload(12));
    default:
      return tcp_frame(fields, kFlags[random() % kFlags.size()], payload(random() % 100));
  }
}

TEST(ForwarderLoad, EveryPacketOfEveryBurstEndsInExactlyOneLane) {
  std::mt19937 random(3);
  ForwarderRig rig(64, round_robin());
  uint64_t transmitted = 0, dropped = 0, punted = 0;
  for (unsigned round = 0; round < 3000; ++round) {
    std::vector<Bytes> frames(random() % (kBurst + 1));
    for (Bytes& frame : frames) frame = random_frame(random);
    for (const Fate& fate : rig.burst(frames)) {
      transmitted += fate.kind == Fate::transmitted;
      dropped += fate.kind == Fate::dropped;
      punted += fate.kind == Fate::punted;
    }
    if (random() % 8 == 0) rig.now += static_cast<Tick>(random() % 30);
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
  EXPECT_GT(transmitted, 0u);
  EXPECT_GT(dropped, 0u);
  EXPECT_GT(punted, 0u);
  uint64_t counted = 0;
  for (uint32_t slot = 0; slot < 3; ++slot) counted += rig.counters.traffic(slot).packets.read();
  EXPECT_EQ(counted, transmitted);
}

}  // namespace
}  // namespace turnout::forwarder_load_test
