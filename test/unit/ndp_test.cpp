#include "control/ndp.h"

#include <gtest/gtest.h>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::ndp_test {
namespace {

constexpr MacAddress kOurMac{{{0x02, 0, 0, 0, 0, 0x01}}};
constexpr MacAddress kServerMac{{{0x02, 0, 0, 0, 0, 0x11}}};
const IpAddress kOurIp = *parse_address("2001:db8::2");
const IpAddress kServerIp = *parse_address("2001:db8::12:3456");

/// Who has 2001:db8::12:3456? Tell 2001:db8::2. Octets and checksum as scapy makes them.
const Bytes kRequest = {0x33, 0x33, 0xff, 0x12, 0x34, 0x56, 0x02, 0,   0, 0, 0, 0x01, 0x86, 0xdd,           //
                        0x60, 0,    0,    0,    0,    32,   58,   255,                                      //
                        0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,   0, 0, 0, 0,    0,    0,    0,    2,  //
                        0xff, 0x02, 0,    0,    0,    0,    0,    0,   0, 0, 0, 1,    0xff, 0x12, 0x34, 0x56,
                        135,  0,    0xb3, 0x59, 0,    0,    0,    0,  //
                        0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,   0, 0, 0, 0,    0,    0x12, 0x34, 0x56,
                        1,    1,    0x02, 0,    0,    0,    0,    0x01};

/// 2001:db8::12:3456 is at 02:00:00:00:00:11, says a host that is no router, asked.
const Bytes kReply = {0x02, 0,    0,    0,    0,    0x01, 0x02, 0,   0, 0, 0, 0x11, 0x86, 0xdd,  //
                      0x60, 0,    0,    0,    0,    32,   58,   255,                             //
                      0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,   0, 0, 0, 0,    0,    0x12, 0x34, 0x56,
                      0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,   0, 0, 0, 0,    0,    0,    0,    2,  //
                      136,  0,    0x21, 0x95, 0x60, 0,    0,    0,                                        //
                      0x20, 0x01, 0x0d, 0xb8, 0,    0,    0,    0,   0, 0, 0, 0,    0,    0x12, 0x34, 0x56,
                      2,    1,    0x02, 0,    0,    0,    0,    0x11};

Bytes option(uint8_t type, const std::string& mac) {
  return joined({{type, 1}, mac_bytes(mac)});
}

/// Who a message is from and to, and what it says; sound unless a test changes it.
struct Solicitation {
  FrameFields6 fields{.to_mac = "33:33:ff:00:01:00",
                      .from_mac = "02:00:00:00:00:c1",
                      .source = "2001:db8::7",
                      .destination = "ff02::1:ff00:100",
                      .flow_label = 0,
                      .hop_limit = 255};
  uint8_t type = 135;
  uint8_t code = 0;
  Bytes flags = {0, 0, 0, 0};
  std::string target = "2001:db8::100";
  Bytes options = option(1, "02:00:00:00:00:c1");

  Bytes frame() const { return icmp6_frame(fields, type, code, joined({flags, ip6_bytes(target), options})); }
};

struct Advertisement : Solicitation {
  Advertisement() {
    type = 136;
    fields.to_mac = "02:00:00:00:00:01";
    fields.destination = "2001:db8::2";
    flags = {0x60, 0, 0, 0};
    target = fields.source;
    options = option(2, fields.from_mac);
  }
};

/// A probe for a duplicate address (RFC 4862 5.4).
Solicitation probe() {
  Solicitation asked;
  asked.fields.source = "::";
  asked.options = {};
  return asked;
}

TEST(ParseNdp, ReadsASolicitation) {
  const auto asked = parse_neighbor_solicitation(kRequest);
  ASSERT_TRUE(asked);
  EXPECT_EQ(asked->source, kOurIp);
  EXPECT_EQ(asked->target, kServerIp);
  EXPECT_EQ(asked->source_mac, kOurMac);
  EXPECT_EQ(asked->frame_source, kOurMac);
  EXPECT_EQ(asked->frame_destination, *parse_mac("33:33:ff:12:34:56"));
  EXPECT_FALSE(asked->is_probe());
  EXPECT_FALSE(parse_neighbor_advertisement(kRequest));
}

TEST(ParseNdp, ReadsAProbe) {
  const auto asked = parse_neighbor_solicitation(probe().frame());
  ASSERT_TRUE(asked);
  EXPECT_TRUE(asked->is_probe());
  EXPECT_EQ(asked->target, *parse_address("2001:db8::100"));
  EXPECT_FALSE(asked->source_mac);
}

TEST(ParseNdp, ReadsAnAdvertisement) {
  for (const Bytes& whole : {kReply, Advertisement().frame()}) {
    const auto told = parse_neighbor_advertisement(whole);
    ASSERT_TRUE(told);
    EXPECT_EQ(told->target, told->source);
    EXPECT_EQ(told->target_mac, told->frame_source);
    EXPECT_TRUE(told->solicited);
    EXPECT_TRUE(told->override);
    EXPECT_FALSE(told->router);
    EXPECT_FALSE(parse_neighbor_solicitation(whole));
  }
}

TEST(ParseNdp, TellsTheFlagsApart) {
  Advertisement told;
  told.flags = {0x80, 0, 0, 0};
  EXPECT_TRUE(parse_neighbor_advertisement(told.frame())->router);
  EXPECT_FALSE(parse_neighbor_advertisement(told.frame())->override);
  EXPECT_FALSE(parse_neighbor_advertisement(told.frame())->solicited);
  told.flags = {0x5f, 0xff, 0xff, 0xff};  // reserved bits mean nothing
  EXPECT_TRUE(parse_neighbor_advertisement(told.frame())->solicited);
  EXPECT_FALSE(parse_neighbor_advertisement(told.frame())->override);
}

TEST(ParseNdp, NeedsNoLinkLayerAddress) {
  Solicitation asked;
  asked.options = {};
  ASSERT_TRUE(parse_neighbor_solicitation(asked.frame()));
  EXPECT_FALSE(parse_neighbor_solicitation(asked.frame())->source_mac);
  Advertisement told;
  told.options = {};
  ASSERT_TRUE(parse_neighbor_advertisement(told.frame()));
  EXPECT_FALSE(parse_neighbor_advertisement(told.frame())->target_mac);
}

TEST(ParseNdp, PassesOverOtherOptionsAndPadding) {
  Solicitation asked;
  const Bytes nonce = {14, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14};  // RFC 3971
  asked.options = joined({nonce, option(2, "02:00:00:00:00:99"), asked.options, nonce});
  Bytes frame = asked.frame();
  frame.resize(frame.size() + 9, 0xa5);
  const auto read = parse_neighbor_solicitation(frame);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->source_mac, *parse_mac("02:00:00:00:00:c1"));
}

TEST(ParseNdp, RefusesEveryTruncation) {
  const Bytes told = Advertisement().frame();
  for (size_t length = 0; length < kRequest.size(); ++length) {
    const auto end = static_cast<ptrdiff_t>(length);
    EXPECT_FALSE(parse_neighbor_solicitation(Bytes(kRequest.begin(), kRequest.begin() + end))) << length;
    EXPECT_FALSE(parse_neighbor_advertisement(Bytes(told.begin(), told.begin() + end))) << length;
  }
}

TEST(ParseNdp, RefusesMessagesThatAreCutShortThoughTheirLengthsAndChecksumsAreRight) {
  const Bytes body = joined({{0, 0, 0, 0}, ip6_bytes("2001:db8::7"), option(1, "02:00:00:00:00:c1")});
  for (size_t length = 0; length < body.size(); ++length) {
    if (length == 20) continue;  // without an option
    const Bytes cut(body.begin(), body.begin() + static_cast<ptrdiff_t>(length));
    EXPECT_FALSE(parse_neighbor_solicitation(icmp6_frame(Solicitation().fields, 135, 0, cut))) << length;
    EXPECT_FALSE(parse_neighbor_advertisement(icmp6_frame(Advertisement().fields, 136, 0, cut))) << length;
  }
}

TEST(ParseNdp, RefusesWhatAnyFlippedBitBroke) {
  for (size_t at = kIpAt; at < kRequest.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes broken = kRequest;
      broken[at] = static_cast<uint8_t>(broken[at] ^ (1U << bit));
      // Nothing protects the traffic class and the flow label.
      const bool is_free = (at == kIpAt && bit < 4) || (at > kIpAt && at < kIpAt + 4);
      EXPECT_EQ(parse_neighbor_solicitation(broken).has_value(), is_free) << at << " bit " << bit;
    }
  }
}

struct Unsound {
  const char* what;
  void (*make)(Solicitation&);
};

const Unsound kUnsoundForBoth[] = {
    {"passed on by a router", [](Solicitation& s) { s.fields.hop_limit = 254; }},
    {"has a code", [](Solicitation& s) { s.code = 1; }},
    {"target is a group", [](Solicitation& s) { s.target = "ff02::1:ff00:100"; }},
    {"target is ::", [](Solicitation& s) { s.target = "::"; }},
    {"target is ::1", [](Solicitation& s) { s.target = "::1"; }},
    {"from a group", [](Solicitation& s) { s.fields.source = "ff02::1"; }},
    {"from ::1", [](Solicitation& s) { s.fields.source = "::1"; }},
    {"from an IPv4-mapped address", [](Solicitation& s) { s.fields.source = "::ffff:192.0.2.1"; }},
    {"option of length 0",
     [](Solicitation& s) {
       s.options = joined({s.options, {14, 0, 0, 0, 0, 0, 0, 0}});
     }},
    {"option past the end",
     [](Solicitation& s) {
       s.options = joined({s.options, {14, 2, 0, 0, 0, 0, 0, 0}});
     }},
    {"link-layer option past the end", [](Solicitation& s) { s.options[1] = 2; }},
    {"link-layer option of length 0", [](Solicitation& s) { s.options[1] = 0; }},
    {"half an option",
     [](Solicitation& s) {
       s.options = joined({s.options, {14, 1, 0, 0}});
     }},
    {"link-layer address of another size",
     [](Solicitation& s) {
       s.options = joined({{s.options[0], 2}, mac_bytes(s.fields.from_mac), payload(8)});
     }},
    {"link-layer address of another station", [](Solicitation& s) { s.options[7] = 0xc2; }},
    {"second link-layer address is another",
     [](Solicitation& s) {
       s.options = joined({s.options, option(s.options[0], "02:00:00:00:00:c2")});
     }},
    {"from a group MAC",
     [](Solicitation& s) {
       s.fields.from_mac = "03:00:00:00:00:c1";
       s.options = option(s.options[0], s.fields.from_mac);
     }},
    {"from the zero MAC",
     [](Solicitation& s) {
       s.fields.from_mac = kNoMac;
       s.options = option(s.options[0], s.fields.from_mac);
     }},
    {"from a group MAC, without option",
     [](Solicitation& s) {
       s.fields.from_mac = kBroadcastMac;
       s.options = {};
     }},
    {"behind a fragment header (RFC 6980)",
     [](Solicitation& s) {
       s.fields.extension_headers = {{44, {0, 0, 0, 0, 0, 0, 1}}};
     }},
    {"behind hop-by-hop options",
     [](Solicitation& s) {
       s.fields.extension_headers = {{0, {0, 1, 4, 0, 0, 0, 0}}};
     }},
};

TEST(ParseNdp, RefusesWhatIsUnsoundThoughItsChecksumIsRight) {
  for (const auto& [what, make] : kUnsoundForBoth) {
    Solicitation asked;
    ASSERT_TRUE(parse_neighbor_solicitation(asked.frame()));
    make(asked);
    EXPECT_FALSE(parse_neighbor_solicitation(asked.frame())) << what;
    Advertisement told;
    ASSERT_TRUE(parse_neighbor_advertisement(told.frame()));
    make(told);
    EXPECT_FALSE(parse_neighbor_advertisement(told.frame())) << what;
  }
}

TEST(ParseNdp, RefusesWhatIsOtherThanNeighborDiscovery) {
  EXPECT_FALSE(parse_neighbor_solicitation(with_octets(kRequest, 12, {0x08, 0x00})));
  EXPECT_FALSE(parse_neighbor_solicitation(tagged(kRequest, 5)));
  const Bytes body = joined({{0, 0, 0, 0}, ip6_bytes("2001:db8::7")});
  for (const uint8_t type : Bytes{128, 133, 134, 137}) {
    const Bytes frame = icmp6_frame(Solicitation().fields, type, 0, body);
    EXPECT_FALSE(parse_neighbor_solicitation(frame)) << int{type};
    EXPECT_FALSE(parse_neighbor_advertisement(frame)) << int{type};
  }
  EXPECT_FALSE(parse_neighbor_solicitation(udp6_frame(Solicitation().fields, body)));
}

TEST(ParseNdp, RefusesProbesThatAreNone) {
  Solicitation with_option = probe();
  with_option.options = option(1, with_option.fields.from_mac);
  EXPECT_FALSE(parse_neighbor_solicitation(with_option.frame()));
  for (const auto destination : {"2001:db8::100", "ff02::1", "ff02::1:fe00:100", "ff05::1:ff00:100"}) {
    Solicitation elsewhere = probe();
    elsewhere.fields.destination = destination;
    EXPECT_FALSE(parse_neighbor_solicitation(elsewhere.frame())) << destination;
  }
}

TEST(ParseNdp, RefusesAnAdvertisementToAGroupThatSaysToBeSolicited) {
  Advertisement told;
  told.fields.destination = "ff02::1";
  EXPECT_FALSE(parse_neighbor_advertisement(told.frame()));
  told.flags = {0x20, 0, 0, 0};
  EXPECT_TRUE(parse_neighbor_advertisement(told.frame()));
}

TEST(ParseNdp, RefusesAnAdvertisementFromNobody) {
  Advertisement told;
  told.fields.source = "::";
  EXPECT_FALSE(parse_neighbor_advertisement(told.frame()));
}

TEST(MakeNdp, SolicitationGoesToTheGroupOfTheAddress) {
  EXPECT_EQ(hex(make_neighbor_solicitation(kOurMac, kOurIp, kServerIp)), hex(kRequest));
}

TEST(MakeNdp, SolicitationFromNobodyNamesNoMac) {
  Solicitation expected = probe();
  expected.fields.from_mac = "02:00:00:00:00:01";
  EXPECT_EQ(hex(make_neighbor_solicitation(kOurMac, *parse_address("::"), *parse_address("2001:db8::100"))),
            hex(expected.frame()));
}

TEST(MakeNdp, CheckGoesToOneStationOnly) {
  Solicitation expected;
  expected.fields.to_mac = "02:00:00:00:00:11";
  expected.fields.from_mac = "02:00:00:00:00:01";
  expected.fields.source = "2001:db8::2";
  expected.fields.destination = expected.target = "2001:db8::12:3456";
  expected.options = option(1, "02:00:00:00:00:01");
  EXPECT_EQ(hex(make_neighbor_check(kOurMac, kOurIp, kServerMac, kServerIp)), hex(expected.frame()));
}

TEST(MakeNdp, AdvertisementGoesToTheAsker) {
  NeighborSolicitation asked = *parse_neighbor_solicitation(kRequest);
  EXPECT_EQ(hex(make_neighbor_advertisement(asked, kServerMac)), hex(kReply));
  asked.source_mac.reset();  // then to the station the frame came from
  EXPECT_EQ(hex(make_neighbor_advertisement(asked, kServerMac)), hex(kReply));
}

Bytes announcement() {
  Advertisement told;
  told.fields.to_mac = "33:33:00:00:00:01";
  told.fields.from_mac = "02:00:00:00:00:01";
  told.fields.source = told.target = "2001:db8::100";
  told.fields.destination = "ff02::1";
  told.flags = {0x20, 0, 0, 0};
  told.options = option(2, "02:00:00:00:00:01");
  return told.frame();
}

TEST(MakeNdp, AdvertisementToAProbeGoesToAllNodes) {
  const auto asked = parse_neighbor_solicitation(probe().frame());
  EXPECT_EQ(hex(make_neighbor_advertisement(*asked, kOurMac)), hex(announcement()));
}

TEST(MakeNdp, UnsolicitedAdvertisementGoesToAllNodes) {
  EXPECT_EQ(hex(make_unsolicited_advertisement(kOurMac, *parse_address("2001:db8::100"))),
            hex(announcement()));
}

TEST(MakeNdp, KnowsTheAddressesThatFollowFromOthers) {
  EXPECT_EQ(solicited_node(kServerIp), *parse_address("ff02::1:ff12:3456"));
  EXPECT_EQ(solicited_node(*parse_address("fe80::abcd:89ef")), *parse_address("ff02::1:ffcd:89ef"));
  EXPECT_EQ(multicast_mac(*parse_address("ff02::1:ff12:3456")), *parse_mac("33:33:ff:12:34:56"));
  EXPECT_EQ(multicast_mac(*parse_address("ff02::16")), *parse_mac("33:33:00:00:00:16"));
  EXPECT_EQ(link_local_of(*parse_mac("34:56:78:9a:bc:de")), *parse_address("fe80::3656:78ff:fe9a:bcde"));
  EXPECT_EQ(link_local_of(kOurMac), *parse_address("fe80::ff:fe00:1"));
}

}  // namespace
}  // namespace turnout::ndp_test
