// The short way to read a plain packet beside the long way that reads any: of every packet they must say the
// same.
#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <vector>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/parsed.h"

namespace turnout::packet_plain_test {
namespace {

/// What both ways say of a frame of which `contiguous` octets are in reach.
struct BothWays {
  PlainPacket plain;
  PacketFields plain_fields;
  PacketClass closely;
  PacketFields close_fields;

  BothWays(const Bytes& frame, size_t contiguous, const Port& port = kPort) {
    const auto exact = std::make_unique<uint8_t[]>(contiguous);
    std::copy_n(frame.begin(), contiguous, exact.get());
    const Frame seen{exact.get(), static_cast<uint32_t>(contiguous), static_cast<uint32_t>(frame.size())};
    plain = parse_plain(seen, port, plain_fields);
    closely = parse_closely(seen, port, close_fields);
  }
  explicit BothWays(const Bytes& frame, const Port& port = kPort) : BothWays(frame, frame.size(), port) {}
};

/// If the short way reads the frame, the long way reads the same. True if it does.
bool expect_agreement(const Bytes& frame, size_t contiguous, const Port& port = kPort) {
  const BothWays ways(frame, contiguous, port);
  if (ways.plain == PlainPacket::no) return false;
  const PacketClass kind = ways.plain == PlainPacket::ipv4 ? PacketClass::flow : PacketClass::flow6;
  EXPECT_EQ(ways.closely, kind) << hex(frame);
  EXPECT_EQ(ways.plain_fields.kind, kind) << hex(frame);
  expect_same_fields(ways.plain_fields, ways.close_fields, frame);
  return true;
}

const std::vector<Bytes>& plain_frames() {
  static const std::vector<Bytes> frames{tcp_frame({}, kAck),          tcp_frame({}, kSyn, {}, Bytes(12, 1)),
                                         udp_frame({}, payload(20)),   tcp_frame({}, kFin, payload(900)),
                                         tcp6_frame({}, kAck),         tcp6_frame({}, kRst, payload(5)),
                                         udp6_frame({}, payload(100)), padded(udp_frame({}, payload(1)))};
  return frames;
}

TEST(ParsePlain, ReadsWhatNearlyEveryPacketIs) {
  for (const Bytes& frame : plain_frames()) EXPECT_TRUE(expect_agreement(frame, frame.size())) << hex(frame);
}

TEST(ParsePlain, LeavesEverythingElseToACloserLook) {
  FrameFields options, fragment, first_fragment, martian;
  options.ip_options = Bytes(8, 1);
  fragment.fragment = 0x0010;
  first_fragment.fragment = 0x2000;
  martian.source = "127.0.0.1";
  const std::vector<Bytes> others{
      tcp_frame(options, kAck),
      tcp_frame(fragment, kAck),
      tcp_frame(first_fragment, kAck),
      tcp_frame(martian, kAck),
      icmp_frame({}, 8),
      tagged(tcp_frame({}, kAck), 10),
      redirected(tcp_frame({}, kAck), "02:00:00:00:01:01", "02:00:00:00:00:c1"),
      arp_frame(kBroadcastMac, {1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"}),
      cut_to(tcp_frame({}, kAck, payload(100)), 100)};
  for (const Bytes& frame : others) EXPECT_EQ(BothWays(frame).plain, PlainPacket::no) << hex(frame);
}

TEST(ParsePlain, ReadsNothingOnAPortWithAVlan) {
  const Port port{.mac = kPort.mac, .vlan = 10};
  for (const Bytes& frame : plain_frames()) EXPECT_EQ(BothWays(frame, port).plain, PlainPacket::no);
}

TEST(ParsePlain, ReadsNothingOutOfReach) {
  for (const Bytes& frame : plain_frames()) {
    for (size_t contiguous = 0; contiguous <= frame.size(); ++contiguous) expect_agreement(frame, contiguous);
  }
}

TEST(ParsePlain, SaysTheSameAsACloserLookOfMutatedFrames) {
  std::mt19937 random(3);
  unsigned plain = 0;
  for (unsigned i = 0; i < 300'000 && !testing::Test::HasFailure(); ++i) {
    Bytes frame = plain_frames()[random() % plain_frames().size()];
    for (unsigned changes = random() % 4; changes > 0; --changes)
      frame[12 + random() % (frame.size() - 12)] = static_cast<uint8_t>(random());
    if (random() % 4 == 0) frame = cut_to(frame, random() % (frame.size() + 1));
    plain += expect_agreement(frame, random() % 4 ? frame.size() : random() % (frame.size() + 1));
  }
  EXPECT_GT(plain, 50'000u) << "the frames are hardly ever plain: nothing was compared";
}

}  // namespace
}  // namespace turnout::packet_plain_test
