#include "control/punt_responder.h"

#include <gtest/gtest.h>

#include <vector>

#include <rte_icmp.h>
#include <rte_ip.h>

#include "control/refusal.h"
#include "test/support/frames6.h"
#include "test/support/neighbor_frames.h"

namespace turnout::punt_responder_test {
namespace {

using namespace std::chrono_literals;

constexpr size_t kLan = 0;
constexpr size_t kOtherLan = 1;
constexpr size_t kUnknownPort = 40;  // beyond any mask
constexpr MacAddress kLanMac{{{0x02, 0, 0, 0, 0, 0x01}}};
constexpr MacAddress kOtherLanMac{{{0x02, 0, 0, 0, 0, 0x02}}};
constexpr MacAddress kClientMac{{{0x02, 0, 0, 0, 0, 0xee}}};
const rte_be32_t kVip = RTE_BE32(0xc0000264);                    // 192.0.2.100, on the LAN
const rte_be32_t kOwnIp = RTE_BE32(0xcb007102);                  // 203.0.113.2, on the other LAN
const rte_be32_t kClientIp = RTE_BE32(0xc0000207);               // 192.0.2.7
const IpAddress kVip6 = *parse_address("2001:db8::100");         // on the LAN
const IpAddress kOwnIp6 = *parse_address("2001:db8:0:1::2");     // on the other LAN
const IpAddress kLinkLocal = *parse_address("fe80::ff:fe00:2");  // of the other LAN's port
const std::vector<LocalAddress> kAddresses = {{from_be32(kVip), 1U << kLan},
                                              {from_be32(kOwnIp), 1U << kOtherLan},
                                              {kVip6, 1U << kLan},
                                              {kOwnIp6, 1U << kOtherLan},
                                              {kLinkLocal, 1U << kOtherLan}};

LocalAddress vip_on(uint32_t port_mask) {
  return {from_be32(kVip), port_mask};
}

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

TEST_F(PuntResponderTest, SaysWhatThereIsToLearnWhetherAnsweredOrNot) {
  for (const rte_be32_t wanted : {kVip, kClientIp + 1}) {
    const auto verdict = responder_.on_arp(kLan, who_has(wanted), 0ms);
    ASSERT_TRUE(verdict.claim);
    EXPECT_EQ(verdict.claim->ip, from_be32(kClientIp));
    EXPECT_EQ(verdict.claim->mac, kClientMac);
    EXPECT_EQ(verdict.claim->sender, kClientMac);
    EXPECT_TRUE(verdict.claim->overrides);
    EXPECT_FALSE(verdict.claims_our_address);
    EXPECT_FALSE(verdict.is_answer);
    EXPECT_EQ(verdict.asked_for.has_value(), wanted == kVip);
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
  responder_.set_addresses({vip_on(~0U)});
  EXPECT_FALSE(answers_arp(32, who_has(kVip)));
  EXPECT_FALSE(vip_on(~0U).is_on(32));
  EXPECT_TRUE(vip_on(~0U).is_on(31));
}

TEST_F(PuntResponderTest, DoesNotAnswerArpForAddressesItDoesNotHold) {
  EXPECT_FALSE(answers_arp(kLan, who_has(RTE_BE32(0xc0000265))));
  responder_.set_addresses({});
  EXPECT_FALSE(answers_arp(kLan, who_has(kVip))) << "held no longer";
}

TEST_F(PuntResponderTest, AnAddressGivenTwiceIsAnsweredOnThePortsOfBoth) {
  responder_.set_addresses({vip_on(1U << kLan), vip_on(1U << kOtherLan)});
  EXPECT_TRUE(answers_arp(kLan, who_has(kVip)));
  EXPECT_TRUE(answers_arp(kOtherLan, who_has(kVip)));
}

TEST_F(PuntResponderTest, DefendsAnAddressAgainstAProbe) {
  const auto verdict = responder_.on_arp(kLan, make_arp_request(kClientMac, 0, kVip), 0ms);
  EXPECT_TRUE(verdict.answer);
  EXPECT_FALSE(verdict.claim) << "it claims nothing yet";
}

TEST_F(PuntResponderTest, AnswersAUnicastRequestToItsMacButNoneToAnotherStation) {
  EXPECT_TRUE(answers_arp(kLan, make_arp_check(kClientMac, kClientIp, kLanMac, kVip)));
  EXPECT_FALSE(answers_arp(kLan, make_arp_check(kClientMac, kClientIp, {{{0x02, 0, 0, 0, 0, 0x77}}}, kVip)));
}

TEST_F(PuntResponderTest, NeitherAnswersNorLearnsFromItsOwnPackets) {
  for (const MacAddress& own : {kLanMac, kOtherLanMac}) {
    const auto verdict = responder_.on_arp(kLan, make_arp_request(own, kOwnIp, kVip), 0ms);
    EXPECT_FALSE(verdict.answer);
    EXPECT_FALSE(verdict.claim);
  }
  EXPECT_FALSE(responder_.on_arp(kLan, make_gratuitous_arp(kLanMac, kVip), 0ms).claims_our_address);
}

TEST_F(PuntResponderTest, DoesNotAnswerRepliesOrRubbish) {
  const ArpPacket asked = *parse_arp(make_arp_request(kLanMac, kVip, kClientIp));
  const auto verdict = responder_.on_arp(kLan, make_arp_reply(asked, kClientMac), 0ms);
  EXPECT_TRUE(verdict.claim);
  EXPECT_TRUE(verdict.is_answer);
  EXPECT_FALSE(verdict.answer);
  EXPECT_FALSE(responder_.on_arp(kLan, {}, 0ms).claim);
  EXPECT_FALSE(responder_.on_arp(kLan, ping(kClientIp, kVip), 0ms).claim);
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

Bytes arp_reply(const MacAddress& from, rte_be32_t sender_ip, const MacAddress& to, rte_be32_t to_ip) {
  const ArpFrame frame =
      make_arp_reply({.sender_mac = to, .sender_ip = to_ip, .target_mac = {}, .target_ip = sender_ip}, from);
  return {frame.begin(), frame.end()};
}

TEST_F(PuntResponderTest, TellsHowAnAddressIsClaimedByArp) {
  const auto claim = [&](std::span<const uint8_t> frame) {
    return *responder_.on_arp(kLan, frame, 0ms).claim;
  };
  const auto answer = claim(arp_reply(kClientMac, kVip, kLanMac, kClientIp));
  EXPECT_EQ(answer.how, ClaimKind::answered);
  EXPECT_TRUE(answer.to_us);
  EXPECT_TRUE(claim(arp_reply(kClientMac, kVip, kLanMac, 0)).to_us) << "what a probe gets";
  const auto overheard = claim(arp_reply(kClientMac, kVip, {{{0x02, 0, 0, 0, 0, 0x77}}}, kClientIp));
  EXPECT_EQ(overheard.how, ClaimKind::answered);
  EXPECT_FALSE(overheard.to_us);
  const auto asked = claim(make_arp_request(kClientMac, kVip, kClientIp));
  EXPECT_EQ(asked.how, ClaimKind::asked);
  EXPECT_FALSE(asked.to_us);
  EXPECT_EQ(claim(make_gratuitous_arp(kClientMac, kVip)).how, ClaimKind::announced);
  EXPECT_EQ(claim(arp_reply(kClientMac, kVip, kLanMac, kVip)).how, ClaimKind::announced) << "asked by nobody";
  EXPECT_EQ(claim(arp_reply(kClientMac, kVip, {{{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}}}, kClientIp)).how,
            ClaimKind::announced);
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

TEST_F(PuntResponderTest, LimitsArpToTenThousandASecondAndStillSaysWhatThereIsToLearn) {
  const ArpFrame request = who_has(kVip);
  for (int i = 0; i < 10001; ++i) EXPECT_TRUE(responder_.on_arp(kLan, request, 5s).claim);
  EXPECT_EQ(responder_.counters().arp_answered, 10000U);
  EXPECT_EQ(responder_.counters().arp_over_limit, 1U);
}

constexpr const char* kClient = "02:00:00:00:00:ee";
constexpr const char* kLanText = "02:00:00:00:00:01";

Bytes who_has6(const std::string& wanted = "2001:db8::100") {
  return solicitation({.target = wanted});
}

TEST_F(PuntResponderTest, AnswersASolicitationForAHeldAddressWithThePortsMac) {
  const auto verdict = responder_.on_ndp(kLan, who_has6(), 0ms);
  ASSERT_TRUE(verdict.answer);
  EXPECT_EQ(verdict.answer->frame, advertisement({.to_mac = kClient,
                                                  .from_mac = kLanText,
                                                  .source = "2001:db8::100",
                                                  .destination = "2001:db8::7",
                                                  .target = "2001:db8::100",
                                                  .option = kLanText},
                                                 0x60));
  EXPECT_EQ(responder_.counters().ndp_answered, 1U);
  ASSERT_TRUE(verdict.claim);
  EXPECT_EQ(verdict.claim->ip, *parse_address("2001:db8::7"));
  EXPECT_EQ(verdict.claim->mac, kClientMac);
  EXPECT_FALSE(verdict.is_answer);
}

TEST_F(PuntResponderTest, DefendsAnAddressAgainstAnIpv6ProbeToAllNodes) {
  const auto verdict = responder_.on_ndp(kLan, solicitation({.source = "::", .option = ""}), 0ms);
  ASSERT_TRUE(verdict.answer);
  EXPECT_EQ(verdict.answer->frame, advertisement({.to_mac = "33:33:00:00:00:01",
                                                  .from_mac = kLanText,
                                                  .source = "2001:db8::100",
                                                  .destination = "ff02::1",
                                                  .target = "2001:db8::100",
                                                  .option = kLanText},
                                                 0x20));
  EXPECT_FALSE(verdict.claim) << "it claims nothing yet";
}

TEST_F(PuntResponderTest, AnswersSolicitationsOnlyOnThePortsOfTheAddressAndForItself) {
  const auto answers = [&](size_t port, const Bytes& frame) {
    return responder_.on_ndp(port, frame, 0ms).answer.has_value();
  };
  EXPECT_FALSE(answers(kOtherLan, who_has6()));
  EXPECT_FALSE(answers(kUnknownPort, who_has6()));
  EXPECT_FALSE(answers(kLan, who_has6("2001:db8:0:1::2")));
  EXPECT_FALSE(answers(kLan, who_has6("fe80::ff:fe00:2")));
  EXPECT_TRUE(answers(kOtherLan, who_has6("fe80::ff:fe00:2")));
  EXPECT_FALSE(answers(kLan, who_has6("2001:db8::101")));
  EXPECT_TRUE(answers(kLan, solicitation({.to_mac = kLanText, .destination = "2001:db8::100"})));
  EXPECT_FALSE(answers(kLan, solicitation({.to_mac = "02:00:00:00:00:77", .destination = "2001:db8::100"})));
}

TEST_F(PuntResponderTest, AnAdvertisementTeachesItsTarget) {
  const NdpFields fields{
      .to_mac = kLanText, .source = "2001:db8::7", .destination = "2001:db8::2", .target = "2001:db8::8"};
  const auto verdict = responder_.on_ndp(kLan, advertisement(fields, 0x60), 0ms);
  ASSERT_TRUE(verdict.claim);
  EXPECT_EQ(verdict.claim->ip, *parse_address("2001:db8::8"));
  EXPECT_EQ(verdict.claim->mac, kClientMac);
  EXPECT_TRUE(verdict.claim->overrides);
  EXPECT_TRUE(verdict.is_answer);
  EXPECT_FALSE(verdict.answer);
  EXPECT_FALSE(responder_.on_ndp(kLan, advertisement(fields, 0x40), 0ms).claim->overrides);

  NdpFields bare = fields;
  bare.option = "";
  const auto confirmed = responder_.on_ndp(kLan, advertisement(bare, 0x40), 0ms);
  ASSERT_TRUE(confirmed.claim);
  EXPECT_FALSE(confirmed.claim->mac);
}

TEST_F(PuntResponderTest, ASolicitationWithoutAnOptionTeachesNothing) {
  const auto verdict = responder_.on_ndp(
      kLan, solicitation({.to_mac = kLanText, .destination = "2001:db8::100", .option = ""}), 0ms);
  EXPECT_TRUE(verdict.answer);
  EXPECT_FALSE(verdict.claim);
}

TEST_F(PuntResponderTest, TellsWhenAnotherHostClaimsAHeldIpv6Address) {
  const Bytes claim = unsolicited_advertisement(kClient, "2001:db8::100");
  EXPECT_TRUE(responder_.on_ndp(kLan, claim, 0ms).claims_our_address);
  EXPECT_FALSE(responder_.on_ndp(kOtherLan, claim, 0ms).claims_our_address);
  const auto asked = solicitation({.source = "2001:db8::100", .target = "2001:db8::9"});
  EXPECT_TRUE(responder_.on_ndp(kLan, asked, 0ms).claims_our_address);
}

TEST_F(PuntResponderTest, TellsHowAnAddressIsClaimedByNeighborDiscovery) {
  const auto claim = [&](const Bytes& frame) { return *responder_.on_ndp(kLan, frame, 0ms).claim; };
  const NdpFields answer{.to_mac = kLanText, .source = "2001:db8::100", .destination = "2001:db8::2"};
  EXPECT_EQ(claim(advertisement(answer, 0x60)).how, ClaimKind::answered);
  EXPECT_TRUE(claim(advertisement(answer, 0x60)).to_us);
  EXPECT_EQ(claim(advertisement(answer, 0x20)).how, ClaimKind::announced);
  NdpFields overheard = answer;
  overheard.to_mac = "02:00:00:00:00:77";
  EXPECT_FALSE(claim(advertisement(overheard, 0x60)).to_us);
  EXPECT_EQ(claim(unsolicited_advertisement(kClient, "2001:db8::100")).how, ClaimKind::announced);
  const Bytes asked = solicitation({.source = "2001:db8::100", .target = "2001:db8::9"});
  EXPECT_EQ(claim(asked).how, ClaimKind::asked);
  EXPECT_EQ(responder_.on_ndp(kLan, who_has6(), 0ms).asked_for, kVip6);
  EXPECT_FALSE(responder_.on_ndp(kLan, asked, 0ms).asked_for);
}

TEST_F(PuntResponderTest, NeitherAnswersNorLearnsFromItsOwnNeighborDiscovery) {
  for (const char* own : {kLanText, "02:00:00:00:00:02"}) {
    const auto told = responder_.on_ndp(kLan, unsolicited_advertisement(own, "2001:db8::100"), 0ms);
    EXPECT_FALSE(told.claim || told.is_answer || told.claims_our_address);
    const auto asked = responder_.on_ndp(kLan, solicitation({.from_mac = own, .option = own}), 0ms);
    EXPECT_FALSE(asked.claim || asked.answer);
  }
  EXPECT_FALSE(responder_.on_ndp(kLan, {}, 0ms).claim);
}

TEST_F(PuntResponderTest, LimitsNeighborDiscoveryByItself) {
  const Bytes request = who_has6();
  for (int i = 0; i < 10001; ++i) EXPECT_TRUE(responder_.on_ndp(kLan, request, 5s).claim);
  EXPECT_EQ(responder_.counters().ndp_answered, 10000U);
  EXPECT_EQ(responder_.counters().ndp_over_limit, 1U);
  EXPECT_TRUE(answers_arp(kLan, who_has(kVip)));
}

TEST_F(PuntResponderTest, AnswersIpv6PingsToAnyHeldAddressAndLinkLocalOnesOnTheirLink) {
  const auto verdict = responder_.on_icmp(kLan, ping6("2001:db8::7", "2001:db8::100", kLanText), 0ms);
  ASSERT_TRUE(verdict);
  EXPECT_EQ(verdict->frame, icmp6_frame({.to_mac = kClient,
                                         .from_mac = kLanText,
                                         .source = "2001:db8::100",
                                         .destination = "2001:db8::7",
                                         .flow_label = 0,
                                         .hop_limit = 64},
                                        129, 0, {0, 1, 0, 2, 'p', 'i', 'n', 'g'}));
  EXPECT_TRUE(answers_ping(kLan, ping6("2001:db8::7", "2001:db8:0:1::2", kLanText)));
  EXPECT_TRUE(answers_ping(kOtherLan, ping6("fe80::7", "fe80::ff:fe00:2", "02:00:00:00:00:02")));
  EXPECT_FALSE(answers_ping(kLan, ping6("fe80::7", "fe80::ff:fe00:2", kLanText))) << "another link";
  EXPECT_FALSE(answers_ping(kLan, ping6("2001:db8::7", "2001:db8::101", kLanText)));
  EXPECT_FALSE(answers_ping(kLan, ping6("2001:db8:0:1::2", "2001:db8::100", kLanText))) << "from its own";
  EXPECT_EQ(responder_.counters().icmp_answered, 3U);
}

const FrameFields kToLan{.to_mac = kLanText, .from_mac = kClient};

TEST_F(PuntResponderTest, RefusesWhatNoServiceHas) {
  const Bytes syn = tcp_frame(kToLan, kSyn);
  const auto answer = responder_.on_unmatched(kLan, syn, 0ms);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->frame, make_refusal(syn, kLanMac));
  EXPECT_FALSE(responder_.on_unmatched(kUnknownPort, syn, 0ms));
  EXPECT_FALSE(responder_.on_unmatched(kLan, tcp_frame(kToLan, kRst), 0ms)) << "a reset is never answered";
  EXPECT_EQ(responder_.counters().refused, 1U);
}

TEST_F(PuntResponderTest, LimitsRefusalsToAThousandASecondAndAHundredAtOnce) {
  const Bytes syn = tcp_frame(kToLan, kSyn);
  for (int i = 0; i < 150; ++i) responder_.on_unmatched(kLan, syn, 5s);
  EXPECT_EQ(responder_.counters().refused, 100U);
  EXPECT_EQ(responder_.counters().refused_over_limit, 50U);
  for (int i = 0; i < 50; ++i) responder_.on_unmatched(kLan, syn, 5s + 20ms);
  EXPECT_EQ(responder_.counters().refused, 120U);
}

TEST_F(PuntResponderTest, TellsWhoSentTooMuchHowLongAPacketMayBe) {
  const Bytes data = tcp_frame(kToLan, kAck, payload(1460));
  const IpAddress from = from_be32(kOwnIp);
  const auto answer = responder_.on_too_big(kLan, data, from, 1400, 0ms);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->frame, make_too_big(data, kLanMac, from, 1400));
  EXPECT_FALSE(responder_.on_too_big(kUnknownPort, data, from, 1400, 0ms));
  EXPECT_EQ(responder_.counters().too_big_answered, 1U);
  for (int i = 0; i < 150; ++i) responder_.on_too_big(kLan, data, from, 1400, 5s);
  EXPECT_EQ(responder_.counters().too_big_answered, 101U);
  EXPECT_EQ(responder_.counters().too_big_over_limit, 50U);
  EXPECT_TRUE(responder_.on_unmatched(kLan, tcp_frame(kToLan, kSyn), 5s))
      << "refusals have a limit of their own";
}

}  // namespace
}  // namespace turnout::punt_responder_test
