// Packets longer than the port that they would leave by can send.
#include <gtest/gtest.h>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout::forwarder_mtu_test {
namespace {

/// Server 0 behind a port with an MTU of 1400, server 1 behind one with 9000.
SnapshotRecipe two_mtus(uint32_t server = 0) {
  SnapshotRecipe recipe;
  recipe.maglev = {server};
  recipe.servers[0].egress = 1;
  recipe.servers[1].egress = 2;
  recipe.mtus[1] = 1400;
  recipe.mtus[2] = 9000;
  return recipe;
}
/// A whole IPv4 packet of this many octets, with or without Don't Fragment.
Bytes packet(size_t size, bool may_be_fragmented = false) {
  FrameFields fields;
  if (may_be_fragmented) fields.fragment = 0;
  return tcp_frame(fields, kAck, payload(size - 40));
}
Bytes packet6(size_t size) {
  return tcp6_frame({}, kAck, payload(size - 60));
}
void expect_told(const Fate& fate, uint16_t mtu, const Bytes& frame) {
  EXPECT_EQ(fate.kind, Fate::punted);
  EXPECT_EQ(fate.punt, PuntKind::too_big);
  EXPECT_EQ(fate.mtu, mtu);
  EXPECT_EQ(fate.frame, frame) << "as it came, for its answer";
}

TEST(ForwarderMtu, WhatIsAsLongAsTheMtuFits) {
  ForwarderRig rig(64, two_mtus());
  EXPECT_EQ(rig.send(packet(1400)).kind, Fate::transmitted);
  EXPECT_EQ(rig.send(packet(1400, true)).kind, Fate::transmitted);
  EXPECT_EQ(rig.send(packet6(1400)).kind, Fate::transmitted);
}

TEST(ForwarderMtu, TheSenderIsToldWhatWouldHaveFittedIfItAskedTo) {
  ForwarderRig rig(64, two_mtus());
  for (const size_t size : {1401u, 1500u, 8000u}) {
    expect_told(rig.send(packet(size)), 1400, packet(size));
    expect_told(rig.send(packet6(size)), 1400, packet6(size));
  }
}

TEST(ForwarderMtu, WhatMayBeFragmentedIsDropped) {
  ForwarderRig rig(64, two_mtus());
  const Fate fate = rig.send(packet(1401, true));
  EXPECT_EQ(fate.kind, Fate::dropped);
  EXPECT_EQ(fate.reason, DropReason::too_big);
}

TEST(ForwarderMtu, CountsThePaddingOfAFrameForNothing) {
  ForwarderRig rig(64, two_mtus());
  EXPECT_EQ(rig.send(padded(packet(1400), 1500)).kind, Fate::transmitted);
}

TEST(ForwarderMtu, GoesByThePortThatThePacketWouldLeaveBy) {
  ForwarderRig small(64, two_mtus(0)), large(64, two_mtus(1)), plain(64, two_mtus(2));
  expect_told(small.send(packet(1500)), 1400, packet(1500));
  EXPECT_EQ(large.send(packet(1500)).egress, 2);
  EXPECT_EQ(large.send(packet(9000)).kind, Fate::transmitted);
  expect_told(large.send(packet6(9001)), 9000, packet6(9001));
  EXPECT_EQ(plain.send(packet(1500)).kind, Fate::transmitted) << "longer than the least MTU of all ports";
  expect_told(plain.send(packet(1501)), 1500, packet(1501));
}

TEST(ForwarderMtu, OnePacketOfABurstTooLongHoldsNoOtherUp) {
  ForwarderRig rig(64, two_mtus());
  const std::vector<Fate> fates =
      rig.burst({packet(100), packet(1401), packet6(1401), packet(1401, true), packet6(100)});
  EXPECT_EQ(fates[0].kind, Fate::transmitted);
  EXPECT_EQ(fates[1].kind, Fate::punted);
  EXPECT_EQ(fates[2].kind, Fate::punted);
  EXPECT_EQ(fates[3].kind, Fate::dropped);
  EXPECT_EQ(fates[4].kind, Fate::transmitted);
}

TEST(ForwarderMtu, ATooLongPacketIsNotCountedForItsServerButIsOfItsConnection) {
  ForwarderRig rig(64, two_mtus());
  rig.send(packet(1401));
  EXPECT_EQ(rig.counters.traffic(0).packets.read(), 0u);
  EXPECT_EQ(rig.counters.traffic(0).bytes.read(), 0u);
  EXPECT_EQ(rig.counters.server(0).connections.read(), 1u);
  EXPECT_EQ(rig.table.live(), 1u);
}

TEST(ForwarderMtu, ATagIsNoPartOfThePacket) {
  SnapshotRecipe recipe = two_mtus();
  recipe.ingress_vlan = 7;
  recipe.servers[0].vlan = 9;
  ForwarderRig rig(64, recipe);
  EXPECT_EQ(rig.send(tagged(packet(1400), 7)).kind, Fate::transmitted);
  expect_told(rig.send(tagged(packet(1401), 7)), 1400, tagged(packet(1401), 7));
  expect_told(rig.send(tagged(packet6(1401), 7)), 1400, tagged(packet6(1401), 7));
}

TEST(ForwarderMtu, FragmentsFitOrAreRefusedEachForItself) {
  ForwarderRig rig(64, two_mtus());
  FrameFields fields;
  fields.destination_port = 53;
  const std::vector<Bytes> pieces = fragmented(udp_frame(fields, payload(3000)), 7, 1480);
  ASSERT_EQ(pieces.size(), 3u);
  EXPECT_EQ(rig.send(pieces[0]).reason, DropReason::too_big);
  EXPECT_EQ(rig.send(pieces[1]).reason, DropReason::too_big);
  EXPECT_EQ(rig.send(pieces[2]).kind, Fate::transmitted);
  FrameFields6 fields6;
  fields6.destination_port = 53;
  const std::vector<Bytes> pieces6 = fragmented6(udp6_frame(fields6, payload(3000)), 7, 1448);
  for (const size_t i : {0u, 1u}) expect_told(rig.send(pieces6[i]), 1400, pieces6[i]);
  EXPECT_EQ(rig.send(pieces6[2]).kind, Fate::transmitted);
}

}  // namespace
}  // namespace turnout::forwarder_mtu_test
