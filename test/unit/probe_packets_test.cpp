#include "control/probe_packets.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"
#include "test/support/test_config.h"

namespace turnout::probe_packets_test {
namespace {

using Kind = ProbeAnswer::Kind;

const ProbeEnds kEnds{mac("02:00:00:00:01:00"), mac("02:00:00:00:00:11"), ip("192.0.2.2")};
const ProbeEnds kEnds6{kEnds.from_mac, kEnds.to_mac, ip("2001:db8::2")};
const ProbeFlow kTcp{ip("192.0.2.100"), IPPROTO_TCP, 80, 61000};
const ProbeFlow kTcp6{ip("2001:db8::100"), IPPROTO_TCP, 80, 61000};

FrameFields answer_fields(uint16_t port = 80, uint16_t own = 61000) {
  return {.source = "192.0.2.100", .destination = "192.0.2.2", .source_port = port, .destination_port = own};
}
FrameFields6 answer_fields6() {
  FrameFields6 fields;
  fields.source = "2001:db8::100";
  fields.destination = "2001:db8::2";
  fields.source_port = 80;
  fields.destination_port = 61000;
  return fields;
}

/// Where the answer acknowledges `number`.
Bytes acknowledging(Bytes frame, size_t tcp_at, uint32_t number) {
  const size_t at = tcp_at + 8;
  frame = with_octets(std::move(frame), at,
                      {static_cast<uint8_t>(number >> 24), static_cast<uint8_t>(number >> 16),
                       static_cast<uint8_t>(number >> 8), static_cast<uint8_t>(number)});
  return frame;
}

TEST(ProbePackets, ASynGoesToTheServersMacAndTheVip) {
  const auto frame = make_syn(kEnds, kTcp, 0x01020304);
  ASSERT_EQ(frame.size(), 60u);
  EXPECT_EQ(Bytes(frame.begin(), frame.begin() + 6), mac_bytes("02:00:00:00:00:11"));
  EXPECT_EQ(Bytes(frame.begin() + 6, frame.begin() + 12), mac_bytes("02:00:00:00:01:00"));
  const auto parsed = parse_ip_frame(frame);
  ASSERT_TRUE(parsed) << "its header checksum is right";
  EXPECT_EQ(parsed->source, ip("192.0.2.2"));
  EXPECT_EQ(parsed->destination, ip("192.0.2.100"));
  EXPECT_EQ(parsed->hop_limit, kProbeTimeToLive);
  ASSERT_EQ(parsed->content.size(), 20u);
  const Bytes ports(parsed->content.begin(), parsed->content.begin() + 8);
  EXPECT_EQ(ports, (Bytes{0xEE, 0x48, 0, 80, 1, 2, 3, 4}));
  EXPECT_EQ(parsed->content[13], kSyn);
  EXPECT_EQ(transport_checksum(parsed->source, parsed->destination, IPPROTO_TCP, parsed->content), 0);
}

TEST(ProbePackets, BothFamiliesAndAllKindsAreSound) {
  const uint8_t data[] = {'h', 'i'};
  const ProbeFlow udp{kTcp.target, IPPROTO_UDP, 53, 61001}, udp6{kTcp6.target, IPPROTO_UDP, 53, 61001};
  const ProbeFlow echo{kTcp.target, IPPROTO_ICMP, 7, 9}, echo6{kTcp6.target, IPPROTO_ICMPV6, 7, 9};
  for (const auto& frame :
       {make_reset(kEnds, kTcp, 5), make_datagram(kEnds, udp, data), make_syn(kEnds6, kTcp6, 5),
        make_reset(kEnds6, kTcp6, 5), make_datagram(kEnds6, udp6, data), make_echo(kEnds6, echo6)}) {
    const auto parsed = parse_ip_frame(frame);
    ASSERT_TRUE(parsed);
    EXPECT_EQ(transport_checksum(parsed->source, parsed->destination, parsed->protocol, parsed->content), 0);
  }
  const auto ping = make_echo(kEnds, echo);
  const auto parsed = parse_ip_frame(ping);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(internet_checksum(parsed->content), 0);
  EXPECT_EQ(parsed->content[0], 8);
}

TEST(ProbePackets, ASynAckIsAnAnswer) {
  Bytes frame = tcp_frame(answer_fields(), kSyn | kAck);
  const auto answer = parse_probe_answer(frame);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Kind::syn_ack);
  EXPECT_EQ(answer->flow, kTcp);
  EXPECT_EQ(answer->to, ip("192.0.2.2"));
  EXPECT_EQ(answer->mac, mac("02:00:00:00:00:c1"));
  frame = acknowledging(frame, kTransportAt, 7);
  EXPECT_FALSE(parse_probe_answer(frame)) << "its checksum is wrong";
}

TEST(ProbePackets, WhatATcpAnswerSays) {
  EXPECT_EQ(parse_probe_answer(tcp_frame(answer_fields(), kRst | kAck))->kind, Kind::reset);
  EXPECT_EQ(parse_probe_answer(tcp6_frame(answer_fields6(), kSyn | kAck))->flow, kTcp6);
  EXPECT_FALSE(parse_probe_answer(tcp_frame(answer_fields(), kAck)));
  EXPECT_FALSE(parse_probe_answer(tcp_frame(answer_fields(), kSyn))) << "a question";
}

TEST(ProbePackets, ADatagramHasItsPayload) {
  const auto frame = udp_frame(answer_fields(53, 61001), {'a', 'b', 'c'});
  const auto answer = parse_probe_answer(frame);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Kind::datagram);
  EXPECT_EQ(Bytes(answer->payload.begin(), answer->payload.end()), (Bytes{'a', 'b', 'c'}));
  EXPECT_FALSE(parse_probe_answer(with_octets(frame, kTransportAt + 9, {'x'}))) << "its checksum is wrong";
}

/// What our check looks like where an ICMP error quotes it.
Bytes quoted(uint32_t sequence) {
  const auto frame = make_syn(kEnds, kTcp, sequence);
  return {frame.begin() + kIpAt, frame.begin() + kIpAt + 28};
}

TEST(ProbePackets, AnIcmpErrorNamesTheCheckThatItIsAbout) {
  const FrameFields from{.source = "192.0.2.11", .destination = "192.0.2.2"};
  const auto frame = icmp_error(from, 3, quoted(0x01020304));
  const auto answer = parse_probe_answer(frame);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->kind, Kind::icmp_error);
  EXPECT_EQ(answer->flow, kTcp);
  EXPECT_EQ(answer->from, ip("192.0.2.11"));
  EXPECT_EQ(answer->acknowledgement, 0x01020304u);
  EXPECT_EQ(answer->icmp_type, 3);
}

TEST(ProbePackets, AnIcmpErrorAboutSomebodyElsesPacketIsNone) {
  const FrameFields from{.source = "192.0.2.11", .destination = "192.0.2.9"};
  EXPECT_FALSE(parse_probe_answer(icmp_error(from, 3, quoted(1))))
      << "its receiver did not send what it quotes";
}

TEST(ProbePackets, AnIcmpErrorCutShortIsNone) {
  const FrameFields from{.source = "192.0.2.11", .destination = "192.0.2.2"};
  const Bytes whole = quoted(1);
  for (size_t size = 0; size < whole.size(); ++size) {
    EXPECT_FALSE(
        parse_probe_answer(icmp_error(from, 3, {whole.begin(), whole.begin() + static_cast<long>(size)})))
        << size;
  }
}

TEST(ProbePackets, FragmentsAndForeignProtocolsAreNone) {
  FrameFields fields = answer_fields();
  fields.fragment = 0x2000;
  EXPECT_FALSE(parse_probe_answer(tcp_frame(fields, kSyn | kAck)));
  EXPECT_FALSE(parse_probe_answer(ip_frame(answer_fields(), 132, payload(40))));
  EXPECT_FALSE(parse_probe_answer(Bytes{}));
}

TEST(ProbePackets, NoCutFrameIsReadPastItsEnd) {
  for (const Bytes& whole : {tcp_frame(answer_fields(), kSyn | kAck), udp_frame(answer_fields(), payload(9)),
                             icmp_error({.source = "192.0.2.11", .destination = "192.0.2.2"}, 3, quoted(1)),
                             tcp6_frame(answer_fields6(), kSyn | kAck)}) {
    for (size_t size = 0; size < whole.size(); ++size) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<long>(size));
      parse_probe_answer(cut);
    }
  }
}

}  // namespace
}  // namespace turnout::probe_packets_test
