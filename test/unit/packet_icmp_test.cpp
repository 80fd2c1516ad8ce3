// ICMP errors: whose packet they are about, if it can be known.
#include <gtest/gtest.h>

#include <array>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/parsed.h"

namespace turnout::packet_icmp_test {
namespace {

const FrameFields kReply = turned_round(FrameFields{});
const FrameFields6 kReply6 = turned_round(FrameFields6{});
constexpr std::array<uint8_t, 3> kErrors{3, 11, 12};
constexpr std::array<uint8_t, 4> kErrors6{1, 2, 3, 4};

/// From a router on the way, to the VIP.
FrameFields from_router() {
  FrameFields fields;
  fields.source = "198.51.100.254";
  return fields;
}
FrameFields6 from_router6() {
  FrameFields6 fields;
  fields.source = "2001:db8:f::1";
  return fields;
}
Bytes error_about(const Bytes& reply, size_t quoted = SIZE_MAX, uint8_t type = 3) {
  return icmp_error(from_router(), type, ip_packet_of(reply, quoted));
}
Bytes error6_about(const Bytes& reply, size_t quoted = SIZE_MAX, uint8_t type = 1) {
  return icmp6_error(from_router6(), type, ip_packet_of(reply, quoted));
}

TEST(ParseIcmpError, IsAboutTheFlowOfThePacketThatItQuotes) {
  for (const uint8_t type : kErrors) {
    const Bytes frame = error_about(tcp_frame(kReply, kAck, payload(30)), 28, type);
    const Parsed parsed = parse(frame);
    ASSERT_EQ(parsed.kind, PacketClass::flow) << int{type};
    EXPECT_EQ(parsed.fields.client, RTE_BE32(0xCB007107)) << "not the router that tells it";
    EXPECT_EQ(parsed.fields.destination, RTE_BE32(0xC0000264));
    EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000));
    EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80));
    EXPECT_EQ(parsed.fields.protocol, 6);
    EXPECT_EQ(parsed.fields.event, PacketEvent::icmp_error);
    EXPECT_EQ(parsed.fields.ip_bytes, 56) << "its own";
  }
}

TEST(ParseIcmpError, IsAboutTheFlowOfAnIpv6PacketToo) {
  FrameFields6 reply = kReply6;
  reply.source_port = 53;
  for (const uint8_t type : kErrors6) {
    const Bytes frame = error6_about(udp6_frame(reply, payload(30)), 48, type);
    const Parsed parsed = parse(frame);
    ASSERT_EQ(parsed.kind, PacketClass::flow6) << int{type};
    EXPECT_EQ(parsed.fields.client6, load_address6(ip6_bytes("2001:db8:c::7").data()));
    EXPECT_EQ(parsed.fields.destination6, load_address6(ip6_bytes("2001:db8::100").data()));
    EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000));
    EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(53));
    EXPECT_EQ(parsed.fields.protocol, 17);
    EXPECT_EQ(parsed.fields.event, PacketEvent::icmp_error);
    EXPECT_EQ(parsed.fields.ip_bytes, 40 + 8 + 48);
  }
}

TEST(ParseIcmpError, OtherTypesAreNotAboutAFlow) {
  for (unsigned number = 0; number < 256; ++number) {
    const auto type = static_cast<uint8_t>(number);
    const bool is_error = std::find(kErrors.begin(), kErrors.end(), type) != kErrors.end();
    const std::string expected = is_error ? "flow" : type == 8 ? "icmp_echo" : "icmp_other";
    EXPECT_EQ(verdict(error_about(tcp_frame(kReply, kAck), 28, type)), expected) << number;
    const bool is_error6 = std::find(kErrors6.begin(), kErrors6.end(), type) != kErrors6.end();
    const std::string expected6 = is_error6 ? "flow6" : type == 128 ? "icmp_echo" : "icmp_other";
    EXPECT_EQ(verdict(error6_about(tcp6_frame(kReply6, kAck), 48, type)), expected6) << number;
  }
}

TEST(ParseIcmpError, NeedsAllOfTheQuotedAddressesAndPorts) {
  for (size_t size = 0; size <= 60; ++size) {
    const Parsed parsed = parse(error_about(tcp_frame(kReply, kAck, payload(30)), size));
    EXPECT_EQ(parsed.kind, size >= 24 ? PacketClass::flow : PacketClass::icmp_other) << size;
    EXPECT_EQ(parsed.fields.event, PacketEvent::icmp_error) << size;
  }
  for (size_t size = 0; size <= 80; ++size) {
    const Parsed parsed = parse(error6_about(tcp6_frame(kReply6, kAck, payload(30)), size));
    EXPECT_EQ(parsed.kind, size >= 44 ? PacketClass::flow6 : PacketClass::icmp_other) << size;
    EXPECT_EQ(parsed.fields.event, PacketEvent::icmp_error) << size;
  }
}

TEST(ParseIcmpError, ReadsPortsBehindTheOptionsThatItQuotes) {
  for (size_t words = 0; words <= 10; ++words) {
    FrameFields reply = kReply;
    reply.ip_options = Bytes(words * 4, 1);
    const size_t needed = 20 + words * 4 + 4;
    for (const size_t size : {needed - 1, needed}) {
      const Parsed parsed = parse(error_about(tcp_frame(reply, kAck), size));
      EXPECT_EQ(parsed.kind, size == needed ? PacketClass::flow : PacketClass::icmp_other) << words;
      if (size < needed) continue;
      EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000)) << words;
    }
  }
}

TEST(ParseIcmpError, ReadsPortsBehindTheExtensionHeadersThatItQuotes) {
  const ExtensionHeader6 options{60, {0, 1, 4, 0, 0, 0, 0}};
  for (size_t count = 0; count <= 9; ++count) {
    FrameFields6 reply = kReply6;
    reply.extension_headers = std::vector(count, options);
    for (size_t size = 40; size <= 40 + count * 8 + 8; ++size) {
      const Parsed parsed = parse(error6_about(tcp6_frame(reply, kAck), size));
      const bool readable = count <= 8 && size >= 40 + count * 8 + 4;
      ASSERT_EQ(parsed.kind, readable ? PacketClass::flow6 : PacketClass::icmp_other)
          << count << ", " << size;
      if (!readable) continue;
      EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000));
    }
  }
}

TEST(ParseIcmpError, MayQuoteAFirstFragmentButNoLaterOne) {
  FrameFields reply = kReply;
  reply.fragment = 0x2000;
  EXPECT_EQ(verdict(error_about(udp_frame(reply, payload(40)))), "flow");
  for (const uint16_t fragment : std::to_array<uint16_t>({0x2001, 0x0001, 0x1FFF})) {
    reply.fragment = fragment;
    EXPECT_EQ(verdict(error_about(udp_frame(reply, payload(40)))), "icmp_other") << fragment;
  }
  FrameFields6 reply6 = kReply6;
  reply6.extension_headers = {fragment_header6(7, 0, true)};
  EXPECT_EQ(verdict(error6_about(udp6_frame(reply6, payload(40)))), "flow6");
  reply6.extension_headers = {fragment_header6(7, 8, true)};
  EXPECT_EQ(verdict(error6_about(udp6_frame(reply6, payload(40)))), "icmp_other");
}

TEST(ParseIcmpError, IsAboutAPacketOfTheAddressThatItIsSentTo) {
  FrameFields reply = kReply;
  reply.source = "192.0.2.101";
  EXPECT_EQ(verdict(error_about(tcp_frame(reply, kAck))), "icmp_other");
  EXPECT_EQ(verdict(error_about(tcp_frame({}, kAck))), "icmp_other") << "the client's packet, not the VIP's";
  FrameFields6 reply6 = kReply6;
  reply6.source = "2001:db8::101";
  EXPECT_EQ(verdict(error6_about(tcp6_frame(reply6, kAck))), "icmp_other");
  EXPECT_EQ(verdict(error6_about(tcp6_frame({}, kAck))), "icmp_other");
}

TEST(ParseIcmpError, IsAboutNoPacketToAnAddressThatNoClientHas) {
  for (const char* client : {"0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"}) {
    FrameFields reply = kReply;
    reply.destination = client;
    EXPECT_EQ(verdict(error_about(tcp_frame(reply, kAck))), "icmp_other") << client;
  }
  for (const char* client : {"::", "::1", "ff02::1", "::ffff:1.2.3.4"}) {
    FrameFields6 reply = kReply6;
    reply.destination = client;
    EXPECT_EQ(verdict(error6_about(tcp6_frame(reply, kAck))), "icmp_other") << client;
  }
}

TEST(ParseIcmpError, IsAboutTcpUdpOrSctp) {
  EXPECT_EQ(verdict(error_about(udp_frame(kReply))), "flow");
  EXPECT_EQ(verdict(error6_about(udp6_frame(kReply6))), "flow6");
  for (const uint8_t protocol : std::to_array<uint8_t>({0, 1, 4, 41, 47, 50, 58, 136})) {
    EXPECT_EQ(verdict(error_about(ip_frame(kReply, protocol, payload(20)))), "icmp_other") << int{protocol};
    if (protocol == 0) continue;  // hop-by-hop options
    EXPECT_EQ(verdict(error6_about(ip6_frame(kReply6, protocol, payload(20)))), "icmp_other")
        << int{protocol};
  }
  EXPECT_EQ(verdict(error_about(icmp_frame(kReply, 0))), "icmp_other") << "an answer to a ping";
}

TEST(ParseIcmpError, BelievesNoQuotedHeaderThatCannotBe) {
  const Bytes quoted = ip_packet_of(tcp_frame(kReply, kAck, payload(60)));
  for (unsigned first = 0; first < 256; ++first) {
    const bool possible = first >> 4 == 4 && (first & 0xF) >= 5;
    const Bytes frame = icmp_error(from_router(), 3, with_octets(quoted, 0, {static_cast<uint8_t>(first)}));
    EXPECT_EQ(verdict(frame), possible ? "flow" : "icmp_other") << std::hex << first;
  }
  const Bytes quoted6 = ip_packet_of(tcp6_frame(kReply6, kAck));
  for (unsigned first = 0; first < 256; ++first) {
    const Bytes frame =
        icmp6_error(from_router6(), 1, with_octets(quoted6, 0, {static_cast<uint8_t>(first)}));
    EXPECT_EQ(verdict(frame), first >> 4 == 6 ? "flow6" : "icmp_other") << std::hex << first;
  }
  EXPECT_EQ(verdict(icmp_error(from_router(), 3, quoted6)), "icmp_other") << "the other family's packet";
  EXPECT_EQ(verdict(icmp6_error(from_router6(), 1, quoted)), "icmp_other");
}

TEST(ParseIcmpError, CaresNotWhatTheQuotedPacketSaysOfItsLength) {
  const Bytes quoted = ip_packet_of(tcp_frame(kReply, kAck), 28);
  EXPECT_EQ(verdict(icmp_error(from_router(), 3, with_octets(quoted, 2, {0, 0}))), "flow");
  EXPECT_EQ(verdict(icmp_error(from_router(), 3, with_octets(quoted, 2, {0xFF, 0xFF}))), "flow");
}

TEST(ParseIcmpError, ReadsNoPortsFromThePaddingOfItsFrame) {
  const Bytes reply = tcp_frame(kReply, kAck);
  for (size_t size = 0; size < 24; ++size)
    EXPECT_EQ(verdict(padded(error_about(reply, size), 100)), "icmp_other") << size;
  const Bytes reply6 = tcp6_frame(kReply6, kAck);
  for (size_t size = 0; size < 44; ++size)
    EXPECT_EQ(verdict(padded(error6_about(reply6, size), 150)), "icmp_other") << size;
}

TEST(ParseIcmpError, NoticesEveryPlaceWhereItCanBeCutOff) {
  expect_cut_is_truncated(error_about(tcp_frame(kReply, kAck)), "flow");
  expect_cut_is_truncated(error6_about(tcp6_frame(kReply6, kAck)), "flow6");
}

TEST(ParseIcmpError, ReadsNothingOfTheFrameThatLiesElsewhere) {
  for (const auto& [whole, kind, headers] :
       {std::tuple{error_about(tcp_frame(kReply, kAck)), PacketClass::flow, kTransportAt + 8 + 24},
        {error6_about(tcp6_frame(kReply6, kAck)), PacketClass::flow6, kTransport6At + 8 + 44}}) {
    const size_t outer = headers - (kind == PacketClass::flow ? 24 : 44);
    for (uint32_t contiguous = 0; contiguous < whole.size(); ++contiguous) {
      const auto first = std::make_unique<uint8_t[]>(contiguous);
      std::copy_n(whole.begin(), contiguous, first.get());
      PacketFields fields;
      const PacketClass parsed =
          parse_packet({first.get(), contiguous, static_cast<uint32_t>(whole.size())}, kPort, fields);
      const PacketClass expected = contiguous < outer     ? PacketClass::dropped
                                   : contiguous < headers ? PacketClass::icmp_other
                                                          : kind;
      EXPECT_EQ(parsed, expected) << contiguous;
    }
  }
}

TEST(ParseIcmpError, IsLeftAloneInFragments) {
  FrameFields fields = from_router();
  fields.fragment = 0x2000;
  EXPECT_EQ(verdict(icmp_error(fields, 3, ip_packet_of(tcp_frame(kReply, kAck)))), "fragment");
}

}  // namespace
}  // namespace turnout::packet_icmp_test
