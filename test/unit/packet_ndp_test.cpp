// Neighbour discovery, and what else is sent to IPv6's groups.
#include <gtest/gtest.h>

#include <array>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/parsed.h"

namespace turnout::packet_ndp_test {
namespace {

FrameFields6 neighbor(uint8_t hop_limit, const char* source = "fe80::c1",
                      const char* to_mac = "02:00:00:00:01:00") {
  FrameFields6 fields;
  fields.hop_limit = hop_limit;
  fields.source = source;
  fields.to_mac = to_mac;
  return fields;
}
constexpr const char* kGroupMac = "33:33:ff:00:01:00";

TEST(ParseNdp, BelievesNeighborDiscoveryOnlyFromNeighbors) {
  for (const uint8_t type : std::to_array<uint8_t>({135, 136})) {
    for (const uint8_t limit : std::to_array<uint8_t>({0, 1, 64, 254, 255})) {
      const Bytes frame = icmp6_frame(neighbor(limit), type, 0, payload(20));
      EXPECT_EQ(verdict(frame), limit == 255 ? "ndp" : "icmp_other") << int{limit};
      const Bytes to_group = icmp6_frame(neighbor(limit, "fe80::c1", kGroupMac), type, 0, payload(20));
      EXPECT_EQ(verdict(to_group), limit == 255 ? "ndp" : "not_our_mac") << int{limit};
    }
  }
  for (const uint8_t limit : std::to_array<uint8_t>({0, 1, 2, 64, 255})) {
    EXPECT_EQ(verdict(icmp6_frame(neighbor(limit), 130, 0, payload(20))), limit == 1 ? "ndp" : "icmp_other");
  }
}

TEST(ParseNdp, TakesASolicitationFromAHostWithoutAnAddress) {
  EXPECT_EQ(verdict(icmp6_frame(neighbor(255, "::", kGroupMac), 135, 0, payload(20))), "ndp");
  EXPECT_EQ(verdict(icmp6_frame(neighbor(255, "::"), 135, 0, payload(20))), "ndp");
  EXPECT_EQ(verdict(icmp6_frame(neighbor(64, "::"), 135, 0, payload(20))), "martian_source");
  EXPECT_EQ(verdict(icmp6_frame(neighbor(255, "::1"), 135, 0, payload(20))), "martian_source");
}

TEST(ParseNdp, TakesAListenerQueryWithItsRouterAlert) {
  FrameFields6 fields = neighbor(1, "fe80::c1", "33:33:00:00:00:01");
  fields.extension_headers = {{0, {0, 5, 2, 0, 0, 1, 0}}};  // RFC 2711
  EXPECT_EQ(verdict(icmp6_frame(fields, 130, 0, payload(20))), "ndp");
}

TEST(ParseNdp, TakesNothingElseThatIsSentToAGroup) {
  const FrameFields6 group = neighbor(255, "fe80::c1", kGroupMac);
  EXPECT_EQ(verdict(tcp6_frame(group, kSyn)), "not_our_mac");
  EXPECT_EQ(verdict(udp6_frame(group)), "not_our_mac");
  for (const uint8_t type : std::to_array<uint8_t>({1, 128, 129, 131, 132, 133, 134, 137, 143}))
    EXPECT_EQ(verdict(icmp6_frame(group, type, 0, payload(20))), "not_our_mac") << int{type};
  EXPECT_EQ(verdict(cut_to(icmp6_frame(group, 135, 0, payload(20)), 60)), "not_our_mac");
  for (const char* mac : {kBroadcastMac, "01:00:5e:00:00:01", "33:32:ff:00:01:00", "32:33:ff:00:01:00"})
    EXPECT_EQ(verdict(icmp6_frame(neighbor(255, "fe80::c1", mac), 135, 0, payload(20))), "not_our_mac")
        << mac;
  FrameFields four;
  four.to_mac = kGroupMac;
  EXPECT_EQ(verdict(tcp_frame(four, kSyn)), "not_our_mac") << "IPv4 in an IPv6 group's frame";
}

}  // namespace
}  // namespace turnout::packet_ndp_test
