#include "control/group_membership.h"

#include <gtest/gtest.h>

#include "test/support/neighbor_frames.h"
#include "test/support/test_config.h"

namespace turnout::group_membership_test {
namespace {

using namespace std::chrono_literals;
using Sent = std::vector<std::pair<size_t, Bytes>>;

const std::string kMac0 = "02:00:00:00:01:00", kMac1 = "02:00:00:00:01:01";
const std::string kGroup2 = "ff02::1:ff00:2", kGroup100 = "ff02::1:ff00:100", kGroup200 = "ff02::1:ff00:200";
constexpr uint8_t kListens = 2, kBegins = 4;  // RFC 3810 5.2.12

struct GroupMembershipTest : testing::Test {
  Sent advance(std::chrono::milliseconds now) {
    sent.clear();
    groups.advance(now);
    return sent;
  }
  static Sent report(uint8_t record, const std::vector<std::string>& groups) {
    return {{0, mld_report(kMac0, "fe80::ff:fe00:100", record, groups)}};
  }
  /// The port holds 2001:db8::2 and …::100, and that has been reported.
  void settle() {
    groups.hold(0, {ip("2001:db8::2"), ip("2001:db8::100")}, 1s);
    advance(1s);
    advance(2s);
  }

  Sent sent;
  GroupMembership groups{{mac(kMac0), mac(kMac1)}, [this](size_t port, std::span<const uint8_t> frame) {
                           sent.push_back({port, {frame.begin(), frame.end()}});
                         }};
};

TEST_F(GroupMembershipTest, NewGroupsAreReportedTwiceASecondApart) {
  groups.hold(0, {ip("192.0.2.2"), ip("2001:db8::2"), ip("2001:db8::100")}, 5s);
  EXPECT_EQ(advance(5s), report(kBegins, {kGroup2, kGroup100}));
  EXPECT_TRUE(advance(5999ms).empty());
  EXPECT_EQ(advance(6s), report(kBegins, {kGroup2, kGroup100}));
  EXPECT_TRUE(advance(60s).empty());
}

TEST_F(GroupMembershipTest, AddressesThatEndAlikeShareAGroup) {
  groups.hold(0, {ip("2001:db8::100"), ip("2001:db8:0:1::100")}, 5s);
  EXPECT_EQ(advance(5s), report(kBegins, {kGroup100}));
}

TEST_F(GroupMembershipTest, OnlyWhatIsNewIsReported) {
  settle();
  groups.hold(0, {ip("2001:db8::2"), ip("2001:db8::100"), ip("2001:db8::200")}, 5s);
  EXPECT_EQ(advance(5s), report(kBegins, {kGroup200}));
  groups.hold(0, {ip("2001:db8::2"), ip("2001:db8::100"), ip("2001:db8::200")}, 5s);
  groups.hold(0, {ip("2001:db8::2")}, 5500ms);
  EXPECT_TRUE(advance(6s).empty()) << "it was left again";
}

TEST_F(GroupMembershipTest, APortWithoutIpv6SaysNothing) {
  groups.hold(1, {ip("192.0.2.2")}, 5s);
  groups.port_came_up(1, 5s);
  groups.on_query(1);
  EXPECT_TRUE(advance(5s).empty());
}

TEST_F(GroupMembershipTest, AllAreJoinedAgainWhenThePortComesUp) {
  settle();
  groups.port_came_up(0, 10s);
  groups.port_came_up(0, 10s);
  EXPECT_EQ(advance(10s), report(kBegins, {kGroup2, kGroup100}));
  EXPECT_EQ(advance(11s), report(kBegins, {kGroup2, kGroup100}));
  EXPECT_TRUE(advance(60s).empty());
}

TEST_F(GroupMembershipTest, AQueryIsAnsweredWithAllGroupsButOnceASecondAtMost) {
  settle();
  groups.on_query(0);
  groups.on_query(0);
  EXPECT_EQ(advance(10s), report(kListens, {kGroup2, kGroup100}));
  EXPECT_TRUE(advance(10001ms).empty());
  groups.on_query(0);
  EXPECT_TRUE(advance(10999ms).empty());
  EXPECT_EQ(advance(11s), report(kListens, {kGroup2, kGroup100})) << "late, but answered";
  EXPECT_TRUE(advance(60s).empty());
}

TEST_F(GroupMembershipTest, ThousandsOfGroupsTakeSeveralFrames) {
  std::vector<IpAddress> held;
  for (int i = 0; i < 2000; ++i) {
    char text[40];
    std::snprintf(text, sizeof text, "2001:db8::%x", i + 1);
    held.push_back(ip(text));
  }
  groups.hold(0, held, 5s);
  size_t records = 0;
  for (const auto& [port, frame] : advance(5s)) {
    EXPECT_LE(frame.size(), 14u + 1280u);
    records += frame.at(14 + 40 + 8 + 7);
  }
  EXPECT_EQ(records, 2000u);
}

}  // namespace
}  // namespace turnout::group_membership_test
