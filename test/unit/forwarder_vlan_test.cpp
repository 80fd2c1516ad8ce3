// Frames change their VLAN tag on the way to the server's port, and nothing else.
#include <gtest/gtest.h>

#include <array>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout::forwarder_vlan_test {
namespace {

constexpr uint16_t kIn = 0x123, kOut = 0xABC;

SnapshotRecipe vlans(uint16_t in, uint16_t out) {
  SnapshotRecipe recipe;
  recipe.maglev = {1};
  recipe.ingress_vlan = in;
  for (SnapshotRecipe::Server& server : recipe.servers) {
    server.vlan = out;
    server.egress = 3;
  }
  return recipe;
}
std::vector<Bytes> frames() {
  return {tcp_frame({}, kSyn),
          tcp_frame({}, kAck, payload(1460)),
          padded(tcp_frame({}, kAck)),
          tcp6_frame({}, kSyn),
          tcp6_frame({}, kAck, payload(1440)),
          icmp_error({}, 3, ip_packet_of(tcp_frame(turned_round(FrameFields{}), kAck)))};
}
Bytes at_server(const Bytes& frame) {
  return redirected(frame, "02:00:00:00:02:01", "02:00:00:00:01:00");
}
void expect_out(ForwarderRig& rig, const Bytes& in, const Bytes& out) {
  const Fate fate = rig.send(in);
  ASSERT_EQ(fate.kind, Fate::transmitted) << name_of(fate.reason) << hex(in);
  EXPECT_EQ(fate.egress, 3);
  EXPECT_EQ(fate.frame, at_server(out)) << hex(fate.frame);
}

TEST(ForwarderVlan, AnUntaggedFrameGetsTheTagOfTheServersPort) {
  ForwarderRig rig(64, vlans(0, kOut));
  for (const Bytes& frame : frames()) expect_out(rig, frame, tagged(frame, kOut));
}

TEST(ForwarderVlan, ATaggedFrameLosesItsTagOnTheWayToAPortWithout) {
  ForwarderRig rig(64, vlans(kIn, 0));
  for (const Bytes& frame : frames()) {
    expect_out(rig, tagged(frame, kIn), frame);
    expect_out(rig, tagged(frame, 0xE000 | kIn), frame);
  }
}

TEST(ForwarderVlan, ATaggedFrameGetsTheTagOfTheServersPortAndKeepsItsPriority) {
  ForwarderRig rig(64, vlans(kIn, kOut));
  for (const uint16_t priority : std::to_array<uint16_t>({0, 0x2000, 0xE000, 0x1000, 0xF000})) {
    for (const Bytes& frame : frames())
      expect_out(rig, tagged(frame, priority | kIn), tagged(frame, priority | kOut));
  }
}

TEST(ForwarderVlan, OneArmedItGoesBackWithTheTagItCameWith) {
  ForwarderRig rig(64, vlans(kIn, kIn));
  for (const Bytes& frame : frames())
    expect_out(rig, tagged(frame, 0x6000 | kIn), tagged(frame, 0x6000 | kIn));
}

TEST(ForwarderVlan, APriorityTagIsTakenOffOrGivenItsVlan) {
  ForwarderRig untagged(64, vlans(0, 0));
  ForwarderRig other(64, vlans(0, kOut));
  for (const Bytes& frame : frames()) {
    expect_out(untagged, tagged(frame, 0xA000), frame);
    expect_out(other, tagged(frame, 0xA000), tagged(frame, 0xA000 | kOut));
  }
}

TEST(ForwarderVlan, DropsWhatHasAnotherTagOrTwoOrNone) {
  ForwarderRig rig(64, vlans(kIn, kOut));
  for (const Bytes& frame : frames()) {
    EXPECT_EQ(rig.send(frame).reason, DropReason::unknown_vlan);
    EXPECT_EQ(rig.send(tagged(frame, kOut)).reason, DropReason::unknown_vlan);
    EXPECT_EQ(rig.send(tagged(tagged(frame, kIn), kIn)).reason, DropReason::stacked_vlan);
    EXPECT_EQ(rig.send(with_octets(tagged(frame, kIn), 12, {0x88, 0xA8})).reason, DropReason::stacked_vlan);
  }
  EXPECT_EQ(rig.table.live() + rig.wide_table.live(), 0u);
}

TEST(ForwarderVlan, LeavesWhatItPuntsOrDropsAsItCame) {
  ForwarderRig rig(64, vlans(kIn, kOut));
  FrameFields elsewhere;
  elsewhere.destination = "192.0.2.77";
  for (const Bytes& frame :
       {tcp_frame(elsewhere, kSyn), icmp_frame({}, 8), icmp6_frame({}, 128, 0, payload(8))})
    EXPECT_EQ(rig.send(tagged(frame, kIn)).frame, tagged(frame, kIn));
}

TEST(ForwarderVlan, AFrameWithoutRoomForATagIsDropped) {
  ForwarderRig rig(64, vlans(0, kOut));
  for (rig.headroom = 0; rig.headroom < 4; rig.headroom = static_cast<uint16_t>(rig.headroom + 2)) {
    for (const Bytes& frame : frames()) {
      const Fate fate = rig.send(frame);
      EXPECT_EQ(fate.kind, Fate::dropped);
      EXPECT_EQ(name_of(fate.reason), "no_headroom");
      EXPECT_EQ(fate.frame, frame);
    }
  }
  rig.headroom = 4;
  for (const Bytes& frame : frames()) expect_out(rig, frame, tagged(frame, kOut));
}

TEST(ForwarderVlan, NeedsNoRoomWhereThereIsATagAlready) {
  ForwarderRig other(64, vlans(kIn, kOut)), untagged(64, vlans(kIn, 0)), neither(64, vlans(0, 0));
  other.headroom = untagged.headroom = neither.headroom = 0;
  for (const Bytes& frame : frames()) {
    expect_out(other, tagged(frame, kIn), tagged(frame, kOut));
    expect_out(untagged, tagged(frame, kIn), frame);
    expect_out(neither, frame, frame);
  }
}

TEST(ForwarderVlan, CountsOctetsOfIpWithoutTheTag) {
  ForwarderRig rig(64, vlans(kIn, kOut));
  rig.send(tagged(tcp_frame({}, kSyn), kIn));
  EXPECT_EQ(rig.counters.traffic(1).bytes.read(), 40u);
}

TEST(ForwarderVlan, FragmentsThatWaitedAreTaggedAsWell) {
  ForwarderRig rig(64, vlans(kIn, kOut));
  FrameFields fields;
  fields.destination_port = 53;
  const std::vector<Bytes> pieces = fragmented(udp_frame(fields, payload(2000)), 7, 800);
  EXPECT_EQ(rig.send(tagged(pieces[1], 0x2000 | kIn)).kind, Fate::held);
  expect_out(rig, tagged(pieces[0], 0x4000 | kIn), tagged(pieces[0], 0x4000 | kOut));
  const std::vector<Fate> fates = rig.released();
  ASSERT_EQ(fates.size(), 1u);
  EXPECT_EQ(fates[0].frame, at_server(tagged(pieces[1], 0x2000 | kOut)));
  expect_out(rig, tagged(pieces[2], kIn), tagged(pieces[2], kOut));
}

TEST(ForwarderVlan, AFrameWhoseTagIsCutOffIsTruncated) {
  ForwarderRig rig(64, vlans(kIn, kOut));
  for (size_t size = 14; size < 18; ++size)
    EXPECT_EQ(rig.send(cut_to(tagged(tcp_frame({}, kSyn), kIn), size)).reason, DropReason::truncated);
}

}  // namespace
}  // namespace turnout::forwarder_vlan_test
