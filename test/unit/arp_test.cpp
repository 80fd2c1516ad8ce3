#include "control/arp.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <vector>

namespace turnout::arp_test {
namespace {

using Bytes = std::vector<uint8_t>;

constexpr MacAddress kOurMac{{{0x02, 0, 0, 0, 0, 0x01}}};
constexpr MacAddress kServerMac{{{0x02, 0, 0, 0, 0, 0x11}}};
const rte_be32_t kOurIp = RTE_BE32(0xc0000202);     // 192.0.2.2
const rte_be32_t kServerIp = RTE_BE32(0xc000020b);  // 192.0.2.11

/// Who has 192.0.2.11? Tell 192.0.2.2. As captured, without padding.
const Bytes kRequest = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02, 0, 0, 0, 0, 0x01, 0x08, 0x06,  //
                        0,    1,    0x08, 0x00, 6,    4,    0,    1,                             //
                        0x02, 0,    0,    0,    0,    0x01, 192,  0, 2, 2,                       //
                        0,    0,    0,    0,    0,    0,    192,  0, 2, 11};

/// 192.0.2.11 is at 02:00:00:00:00:11.
const Bytes kReply = {0x02, 0, 0,    0,    0, 0x01, 0x02, 0, 0, 0,  0, 0x11, 0x08, 0x06,  //
                      0,    1, 0x08, 0x00, 6, 4,    0,    2,                              //
                      0x02, 0, 0,    0,    0, 0x11, 192,  0, 2, 11,                       //
                      0x02, 0, 0,    0,    0, 0x01, 192,  0, 2, 2};

Bytes padded(Bytes frame) {
  frame.resize(sizeof(ArpFrame));
  return frame;
}

Bytes bytes_of(const ArpFrame& frame) {
  return {frame.begin(), frame.end()};
}

TEST(ParseArp, ReadsARequest) {
  const auto packet = parse_arp(kRequest);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->operation, ArpOperation::request);
  EXPECT_EQ(packet->sender_mac, kOurMac);
  EXPECT_EQ(packet->sender_ip, kOurIp);
  EXPECT_EQ(packet->target_mac, MacAddress{});
  EXPECT_EQ(packet->target_ip, kServerIp);
  EXPECT_FALSE(packet->is_gratuitous());
}

TEST(ParseArp, ReadsAReplyWithItsPadding) {
  const auto packet = parse_arp(padded(kReply));
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->operation, ArpOperation::reply);
  EXPECT_EQ(packet->sender_mac, kServerMac);
  EXPECT_EQ(packet->sender_ip, kServerIp);
  EXPECT_EQ(packet->target_mac, kOurMac);
  EXPECT_EQ(packet->target_ip, kOurIp);
}

TEST(ParseArp, RefusesEveryTruncation) {
  for (size_t length = 0; length < kRequest.size(); ++length) {
    const Bytes cut(kRequest.begin(), kRequest.begin() + static_cast<ptrdiff_t>(length));  // of exact size
    EXPECT_FALSE(parse_arp(cut)) << length;
  }
}

struct WrongField {
  const char* what;
  size_t offset;
  uint8_t value;
};

class ParseArpWrongField : public testing::TestWithParam<WrongField> {};

TEST_P(ParseArpWrongField, IsRefused) {
  Bytes frame = kRequest;
  ASSERT_NE(frame.at(GetParam().offset), GetParam().value);
  frame.at(GetParam().offset) = GetParam().value;
  EXPECT_FALSE(parse_arp(frame)) << GetParam().what;
}

INSTANTIATE_TEST_SUITE_P(
    All, ParseArpWrongField,
    testing::Values(WrongField{"EtherType, first octet", 12, 0x86}, WrongField{"EtherType is IPv4", 13, 0x00},
                    WrongField{"EtherType is VLAN", 12, 0x81}, WrongField{"hardware, first octet", 14, 1},
                    WrongField{"hardware is IEEE 802", 15, 6}, WrongField{"protocol, first octet", 16, 0x86},
                    WrongField{"protocol, second octet", 17, 0xdd}, WrongField{"hardware length", 18, 8},
                    WrongField{"protocol length", 19, 16}, WrongField{"operation, first octet", 20, 1},
                    WrongField{"operation 0", 21, 0}, WrongField{"operation is RARP", 21, 3},
                    WrongField{"source isn't the sender", 11, 0x02},
                    WrongField{"sender isn't the source", 27, 0x02}));

Bytes request_from(const MacAddress& sender) {
  Bytes frame = kRequest;
  std::copy_n(sender.octets.addr_bytes, 6, &frame[6]);
  std::copy_n(sender.octets.addr_bytes, 6, &frame[22]);
  return frame;
}

TEST(ParseArp, RefusesSendersThatAreNoUnicastAddress) {
  EXPECT_TRUE(parse_arp(request_from(kServerMac)));
  EXPECT_FALSE(parse_arp(request_from({{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}})));
  EXPECT_FALSE(parse_arp(request_from({{{0x01, 0x00, 0x5e, 0, 0, 1}}})));
  EXPECT_FALSE(parse_arp(request_from({})));
}

TEST(ParseArp, TakesAProbeForNoGratuitousArp) {
  Bytes probe = kRequest;
  std::fill_n(&probe[28], 4, uint8_t{0});
  const auto packet = parse_arp(probe);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->sender_ip, 0U);
  EXPECT_FALSE(packet->is_gratuitous());

  std::fill_n(&probe[38], 4, uint8_t{0});
  EXPECT_FALSE(parse_arp(probe)->is_gratuitous());
}

TEST(MakeArp, RequestIsBroadcast) {
  EXPECT_EQ(bytes_of(make_arp_request(kOurMac, kOurIp, kServerIp)), padded(kRequest));
}

TEST(MakeArp, CheckGoesToOneStationOnly) {
  Bytes expected = padded(kRequest);
  std::copy_n(kServerMac.octets.addr_bytes, 6, expected.data());
  EXPECT_EQ(bytes_of(make_arp_check(kOurMac, kOurIp, kServerMac, kServerIp)), expected);
}

TEST(MakeArp, ReplyGoesToTheAsker) {
  EXPECT_EQ(bytes_of(make_arp_reply(*parse_arp(kRequest), kServerMac)), padded(kReply));
}

TEST(MakeArp, ReplyToAProbeNamesNoTargetAddress) {
  ArpPacket probe = *parse_arp(kRequest);
  probe.sender_ip = 0;
  const auto reply = parse_arp(make_arp_reply(probe, kServerMac));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->sender_ip, kServerIp);
  EXPECT_EQ(reply->target_ip, 0U);
  EXPECT_EQ(reply->target_mac, kOurMac);
}

TEST(MakeArp, AnnouncementIsABroadcastRequestForItsOwnAddress) {
  const ArpFrame frame = make_gratuitous_arp(kOurMac, kOurIp);
  EXPECT_TRUE(std::all_of(frame.begin(), frame.begin() + 6, [](uint8_t octet) { return octet == 0xff; }));
  const auto packet = parse_arp(frame);
  ASSERT_TRUE(packet);
  EXPECT_EQ(packet->operation, ArpOperation::request);
  EXPECT_EQ(packet->sender_mac, kOurMac);
  EXPECT_EQ(packet->target_mac, MacAddress{});
  EXPECT_EQ(packet->sender_ip, kOurIp);
  EXPECT_TRUE(packet->is_gratuitous());
}

}  // namespace
}  // namespace turnout::arp_test
