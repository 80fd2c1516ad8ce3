// What a service has written into its packets: exactly that, and a checksum that is right again.
#include <gtest/gtest.h>

#include <random>

#include "test/support/forwarder_rig.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"

namespace turnout::mark_test {
namespace {

constexpr uint16_t kIn = 0x123, kOut = 0xABC;
constexpr size_t kChecksumAt = kIpAt + 10;

SnapshotRecipe marking(Mark mark, uint16_t in = 0, uint16_t out = 0) {
  SnapshotRecipe recipe;
  recipe.maglev = {1};
  recipe.ingress_vlan = in;
  for (SnapshotRecipe::Server& server : recipe.servers) {
    server.vlan = out;
    server.mark = mark;
  }
  return recipe;
}
SnapshotRecipe with_dscp(uint8_t dscp) {
  return marking({.dscp = dscp});
}
Bytes at_server(const Bytes& frame) {
  return redirected(frame, "02:00:00:00:02:01", "02:00:00:00:01:00");
}

/// What is to arrive of an IPv4 frame, with its checksum computed anew.
Bytes with_type_of_service(Bytes frame, uint8_t type_of_service) {
  frame[kIpAt + 1] = type_of_service;
  frames_detail::write16(frame, kChecksumAt, 0);
  frames_detail::write16(frame, kChecksumAt,
                         frames_detail::checksum(frame, kIpAt, kIpAt + size_t{frame[kIpAt] & 0xFu} * 4));
  return at_server(frame);
}
/// Likewise of an IPv6 frame.
Bytes with_traffic_class(Bytes frame, uint8_t traffic_class) {
  frame[kIpAt] = static_cast<uint8_t>(0x60 | traffic_class >> 4);
  frame[kIpAt + 1] = static_cast<uint8_t>(traffic_class << 4 | (frame[kIpAt + 1] & 0xF));
  return at_server(frame);
}

TEST(Mark, TheUpdatedChecksumIsThatOfTheChangedHeader) {
  std::mt19937 random(7);
  for (unsigned i = 0; i < 200'000; ++i) {
    Bytes header(20);
    for (uint8_t& octet : header) octet = static_cast<uint8_t>(random());
    header[0] = 0x45;
    if (i % 4 == 0)
      std::fill(header.begin() + 2, header.end(), uint8_t{0});  // sums that are nearly 0 or 0xFFFF
    if (i % 4 == 1) std::fill(header.begin() + 2, header.end(), uint8_t{0xFF});
    frames_detail::write16(header, 10, 0);
    frames_detail::write16(header, 10, frames_detail::checksum(header, 0, header.size()));
    Bytes expected = header;
    const auto dscp = static_cast<uint8_t>(random() % 64);
    expected[1] = static_cast<uint8_t>(dscp << 2 | (expected[1] & 3));
    frames_detail::write16(expected, 10, 0);
    frames_detail::write16(expected, 10, frames_detail::checksum(expected, 0, expected.size()));
    write_dscp(header.data(), 4, dscp);
    ASSERT_EQ(header, expected) << "round " << i << ", DSCP " << unsigned{dscp};
  }
}

TEST(Mark, WritesEveryDscpIntoIpv4AndLeavesEcnAlone) {
  for (unsigned dscp = 0; dscp < 64; ++dscp) {
    ForwarderRig rig(64, with_dscp(static_cast<uint8_t>(dscp)));
    for (const uint8_t before : std::to_array<uint8_t>({0x00, 0x03, 0xB9, 0xFF})) {
      FrameFields fields;
      fields.type_of_service = before;
      const Bytes frame = tcp_frame(fields, kAck, payload(100));
      const Fate fate = rig.send(frame);
      ASSERT_EQ(fate.kind, Fate::transmitted);
      const auto after = static_cast<uint8_t>(dscp << 2 | (before & 3));
      ASSERT_EQ(fate.frame, with_type_of_service(frame, after)) << dscp << ": " << hex(fate.frame);
    }
  }
}

TEST(Mark, WritesEveryDscpIntoIpv6AndLeavesEcnAndFlowLabelAlone) {
  for (unsigned dscp = 0; dscp < 64; ++dscp) {
    ForwarderRig rig(64, with_dscp(static_cast<uint8_t>(dscp)));
    for (const uint8_t before : std::to_array<uint8_t>({0x00, 0x03, 0xB9, 0xFF})) {
      FrameFields6 fields;
      fields.traffic_class = before;
      fields.flow_label = 0xFEDCB;
      const Bytes frame = tcp6_frame(fields, kAck, payload(100));
      const Fate fate = rig.send(frame);
      ASSERT_EQ(fate.kind, Fate::transmitted);
      const auto after = static_cast<uint8_t>(dscp << 2 | (before & 3));
      ASSERT_EQ(fate.frame, with_traffic_class(frame, after)) << dscp << ": " << hex(fate.frame);
    }
  }
}

TEST(Mark, MarksFragmentsAndErrorsAsTheirService) {
  ForwarderRig rig(64, with_dscp(46));
  FrameFields fields;
  fields.destination_port = 53;
  fields.fragment = 0;
  const std::vector<Bytes> pieces = fragmented(udp_frame(fields, payload(300)), 7, 96);
  ASSERT_GT(pieces.size(), 2u);
  for (const Bytes& piece : pieces) EXPECT_EQ(rig.send(piece).frame, with_type_of_service(piece, 46 << 2));
  const Bytes error = icmp_error({}, 3, ip_packet_of(tcp_frame(turned_round(FrameFields{}), kAck)));
  EXPECT_EQ(rig.send(error).frame, with_type_of_service(error, 46 << 2));
}

TEST(Mark, AWrongChecksumStaysWrong) {
  ForwarderRig rig(64, with_dscp(46));
  Bytes frame = tcp_frame({}, kSyn);
  frame[kChecksumAt] ^= 0x5A;
  const Fate fate = rig.send(frame);
  ASSERT_EQ(fate.kind, Fate::transmitted);
  Bytes right = with_type_of_service(frame, 46 << 2);
  EXPECT_NE(fate.frame, right);
  right[kChecksumAt] = fate.frame[kChecksumAt], right[kChecksumAt + 1] = fate.frame[kChecksumAt + 1];
  EXPECT_EQ(fate.frame, right) << "but for the checksum";
}

TEST(Mark, WritesThePriorityWhereATagIsAndKeepsTheRestOfIt) {
  const Bytes frame = tcp_frame({}, kSyn);
  ForwarderRig given(64, marking({.priority = 5}, 0, kOut));
  EXPECT_EQ(given.send(frame).frame, at_server(tagged(frame, 0xA000 | kOut)));
  ForwarderRig changed(64, marking({.priority = 5}, kIn, kOut));
  EXPECT_EQ(changed.send(tagged(frame, 0xE000 | kIn)).frame, at_server(tagged(frame, 0xA000 | kOut)));
  EXPECT_EQ(changed.send(tagged(frame, 0x1000 | kIn)).frame, at_server(tagged(frame, 0xB000 | kOut)))
      << "who may be dropped first may still be";
  ForwarderRig none(64, marking({.priority = 0}, kIn, kOut));
  EXPECT_EQ(none.send(tagged(frame, 0xE000 | kIn)).frame, at_server(tagged(frame, kOut)));
}

TEST(Mark, WithoutATagThereIsNoPriority) {
  const Bytes frame = tcp_frame({}, kSyn);
  ForwarderRig rig(64, marking({.priority = 5}));
  EXPECT_EQ(rig.send(frame).frame, at_server(frame));
  ForwarderRig taken_off(64, marking({.priority = 5}, kIn, 0));
  EXPECT_EQ(taken_off.send(tagged(frame, 0xE000 | kIn)).frame, at_server(frame));
}

TEST(Mark, OneServicesMarkIsNotAnothers) {
  SnapshotRecipe recipe;
  recipe.maglev = {2};
  recipe.servers[1].mark = {.dscp = 46};
  ForwarderRig rig(64, recipe);
  const Bytes frame = tcp_frame({}, kSyn);
  EXPECT_EQ(rig.send(frame).frame, redirected(frame, "02:00:00:00:02:02", "02:00:00:00:01:00"));
}

TEST(Mark, WhatIsNotForwardedStaysAsItCame) {
  SnapshotRecipe recipe = with_dscp(46);
  recipe.mtus[0] = 1000;
  ForwarderRig rig(64, recipe);
  const Bytes long_one = tcp_frame({}, kAck, payload(1200));
  const Fate told = rig.send(long_one);
  EXPECT_EQ(told.kind, Fate::punted);
  EXPECT_EQ(told.frame, long_one);
}

}  // namespace
}  // namespace turnout::mark_test
