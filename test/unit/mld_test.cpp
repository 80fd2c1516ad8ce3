#include "control/mld.h"

#include <gtest/gtest.h>

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::mld_test {
namespace {

constexpr MacAddress kOurMac{{{0x02, 0, 0, 0, 0, 0x01}}};
const Bytes kAnyGroup(16);
const Bytes kRouterAlert = {5, 2, 0, 0};
const Bytes kPadding = {1, 0};

/// Sound unless a test changes it.
struct Query {
  FrameFields6 fields{.to_mac = "33:33:00:00:00:01",
                      .source = "fe80::1",
                      .destination = "ff02::1",
                      .hop_limit = 1,
                      .extension_headers = {{0, joined({{0}, kRouterAlert, kPadding})}}};
  uint8_t type = 130;
  uint8_t code = 0;
  Bytes group = kAnyGroup;
  Bytes rest = {2, 125, 0, 0};  // of version 2: robustness, interval, no sources

  Bytes frame() const { return icmp6_frame(fields, type, code, joined({{0x27, 0x10, 0, 0}, group, rest})); }
};

TEST(MldQuery, IsKnownInBothVersions) {
  Query query;
  EXPECT_TRUE(is_mld_query(query.frame()));
  EXPECT_TRUE(is_mld_query(padded(query.frame(), 120)));
  query.rest = {};
  EXPECT_TRUE(is_mld_query(query.frame()));
}

TEST(MldQuery, MayAskForAGroupAndForSources) {
  Query query;
  query.fields.destination = "ff02::1:ff00:100";
  query.group = ip6_bytes("ff02::1:ff00:100");
  query.rest = joined({{2, 125, 0, 2}, ip6_bytes("2001:db8::1"), ip6_bytes("2001:db8::2")});
  EXPECT_TRUE(is_mld_query(query.frame()));
  query.rest[3] = 3;
  EXPECT_FALSE(is_mld_query(query.frame()));
  query.rest[2] = 0xff;
  EXPECT_FALSE(is_mld_query(query.frame()));
}

TEST(MldQuery, MayBeLongerThanVersion2SaysOrHaveOtherOptions) {
  Query query;
  query.rest = joined({query.rest, payload(5)});
  EXPECT_TRUE(is_mld_query(query.frame()));
  query.fields.extension_headers = {
      {0, joined({{1}, {1, 3, 9, 9, 9}, {0}, {0x1e, 0}, kRouterAlert, kPadding})},
      {60, {0, 1, 4, 0, 0, 0, 0}}};
  EXPECT_TRUE(is_mld_query(query.frame()));
}

TEST(MldQuery, IsNoTruncation) {
  const Bytes whole = Query().frame();
  for (size_t length = 0; length < whole.size(); ++length) {
    EXPECT_FALSE(is_mld_query(Bytes(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(length))))
        << length;
  }
}

TEST(MldQuery, HasOneOfTheLengthsThatAreDefined) {
  const Bytes body = joined({{0x27, 0x10, 0, 0}, kAnyGroup, {2, 125, 0, 0}});
  for (size_t length = 0; length < body.size(); ++length) {
    const Bytes cut(body.begin(), body.begin() + static_cast<ptrdiff_t>(length));
    EXPECT_EQ(is_mld_query(icmp6_frame(Query().fields, 130, 0, cut)), length == 20) << length;
  }
}

TEST(MldQuery, IsNothingThatAnyFlippedBitBroke) {
  const Bytes sound = Query().frame();
  for (size_t at = kTransport6At + 8; at < sound.size(); ++at) {
    for (unsigned bit = 0; bit < 8; ++bit) {
      Bytes broken = sound;
      broken[at] = static_cast<uint8_t>(broken[at] ^ (1U << bit));
      EXPECT_FALSE(is_mld_query(broken)) << at << " bit " << bit;
    }
  }
}

struct Unsound {
  const char* what;
  void (*make)(Query&);
};

TEST(MldQuery, IsNothingUnsoundThoughItsChecksumIsRight) {
  const Unsound all[] = {
      {"a report", [](Query& q) { q.type = 143; }},
      {"passed on by a router", [](Query& q) { q.fields.hop_limit = 2; }},
      {"from a global address", [](Query& q) { q.fields.source = "2001:db8::1"; }},
      {"from ::", [](Query& q) { q.fields.source = "::"; }},
      {"for a unicast address", [](Query& q) { q.group = ip6_bytes("2001:db8::1"); }},
      {"without options", [](Query& q) { q.fields.extension_headers = {}; }},
      {"without Router Alert",
       [](Query& q) {
         q.fields.extension_headers = {{0, {0, 1, 4, 0, 0, 0, 0}}};
       }},
      {"Router Alert of something else", [](Query& q) { q.fields.extension_headers[0].rest[4] = 1; }},
      {"Router Alert of length 0", [](Query& q) { q.fields.extension_headers[0].rest[2] = 0; }},
      {"Router Alert past the end",
       [](Query& q) {
         q.fields.extension_headers = {{0, {0, 1, 2, 0, 0, 5, 2}}};
       }},
      {"options past the end", [](Query& q) { q.fields.extension_headers[0].rest[0] = 9; }},
      {"Router Alert among the destination options",
       [](Query& q) { q.fields.extension_headers[0].type = 60; }},
      {"a fragment",
       [](Query& q) {
         q.fields.extension_headers.push_back({44, {0, 0, 0, 0, 0, 0, 1}});
       }},
  };
  for (const auto& [what, make] : all) {
    Query query;
    ASSERT_TRUE(is_mld_query(query.frame()));
    make(query);
    EXPECT_FALSE(is_mld_query(query.frame())) << what;
  }
}

/// What we say when we are at fe80::ff:fe00:1.
Bytes report(const Bytes& records, uint16_t count) {
  FrameFields6 fields = Query().fields;
  fields.to_mac = "33:33:00:00:00:16";
  fields.from_mac = "02:00:00:00:00:01";
  fields.source = "fe80::ff:fe00:1";
  fields.destination = "ff02::16";
  fields.flow_label = 0;
  Bytes body = {0, 0, static_cast<uint8_t>(count >> 8), static_cast<uint8_t>(count)};
  return icmp6_frame(fields, 143, 0, joined({body, records}));
}

TEST(MldReport, NamesTheGroups) {
  const std::vector<IpAddress> groups = {*parse_address("ff02::1:ff00:100"), *parse_address("ff05::9")};
  for (const bool joining : {false, true}) {
    const Bytes record = {static_cast<uint8_t>(joining ? 4 : 2), 0, 0, 0};
    const auto reports = make_mld_reports(kOurMac, groups, joining);
    ASSERT_EQ(reports.size(), 1U);
    EXPECT_EQ(hex(reports[0]),
              hex(report(joined({record, ip6_bytes("ff02::1:ff00:100"), record, ip6_bytes("ff05::9")}), 2)));
  }
}

/// As scapy makes it.
TEST(MldReport, IsOctetForOctet) {
  const Bytes expected = {0x33, 0x33, 0,    0,    0, 0x16, 0x02, 0, 0, 0, 0, 0x01, 0x86, 0xdd,              //
                          0x60, 0,    0,    0,    0, 36,   0,    1,                                         //
                          0xfe, 0x80, 0,    0,    0, 0,    0,    0, 0, 0, 0, 0xff, 0xfe, 0,    0,    0x01,  //
                          0xff, 0x02, 0,    0,    0, 0,    0,    0, 0, 0, 0, 0,    0,    0,    0,    0x16,  //
                          58,   0,    5,    2,    0, 0,    1,    0,                                         //
                          143,  0,    0x71, 0x08, 0, 0,    0,    1, 4, 0, 0, 0,                             //
                          0xff, 0x02, 0,    0,    0, 0,    0,    0, 0, 0, 0, 1,    0xff, 0,    0x01, 0x00};
  const auto reports = make_mld_reports(kOurMac, {*parse_address("ff02::1:ff00:100")}, true);
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(hex(reports[0]), hex(expected));
}

TEST(MldReport, IsSplitAtTheSmallestMtu) {
  std::vector<IpAddress> groups;
  Bytes records;
  for (uint8_t i = 0; i < 123; ++i) {
    Ipv6Octets group{0xff, 0x02};
    group[15] = static_cast<uint8_t>(i + 100);
    groups.push_back(from_octets16(group));
    records = joined({records, {2, 0, 0, 0}, Bytes(group.begin(), group.end())});
  }
  const auto part = [&](ptrdiff_t from, ptrdiff_t until) {
    return hex(report(Bytes(records.begin() + 20 * from, records.begin() + 20 * until),
                      static_cast<uint16_t>(until - from)));
  };
  const auto reports = make_mld_reports(kOurMac, groups, false);
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_EQ(hex(reports[0]), part(0, 61));
  EXPECT_EQ(hex(reports[1]), part(61, 122));
  EXPECT_EQ(hex(reports[2]), part(122, 123));
  EXPECT_LE(reports[0].size(), 14U + 1280U);
  EXPECT_GT(reports[0].size() + 20, 14U + 1280U);
  groups.resize(61);
  EXPECT_EQ(make_mld_reports(kOurMac, groups, false).size(), 1U);
}

TEST(MldReport, LeavesOutWhatIsNeverReported) {
  const auto only = [](const char* group) {
    return make_mld_reports(kOurMac, {*parse_address(group)}, true);
  };
  EXPECT_TRUE(only("ff02::1").empty());  // RFC 3810 6
  EXPECT_TRUE(only("ff00::9").empty());
  EXPECT_TRUE(only("ff01::9").empty());
  EXPECT_TRUE(only("2001:db8::1").empty());
  EXPECT_TRUE(only("224.0.0.9").empty());
  EXPECT_EQ(only("ff02::2").size(), 1U);
  EXPECT_EQ(only("ff32::9").size(), 1U);
  EXPECT_TRUE(make_mld_reports(kOurMac, {}, true).empty());
}

}  // namespace
}  // namespace turnout::mld_test
