// Echo requests of control's own and the replies to them, octet by octet.
#include "control/ping.h"

#include <gtest/gtest.h>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"
#include "test/support/test_config.h"

namespace turnout::ping_test {
namespace {

constexpr const char* kOurMac = "02:00:00:00:01:00";
constexpr const char* kGatewayMac = "02:00:00:00:00:c1";
constexpr uint8_t kEchoReply = 0, kEchoRequest = 8, kEchoRequest6 = 128, kEchoReply6 = 129;

IpRoute route(const std::string& from, const std::string& to) {
  IpRoute made;
  made.from_mac = mac(kOurMac);
  made.to_mac = mac(kGatewayMac);
  made.source = ip(from);
  made.destination = ip(to);
  return made;
}

Bytes reply4() {
  return icmp_frame({.source = "198.51.100.1", .destination = "203.0.113.2"}, kEchoReply, {});
}
Bytes reply6(uint8_t type = kEchoReply6, uint8_t code = 0) {
  return icmp6_frame({.source = "2001:db8:f::1", .destination = "2001:db8:1::2"}, type, code,
                     {0xab, 0xcd, 0x00, 0x05});
}

TEST(Ping, AsksByIcmp) {
  const Bytes asked = icmp_frame({.to_mac = kGatewayMac,
                                  .from_mac = kOurMac,
                                  .source = "203.0.113.2",
                                  .destination = "198.51.100.1",
                                  .time_to_live = 64,
                                  .id = 0},
                                 kEchoRequest, {});
  EXPECT_EQ(hex(make_ping(route("203.0.113.2", "198.51.100.1"), {42, 1})), hex(padded(asked)));
}

TEST(Ping, AsksByIcmp6) {
  const Bytes asked = icmp6_frame({.to_mac = kGatewayMac,
                                   .from_mac = kOurMac,
                                   .source = "2001:db8:1::2",
                                   .destination = "2001:db8:f::1",
                                   .flow_label = 0,
                                   .hop_limit = 64},
                                  kEchoRequest6, 0, {0xab, 0xcd, 0x00, 0x05});
  EXPECT_EQ(hex(make_ping(route("2001:db8:1::2", "2001:db8:f::1"), {0xabcd, 5})), hex(padded(asked)));
}

TEST(Ping, ReadsWhoRepliedToWhom) {
  const auto told = parse_ping_reply(padded(reply4()));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->from, ip("198.51.100.1"));
  EXPECT_EQ(told->to, ip("203.0.113.2"));
  EXPECT_EQ(told->numbers, (PingNumbers{42, 1}));
  const auto told6 = parse_ping_reply(reply6());
  ASSERT_TRUE(told6);
  EXPECT_EQ(told6->from, ip("2001:db8:f::1"));
  EXPECT_EQ(told6->to, ip("2001:db8:1::2"));
  EXPECT_EQ(told6->numbers, (PingNumbers{0xabcd, 5}));
}

TEST(Ping, WhatIsNoSoundReplyIsNone) {
  EXPECT_FALSE(parse_ping_reply(icmp_frame({}, kEchoRequest, {})));
  EXPECT_FALSE(parse_ping_reply(icmp_frame({}, 3, payload(28)))) << "an ICMP error";
  EXPECT_FALSE(parse_ping_reply(tcp_frame({}, kAck)));
  EXPECT_FALSE(parse_ping_reply(reply6(kEchoRequest6)));
  EXPECT_FALSE(parse_ping_reply(reply6(kEchoReply6, 1)));
  EXPECT_FALSE(parse_ping_reply(with_octets(reply4(), kTransportAt + 7, {9}))) << "checksum";
  EXPECT_FALSE(parse_ping_reply(with_octets(reply6(), kTransport6At + 7, {9}))) << "checksum";
  EXPECT_FALSE(parse_ping_reply(icmp_frame({.fragment = 0x2000}, kEchoReply, {}))) << "a fragment";
  for (size_t size = 0; size < reply4().size(); ++size)
    EXPECT_FALSE(parse_ping_reply(cut_to(reply4(), size)));
}

}  // namespace
}  // namespace turnout::ping_test
