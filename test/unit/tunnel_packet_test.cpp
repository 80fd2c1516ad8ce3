#include "control/tunnel_packet.h"

#include <gtest/gtest.h>

#include "test/support/tcp_segments.h"

namespace turnout::tunnel_packet_test {
namespace {

const MacAddress kDirector = mac("02:00:00:00:01:00");
const MacAddress kServer = mac("02:00:00:00:00:11");

Segment syn4(const std::string& text = "") {
  return {
      {kDirector, kServer, ip("192.0.2.2"), ip("192.0.2.100")}, 65001, 80, RTE_TCP_SYN_FLAG, 1000, 0, text};
}
Segment syn6(const std::string& text = "") {
  return {{kDirector, kServer, ip("2001:db8::2"), ip("2001:db8::100")},
          65001,
          80,
          RTE_TCP_SYN_FLAG,
          1000,
          0,
          text};
}

struct Family {
  Segment syn;
  IpAddress source;
  IpAddress destination;
};
std::vector<Family> families(const std::string& text = "") {
  return {{syn4(text), ip("198.51.100.7"), ip("203.0.113.9")},
          {syn6(text), ip("2001:db8:7::ffff"), ip("2001:db8:9::1")}};
}

TEST(TunnelPacketTest, OtherAddressesAreInItWithRightChecksums) {
  for (const std::string text : {"", "x", "GET / HTTP/1.1\r\n\r\n", "odd"}) {
    for (const Family& family : families(text)) {
      Octets frame = unpadded(make_segment(family.syn));
      ASSERT_TRUE(has_right_checksums(frame));
      readdress(frame, parse_tcp(frame).value(), {family.source, family.destination, 8});
      EXPECT_TRUE(has_right_checksums(frame)) << family.source;
      const TcpPacket packet = parse_tcp(frame).value();
      EXPECT_EQ(packet.ip.source, family.source);
      EXPECT_EQ(packet.ip.destination, family.destination);
      EXPECT_EQ(packet.ip.hop_limit, 8);
      EXPECT_EQ(packet.ports.source, 65001);
      EXPECT_EQ(packet.ports.destination, 80);
      EXPECT_EQ(packet.sequence, 1000u);
    }
  }
}

TEST(TunnelPacketTest, AnyTwoAddressesGiveRightChecksums) {
  Octets frame = unpadded(make_segment(syn4("some data")));
  uint32_t state = 1;
  for (int i = 0; i < 20000; ++i) {
    const auto next = [&state] { return from_be32(state = state * 1664525 + 1013904223); };
    const IpAddress source = next(), destination = i % 100 == 0 ? ip("255.255.255.255") : next();
    readdress(frame, parse_tcp(frame).value(), {source, destination, std::nullopt});
    ASSERT_TRUE(has_right_checksums(frame)) << source << " " << destination;
  }
}

TEST(TunnelPacketTest, NothingElseIsChanged) {
  for (const Family& family : families("text")) {
    const Octets before = unpadded(make_segment(family.syn));
    Octets frame = before;
    readdress(frame, parse_tcp(frame).value(), {family.source, family.destination, std::nullopt});
    EXPECT_EQ(parse_tcp(frame)->ip.hop_limit, 64);
    const TcpPacket packet = parse_tcp(frame).value();
    readdress(frame, packet, {family.syn.route.source, family.syn.route.destination, std::nullopt});
    EXPECT_EQ(frame, before) << "and there and back is as it was";
  }
}

TEST(TunnelPacketTest, WhatIsDamagedStaysDamaged) {
  for (const Family& family : families("text")) {
    Octets frame = unpadded(make_segment(family.syn));
    frame.back() ^= 1;
    readdress(frame, parse_tcp(frame).value(), {family.source, family.destination, 8});
    EXPECT_FALSE(has_right_checksums(frame));
  }
}

TEST(TunnelPacketTest, WhatIsCutOffAnywhereIsNoSegment) {
  for (const Family& family : families("text")) {
    const Octets frame = unpadded(make_segment(family.syn));
    for (size_t size = 0; size < frame.size(); ++size) {
      EXPECT_FALSE(parse_tcp(Octets(frame.begin(), frame.begin() + static_cast<std::ptrdiff_t>(size))));
    }
  }
}

TEST(TunnelPacketTest, NoSegmentIsWhatIsNotWholeOrNotTcp) {
  const auto with_content = [](uint8_t protocol, const Octets& content) {
    return parse_tcp(make_ip_frame(syn4().route, protocol, content)).has_value();
  };
  const Octets frame = unpadded(make_segment(syn4()));
  const Octets tcp(frame.begin() + 34, frame.end());
  EXPECT_TRUE(with_content(IPPROTO_TCP, tcp));
  EXPECT_FALSE(with_content(IPPROTO_UDP, tcp));
  EXPECT_FALSE(with_content(IPPROTO_TCP, Octets(tcp.begin(), tcp.end() - 1)));
  for (const int words : {0, 4, 6, 15}) {  // of the header, which has five
    Octets other = tcp;
    other[12] = static_cast<uint8_t>(words << 4);
    EXPECT_FALSE(with_content(IPPROTO_TCP, other)) << words;
  }
  Octets fragment = frame;
  fragment[20] = 0x20;  // more follow
  fragment[24] = static_cast<uint8_t>(fragment[24] + 0x20);
  ASSERT_TRUE(parse_ip_frame(fragment));
  EXPECT_FALSE(parse_tcp(fragment));
}

TEST(TunnelPacketTest, NoSegmentIsWhatIsBehindAnotherHeaderOfIpv6) {
  const Octets frame = unpadded(make_segment(syn6()));
  Octets content{IPPROTO_TCP, 0, 1, 4, 0, 0, 0, 0};  // destination options: padding
  content.insert(content.end(), frame.begin() + 54, frame.end());
  const Octets behind = make_ip_frame(syn6().route, IPPROTO_DSTOPTS, content);
  ASSERT_EQ(parse_ip_frame(behind)->protocol, IPPROTO_TCP);
  EXPECT_FALSE(parse_tcp(behind));
}

}  // namespace
}  // namespace turnout::tunnel_packet_test
