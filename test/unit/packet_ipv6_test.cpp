// What the parser makes of IPv6.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/parsed.h"

namespace turnout::packet_ipv6_test {
namespace {

constexpr uint8_t kHopByHop = 0, kTcp = 6, kUdp = 17, kRouting = 43, kFragment = 44, kEsp = 50,
                  kAuthentication = 51, kIcmp6 = 58, kNoNext = 59, kDestination = 60;

/// `units` of eight octets, filled with padding (RFC 8200 4.2).
ExtensionHeader6 options_header(uint8_t type, uint8_t units = 1) {
  Bytes rest(units * size_t{8} - 1);
  rest[0] = static_cast<uint8_t>(units - 1);
  return {type, rest};
}
/// RFC 8200 4.4: type 0, with one address.
ExtensionHeader6 routing_header(uint8_t segments_left) {
  Bytes rest(23);
  rest[0] = 2;
  rest[2] = segments_left;
  return {kRouting, rest};
}
/// RFC 4302 2: `words` of four octets, of which two are not counted.
ExtensionHeader6 authentication_header(uint8_t words) {
  Bytes rest(words * size_t{4} - 1);
  rest[0] = static_cast<uint8_t>(words - 2);
  return {kAuthentication, rest};
}
FrameFields6 with_headers(std::vector<ExtensionHeader6> headers) {
  FrameFields6 fields;
  fields.extension_headers = std::move(headers);
  return fields;
}
FrameFields6 from(const char* source) {
  FrameFields6 fields;
  fields.source = source;
  return fields;
}
Bytes with_payload_length(Bytes frame, size_t length) {
  return with_octets(std::move(frame), kIpAt + 4,
                     {static_cast<uint8_t>(length >> 8), static_cast<uint8_t>(length)});
}

TEST(ParseIpv6, ReadsATcpPacket) {
  const Parsed parsed = parse(tcp6_frame({}, kSyn, payload(5)));
  ASSERT_EQ(parsed.kind, PacketClass::flow6);
  EXPECT_EQ(parsed.fields.client6, load_address6(ip6_bytes("2001:db8:c::7").data()));
  EXPECT_EQ(parsed.fields.destination6, load_address6(ip6_bytes("2001:db8::100").data()));
  EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000));
  EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80));
  EXPECT_EQ(parsed.fields.protocol, kTcp);
  EXPECT_EQ(parsed.fields.ip_bytes, 65);
  EXPECT_EQ(parsed.fields.event, PacketEvent::syn);
  EXPECT_EQ(parsed.fields.version, 6);
  EXPECT_EQ(parsed.fields.ip_at, 14);
}

TEST(ParseIpv6, ReadsAUdpPacket) {
  FrameFields6 fields;
  fields.destination_port = 53;
  const Parsed parsed = parse(udp6_frame(fields, payload(11)));
  ASSERT_EQ(parsed.kind, PacketClass::flow6);
  EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(53));
  EXPECT_EQ(parsed.fields.protocol, kUdp);
  EXPECT_EQ(parsed.fields.ip_bytes, 40 + 8 + 11);
  EXPECT_EQ(parsed.fields.event, PacketEvent::datagram);
}

TEST(ParseIpv6, CountsIpBytesWithoutThePadding) {
  EXPECT_EQ(parse(padded(tcp6_frame({}, kAck), 90)).fields.ip_bytes, 60);
}

TEST(ParseIpv6, ReadsPortsBehindEveryKindOfExtensionHeader) {
  const std::vector<std::vector<ExtensionHeader6>> chains{
      {options_header(kHopByHop)},
      {options_header(kDestination)},
      {options_header(kDestination, 32)},
      {routing_header(0)},
      {fragment_header6(0xDEAD, 0, false)},  // atomic (RFC 6946)
      {authentication_header(2)},
      {authentication_header(4)},
      {authentication_header(6)},
      {options_header(kHopByHop), options_header(kDestination), routing_header(0),
       fragment_header6(1, 0, false), authentication_header(6), options_header(kDestination, 2)}};
  for (const auto& chain : chains) {
    const FrameFields6 fields = with_headers(chain);
    for (const Bytes& frame : {tcp6_frame(fields, kFin), udp6_frame(fields, payload(3))}) {
      const Parsed parsed = parse(frame);
      ASSERT_EQ(parsed.kind, PacketClass::flow6) << hex(frame);
      EXPECT_EQ(parsed.fields.client_port, RTE_BE16(40000)) << hex(frame);
      EXPECT_EQ(parsed.fields.destination_port, RTE_BE16(80)) << hex(frame);
      EXPECT_EQ(parsed.fields.ip_bytes, frame.size() - kIpAt);
    }
    EXPECT_EQ(parse(tcp6_frame(fields, kFin)).fields.protocol, kTcp) << "not the first next header";
  }
}

TEST(ParseIpv6, LooksThroughEightExtensionHeadersAndNoMore) {
  for (size_t count = 0; count <= 12; ++count) {
    const FrameFields6 fields = with_headers(std::vector(count, options_header(kDestination)));
    EXPECT_EQ(verdict(tcp6_frame(fields, kSyn)), count <= 8 ? "flow6" : "extension_headers") << count;
    EXPECT_EQ(verdict(icmp6_frame(fields, 128, 0, payload(4))),
              count <= 8 ? "icmp_echo" : "extension_headers");
  }
}

TEST(ParseIpv6, FollowsNoSourceRoute) {
  for (const uint8_t left : std::to_array<uint8_t>({1, 2, 255})) {
    EXPECT_EQ(verdict(tcp6_frame(with_headers({routing_header(left)}), kSyn)), "extension_headers");
    EXPECT_EQ(verdict(tcp6_frame(with_headers({options_header(kHopByHop), routing_header(left)}), kSyn)),
              "extension_headers");
  }
}

TEST(ParseIpv6, TellsOtherProtocolsByTheLastNextHeader) {
  for (const uint8_t protocol :
       {uint8_t{1}, uint8_t{41}, uint8_t{47}, kEsp, kNoNext, uint8_t{136}, uint8_t{255}}) {
    EXPECT_EQ(verdict(ip6_frame({}, protocol, payload(8))), "ip_other") << int{protocol};
    EXPECT_EQ(verdict(ip6_frame(with_headers({options_header(kDestination)}), protocol, {})), "ip_other");
  }
}

TEST(ParseIpv6, TellsFirstAndLaterFragmentsApart) {
  const auto with_fragment = [](size_t offset, bool more) {
    return parse(udp6_frame(with_headers({fragment_header6(0xA1B2C3D4, offset, more)}), payload(64)));
  };
  const Parsed first = with_fragment(0, true);
  ASSERT_EQ(first.kind, PacketClass::first_fragment);
  EXPECT_EQ(first.fields.client_port, RTE_BE16(40000));
  EXPECT_EQ(first.fields.protocol, kUdp);
  EXPECT_EQ(first.fields.fragment_id, RTE_BE32(0xA1B2C3D4));
  for (const auto& [offset, more] : {std::pair{size_t{8}, true}, {8, false}, {65528, true}, {65528, false}}) {
    const Parsed later = with_fragment(offset, more);
    ASSERT_EQ(later.kind, PacketClass::later_fragment) << offset;
    EXPECT_EQ(later.fields.fragment_id, RTE_BE32(0xA1B2C3D4));
    EXPECT_EQ(later.fields.protocol, kUdp);
    EXPECT_EQ(later.fields.version, 6);
  }
  EXPECT_EQ(with_fragment(0, false).kind, PacketClass::flow6);
}

TEST(ParseIpv6, TakesAnAtomicFragmentForAWholePacketWhateverItsReservedBits) {
  Bytes frame = tcp6_frame(with_headers({fragment_header6(7, 0, false)}), kSyn);
  frame[kTransport6At + 1] = 0xFF;  // reserved
  frame[kTransport6At + 3] = 0x06;  // reserved, beside "more fragments"
  EXPECT_EQ(verdict(frame), "flow6");
}

TEST(ParseIpv6, DoesNotLookBehindALaterFragmentsHeader) {
  FrameFields6 fields = with_headers({options_header(kHopByHop), fragment_header6(7, 8, true)});
  EXPECT_EQ(verdict(ip6_frame(fields, kUdp, {})), "later_fragment");
  EXPECT_EQ(verdict(ip6_frame(fields, kDestination, {0xFF, 0xFF})), "later_fragment");
  EXPECT_EQ(verdict(ip6_frame(fields, kTcp, payload(1))), "later_fragment");
}

TEST(ParseIpv6, WantsTheWholeTransportHeaderInTheFirstFragment) {
  const FrameFields6 first = with_headers({fragment_header6(7, 0, true)});
  EXPECT_EQ(verdict(ip6_frame(first, kTcp, payload(16))), "bad_transport_header");
  EXPECT_EQ(verdict(ip6_frame(first, kUdp, {})), "bad_transport_header");
  const Bytes longer = with_octets(udp6_frame(first, payload(8)), kTransport6At + 8 + 4, {0x10, 0x00});
  EXPECT_EQ(verdict(longer), "first_fragment") << "its UDP length is that of the whole";
  const Bytes whole = with_octets(udp6_frame({}, payload(8)), kTransport6At + 4, {0x10, 0x00});
  EXPECT_EQ(verdict(whole), "bad_transport_header");
}

TEST(ParseIpv6, LeavesFragmentsOfIcmpAlone) {
  EXPECT_EQ(verdict(icmp6_frame(with_headers({fragment_header6(7, 0, true)}), 128, 0, payload(40))),
            "fragment");
  EXPECT_EQ(verdict(icmp6_frame(with_headers({fragment_header6(7, 0, false)}), 128, 0, payload(40))),
            "icmp_echo");
  EXPECT_EQ(verdict(ip6_frame(with_headers({fragment_header6(7, 8, false)}), kIcmp6, payload(40))),
            "later_fragment");
}

TEST(ParseIpv6, NoticesEveryPlaceWhereAFrameCanBeCutOff) {
  const std::vector<std::vector<ExtensionHeader6>> chains{
      {},
      {options_header(kHopByHop), routing_header(0), options_header(kDestination, 3)},
      {fragment_header6(1, 0, false), authentication_header(6)},
      std::vector(8, options_header(kDestination))};
  for (const auto& chain : chains) {
    const FrameFields6 fields = with_headers(chain);
    expect_cut_is_truncated(tcp6_frame(fields, kSyn), "flow6");
    expect_cut_is_truncated(tcp6_frame(fields, kAck, payload(9), Bytes(40, 1)), "flow6");
    expect_cut_is_truncated(udp6_frame(fields), "flow6");
    expect_cut_is_truncated(udp6_frame(fields, payload(3)), "flow6");
    expect_cut_is_truncated(icmp6_frame(fields, 128, 0, payload(12)), "icmp_echo");
    expect_cut_is_truncated(icmp6_frame(fields, 1, 0, payload(4)), "icmp_other");
    expect_cut_is_truncated(ip6_frame(fields, 47, payload(4)), "ip_other");
  }
  expect_cut_is_truncated(udp6_frame(with_headers({fragment_header6(1, 0, true)}), payload(8)),
                          "first_fragment");
  expect_cut_is_truncated(ip6_frame(with_headers({fragment_header6(1, 8, true)}), kUdp, payload(8)),
                          "later_fragment");
}

/// The same cut, but the IP header knows of it: the chain then ends before it should.
TEST(ParseIpv6, NoticesEveryPlaceWhereAHeaderChainCanEndTooEarly) {
  const FrameFields6 fields = with_headers({options_header(kHopByHop, 2), routing_header(0),
                                            fragment_header6(1, 0, false), authentication_header(6)});
  const Bytes frame = tcp6_frame(fields, kSyn, payload(4));
  const size_t chain = 16 + 24 + 8 + 24;
  for (size_t length = 0; length <= chain + 24; ++length) {
    std::string expected = "flow6";
    if (length < chain + 20) expected = "bad_transport_header";
    if (length < chain) expected = "bad_ip_header";
    EXPECT_EQ(verdict(cut_to(with_payload_length(frame, length), kIpAt + 40 + length)), expected) << length;
    EXPECT_EQ(verdict(with_payload_length(frame, length)), expected)
        << length << ", with the rest as padding";
  }
}

TEST(ParseIpv6, ReadsNothingOfTheFrameThatLiesElsewhere) {
  const FrameFields6 fields =
      with_headers({options_header(kHopByHop), authentication_header(6), options_header(kDestination)});
  const Bytes whole = tcp6_frame(fields, kAck, payload(100));
  const size_t headers = kTransport6At + 8 + 24 + 8 + 20;
  for (uint32_t contiguous = 0; contiguous < whole.size(); ++contiguous) {
    const auto first = std::make_unique<uint8_t[]>(contiguous);
    std::copy_n(whole.begin(), contiguous, first.get());
    PacketFields parsed;
    const PacketClass kind =
        parse_packet({first.get(), contiguous, static_cast<uint32_t>(whole.size())}, kPort, parsed);
    EXPECT_EQ(kind, contiguous >= headers ? PacketClass::flow6 : PacketClass::dropped) << contiguous;
    EXPECT_EQ(parsed.drop, DropReason::truncated);
  }
}

TEST(ParseIpv6, BelievesNoPayloadLengthThatCannotBe) {
  const Bytes tcp = tcp6_frame({}, kAck, payload(10));  // 20 + 10
  for (size_t length = 0; length < 20; ++length)
    EXPECT_EQ(verdict(with_payload_length(tcp, length)), "bad_transport_header") << length;
  for (size_t length = 20; length <= 30; ++length)
    EXPECT_EQ(verdict(with_payload_length(tcp, length)), "flow6") << length;
  for (const size_t length : {31u, 32u, 1500u, 65495u, 65496u, 65535u})
    EXPECT_EQ(verdict(with_payload_length(tcp, length)), "truncated") << length;
  EXPECT_EQ(verdict(padded(with_payload_length(tcp, 0), 200)), "bad_transport_header");
}

TEST(ParseIpv6, TakesNoPacketOfMoreThanSixteenBitsOfOctets) {
  const auto of_payload = [](size_t length) { return verdict(udp6_frame({}, payload(length - 8))); };
  EXPECT_EQ(of_payload(65495), "flow6") << "65,535 with its header";
  EXPECT_EQ(of_payload(65496), "too_big");
  EXPECT_EQ(of_payload(65535), "too_big");
}

TEST(ParseIpv6, BelievesNoJumboLength) {
  const ExtensionHeader6 jumbo{kHopByHop, {0, 0xC2, 4, 0, 1, 0, 0}};  // RFC 2675 2
  EXPECT_EQ(verdict(with_payload_length(tcp6_frame(with_headers({jumbo}), kSyn), 0)), "bad_ip_header");
  EXPECT_EQ(verdict(tcp6_frame(with_headers({jumbo}), kSyn)), "flow6") << "an option that has nothing to say";
}

TEST(ParseIpv6, BelievesNoExtensionHeaderLengthThatCannotBe) {
  const Bytes frame = tcp6_frame(with_headers({options_header(kDestination, 2)}), kSyn, payload(20));
  for (unsigned units = 0; units < 256; ++units) {
    const Bytes changed = with_octets(frame, kTransport6At + 1, {static_cast<uint8_t>(units)});
    if ((units + 1) * 8 > frame.size() - kTransport6At)
      EXPECT_EQ(verdict(changed), "bad_ip_header") << units;
    else
      ASSERT_NO_FATAL_FAILURE(expect_in_bounds(changed)) << units;
  }
}

TEST(ParseIpv6, KnowsOneVersion) {
  for (uint8_t version = 0; version < 16; ++version) {
    const Bytes frame = with_octets(tcp6_frame({}, kSyn), kIpAt, {static_cast<uint8_t>(version << 4)});
    EXPECT_EQ(verdict(frame), version == 6 ? "flow6" : "bad_ip_header") << int{version};
  }
}

TEST(ParseIpv6, DropsSourcesThatNoHostMayHave) {
  for (const char* source :
       {"::", "::1", "ff02::1", "ff00::", "ffff::1", "::ffff:1.2.3.4", "::ffff:0.0.0.0"}) {
    EXPECT_EQ(verdict(tcp6_frame(from(source), kSyn)), "martian_source") << source;
    EXPECT_EQ(verdict(udp6_frame(from(source))), "martian_source") << source;
    EXPECT_EQ(verdict(icmp6_frame(from(source), 128, 0, payload(4))), "martian_source") << source;
    EXPECT_EQ(verdict(ip6_frame(from(source), 47, {})), "martian_source") << source;
  }
  for (const char* source : {"fe80::1", "fd00::1", "::2", "1::", "feff::1", "64:ff9b::1.2.3.4",
                             "::fffe:1.2.3.4", "2002:102:304::1"}) {
    EXPECT_EQ(verdict(tcp6_frame(from(source), kSyn)), "flow6") << source;
  }
}

TEST(ParseIpv6, DropsAnIcmpErrorFromNobody) {
  FrameFields6 fields = from("::");
  const Bytes reply = tcp6_frame(turned_round(FrameFields6{}), kAck);
  EXPECT_EQ(verdict(icmp6_error(fields, 1, ip_packet_of(reply))), "martian_source");
}

TEST(ParseIpv6, DropsLaterFragmentsFromNobody) {
  FrameFields6 fields = from("::");
  fields.extension_headers = {fragment_header6(7, 8, true)};
  EXPECT_EQ(verdict(ip6_frame(fields, kUdp, payload(8))), "martian_source");
}

TEST(ParseIpv6, TellsPingsFromOtherIcmp) {
  EXPECT_EQ(verdict(icmp6_frame({}, 128, 0, payload(4))), "icmp_echo");
  for (const uint8_t type : std::to_array<uint8_t>({0, 5, 100, 101, 127, 129, 133, 134, 137, 143, 200, 255}))
    EXPECT_EQ(verdict(icmp6_frame({}, type, 0, payload(60))), "icmp_other") << int{type};
  for (size_t size = 0; size < 8; ++size)
    EXPECT_EQ(verdict(ip6_frame({}, kIcmp6, payload(size))), "bad_transport_header") << size;
}

std::vector<Bytes> originals() {
  const FrameFields6 solicitation{.to_mac = "33:33:ff:00:01:00", .source = "::", .hop_limit = 255};
  const Bytes reply = tcp6_frame(turned_round(FrameFields6{}), kAck, payload(20));
  const FrameFields6 headers = with_headers({options_header(kHopByHop), routing_header(0),
                                             fragment_header6(9, 0, true), options_header(kDestination)});
  return {tcp6_frame({}, kSyn, payload(20)),
          udp6_frame(headers, payload(20)),
          tcp6_frame(with_headers({authentication_header(6)}), kAck, payload(4)),
          ip6_frame(with_headers({fragment_header6(9, 16, false)}), kUdp, payload(20)),
          icmp6_error({}, 2, ip_packet_of(reply)),
          icmp6_frame(solicitation, 135, 0, payload(20)),
          icmp6_frame({}, 128, 0, payload(20))};
}

TEST(ParseIpv6, ReadsNoMutatedFramePastItsEnd) {
  std::mt19937 random(6);
  const std::vector<Bytes> whole = originals();
  for (unsigned i = 0; i < 300'000; ++i) {
    Bytes frame = whole[random() % whole.size()];
    for (auto changes = random() % 5; changes > 0; --changes)
      frame[12 + random() % (frame.size() - 12)] =
          static_cast<uint8_t>(random() % 2 ? random() : random() % 64);
    if (random() % 2) frame = cut_to(frame, random() % (frame.size() + 1));
    ASSERT_NO_FATAL_FAILURE(expect_in_bounds(frame));
  }
}

TEST(ParseIpv6, ReadsNoRandomFramePastItsEnd) {
  std::mt19937 random(7);
  constexpr std::array<uint8_t, 8> kHeaders{kHopByHop,    kRouting, kFragment, kAuthentication,
                                            kDestination, kTcp,     kUdp,      kIcmp6};
  const auto header = [&] { return kHeaders[random() % kHeaders.size()]; };
  for (unsigned i = 0; i < 200'000; ++i) {
    Bytes frame =
        ethernet_frame("02:00:00:00:01:00", "02:00:00:00:00:c1", 0x86DD, Bytes(40 + random() % 120));
    for (size_t at = kIpAt + 8; at < frame.size(); ++at) frame[at] = static_cast<uint8_t>(random());
    frame[kIpAt] = 0x60;
    frame = with_payload_length(frame, random() % 2 ? frame.size() - kTransport6At : random() % 160);
    frame[kIpAt + 6] = header();
    for (size_t at = kTransport6At; at + 8 <= frame.size(); at += 8) {  // so that chains come to be
      frame[at] = header();
      frame[at + 1] = static_cast<uint8_t>(random() % 3);
      frame[at + 3] = static_cast<uint8_t>(random() % 2);
    }
    ASSERT_NO_FATAL_FAILURE(expect_in_bounds(frame));
  }
}

}  // namespace
}  // namespace turnout::packet_ipv6_test
