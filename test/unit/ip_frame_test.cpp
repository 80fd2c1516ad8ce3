#include "control/ip_frame.h"

#include <gtest/gtest.h>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::ip_frame_test {
namespace {

Bytes bytes_of(std::span<const uint8_t> octets) {
  return {octets.begin(), octets.end()};
}

TEST(IpFrame, ReadsIpv4BehindItsOptions) {
  const Bytes bytes = padded(ip_frame({.ip_options = {1, 1, 1, 0}}, 47, payload(5)));
  const auto ip = parse_ip_frame(bytes);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->source, *parse_address("203.0.113.7"));
  EXPECT_EQ(ip->destination, *parse_address("192.0.2.100"));
  EXPECT_EQ(ip->source_mac, *parse_mac("02:00:00:00:00:c1"));
  EXPECT_EQ(ip->destination_mac, *parse_mac("02:00:00:00:01:00"));
  EXPECT_EQ(ip->hop_limit, 57);
  EXPECT_EQ(ip->protocol, 47);
  EXPECT_EQ(ip->protocol_at, 9U);
  EXPECT_EQ(ip->packet.size(), 29U);
  EXPECT_EQ(bytes_of(ip->content), payload(5));
  EXPECT_TRUE(ip->dont_fragment);
  EXPECT_FALSE(ip->is_fragment());
  EXPECT_FALSE(ip->has_extension_headers());
}

TEST(IpFrame, ReadsWhereAFragmentBelongs) {
  const Bytes bytes = ip_frame({.fragment = 0x3fff}, 17, payload(8));
  const auto ip = parse_ip_frame(bytes);
  ASSERT_TRUE(ip);
  EXPECT_TRUE(ip->has_more_fragments);
  EXPECT_EQ(ip->fragment_offset, 65528U);
  EXPECT_FALSE(ip->dont_fragment);
  const Bytes bytes6 = ip6_frame({.extension_headers = {{44, {0, 0xff, 0xff, 0, 0, 0, 9}}}}, 17, payload(8));
  const auto ip6 = parse_ip_frame(bytes6);
  ASSERT_TRUE(ip6);
  EXPECT_TRUE(ip6->has_more_fragments);
  EXPECT_EQ(ip6->fragment_offset, 65528U);
  EXPECT_TRUE(ip6->has_fragment_header);
}

TEST(IpFrame, ReadsIpv6BehindItsExtensionHeaders) {
  const Bytes bytes = ip6_frame(
      {.extension_headers = {{0, {0, 5, 2, 0, 0, 1, 0}}, {60, {0, 1, 4, 0, 0, 0, 0}}}}, 6, payload(5));
  const auto ip = parse_ip_frame(bytes);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->source, *parse_address("2001:db8:c::7"));
  EXPECT_EQ(ip->destination, *parse_address("2001:db8::100"));
  EXPECT_EQ(ip->protocol, 6);
  EXPECT_EQ(ip->protocol_at, 48U);
  EXPECT_EQ(ip->packet.size(), 61U);
  EXPECT_EQ(bytes_of(ip->content), payload(5));
  EXPECT_TRUE(ip->has_extension_headers());
  EXPECT_FALSE(ip->has_fragment_header);
}

TEST(IpFrame, TakesDataOfALaterFragmentForNoHeader) {
  const Bytes data = {6, 0, 1, 4, 0, 0, 0, 0};  // looks like destination options
  const Bytes bytes = ip6_frame({.extension_headers = {{44, {0, 0, 8, 0, 0, 0, 9}}}}, 60, data);
  const auto ip = parse_ip_frame(bytes);
  ASSERT_TRUE(ip);
  EXPECT_EQ(ip->protocol, 60);
  EXPECT_EQ(bytes_of(ip->content), data);
}

TEST(IpFrame, OtherExtensionHeadersAreContent) {
  for (const uint8_t type : Bytes{43, 50, 51, 59, 135}) {
    const Bytes bytes = ip6_frame({}, type, payload(16));
    const auto ip = parse_ip_frame(bytes);
    ASSERT_TRUE(ip) << int{type};
    EXPECT_EQ(ip->protocol, type);
    EXPECT_EQ(ip->protocol_at, 6U);
  }
}

TEST(IpFrame, IsNoneIfTheVersionIsNotWhatEthernetSays) {
  const Bytes v4 = udp_frame({}, payload(60)), v6 = udp6_frame({}, payload(60));
  ASSERT_TRUE(parse_ip_frame(v4));
  ASSERT_TRUE(parse_ip_frame(v6));
  EXPECT_FALSE(parse_ip_frame(with_octets(v4, 12, {0x86, 0xdd})));
  EXPECT_FALSE(parse_ip_frame(with_octets(v6, 12, {0x08, 0x00})));
  EXPECT_FALSE(parse_ip_frame(with_octets(v6, kIpAt, {0x50})));
}

TEST(Checksum, IsZeroWhereItIsRight) {
  const Bytes odd = udp_frame({}, payload(7)), odd6 = udp6_frame({}, payload(7));
  for (const Bytes& bytes : {odd, odd6}) {
    const auto ip = parse_ip_frame(bytes);
    EXPECT_EQ(transport_checksum(ip->source, ip->destination, 17, ip->content), 0);
    EXPECT_NE(transport_checksum(ip->source, ip->destination, 6, ip->content), 0);
  }
  EXPECT_NE(internet_checksum({}), 0);
}

}  // namespace
}  // namespace turnout::ip_frame_test
