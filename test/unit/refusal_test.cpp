#include "control/refusal.h"

#include <gtest/gtest.h>

#include <functional>
#include <utility>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::refusal_test {
namespace {

constexpr MacAddress kOurMac{{{0x02, 0, 0, 0, 1, 0}}};
const IpAddress kOurIp = *parse_address("192.0.2.2");
const IpAddress kOurIp6 = *parse_address("2001:db8::2");
const Bytes kSequence = {0x11, 0x22, 0x33, 0x44};  // as tcp_frame() has it
const Bytes kAcknowledgement = {0x55, 0x66, 0x77, 0x88};
const Bytes kNothing = {0, 0, 0, 0};

/// From the one the packet was for to the one it was from.
FrameFields back4(const FrameFields& fields, const std::string& from) {
  FrameFields back;
  back.to_mac = fields.from_mac;
  back.from_mac = kOurMac.to_string();
  back.source = from;
  back.destination = fields.source;
  back.time_to_live = 64;
  back.id = 0;
  return back;
}

FrameFields6 back6(const FrameFields6& fields, const std::string& from) {
  FrameFields6 back;
  back.to_mac = fields.from_mac;
  back.from_mac = kOurMac.to_string();
  back.source = from;
  back.destination = fields.source;
  back.flow_label = 0;
  back.hop_limit = 64;
  return back;
}

Bytes packet_of(const Bytes& frame, size_t limit = 65535) {
  return cut_to(Bytes(frame.begin() + kIpAt, frame.end()), limit);
}

Bytes error4(const FrameFields& back, uint8_t code, const Bytes& argument, const Bytes& quote) {
  Bytes icmp = joined({{3, code, 0, 0}, argument, quote});
  frames_detail::write16(icmp, 2, frames_detail::checksum(icmp, 0, icmp.size()));
  return padded(ip_frame(back, 1, icmp));
}

Bytes error6(const FrameFields6& back, uint8_t type, uint8_t code, const Bytes& argument,
             const Bytes& quote) {
  return padded(icmp6_frame(back, type, code, joined({argument, quote})));
}

/// A reset from port 80 to port 40000.
Bytes reset(uint8_t flags, const Bytes& sequence, const Bytes& acknowledgement) {
  return joined({{0, 80, 0x9c, 0x40}, sequence, acknowledgement, {0x50, flags, 0, 0, 0, 0, 0, 0}});
}

Bytes reset4(const FrameFields& back, Bytes tcp) {
  frames_detail::write_transport_checksum(tcp, 16, ip_bytes(back.source), ip_bytes(back.destination), 6);
  return padded(ip_frame(back, 6, tcp));
}

Bytes reset6(const FrameFields6& back, Bytes tcp) {
  frames_detail::write_transport_checksum(tcp, 16, ip6_bytes(back.source), ip6_bytes(back.destination), 6);
  return padded(ip6_frame(back, 6, tcp));
}

std::string refusal_of(const Bytes& frame) {
  return hex(make_refusal(frame, kOurMac).value_or(Bytes{}));
}

std::string too_big_of(const Bytes& frame, uint16_t mtu = 1400) {
  const bool is_v4 = frame.at(12) == 0x08;
  return hex(make_too_big(frame, kOurMac, is_v4 ? kOurIp : kOurIp6, mtu).value_or(Bytes{}));
}

const std::string kSilence = hex({});

TEST(RefuseTcp, AcknowledgesAllThatCameWithoutAnAcknowledgement) {
  struct Case {
    uint8_t flags;
    size_t data;
    uint8_t length;
  };
  for (const auto& [flags, data, length] : {Case{kSyn, 0, 1},
                                            {kSyn, 5, 6},
                                            {kFin, 0, 1},
                                            {kFin, 5, 6},
                                            {kSyn | kFin, 7, 9},
                                            {kPsh, 3, 3},
                                            {0, 0, 0}}) {
    const Bytes tcp = reset(kRst | kAck, kNothing, {0x11, 0x22, 0x33, static_cast<uint8_t>(0x44 + length)});
    for (const Bytes& options : {Bytes{}, Bytes{2, 4, 5, 0xb4}}) {
      EXPECT_EQ(refusal_of(tcp_frame({}, flags, payload(data), options)),
                hex(reset4(back4({}, "192.0.2.100"), tcp)));
      EXPECT_EQ(refusal_of(tcp6_frame({}, flags, payload(data), options)),
                hex(reset6(back6({}, "2001:db8::100"), tcp)));
    }
  }
}

TEST(RefuseTcp, TakesTheSequenceNumberFromTheAcknowledgement) {
  const Bytes tcp = reset(kRst, kAcknowledgement, kNothing);
  for (const uint8_t flags : Bytes{kAck, kSyn | kAck, kFin | kAck, kPsh | kAck}) {
    EXPECT_EQ(refusal_of(tcp_frame({}, flags, payload(9))), hex(reset4(back4({}, "192.0.2.100"), tcp)));
    EXPECT_EQ(refusal_of(tcp6_frame({}, flags, payload(9))), hex(reset6(back6({}, "2001:db8::100"), tcp)));
  }
}

/// As scapy makes it.
TEST(RefuseTcp, IsOctetForOctet) {
  const Bytes expected = {0x02, 0,    0,    0,    0,    0xc1, 0x02, 0, 0,    0,    1,    0,    0x08, 0x00,  //
                          0x45, 0,    0,    40,   0,    0,    0x40, 0, 64,   6,    0x3c, 0x64,              //
                          192,  0,    2,    100,  203,  0,    113,  7,                                      //
                          0,    80,   0x9c, 0x40, 0,    0,    0,    0, 0x11, 0x22, 0x33, 0x45,              //
                          0x50, 0x14, 0,    0,    0xd0, 0x6c, 0,    0, 0,    0,    0,    0,    0,    0};
  EXPECT_EQ(refusal_of(tcp_frame({}, kSyn)), hex(expected));
}

TEST(RefuseTcp, CountsPastTheEndOfTheNumbers) {
  Bytes tcp = frames_detail::tcp_segment(40000, 80, kSyn, {}, {});
  tcp = with_octets(tcp, 4, {0xff, 0xff, 0xff, 0xff});
  frames_detail::write_transport_checksum(tcp, 16, ip_bytes("203.0.113.7"), ip_bytes("192.0.2.100"), 6);
  EXPECT_EQ(refusal_of(ip_frame({}, 6, tcp)),
            hex(reset4(back4({}, "192.0.2.100"), reset(kRst | kAck, kNothing, kNothing))));
}

TEST(RefuseTcp, CountsNoPadding) {
  EXPECT_EQ(refusal_of(padded(tcp_frame({}, kSyn))), refusal_of(tcp_frame({}, kSyn)));
  EXPECT_NE(refusal_of(tcp_frame({}, kSyn)), kSilence);
}

TEST(RefuseTcp, NeverAnswersAReset) {
  for (const uint8_t flags : Bytes{kRst, kRst | kAck, kRst | kSyn}) {
    EXPECT_EQ(refusal_of(tcp_frame({}, flags)), kSilence);
    EXPECT_EQ(refusal_of(tcp6_frame({}, flags)), kSilence);
  }
  EXPECT_FALSE(make_refusal(*make_refusal(tcp_frame({}, kSyn), kOurMac), kOurMac));
}

TEST(RefuseTcp, DoesNotAnswerLiesAboutTheLengthOfItsHeader) {
  for (const uint8_t offset : Bytes{0x00, 0x40, 0x60, 0xf0}) {
    Bytes tcp = frames_detail::tcp_segment(40000, 80, kSyn, {}, {});
    tcp[12] = offset;
    frames_detail::write_transport_checksum(tcp, 16, ip_bytes("203.0.113.7"), ip_bytes("192.0.2.100"), 6);
    EXPECT_EQ(refusal_of(ip_frame({}, 6, tcp)), kSilence) << int{offset};
  }
}

TEST(RefuseTcp, DoesNotAnswerAFragment) {
  EXPECT_EQ(refusal_of(tcp_frame({.fragment = 0x2000}, kSyn)), kSilence);
  EXPECT_EQ(refusal_of(tcp6_frame({.extension_headers = {{44, {0, 0, 1, 0, 0, 0, 9}}}}, kSyn)), kSilence);
  EXPECT_NE(refusal_of(tcp6_frame({.extension_headers = {{44, {0, 0, 0, 0, 0, 0, 9}}}}, kSyn)), kSilence);
}

TEST(RefuseUdp, SaysThatThePortIsUnreachable) {
  for (const size_t size : {0U, 1U, 100U}) {
    const Bytes asked = udp_frame({}, payload(size)), asked6 = udp6_frame({}, payload(size));
    EXPECT_EQ(refusal_of(asked), hex(error4(back4({}, "192.0.2.100"), 3, kNothing, packet_of(asked))));
    EXPECT_EQ(refusal_of(asked6), hex(error6(back6({}, "2001:db8::100"), 1, 4, kNothing, packet_of(asked6))));
    EXPECT_EQ(refusal_of(padded(asked, 200)), refusal_of(asked));
  }
}

TEST(RefuseUdp, QuotesAsMuchAsMayBe) {
  const Bytes asked = udp_frame({.ip_options = {1, 1, 1, 1}}, payload(1400)),
              asked6 = udp6_frame({}, payload(1400));
  const Bytes expected = error4(back4({}, "192.0.2.100"), 3, kNothing, packet_of(asked, 548));
  const Bytes expected6 = error6(back6({}, "2001:db8::100"), 1, 4, kNothing, packet_of(asked6, 1232));
  EXPECT_EQ(expected.size(), 14U + 576U);
  EXPECT_EQ(expected6.size(), 14U + 1280U);
  EXPECT_EQ(refusal_of(asked), hex(expected));
  EXPECT_EQ(refusal_of(asked6), hex(expected6));
}

TEST(RefuseUdp, MayLackAChecksumInIpv4Only) {
  const Bytes udp = {0x9c, 0x40, 0, 80, 0, 8, 0, 0};
  EXPECT_NE(refusal_of(ip_frame({}, 17, udp)), kSilence);
  EXPECT_EQ(refusal_of(ip6_frame({}, 17, udp)), kSilence);
}

TEST(RefuseUdp, DoesNotAnswerLiesAboutItsLength) {
  for (const uint8_t length : Bytes{0, 7, 13}) {
    const Bytes udp = {0x9c, 0x40, 0, 80, 0, length, 0, 0, 1, 2, 3, 4};
    EXPECT_EQ(refusal_of(ip_frame({}, 17, udp)), kSilence) << int{length};
  }
  EXPECT_NE(refusal_of(ip_frame({}, 17, {0x9c, 0x40, 0, 80, 0, 9, 0, 0, 1, 2, 3, 4})), kSilence);
}

TEST(RefuseUdp, AnswersTheFirstFragmentOfALongerDatagram) {
  const Bytes udp = joined({{0x9c, 0x40, 0, 80, 0x10, 0x00, 0xab, 0xcd}, payload(64)});
  const Bytes asked = ip_frame({.fragment = 0x2000}, 17, udp);
  EXPECT_EQ(refusal_of(asked), hex(error4(back4({}, "192.0.2.100"), 3, kNothing, packet_of(asked))));
  const Bytes asked6 = ip6_frame({.extension_headers = {{44, {0, 0, 1, 0, 0, 0, 9}}}}, 17, udp);
  EXPECT_EQ(refusal_of(asked6), hex(error6(back6({}, "2001:db8::100"), 1, 4, kNothing, packet_of(asked6))));
  EXPECT_EQ(refusal_of(ip_frame({}, 17, udp)), kSilence);
}

TEST(RefuseUdp, AnswersADatagramThatEndsBeforeItsPacket) {
  Bytes udp = frames_detail::udp_datagram(40000, 80, payload(4));
  frames_detail::write_transport_checksum(udp, 6, ip_bytes("203.0.113.7"), ip_bytes("192.0.2.100"), 17);
  EXPECT_NE(refusal_of(ip_frame({}, 17, joined({udp, payload(3)}))), kSilence);
}

TEST(RefuseOther, SaysWhichProtocolIsUnreachable) {
  for (const uint8_t protocol : Bytes{2, 47, 50, 132, 255}) {
    const Bytes asked = ip_frame({}, protocol, payload(20)), asked6 = ip6_frame({}, protocol, payload(20));
    EXPECT_EQ(refusal_of(asked), hex(error4(back4({}, "192.0.2.100"), 2, kNothing, packet_of(asked))));
    EXPECT_EQ(refusal_of(asked6),
              hex(error6(back6({}, "2001:db8::100"), 4, 1, {0, 0, 0, 6}, packet_of(asked6))));
  }
}

TEST(RefuseOther, PointsAtTheNextHeaderFieldThatNamesIt) {
  const FrameFields6 fields{.extension_headers = {{0, {0, 5, 2, 0, 0, 1, 0}},
                                                  {60, {1, 1, 12, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0}}}};
  const Bytes asked = ip6_frame(fields, 132, payload(20));
  EXPECT_EQ(refusal_of(asked),
            hex(error6(back6({}, "2001:db8::100"), 4, 1, {0, 0, 0, 48}, packet_of(asked))));
}

TEST(RefuseOther, LeavesWhatIsNoProtocolOfAServiceUnanswered) {
  EXPECT_EQ(refusal_of(icmp_frame({}, 8)), kSilence);
  EXPECT_EQ(refusal_of(icmp6_frame({}, 128, 0, payload(8))), kSilence);
  EXPECT_EQ(refusal_of(ip6_frame({}, 59, payload(8))), kSilence);
  EXPECT_EQ(refusal_of(ip6_frame({}, 43, {6, 0, 0, 0, 0, 0, 0, 0})), kSilence);
  EXPECT_EQ(refusal_of(tagged(udp_frame({}), 5)), kSilence);
  EXPECT_EQ(refusal_of(arp_frame(
                kBroadcastMac,
                {.sender_mac = "02:00:00:00:00:c1", .sender_ip = "203.0.113.7", .target_ip = "192.0.2.100"})),
            kSilence);
}

TEST(TooBig, NamesTheMtuFromOurOwnAddress) {
  const Bytes asked = tcp_frame({}, kAck, payload(1460)), asked6 = tcp6_frame({}, kAck, payload(1440));
  EXPECT_EQ(too_big_of(asked),
            hex(error4(back4({}, "192.0.2.2"), 4, {0, 0, 0x05, 0x78}, packet_of(asked, 548))));
  EXPECT_EQ(too_big_of(asked6),
            hex(error6(back6({}, "2001:db8::2"), 2, 0, {0, 0, 0x05, 0x78}, packet_of(asked6, 1232))));
  EXPECT_EQ(too_big_of(asked, 65535),
            hex(error4(back4({}, "192.0.2.2"), 4, {0, 0, 0xff, 0xff}, packet_of(asked, 548))));
}

TEST(TooBig, IsSaidOfPingsToo) {
  EXPECT_NE(too_big_of(icmp_frame({}, 8)), kSilence);
  EXPECT_NE(too_big_of(icmp_frame({}, 0)), kSilence);
  EXPECT_NE(too_big_of(icmp6_frame({}, 128, 0, payload(8))), kSilence);
  EXPECT_NE(too_big_of(icmp6_frame({}, 129, 0, payload(8))), kSilence);
}

TEST(TooBig, IsNotSaidOfWhatMayBeFragmented) {
  EXPECT_EQ(too_big_of(tcp_frame({.fragment = 0}, kAck, payload(1460))), kSilence);
}

TEST(TooBig, NeedsAnAddressOfThePacketsFamily) {
  EXPECT_FALSE(make_too_big(tcp_frame({}, kAck), kOurMac, kOurIp6, 1400));
  EXPECT_FALSE(make_too_big(tcp6_frame({}, kAck), kOurMac, kOurIp, 1400));
}

TEST(TooBig, IsNotSaidToOurselves) {
  EXPECT_EQ(too_big_of(tcp_frame({.source = "192.0.2.2"}, kAck)), kSilence);
  EXPECT_EQ(too_big_of(tcp6_frame({.source = "2001:db8::2"}, kAck)), kSilence);
}

// What neither of the two answers.

void expect_silence(const Bytes& frame, const std::string& what) {
  EXPECT_EQ(refusal_of(frame), kSilence) << what;
  EXPECT_EQ(too_big_of(frame), kSilence) << what;
}

TEST(Refusal, IsSilentAboutIcmpErrors) {
  for (const uint8_t type : Bytes{3, 4, 5, 11, 12, 2, 9, 10, 40, 255}) {
    expect_silence(icmp_frame({}, type), "type " + std::to_string(type));
  }
  for (const uint8_t type : Bytes{0, 1, 2, 3, 4, 100, 127, 137}) {
    expect_silence(icmp6_frame({}, type, 0, payload(48)), "type " + std::to_string(type));
    expect_silence(icmp6_frame({.extension_headers = {{0, {0, 5, 2, 0, 0, 1, 0}}}}, type, 0, payload(48)),
                   "hidden");
    expect_silence(icmp6_frame({.extension_headers = {{44, {0, 0, 1, 0, 0, 0, 9}}}}, type, 0, payload(48)),
                   "in a first fragment");
  }
  expect_silence(ip_frame({}, 1, {}), "no type");
  expect_silence(ip6_frame({}, 58, {}), "no type");
}

TEST(Refusal, IsSilentAboutItself) {
  for (const Bytes& frame :
       {udp_frame({}, payload(9)), udp6_frame({}, payload(9)), ip6_frame({}, 47, payload(9))}) {
    expect_silence(*make_refusal(frame, kOurMac), "an answer");
  }
}

struct Unanswerable {
  const char* what;
  std::function<void(FrameFields&)> make;
};

TEST(Refusal, IsSilentAboutIpv4PacketsThatAreNotBetweenHosts) {
  const Unanswerable all[] = {
      {"to the broadcast MAC", [](auto& f) { f.to_mac = kBroadcastMac; }},
      {"to a multicast MAC", [](auto& f) { f.to_mac = "01:00:5e:00:00:01"; }},
      {"from a group MAC", [](auto& f) { f.from_mac = "03:00:00:00:00:01"; }},
      {"from the zero MAC", [](auto& f) { f.from_mac = kNoMac; }},
      {"to broadcast", [](auto& f) { f.destination = "255.255.255.255"; }},
      {"to multicast", [](auto& f) { f.destination = "224.0.0.1"; }},
      {"from 0.0.0.0", [](auto& f) { f.source = "0.0.0.0"; }},
      {"from loopback", [](auto& f) { f.source = "127.0.0.1"; }},
      {"from multicast", [](auto& f) { f.source = "239.1.2.3"; }},
      {"from class E", [](auto& f) { f.source = "240.0.0.1"; }},
      {"from broadcast", [](auto& f) { f.source = "255.255.255.255"; }},
      {"from its own destination", [](auto& f) { f.source = f.destination; }},
      {"later fragment", [](auto& f) { f.fragment = 0x4001; }},
      {"later fragment, not the last", [](auto& f) { f.fragment = 0x6010; }},
      {"source-routed", [](auto& f) { f.ip_options = {131, 7, 4, 192, 0, 2, 9, 0}; }},
      {"option of length 0",
       [](auto& f) {
         f.ip_options = {7, 0, 0, 0};
       }},
      {"option past the end",
       [](auto& f) {
         f.ip_options = {7, 5, 4, 0};
       }},
  };
  for (const auto& [what, make] : all) {
    FrameFields fields;
    make(fields);
    expect_silence(tcp_frame(fields, kSyn), what);
    expect_silence(udp_frame(fields), what);
    expect_silence(ip_frame(fields, 47, payload(8)), what);
  }
}

struct Unanswerable6 {
  const char* what;
  std::function<void(FrameFields6&)> make;
};

TEST(Refusal, IsSilentAboutIpv6PacketsThatAreNotBetweenHosts) {
  const Unanswerable6 all[] = {
      {"to a multicast MAC", [](auto& f) { f.to_mac = "33:33:00:00:00:01"; }},
      {"from a group MAC", [](auto& f) { f.from_mac = "03:00:00:00:00:01"; }},
      {"to a group", [](auto& f) { f.destination = "ff02::1"; }},
      {"to ::1", [](auto& f) { f.destination = "::1"; }},
      {"from a group", [](auto& f) { f.source = "ff02::1"; }},
      {"from ::", [](auto& f) { f.source = "::"; }},
      {"from ::1", [](auto& f) { f.source = "::1"; }},
      {"from an IPv4-mapped address", [](auto& f) { f.source = "::ffff:192.0.2.1"; }},
      {"from its own destination", [](auto& f) { f.source = f.destination; }},
      {"later fragment",
       [](auto& f) {
         f.extension_headers = {{44, {0, 0, 8, 0, 0, 0, 9}}};
       }},
      {"later fragment, not the last",
       [](auto& f) {
         f.extension_headers = {{44, {0, 0, 9, 0, 0, 0, 9}}};
       }},
      {"two fragment headers",
       [](auto& f) {
         f.extension_headers = {{44, {0, 0, 1, 0, 0, 0, 9}}, {44, {0, 0, 0, 0, 0, 0, 9}}};
       }},
      {"extension header past the end",
       [](auto& f) {
         f.extension_headers = {{60, {9, 1, 4, 0, 0, 0, 0}}};
       }},
      {"option past the end",
       [](auto& f) {
         f.extension_headers = {{60, {0, 1, 5, 0, 0, 0, 0}}};
       }},
      {"nine extension headers",
       [](auto& f) {
         f.extension_headers = std::vector(9, ExtensionHeader6{60, {0, 1, 4, 0, 0, 0, 0}});
       }},
  };
  for (const auto& [what, make] : all) {
    FrameFields6 fields;
    make(fields);
    expect_silence(tcp6_frame(fields, kSyn), what);
    expect_silence(udp6_frame(fields), what);
  }
}

TEST(Refusal, IsSilentAboutEveryTruncation) {
  const FrameFields6 with_options{
      .extension_headers = {{0, {0, 5, 2, 0, 0, 1, 0}}, {60, {0, 1, 4, 0, 0, 0, 0}}}};
  for (const Bytes& whole : {tcp_frame({}, kSyn, payload(5)), udp_frame({}, payload(5)),
                             ip_frame({}, 47, payload(5)), tcp6_frame({}, kSyn, payload(5)),
                             udp6_frame(with_options, payload(5)), ip6_frame({}, 47, payload(5))}) {
    ASSERT_NE(refusal_of(whole), kSilence);
    for (size_t length = 0; length < whole.size(); ++length) {
      const Bytes cut(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length));  // of exact size
      EXPECT_FALSE(make_refusal(cut, kOurMac)) << length;
      EXPECT_FALSE(make_too_big(cut, kOurMac, whole[12] == 8 ? kOurIp : kOurIp6, 1400)) << length;
    }
  }
}

TEST(Refusal, IsSilentAboutTransportHeadersThatAreCutShortInAWholePacket) {
  const Bytes tcp = frames_detail::tcp_segment(40000, 80, kSyn, {}, {});
  for (size_t length = 0; length < tcp.size(); ++length) {
    EXPECT_EQ(refusal_of(ip_frame({}, 6, cut_to(tcp, length))), kSilence) << length;
    EXPECT_EQ(refusal_of(ip6_frame({}, 6, cut_to(tcp, length))), kSilence) << length;
  }
  for (size_t length = 0; length < 8; ++length) {
    EXPECT_EQ(refusal_of(ip_frame({}, 17, Bytes(length))), kSilence) << length;
    EXPECT_EQ(refusal_of(ip6_frame({}, 17, Bytes(length))), kSilence) << length;
  }
}

TEST(Refusal, IsSilentAboutWhatAnyFlippedBitBroke) {
  for (const Bytes& sound : {tcp_frame({}, kSyn, payload(5)), udp_frame({}, payload(5))}) {
    for (size_t at = kIpAt; at < sound.size(); ++at) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        Bytes broken = sound;
        broken[at] = static_cast<uint8_t>(broken[at] ^ (1U << bit));
        EXPECT_FALSE(make_refusal(broken, kOurMac)) << at << " bit " << bit;
      }
    }
  }
  const Bytes sound = tcp6_frame({}, kSyn, payload(5));
  for (size_t at = kTransport6At; at < sound.size(); ++at) {
    Bytes broken = sound;
    broken[at] = static_cast<uint8_t>(broken[at] ^ 0x10);
    EXPECT_FALSE(make_refusal(broken, kOurMac)) << at;
  }
}

TEST(Refusal, IsSilentAboutADamagedIpv4HeaderThoughTooBig) {
  Bytes frame = tcp_frame({}, kAck, payload(9));
  frame[kIpAt + 8] = static_cast<uint8_t>(frame[kIpAt + 8] ^ 1);
  EXPECT_EQ(too_big_of(frame), kSilence);
}

}  // namespace
}  // namespace turnout::refusal_test
