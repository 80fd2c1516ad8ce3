#include "control/probe_icmp.h"

#include <gtest/gtest.h>

#include "test/support/tcp_segments.h"

namespace turnout::probe_icmp_test {
namespace {

const MacAddress kDirector = mac("02:00:00:00:01:00");
const MacAddress kServer = mac("02:00:00:00:00:11");

Segment syn4() {
  return {{kDirector, kServer, ip("192.0.2.2"), ip("192.0.2.100")}, 65001, 80, RTE_TCP_SYN_FLAG, 1000, 0, ""};
}
Segment syn6() {
  return {
      {kDirector, kServer, ip("2001:db8::2"), ip("2001:db8::100")}, 65001, 80, RTE_TCP_SYN_FLAG, 1000, 0, ""};
}

std::optional<ProbeAnswer> parse_icmp_error(std::span<const uint8_t> frame) {
  const auto answer = parse_probe_answer(frame);
  return answer && answer->kind == ProbeAnswer::Kind::icmp_error ? answer : std::nullopt;
}

struct Error {
  uint8_t type;
  uint8_t code;
  std::string reason;
};

TEST(ProbeIcmp, IcmpErrorsInWords) {
  const Octets about = make_segment(syn4());
  for (const Error& error : {Error{3, 0, "ICMP network unreachable from 192.0.2.11"},
                             {3, 1, "ICMP host unreachable from 192.0.2.11"},
                             {3, 3, "ICMP port unreachable from 192.0.2.11"},
                             {3, 10, "ICMP prohibited from 192.0.2.11"},
                             {3, 13, "ICMP prohibited from 192.0.2.11"},
                             {11, 0, "ICMP time exceeded from 192.0.2.11"}}) {
    const auto found = parse_icmp_error(make_icmp_error(ip("192.0.2.11"), error.type, error.code, about));
    ASSERT_TRUE(found) << error.reason;
    EXPECT_EQ(words_for_icmp(*found, ip("192.0.2.100")).reason, error.reason);
    EXPECT_FALSE(words_for_icmp(*found, ip("192.0.2.100")).passed);
    EXPECT_NE(words_for_icmp(*found, ip("192.0.2.100")).hint, "");
    EXPECT_EQ(found->to, ip("192.0.2.2"));
    EXPECT_EQ(found->flow.target, ip("192.0.2.100"));
    EXPECT_EQ(found->flow.own_port, 65001);
    EXPECT_EQ(found->flow.target_port, 80);
    EXPECT_EQ(found->acknowledgement, 1000u);
  }
}

TEST(ProbeIcmp, Icmp6ErrorsInWords) {
  const Octets about = make_segment(syn6());
  for (const Error& error : {Error{1, 0, "ICMP network unreachable from 2001:db8::11"},
                             {1, 1, "ICMP prohibited from 2001:db8::11"},
                             {1, 3, "ICMP host unreachable from 2001:db8::11"},
                             {1, 4, "ICMP port unreachable from 2001:db8::11"},
                             {3, 0, "ICMP time exceeded from 2001:db8::11"}}) {
    const auto found = parse_icmp_error(make_icmp_error(ip("2001:db8::11"), error.type, error.code, about));
    ASSERT_TRUE(found) << error.reason;
    EXPECT_EQ(words_for_icmp(*found, ip("192.0.2.100")).reason, error.reason);
    EXPECT_EQ(found->flow.target, ip("2001:db8::100"));
    EXPECT_EQ(found->acknowledgement, 1000u);
  }
}

TEST(ProbeIcmp, WhatAnErrorPointsTo) {
  const Octets about = make_segment(syn4());
  const auto shape_of = [&](uint8_t type, uint8_t code) {
    const auto found = parse_icmp_error(make_icmp_error(ip("192.0.2.11"), type, code, about));
    return words_for_icmp(found.value(), ip("192.0.2.100")).shape;
  };
  EXPECT_EQ(shape_of(3, 0), ProbeShape::passed_on);
  EXPECT_EQ(shape_of(3, 1), ProbeShape::passed_on);
  EXPECT_EQ(shape_of(11, 0), ProbeShape::passed_on);
  EXPECT_EQ(shape_of(3, 3), ProbeShape::closed);
  EXPECT_EQ(shape_of(3, 13), ProbeShape::other) << "a firewall's answer";
}

TEST(ProbeIcmp, EightOctetsOfTcpAreEnoughToKnowIt) {
  EXPECT_TRUE(parse_icmp_error(make_icmp_error(ip("192.0.2.11"), 3, 3, make_segment(syn4()), 28)));
  EXPECT_FALSE(parse_icmp_error(make_icmp_error(ip("192.0.2.11"), 3, 3, make_segment(syn4()), 27)));
  EXPECT_TRUE(parse_icmp_error(make_icmp_error(ip("2001:db8::11"), 1, 4, make_segment(syn6()), 48)));
  EXPECT_FALSE(parse_icmp_error(make_icmp_error(ip("2001:db8::11"), 1, 4, make_segment(syn6()), 47)));
}

TEST(ProbeIcmp, WhatSaysNothingOfReachingIsNoError) {
  const Octets about4 = make_segment(syn4()), about6 = make_segment(syn6());
  const auto error4 = [&](uint8_t type, uint8_t code) {
    return parse_icmp_error(make_icmp_error(ip("192.0.2.11"), type, code, about4)).has_value();
  };
  EXPECT_FALSE(error4(3, 4)) << "too big";
  EXPECT_FALSE(error4(0, 0)) << "an echo reply";
  EXPECT_FALSE(error4(11, 1)) << "reassembly";
  EXPECT_FALSE(parse_icmp_error(make_icmp_error(ip("2001:db8::11"), 2, 0, about6))) << "too big";
  EXPECT_FALSE(parse_icmp_error(about4)) << "TCP";
}

TEST(ProbeIcmp, GarbageIsNoError) {
  const Octets good = unpadded(make_icmp_error(ip("192.0.2.11"), 3, 3, make_segment(syn4())));
  for (size_t size = 0; size < good.size(); ++size) {
    EXPECT_FALSE(parse_icmp_error(Octets(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size))));
  }
  for (size_t at = 34; at < good.size(); ++at) {
    Octets other = good;
    other[at] ^= 0x55;
    EXPECT_FALSE(parse_icmp_error(other)) << "damaged at " << at;
  }
  for (size_t at = 0; at < 20; ++at) {  // with a right checksum, whatever the quoted header says
    Octets about = make_segment(syn4());
    Octets content{3, 3, 0, 0, 0, 0, 0, 0};
    content.insert(content.end(), about.begin() + 14, about.begin() + 42);
    for (const int value : {0x00, 0x4f, 0xff}) {
      content[8 + at] = static_cast<uint8_t>(value);
      content[2] = content[3] = 0;
      const uint16_t checksum = internet_checksum(content);
      std::memcpy(content.data() + 2, &checksum, sizeof checksum);
      parse_icmp_error(make_ip_frame(syn4().route, IPPROTO_ICMP, content));
    }
  }
}

}  // namespace
}  // namespace turnout::probe_icmp_test
