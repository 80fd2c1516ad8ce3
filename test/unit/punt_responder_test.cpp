#include "control/punt_responder.h"

#include <gtest/gtest.h>

#include <vector>

#include <rte_icmp.h>
#include <rte_ip.h>

namespace turnout {
namespace {

using namespace std::chrono_literals;
using Bytes = std::vector<uint8_t>;

constexpr size_t kLan = 0;
constexpr size_t kOtherLan = 1;
constexpr size_t kUnknownPort = 40;  // beyond any mask
constexpr MacAddress kLanMac{{{0x02, 0, 0, 0, 0, 0x01}}};
constexpr MacAddress kOtherLanMac{{{0x02, 0, 0, 0, 0, 0x02}}};
constexpr MacAddress kClientMac{{{0x02, 0, 0, 0, 0, 0xee}}};
const rte_be32_t kVip = RTE_BE32(0xc0000264);       // 192.0.2.100, on the LAN
const rte_be32_t kOwnIp = RTE_BE32(0xcb007102);     // 203.0.113.2, on the other LAN
const rte_be32_t kClientIp = RTE_BE32(0xc0000207);  // 192.0.2.7
const std::vector<LocalAddress> kAddresses = {{kVip, 1U << kLan}, {kOwnIp, 1U << kOtherLan}};

ArpFrame who_has(rte_be32_t wanted) {
  return make_arp_request(kClientMac, kClientIp, wanted);
}

Bytes ping(rte_be32_t from, rte_be32_t to, const MacAddress& to_mac = kLanMac) {
  struct {
    rte_ether_hdr ethernet;
    rte_ipv4_hdr ip;
    rte_icmp_hdr icmp;
  } wire{};
  wire.ethernet.dst_addr = to_mac.octets;
  wire.ethernet.src_addr = kClientMac.octets;
  wire.ethernet.ether_type = RTE_BE16(RTE_ETHER_TYPE_IPV4);
  wire.ip.version_ihl = RTE_IPV4_VHL_DEF;
  wire.ip.total_length = RTE_BE16(sizeof wire.ip + sizeof wire.icmp);
  wire.ip.time_to_live = 9;
  wire.ip.next_proto_id = IPPROTO_ICMP;
  wire.ip.src_addr = from;
  wire.ip.dst_addr = to;
  wire.ip.hdr_checksum = rte_ipv4_cksum(&wire.ip);
  wire.icmp.icmp_type = RTE_IP_ICMP_ECHO_REQUEST;
  wire.icmp.icmp_cksum = static_cast<uint16_t>(~rte_raw_cksum(&wire.icmp, sizeof wire.icmp));
  const auto* bytes = reinterpret_cast<const uint8_t*>(&wire);
  return {bytes, bytes + sizeof wire};
}

class PuntResponderTest : public testing::Test {
 protected:
  PuntResponderTest() {
    responder_.set_addresses(kAddresses);
    responder_.set_port_mac(kLan, kLanMac);
    responder_.set_port_mac(kOtherLan, kOtherLanMac);
  }

  bool answers_arp(size_t port, std::span<const uint8_t> frame) {
    return responder_.on_arp(port, frame, 0ms).answer.has_value();
  }
  bool answers_ping(size_t port, std::span<const uint8_t> frame) {
    return responder_.on_icmp(port, frame, 0ms).has_value();
  }

  PuntResponder responder_;
};

TEST_F(PuntResponderTest, AnswersArpForAHeldAddressWithThePortsMac) {
  const auto verdict = responder_.on_arp(kLan, who_has(kVip), 0ms);
  ASSERT_TRUE(verdict.answer);
  const ArpFrame expected = make_arp_reply(*parse_arp(who_has(kVip)), kLanMac);
  EXPECT_EQ(verdict.answer->frame, Bytes(expected.begin(), expected.end()));
  EXPECT_EQ(responder_.counters().arp_answered, 1U);
}

TEST_F(PuntResponderTest, ReturnsThePacketToLearnFromWhetherAnsweredOrNot) {
  for (const rte_be32_t wanted : {kVip, kClientIp + 1}) {
    const auto verdict = responder_.on_arp(kLan, who_has(wanted), 0ms);
    ASSERT_TRUE(verdict.packet);
    EXPECT_EQ(verdict.packet->sender_mac, kClientMac);
    EXPECT_EQ(verdict.packet->sender_ip, kClientIp);
    EXPECT_FALSE(verdict.claims_our_address);
  }
}

TEST_F(PuntResponderTest, AnswersArpOnlyOnThePortsOfTheAddress) {
  EXPECT_TRUE(answers_arp(kLan, who_has(kVip)));
  EXPECT_FALSE(answers_arp(kOtherLan, who_has(kVip)));
  EXPECT_TRUE(answers_arp(kOtherLan, who_has(kOwnIp)));
  EXPECT_FALSE(answers_arp(kLan, who_has(kOwnIp)));
  EXPECT_FALSE(answers_arp(kUnknownPort, who_has(kVip)));
}

TEST_F(PuntResponderTest, APortBeyondTheMaskHoldsNothing) {
  responder_.set_port_mac(32, kLanMac);
  responder_.set_addresses({{kVip, ~0U}});
  EXPECT_FALSE(answers_arp(32, who_has(kVip)));
  EXPECT_TRUE(make_announcements(std::vector<LocalAddress>{{kVip, ~0U}}, 32, kLanMac).empty());
}

TEST_F(PuntResponderTest, DoesNotAnswerArpForAddressesItDoesNotHold) {
  EXPECT_FALSE(answers_arp(kLan, who_has(RTE_BE32(0xc0000265))));
  responder_.set_addresses({});
  EXPECT_FALSE(answers_arp(kLan, who_has(kVip))) << "held no longer";
}

TEST_F(PuntResponderTest, AnAddressGivenTwiceIsAnsweredOnThePortsOfBoth) {
  responder_.set_addresses({{kVip, 1U << kLan}, {kVip, 1U << kOtherLan}});
  EXPECT_TRUE(answers_arp(kLan, who_has(kVip)));
  EXPECT_TRUE(answers_arp(kOtherLan, who_has(kVip)));
}

TEST_F(PuntResponderTest, DefendsAnAddressAgainstAProbe) {
  EXPECT_TRUE(answers_arp(kLan, make_arp_request(kClientMac, 0, kVip)));
}

TEST_F(PuntResponderTest, AnswersAUnicastRequestToItsMacButNoneToAnotherStation) {
  EXPECT_TRUE(answers_arp(kLan, make_arp_check(kClientMac, kClientIp, kLanMac, kVip)));
  EXPECT_FALSE(answers_arp(kLan, make_arp_check(kClientMac, kClientIp, {{{0x02, 0, 0, 0, 0, 0x77}}}, kVip)));
}

TEST_F(PuntResponderTest, NeitherAnswersNorLearnsFromItsOwnPackets) {
  for (const MacAddress& own : {kLanMac, kOtherLanMac}) {
    const auto verdict = responder_.on_arp(kLan, make_arp_request(own, kOwnIp, kVip), 0ms);
    EXPECT_FALSE(verdict.answer);
    EXPECT_FALSE(verdict.packet);
  }
  EXPECT_FALSE(responder_.on_arp(kLan, make_gratuitous_arp(kLanMac, kVip), 0ms).claims_our_address);
}

TEST_F(PuntResponderTest, DoesNotAnswerRepliesOrRubbish) {
  const ArpPacket asked = *parse_arp(make_arp_request(kLanMac, kVip, kClientIp));
  const auto verdict = responder_.on_arp(kLan, make_arp_reply(asked, kClientMac), 0ms);
  EXPECT_TRUE(verdict.packet);
  EXPECT_FALSE(verdict.answer);
  EXPECT_FALSE(responder_.on_arp(kLan, {}, 0ms).packet);
  EXPECT_FALSE(responder_.on_arp(kLan, ping(kClientIp, kVip), 0ms).packet);
}

TEST_F(PuntResponderTest, TellsWhenAnotherHostClaimsAHeldAddress) {
  const auto announced = responder_.on_arp(kLan, make_gratuitous_arp(kClientMac, kVip), 0ms);
  EXPECT_TRUE(announced.claims_our_address);
  EXPECT_FALSE(announced.answer) << "an announcement asks nothing";
  const auto asked = responder_.on_arp(kLan, make_arp_request(kClientMac, kVip, kClientIp), 0ms);
  EXPECT_TRUE(asked.claims_our_address);
  const auto elsewhere = responder_.on_arp(kOtherLan, make_gratuitous_arp(kClientMac, kVip), 0ms);
  EXPECT_FALSE(elsewhere.claims_our_address);
}

TEST_F(PuntResponderTest, AnswersPingsToAnyHeldAddressOnAnyPort) {
  EXPECT_TRUE(answers_ping(kLan, ping(kClientIp, kVip)));
  EXPECT_TRUE(answers_ping(kLan, ping(kClientIp, kOwnIp)));
  const auto answer = responder_.on_icmp(kOtherLan, ping(kClientIp, kVip, kOtherLanMac), 0ms);
  ASSERT_TRUE(answer);
  EXPECT_TRUE(std::equal(kOtherLanMac.octets.addr_bytes, kOtherLanMac.octets.addr_bytes + 6,
                         answer->frame.begin() + 6));
  EXPECT_EQ(responder_.counters().icmp_answered, 3U);
}

TEST_F(PuntResponderTest, DoesNotAnswerPingsThatAreNotForIt) {
  EXPECT_FALSE(answers_ping(kLan, ping(kClientIp, kClientIp + 1)));
  EXPECT_FALSE(answers_ping(kLan, ping(kClientIp, kVip, kOtherLanMac))) << "another station's MAC";
  EXPECT_FALSE(answers_ping(kLan, ping(kOwnIp, kVip))) << "from an address of its own";
  EXPECT_FALSE(answers_ping(kUnknownPort, ping(kClientIp, kVip)));
  EXPECT_EQ(responder_.counters().icmp_answered, 0U);
  EXPECT_EQ(responder_.counters().icmp_over_limit, 0U);
}

TEST_F(PuntResponderTest, LimitsPingsToAThousandASecondAndCountsTheRest) {
  const Bytes request = ping(kClientIp, kVip);
  for (int i = 0; i < 1500; ++i) responder_.on_icmp(kLan, request, 5s);
  EXPECT_EQ(responder_.counters().icmp_answered, 1000U);
  EXPECT_EQ(responder_.counters().icmp_over_limit, 500U);
  for (int i = 0; i < 50; ++i) responder_.on_icmp(kLan, request, 5s + 20ms);
  EXPECT_EQ(responder_.counters().icmp_answered, 1020U);
  EXPECT_TRUE(answers_arp(kLan, who_has(kVip))) << "ARP has a limit of its own";
}

TEST_F(PuntResponderTest, LimitsArpToTenThousandASecondAndStillReturnsThePacket) {
  const ArpFrame request = who_has(kVip);
  for (int i = 0; i < 10001; ++i) EXPECT_TRUE(responder_.on_arp(kLan, request, 5s).packet);
  EXPECT_EQ(responder_.counters().arp_answered, 10000U);
  EXPECT_EQ(responder_.counters().arp_over_limit, 1U);
}

TEST(TokenBucket, FillsToItsBurstAndNoFurther) {
  TokenBucket bucket(2, 3);
  const auto take_all = [&](TokenBucket::Time now) {
    int taken = 0;
    while (bucket.take(now)) ++taken;
    return taken;
  };
  EXPECT_EQ(take_all(10s), 3);
  EXPECT_EQ(take_all(10s + 499ms), 0);
  EXPECT_EQ(take_all(10s + 500ms), 1);
  EXPECT_EQ(take_all(24h), 3);
  EXPECT_EQ(take_all(1h), 0) << "time that goes back gives nothing";
}

TEST(MakeAnnouncements, AnnouncesWhatIsAnsweredOnThePort) {
  const std::vector<LocalAddress> addresses = {{kVip, 0b11}, {kOwnIp, 0b10}, {kClientIp, 0b01}};
  EXPECT_EQ(
      make_announcements(addresses, kLan, kLanMac),
      (std::vector<ArpFrame>{make_gratuitous_arp(kLanMac, kVip), make_gratuitous_arp(kLanMac, kClientIp)}));
  EXPECT_TRUE(make_announcements(addresses, 2, kLanMac).empty());
}

}  // namespace
}  // namespace turnout
