#include "control/announcer.h"

#include <gtest/gtest.h>

#include <set>

#include "control/arp.h"
#include "test/support/neighbor_frames.h"
#include "test/support/test_config.h"

namespace turnout::announcer_test {
namespace {

using namespace std::chrono_literals;
using Sent = std::vector<std::pair<size_t, Bytes>>;

const std::string kMac0 = "02:00:00:00:01:00", kMac1 = "02:00:00:00:01:01";

Bytes gratuitous(const std::string& port_mac, const std::string& address) {
  const ArpFrame frame = make_gratuitous_arp(mac(port_mac), to_be32(ip(address)));
  return {frame.begin(), frame.end()};
}

struct AnnouncerTest : testing::Test {
  Sent advance(std::chrono::milliseconds now) {
    sent.clear();
    announcer.advance(now, [this](const IpAddress& address) { return !removed.contains(address); });
    return sent;
  }

  Sent sent;
  std::set<IpAddress> removed;
  Announcer announcer{{mac(kMac0), mac(kMac1)}, [this](size_t port, std::span<const uint8_t> frame) {
                        sent.push_back({port, {frame.begin(), frame.end()}});
                      }};
};

TEST_F(AnnouncerTest, AnIpv4AddressIsAnnouncedThreeTimesByGratuitousArp) {
  announcer.announce(1, ip("192.0.2.100"), 5s);
  const Sent expected = {{1, gratuitous(kMac1, "192.0.2.100")}};
  EXPECT_EQ(advance(5s), expected);
  EXPECT_TRUE(advance(5999ms).empty());
  EXPECT_EQ(advance(6s), expected);
  EXPECT_EQ(advance(7s), expected);
  EXPECT_TRUE(advance(60s).empty());
}

TEST_F(AnnouncerTest, AnIpv6AddressIsAnnouncedThreeTimesByUnsolicitedAdvertisement) {
  announcer.announce(0, ip("2001:db8::100"), 5s);
  const Sent expected = {{0, unsolicited_advertisement(kMac0, "2001:db8::100")}};
  for (const auto now : {5s, 6s, 7s}) EXPECT_EQ(advance(now), expected);
  EXPECT_TRUE(advance(60s).empty());
}

TEST_F(AnnouncerTest, WhatWasRemovedIsAnnouncedNoMore) {
  announcer.announce(0, ip("2001:db8::100"), 5s);
  EXPECT_EQ(advance(5s).size(), 1u);
  removed.insert(ip("2001:db8::100"));
  EXPECT_TRUE(advance(6s).empty());
  removed.clear();
  EXPECT_TRUE(advance(7s).empty());
}

TEST_F(AnnouncerTest, APortsAnnouncementsCanBeForgotten) {
  announcer.announce(0, ip("192.0.2.100"), 5s);
  announcer.announce(1, ip("192.0.2.100"), 5s);
  announcer.forget(1);
  EXPECT_EQ(advance(5s), (Sent{{0, gratuitous(kMac0, "192.0.2.100")}}));
}

TEST_F(AnnouncerTest, ThousandsAreNotSentAtOnce) {
  for (int i = 0; i < 1000; ++i)
    announcer.announce(0, ip("10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)), 5s);
  size_t all = 0;
  for (auto now = 5000ms; now < 9s; now += 1ms) {
    const size_t count = advance(now).size();
    EXPECT_LE(count, 256u);
    all += count;
  }
  EXPECT_EQ(all, 3000u);
}

}  // namespace
}  // namespace turnout::announcer_test
