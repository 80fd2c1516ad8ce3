#include "dataplane/packet.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "test/support/frame_changes.h"
#include "test/support/parsed.h"

namespace turnout::packet_test {
namespace {

Bytes with_total_length(Bytes frame, size_t length) {
  return with_octets(std::move(frame), kIpAt + 2,
                     {static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
}

TEST(ParsePacket, ReadsATcpPacket) {
  const Parsed parsed = parse(tcp_frame({}, kSyn, payload(5)));
  ASSERT_EQ(parsed.kind, PacketClass::flow);
  EXPECT_EQ(parsed.fields.client, RTE_BE32(0xCB007107));
  EXPECT_EQ(parsed.fields.destination, RTE_BE32(0xC0000264));
  EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000));
  EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80));
  EXPECT_EQ(parsed.fields.protocol, 6);
  EXPECT_EQ(parsed.fields.ip_bytes, 45);
  EXPECT_EQ(parsed.fields.event, PacketEvent::syn);
}

TEST(ParsePacket, ReadsAUdpPacketBehindIpOptions) {
  FrameFields fields;
  fields.ip_options = Bytes(40, 1);  // no-operation
  fields.destination_port = 53;
  const Parsed parsed = parse(udp_frame(fields, payload(11)));
  ASSERT_EQ(parsed.kind, PacketClass::flow);
  EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000));
  EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(53));
  EXPECT_EQ(parsed.fields.protocol, 17);
  EXPECT_EQ(parsed.fields.ip_bytes, 60 + 8 + 11);
  EXPECT_EQ(parsed.fields.event, PacketEvent::datagram);
}

TEST(ParsePacket, CountsIpBytesWithoutThePadding) {
  EXPECT_EQ(parse(padded(tcp_frame({}, kAck))).fields.ip_bytes, 40);
}

TEST(ParsePacket, TellsPingsFromOtherIcmpAndOtherProtocols) {
  EXPECT_EQ(verdict(icmp_frame({}, 8)), "icmp_echo");
  for (const uint8_t type : std::to_array<uint8_t>({0, 3, 11, 13}))
    EXPECT_EQ(verdict(icmp_frame({}, type)), "icmp_other");
  for (const uint8_t protocol : std::to_array<uint8_t>({0, 2, 4, 41, 47, 50, 89, 136, 255})) {
    EXPECT_EQ(verdict(ip_frame({}, protocol, {})), "ip_other") << "protocol " << int{protocol};
  }
  EXPECT_EQ(parse(icmp_frame({}, 8)).fields.destination, RTE_BE32(0xC0000264));
}

TEST(ParsePacket, NoticesEveryPlaceWhereAFrameCanBeCutOff) {
  FrameFields options;
  options.ip_options = Bytes(12, 1);
  FrameFields most_options;
  most_options.ip_options = Bytes(40, 1);
  for (const FrameFields& fields : {FrameFields{}, options, most_options}) {
    expect_cut_is_truncated(tcp_frame(fields, kSyn), "flow");
    expect_cut_is_truncated(tcp_frame(fields, kAck, payload(9), Bytes(40, 1)), "flow");
    expect_cut_is_truncated(udp_frame(fields, payload(3)), "flow");
    expect_cut_is_truncated(udp_frame(fields), "flow");
    expect_cut_is_truncated(icmp_frame(fields, 8), "icmp_echo");
    expect_cut_is_truncated(icmp_frame(fields, 3, {}), "icmp_other");
    expect_cut_is_truncated(ip_frame(fields, 47, payload(4)), "ip_other");
  }
}

TEST(ParsePacket, LeavesTheLengthOfArpToControl) {
  const Bytes request =
      arp_frame(kBroadcastMac, {1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"});
  for (size_t size = 0; size <= request.size(); ++size) {
    EXPECT_EQ(verdict(cut_to(request, size)), size < 14 ? "truncated" : "arp") << size;
  }
}

TEST(ParsePacket, ReadsNothingOfTheFrameThatLiesElsewhere) {
  const Bytes whole = tcp_frame({}, kAck, payload(100));
  for (uint32_t contiguous = 0; contiguous < whole.size(); ++contiguous) {
    const auto first = std::make_unique<uint8_t[]>(contiguous);
    std::copy_n(whole.begin(), contiguous, first.get());
    PacketFields fields;
    const PacketClass kind =
        parse_packet({first.get(), contiguous, static_cast<uint32_t>(whole.size())}, kPort, fields);
    const bool headers_in_reach = contiguous >= kTransportAt + 20;
    EXPECT_EQ(kind, headers_in_reach ? PacketClass::flow : PacketClass::dropped) << contiguous;
    EXPECT_EQ(fields.drop, DropReason::truncated);
  }
}

TEST(ParsePacket, BelievesNoTotalLengthThatCannotBe) {
  const Bytes tcp = tcp_frame({}, kAck, payload(10));  // 20 + 20 + 10
  for (size_t length = 0; length < 20; ++length)
    EXPECT_EQ(verdict(with_total_length(tcp, length)), "bad_ip_header");
  for (size_t length = 20; length < 40; ++length) {
    EXPECT_EQ(verdict(with_total_length(tcp, length)), "bad_transport_header") << length;
  }
  for (size_t length = 40; length <= 50; ++length)
    EXPECT_EQ(verdict(with_total_length(tcp, length)), "flow") << length;
  for (const size_t length : {51u, 52u, 1500u, 65535u})
    EXPECT_EQ(verdict(with_total_length(tcp, length)), "truncated");
}

TEST(ParsePacket, BelievesNoIpHeaderLengthThatCannotBe) {
  const Bytes tcp = tcp_frame({}, kAck, payload(60));
  for (uint8_t words = 0; words < 5; ++words) {
    EXPECT_EQ(verdict(with_octets(tcp, kIpAt, {static_cast<uint8_t>(0x40 | words)})), "bad_ip_header")
        << int{words};
  }
  const Bytes bare = with_total_length(tcp, 24);
  for (uint8_t words = 7; words < 16; ++words) {
    EXPECT_EQ(verdict(with_octets(bare, kIpAt, {static_cast<uint8_t>(0x40 | words)})), "bad_ip_header")
        << int{words};
  }
  for (uint8_t version = 0; version < 16; ++version) {
    const auto first = static_cast<uint8_t>(version << 4 | 5);
    EXPECT_EQ(verdict(with_octets(tcp, kIpAt, {first})), version == 4 ? "flow" : "bad_ip_header")
        << int{version};
  }
}

TEST(ParsePacket, ReadsPortsBehindEveryIpHeaderLength) {
  for (size_t words = 0; words <= 10; ++words) {
    FrameFields fields;
    fields.ip_options = Bytes(words * 4, 1);
    const Parsed parsed = parse(tcp_frame(fields, kFin));
    ASSERT_EQ(parsed.kind, PacketClass::flow) << words;
    EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80));
    EXPECT_EQ(parsed.fields.event, PacketEvent::fin);
  }
}

TEST(ParsePacket, BelievesNoTcpDataOffsetThatCannotBe) {
  const Bytes tcp = tcp_frame({}, kAck, payload(12));  // 32 octets of TCP: offsets 5 … 8 are possible
  for (uint8_t offset = 0; offset < 16; ++offset) {
    const bool possible = offset >= 5 && offset <= 8;
    EXPECT_EQ(verdict(with_octets(tcp, kTransportAt + 12, {static_cast<uint8_t>(offset << 4)})),
              possible ? "flow" : "bad_transport_header")
        << int{offset};
  }
}

TEST(ParsePacket, BelievesNoUdpLengthThatCannotBe) {
  const Bytes udp = udp_frame({}, payload(10));
  for (const uint16_t length : std::to_array<uint16_t>({0, 1, 7, 8, 9, 17, 18, 19, 20, 255, 256, 65535})) {
    const bool possible =
        length >= 8 && length <= 18;  // shorter than IP's payload is allowed: the rest is a surplus area
    EXPECT_EQ(verdict(with_octets(udp, kTransportAt + 4,
                                  {static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)})),
              possible ? "flow" : "bad_transport_header")
        << length;
  }
}

TEST(ParsePacket, DropsTransportHeadersThatDoNotFitTheirPacket) {
  for (size_t size = 0; size < 20; ++size)
    EXPECT_EQ(verdict(ip_frame({}, 6, payload(size))), "bad_transport_header");
  for (size_t size = 0; size < 8; ++size) {
    EXPECT_EQ(verdict(ip_frame({}, 17, payload(size))), "bad_transport_header") << size;
    EXPECT_EQ(verdict(ip_frame({}, 1, payload(size))), "bad_transport_header") << size;
    EXPECT_EQ(verdict(padded(ip_frame({}, 17, payload(size)))), "bad_transport_header")
        << "padding is no header";
  }
}

TEST(ParsePacket, DropsSourcesThatNoHostMayHave) {
  for (const char* source : {"0.0.0.0", "0.1.2.3", "127.0.0.1", "127.255.255.255", "224.0.0.1", "239.1.1.1",
                             "240.0.0.1", "255.255.255.255"}) {
    FrameFields fields;
    fields.source = source;
    EXPECT_EQ(verdict(tcp_frame(fields, kSyn)), "martian_source") << source;
  }
  for (const char* source :
       {"1.0.0.1", "10.0.0.1", "126.255.255.255", "128.0.0.1", "192.168.1.1", "223.255.255.255"}) {
    FrameFields fields;
    fields.source = source;
    EXPECT_EQ(verdict(tcp_frame(fields, kSyn)), "flow") << source;
  }
}

TEST(ParsePacket, TellsFragmentsByOffsetAndMoreFragmentsAlone) {
  const auto with_fragment = [](uint16_t flags_and_offset) {
    FrameFields fields;
    fields.fragment = flags_and_offset;
    return verdict(udp_frame(fields, payload(64)));
  };
  EXPECT_EQ(with_fragment(0x0000), "flow");
  EXPECT_EQ(with_fragment(0x4000), "flow") << "Don't Fragment";
  EXPECT_EQ(with_fragment(0x8000), "flow") << "the reserved bit: RFC 791 asks no one to look at it";
  EXPECT_EQ(with_fragment(0x2000), "first_fragment") << "the first of several";
  EXPECT_EQ(with_fragment(0x2001), "later_fragment");
  EXPECT_EQ(with_fragment(0x0001), "later_fragment") << "the last";
  EXPECT_EQ(with_fragment(0x1FFF), "later_fragment");
  EXPECT_EQ(with_fragment(0x6000), "first_fragment");
}

TEST(ParsePacket, LeavesFramesForOtherStationsAlone) {
  const Bytes tcp = tcp_frame({}, kSyn);
  for (size_t octet = 0; octet < 6; ++octet) {
    EXPECT_EQ(verdict(with_octets(tcp, octet, {static_cast<uint8_t>(tcp[octet] ^ 0x10)})), "not_our_mac")
        << octet;
  }
  FrameFields broadcast;
  broadcast.to_mac = kBroadcastMac;
  EXPECT_EQ(verdict(tcp_frame(broadcast, kSyn)), "not_our_mac") << "IP by broadcast is nobody's connection";
  FrameFields multicast;
  multicast.to_mac = "01:00:5e:00:00:01";
  EXPECT_EQ(verdict(tcp_frame(multicast, kSyn)), "not_our_mac");
}

TEST(ParsePacket, TakesArpByBroadcastAndByItsOwnAddressOnly) {
  const ArpFields who_has{1, "02:00:00:00:00:c1", "192.0.2.1", kNoMac, "192.0.2.100"};
  EXPECT_EQ(verdict(arp_frame(kBroadcastMac, who_has)), "arp");
  EXPECT_EQ(verdict(arp_frame("02:00:00:00:01:00", who_has)), "arp");
  EXPECT_EQ(verdict(arp_frame("02:00:00:00:01:01", who_has)), "not_our_mac");
  EXPECT_EQ(verdict(arp_frame("01:00:5e:00:00:01", who_has)), "not_our_mac");
}

TEST(ParsePacket, TakesAnyUnicastOnAPortThatPlaysACapture) {
  FrameFields other;
  other.to_mac = "9c:b6:d0:12:34:56";
  EXPECT_EQ(verdict(tcp_frame(other, kSyn), kAnyUnicast), "flow");
  other.to_mac = "01:00:5e:00:00:01";
  EXPECT_EQ(verdict(tcp_frame(other, kSyn), kAnyUnicast), "not_our_mac");
}

TEST(ParsePacket, KnowsNoOtherEthertype) {
  const Bytes tcp = tcp_frame({}, kSyn);
  EXPECT_EQ(verdict(with_octets(tcp, 12, {0x86, 0xDD})), "bad_ip_header") << "IPv4 under IPv6's type";
  EXPECT_EQ(verdict(with_octets(tcp, 12, {0x00, 0x00})), "unknown_ethertype") << "802.3 length of 0";
  EXPECT_EQ(verdict(with_octets(tcp, 12, {0x88, 0xCC})), "unknown_ethertype") << "LLDP";
  EXPECT_EQ(verdict(with_octets(tcp, 12, {0x00, 0x2E})), "unknown_ethertype") << "802.3 length";
}

TEST(ParsePacket, ReadsNoRandomFramePastItsEnd) {
  std::mt19937 random(1);
  for (unsigned i = 0; i < 200'000; ++i) {
    Bytes frame(random() % 120);
    for (uint8_t& octet : frame) octet = static_cast<uint8_t>(random());
    if (frame.size() >= 14) {  // so that it is looked into
      const Bytes head =
          ethernet_frame("02:00:00:00:01:00", "02:00:00:00:00:c1", random() % 8 ? 0x0800 : 0x0806, {});
      std::copy(head.begin(), head.end(), frame.begin());
    }
    if (frame.size() > kIpAt && random() % 8) frame[kIpAt] = static_cast<uint8_t>(0x40 | random() % 16);
    ASSERT_NO_FATAL_FAILURE(expect_in_bounds(frame));
  }
}

TEST(ParsePacket, ReadsNoMutatedFramePastItsEnd) {
  std::mt19937 random(2);
  FrameFields options;
  options.ip_options = Bytes(8, 1);
  const std::vector<Bytes> originals{tcp_frame({}, kSyn, payload(20)), udp_frame(options, payload(20)),
                                     icmp_frame({}, 8), tcp_frame(options, kAck, {}, Bytes(12, 1))};
  for (unsigned i = 0; i < 200'000; ++i) {
    Bytes frame = originals[random() % originals.size()];
    for (unsigned changes = random() % 4; changes > 0; --changes) {
      frame[12 + random() % (frame.size() - 12)] = static_cast<uint8_t>(random());
    }
    if (random() % 2) frame = cut_to(frame, random() % (frame.size() + 1));
    ASSERT_NO_FATAL_FAILURE(expect_in_bounds(frame));
  }
}

}  // namespace
}  // namespace turnout::packet_test
