// What becomes of a packet hangs neither on what else is in its burst nor on where in it it stands: plain
// packets are read four at a time, and go on their way before others have theirs.
#include <gtest/gtest.h>

#include <array>
#include <random>
#include <vector>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout::forwarder_burst_test {
namespace {

/// Sends bursts to one forwarder, and the same packets to another one by one.
struct ForwarderBurst : testing::Test {
  ForwarderRig at_once, one_by_one;
  std::mt19937 random{11};
  static constexpr uint16_t kFlows = 200;

  void apply(const SnapshotRecipe& recipe) {
    for (ForwarderRig* rig : {&at_once, &one_by_one}) {
      rig->recipe = recipe;
      rig->apply();
    }
  }
  /// Of a flow that has no other packet in this burst: of two that change its entry, the SYN would be first.
  Bytes plain_frame(bool ipv6) {
    const auto flow = static_cast<uint16_t>(next_flow_++ % kFlows);
    constexpr uint8_t kFlags[] = {kAck, kAck, kAck, kAck, kSyn, kFin | kAck, kRst};
    const uint8_t flags = kFlags[random() % std::size(kFlags)];
    if (random() % 4 == 0) return ipv6 ? long_udp6_of(flow) : padded(ForwarderRig::udp_of(flow));
    const Bytes data = payload(random() % 2 ? 0 : random() % 1400);
    return ipv6 ? ForwarderRig::tcp6_of(flow, flags, data) : ForwarderRig::tcp_of(flow, flags, data);
  }
  static Bytes long_udp6_of(uint16_t flow) {  // not shorter than a TCP segment
    FrameFields6 fields;
    fields.source_port = static_cast<uint16_t>(1024 + flow);
    fields.destination_port = 53;
    return udp6_frame(fields, payload(40));
  }
  Bytes odd_frame() {
    FrameFields options, to_nobody;
    options.ip_options = Bytes(8, 1);
    to_nobody.destination_port = 81;
    switch (random() % 5) {
      case 0:
        return tcp_frame(options, kAck);
      case 1:
        return tcp_frame(to_nobody, kAck);
      case 2:
        return icmp_frame({}, 8);
      case 3:
        return cut_to(tcp_frame({}, kAck, payload(100)), 40 + random() % 60);
      default:
        return redirected(tcp_frame({}, kAck), "02:00:00:00:01:01", "02:00:00:00:00:c1");
    }
  }
  void expect_same_fates(const std::vector<Bytes>& frames) {
    const std::vector<Fate> together = at_once.burst(frames);
    for (size_t i = 0; i < frames.size(); ++i) {
      const Fate alone = one_by_one.send(frames[i]);
      EXPECT_EQ(together[i].kind, alone.kind) << hex(frames[i]);
      EXPECT_EQ(together[i].egress, alone.egress) << hex(frames[i]);
      EXPECT_EQ(together[i].punt, alone.punt) << hex(frames[i]);
      EXPECT_EQ(together[i].reason, alone.reason) << hex(frames[i]);
      EXPECT_EQ(together[i].frame, alone.frame) << hex(frames[i]);
    }
    for (uint32_t slot = 0; slot < at_once.recipe.servers.size(); ++slot) {
      EXPECT_EQ(at_once.counters.traffic(slot).packets.read(),
                one_by_one.counters.traffic(slot).packets.read());
      EXPECT_EQ(at_once.counters.traffic(slot).bytes.read(), one_by_one.counters.traffic(slot).bytes.read());
      EXPECT_EQ(at_once.counters.server(slot).active.read(), one_by_one.counters.server(slot).active.read());
    }
  }
  /// `odd`, `ipv6`: how many of 16 are.
  void send_bursts(unsigned odd, unsigned ipv6) {
    for (unsigned i = 0; i < 400 && !HasFailure(); ++i) {
      std::vector<Bytes> frames;
      for (size_t count = 1 + random() % kBurst; count > 0; --count)
        frames.push_back(random() % 16 < odd ? odd_frame() : plain_frame(random() % 16 < ipv6));
      expect_same_fates(frames);
      at_once.now = one_by_one.now += random() % 8 == 0;
    }
  }

 private:
  unsigned next_flow_ = 0;
};

TEST_F(ForwarderBurst, OfOneFamily) {
  send_bursts(0, 0);
  send_bursts(0, 16);
}

TEST_F(ForwarderBurst, OfBothFamilies) {
  send_bursts(0, 2);
  send_bursts(0, 8);
}

TEST_F(ForwarderBurst, WithPacketsThatAreNotPlain) {
  send_bursts(1, 0);
  send_bursts(4, 4);
  send_bursts(1, 16);
}

TEST_F(ForwarderBurst, ToServersAtSeveralPorts) {
  SnapshotRecipe recipe;
  for (size_t i = 0; i < recipe.servers.size(); ++i) recipe.servers[i].egress = static_cast<uint16_t>(i % 3);
  apply(recipe);
  send_bursts(0, 4);
  send_bursts(2, 4);
}

TEST_F(ForwarderBurst, WithPacketsThatAreTooLongForTheirPort) {
  SnapshotRecipe recipe;
  recipe.mtus[0] = 1000;
  apply(recipe);
  send_bursts(0, 4);
}

TEST_F(ForwarderBurst, WhileServersComeAndGo) {
  for (unsigned round = 0; round < 6; ++round) {
    SnapshotRecipe recipe;
    recipe.servers[0].resolved = round % 2 == 0;
    recipe.servers[1].generation = static_cast<uint16_t>(1 + round);
    apply(recipe);
    send_bursts(0, 2);
  }
}

TEST_F(ForwarderBurst, WithOrWithoutANicThatLooksAtChecksums) {
  const std::vector<Bytes> frames(8, ForwarderRig::tcp_of(1, kAck, payload(20)));
  constexpr std::array<uint64_t, 3> kSound{RTE_MBUF_F_RX_IP_CKSUM_UNKNOWN, RTE_MBUF_F_RX_IP_CKSUM_GOOD,
                                           RTE_MBUF_F_RX_IP_CKSUM_NONE};
  for (const uint64_t sound : kSound) {
    for (const Fate& fate : at_once.burst(frames, sound)) EXPECT_EQ(fate.kind, Fate::transmitted) << sound;
  }
  for (const Fate& fate : at_once.burst(frames, RTE_MBUF_F_RX_IP_CKSUM_BAD))
    EXPECT_EQ(fate.reason, DropReason::bad_checksum);
}

TEST_F(ForwarderBurst, LeavesInItsOrder) {
  for (unsigned i = 0; i < 100 && !HasFailure(); ++i) {
    std::vector<Bytes> frames;
    while (frames.size() < kBurst) frames.push_back(plain_frame(random() % 2));
    const std::vector<Fate> fates = at_once.burst(frames);
    std::vector<Bytes> sent;
    for (const Fate& fate : fates) sent.push_back(fate.frame);
    EXPECT_TRUE(at_once.keeps_lengths());
    EXPECT_EQ(at_once.left(0), sent);
  }
}

}  // namespace
}  // namespace turnout::forwarder_burst_test
