// Other machines that claim a VIP: what is sent against them, and what is said of them.
#include "control/vip_watch.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "control/arp.h"
#include "control/event_log.h"
#include "control/ndp.h"
#include "control/vip_findings.h"
#include "test/support/test_config.h"

namespace turnout::vip_watch_test {
namespace {

using namespace std::chrono_literals;
using Bytes = std::vector<uint8_t>;
using Sent = std::vector<std::pair<size_t, Bytes>>;
using Time = VipWatch::Time;

const MacAddress kMac0 = mac("02:00:00:00:01:00"), kMac1 = mac("02:00:00:00:01:01");
const MacAddress kThief = mac("02:00:00:00:00:12"), kStranger = mac("02:00:00:00:00:ee");
const IpAddress kVip = ip("192.0.2.100"), kVip6 = ip("2001:db8::100"), kOwn = ip("192.0.2.2");

Bytes bytes(const ArpFrame& frame) {
  return {frame.begin(), frame.end()};
}
Bytes probe(const IpAddress& vip, const MacAddress& from = kMac0) {
  return bytes(make_arp_request(from, 0, to_be32(vip)));
}
Bytes defence(const IpAddress& vip, const MacAddress& from = kMac0) {
  return make_announcement(from, vip);
}

class VipWatchTest : public testing::Test {
 protected:
  VipWatchTest() {
    owners_.add(kThief, {.address = ip("192.0.2.12")});
    owners_.add(kThief, {.address = ip("2001:db8::12")});
    watch({{kVip, 1, true}});
  }
  void watch(const std::vector<LocalAddress>& addresses) {
    watch_.watch(config_, {"lan", "wan"}, addresses, now_);
  }
  Sent run(Time span, Time step = 10ms) {
    for (const Time end = now_ + span; now_ < end; now_ += step) watch_.tick(now_);
    Sent sent;
    sent.swap(sent_);
    return sent;
  }
  void claim(ClaimKind how, const MacAddress& from = kThief, const IpAddress& of = kVip, size_t port = 0) {
    watch_.heard(port, {.ip = of, .mac = from, .sender = from, .how = how}, owners_, now_);
  }
  static size_t count(const Sent& sent, const Bytes& frame, size_t port = 0) {
    return static_cast<size_t>(std::count(sent.begin(), sent.end(), std::pair(port, frame)));
  }
  Findings findings() const { return watch_.findings(now_); }
  /// The only one.
  Finding finding() const {
    const Findings all = findings();
    EXPECT_EQ(all.size(), 1u);
    return all.empty() ? Finding{} : all.front();
  }
  bool lasts(const IpAddress& vip = kVip, const MacAddress& by = kThief) const {
    const auto& all = watch_.conflicts().all();
    const auto place = all.find({vip, by.to_number()});
    return place != all.end() && place->second.lasts();
  }

  Time now_ = 5000ms;
  VipWatchConfig config_{.interval = 10s, .clear = 90s};
  Sent sent_;
  std::optional<IpAddress> source6_ = ip("2001:db8::2");
  MacOwners owners_;
  VipWatch watch_{{kMac0, kMac1},
                  {[this](size_t port, std::span<const uint8_t> frame) {
                     sent_.push_back({port, {frame.begin(), frame.end()}});
                   },
                   [this](size_t, const IpAddress&) { return source6_; }}};
};

// ---- probes ----

TEST_F(VipWatchTest, EachVipIsProbedOnceAnIntervalOnEachOfItsPortsAndOwnAddressesAreNot) {
  watch({{kVip, 3, true}, {kOwn, 1, false}, {ip("192.0.2.101"), 2, true}});
  const Sent sent = run(30s);
  EXPECT_EQ(sent.size(), 9u);
  EXPECT_EQ(count(sent, probe(kVip)), 3u);
  EXPECT_EQ(count(sent, probe(kVip, kMac1), 1), 3u);
  EXPECT_EQ(count(sent, probe(ip("192.0.2.101"), kMac1), 1), 3u);
}

TEST_F(VipWatchTest, TenThousandAreSpreadOverTheInterval) {
  std::vector<LocalAddress> many;
  for (uint32_t i = 0; i < 10'000; ++i)
    many.push_back({boost::asio::ip::address_v4(0x0a000001 + i), 1, true});
  watch(many);
  size_t all = 0;
  for (int i = 0; i < 1000; ++i) {
    const size_t sent = run(10ms, 1ms).size();
    EXPECT_NEAR(static_cast<double>(sent), 10, 1);
    all += sent;
  }
  EXPECT_NEAR(static_cast<double>(all), 10'000, 2);
  now_ += 5s;  // control was busy
  EXPECT_LE(run(1ms, 1ms).size(), VipWatch::kProbesAtOnce);
}

TEST_F(VipWatchTest, WithoutAnIntervalItOnlyListens) {
  config_.interval = 0s;
  watch({{kVip, 1, true}});
  EXPECT_TRUE(run(60s).empty());
  claim(ClaimKind::answered);
  EXPECT_EQ(count(run(5s), probe(kVip)), 0u);
  EXPECT_TRUE(lasts());
  run(86s);
  EXPECT_FALSE(lasts()) << "it can only be over by not being heard of";
}

TEST_F(VipWatchTest, AnIpv6VipIsSolicitedFromTheDirectorsOwnAddressOrFromNoneIfItHasNone) {
  watch({{kVip6, 1, true}});
  EXPECT_EQ(count(run(10s), make_neighbor_solicitation(kMac0, ip("2001:db8::2"), kVip6)), 1u);
  source6_.reset();
  EXPECT_EQ(count(run(10s), make_neighbor_solicitation(kMac0, ip("::"), kVip6)), 1u);
}

// ---- defence ----

TEST_F(VipWatchTest, AClaimIsCounteredAtOnceAndOnceMoreAfterALittleOverASecond) {
  claim(ClaimKind::announced);
  EXPECT_EQ(sent_, (Sent{{0, defence(kVip)}}));
  sent_.clear();
  EXPECT_EQ(count(run(1190ms), defence(kVip)), 0u);
  EXPECT_EQ(count(run(20ms), defence(kVip)), 1u);
  EXPECT_EQ(count(run(60s), defence(kVip)), 0u);
}

TEST_F(VipWatchTest, AnIpv6ClaimIsCounteredByAnAdvertisement) {
  watch({{kVip6, 2, true}});
  claim(ClaimKind::answered, kThief, kVip6, 1);
  EXPECT_EQ(sent_, (Sent{{1, make_unsolicited_advertisement(kMac1, kVip6)}}));
}

TEST_F(VipWatchTest, AThousandClaimsASecondAreCounteredTenTimesASecond) {
  Sent sent;
  for (int i = 0; i < 10'000; ++i) {
    claim(ClaimKind::asked);
    for (auto& each : run(1ms, 1ms)) sent.push_back(each);
  }
  EXPECT_LE(count(sent, defence(kVip)), 10u * VipDefence::kPerSecond + VipDefence::kBurst + 1);
  EXPECT_GE(count(sent, defence(kVip)), 9u * VipDefence::kPerSecond);
}

TEST_F(VipWatchTest, ClaimsOfAllVipsAtOnceAreCounteredAThousandTimesASecondInAll) {
  std::vector<LocalAddress> many;
  for (uint32_t i = 0; i < 10'000; ++i)
    many.push_back({boost::asio::ip::address_v4(0x0a000001 + i), 1, true});
  config_.interval = 0s;
  watch(many);
  for (const LocalAddress& each : many) claim(ClaimKind::announced, kThief, each.ip);
  EXPECT_EQ(sent_.size(), VipDefence::kAllBurst);
  sent_.clear();
  EXPECT_LE(run(3s).size(), 3u * VipDefence::kAllPerSecond + VipDefence::kAllBurst);
}

TEST_F(VipWatchTest, WhoLooksForAVipThatAnotherAnswersForIsToldOnceMore) {
  watch_.asked_for(0, kVip, now_);
  EXPECT_EQ(count(run(2s), defence(kVip)), 0u) << "nobody else answers";
  claim(ClaimKind::asked);
  run(2s);
  watch_.asked_for(0, kVip, now_);
  EXPECT_EQ(count(run(2s), defence(kVip)), 0u) << "the thief does not answer questions";
  claim(ClaimKind::answered);
  run(2s);
  watch_.asked_for(0, kVip, now_);
  EXPECT_EQ(count(run(40ms), defence(kVip)), 0u);
  EXPECT_EQ(count(run(20ms), defence(kVip)), 1u) << "after the thief's answer has come";
  EXPECT_EQ(count(run(1200ms), defence(kVip)), 1u);
}

TEST_F(VipWatchTest, WhatIsNotHeldThereIsNobodysBusiness) {
  claim(ClaimKind::announced, kThief, kVip, 1);
  claim(ClaimKind::announced, kThief, ip("192.0.2.77"));
  EXPECT_TRUE(sent_.empty());
  EXPECT_TRUE(findings().empty());
}

// ---- findings ----

TEST_F(VipWatchTest, ARealServerThatAnswersIsToldToSetArpIgnore) {
  claim(ClaimKind::answered);
  now_ += 3s;
  const Finding found = finding();
  EXPECT_EQ(found.severity, Severity::critical);
  EXPECT_EQ(found.code, "vip_conflict");
  EXPECT_EQ(found.subject, "192.0.2.100");
  EXPECT_EQ(
      found.meaning,
      "real server 192.0.2.12 (02:00:00:00:00:12) answers ARP requests for it. Who hears that sends to it, "
      "past the director");
  EXPECT_EQ(found.evidence, "from 02:00:00:00:00:12 on port 'lan': ARP reply: 1, the last 3 s ago");
  EXPECT_EQ(
      found.remedy,
      "ssh 192.0.2.12 sudo sysctl -w net.ipv4.conf.all.arp_ignore=1; to have it after a reboot as well: ssh "
      "192.0.2.12 sudo sh -s apply 192.0.2.100 < scripts/real-server; if it goes on: ssh 192.0.2.12 sudo sh "
      "-s "
      "check 192.0.2.100 < scripts/real-server says which network card has it: it must be on lo only");
}

TEST_F(VipWatchTest, ARealServerThatAsksAsTheVipIsToldToSetArpAnnounce) {
  claim(ClaimKind::asked);
  EXPECT_EQ(finding().code, "vip_conflict");
  EXPECT_NE(finding().remedy.find("ssh 192.0.2.12 sudo sysctl -w net.ipv4.conf.all.arp_announce=2;"),
            std::string::npos);
  EXPECT_EQ(finding().remedy.find("arp_ignore"), std::string::npos);
  claim(ClaimKind::answered);
  EXPECT_NE(finding().remedy.find("-w net.ipv4.conf.all.arp_ignore=1 net.ipv4.conf.all.arp_announce=2;"),
            std::string::npos);
}

TEST_F(VipWatchTest, AnIpv6VipOnANetworkCardIsToBeOnLo) {
  watch({{kVip6, 1, true}});
  claim(ClaimKind::answered, kThief, kVip6);
  EXPECT_NE(
      finding().meaning.find("real server 2001:db8::12 (02:00:00:00:00:12) answers neighbour solicitations"),
      std::string::npos);
  EXPECT_NE(finding().remedy.find("ssh 2001:db8::12 sudo sh -s check 2001:db8::100 < scripts/real-server"),
            std::string::npos);
  EXPECT_EQ(finding().remedy.find("preferred_lft"), std::string::npos);
  claim(ClaimKind::asked, kThief, kVip6);
  EXPECT_NE(finding().remedy.find("preferred_lft 0"), std::string::npos);
}

TEST_F(VipWatchTest, AMachineThatIsNoRealServerIsAnotherDirectorIfItAnswersOrAnnounces) {
  claim(ClaimKind::asked, kStranger);
  EXPECT_EQ(finding().code, "vip_conflict");
  claim(ClaimKind::announced, kStranger);
  EXPECT_EQ(finding().code, "duplicate_director");
  EXPECT_NE(finding().remedy.find(kStranger.to_string()), std::string::npos);
}

TEST_F(VipWatchTest, AGatewayIsNamedAsOne) {
  owners_.add(kStranger, {.address = ip("192.0.2.1"), .is_gateway = true});
  claim(ClaimKind::answered, kStranger);
  EXPECT_EQ(finding().code, "vip_conflict");
  EXPECT_NE(finding().meaning.find("gateway 192.0.2.1"), std::string::npos);
  EXPECT_NE(finding().remedy.find("proxy ARP"), std::string::npos);
}

TEST_F(VipWatchTest, ItIsReportedOnceMoreWhenItIsFoundOutWhoseItIs) {
  EventLog log;
  claim(ClaimKind::asked, kStranger);
  claim(ClaimKind::asked, kStranger);
  owners_.add(kStranger, {.address = ip("192.0.2.13")});
  claim(ClaimKind::asked, kStranger);
  claim(ClaimKind::asked, kStranger);
  const EventLog::Page page = log.after(0, 10);
  ASSERT_EQ(page.entries.size(), 2u);
  EXPECT_TRUE(page.entries[0]->event.fields["server"].is_null());
  EXPECT_EQ(page.entries[1]->event.fields["server"], "192.0.2.13");
}

TEST_F(VipWatchTest, TheDirectorsOwnAddressIsWatchedAndDefendedToo) {
  watch({{kOwn, 1, false}});
  claim(ClaimKind::asked, kStranger, kOwn);
  EXPECT_EQ(finding().code, "own_address_conflict");
  EXPECT_EQ(sent_, (Sent{{0, defence(kOwn)}}));
}

// ---- the end ----

TEST_F(VipWatchTest, AnAnsweringThiefIsProbedEverySecondAndIsCuredWhenProbesBringNothing) {
  claim(ClaimKind::answered);
  for (int i = 0; i < 10; ++i) {
    EXPECT_GE(count(run(1s), probe(kVip)), i == 0 ? 0u : 1u);
    claim(ClaimKind::answered);
  }
  run(2s);
  EXPECT_TRUE(lasts());
  run(2s);
  EXPECT_FALSE(lasts());
  EXPECT_TRUE(findings().empty());
  EXPECT_LE(count(run(20s), probe(kVip)), 2u) << "as often as before";
}

TEST_F(VipWatchTest, WhatWasNotAnAnswerIsOverWhenNothingWasHeardForLong) {
  claim(ClaimKind::asked);
  run(89s);
  EXPECT_TRUE(lasts());
  run(2s);
  EXPECT_FALSE(lasts());
}

TEST_F(VipWatchTest, OneThatDidBothIsOverWhenBothAre) {
  claim(ClaimKind::asked);
  claim(ClaimKind::answered);
  run(89s);
  EXPECT_TRUE(lasts());
  run(2s);
  EXPECT_FALSE(lasts());
}

TEST_F(VipWatchTest, AnEndedOneIsRememberedForAnHourAndCountsAnew) {
  claim(ClaimKind::asked);
  run(91s);
  ASSERT_EQ(watch_.conflicts().all().size(), 1u);
  claim(ClaimKind::announced);
  EXPECT_TRUE(lasts());
  EXPECT_EQ(finding().evidence.find("ARP request"), std::string::npos);
  run(91s);
  run(3600s, 100ms);
  EXPECT_TRUE(watch_.conflicts().all().empty());
}

TEST_F(VipWatchTest, AVipThatIsRemovedHasNoConflict) {
  claim(ClaimKind::answered);
  watch({});
  EXPECT_TRUE(watch_.conflicts().all().empty());
  sent_.clear();
  EXPECT_TRUE(run(10s).empty());
}

TEST_F(VipWatchTest, AMillionRandomMacsFillNoMemoryAndHideNoThief) {
  for (uint32_t i = 0; i < 1'000'000; ++i) {
    const MacAddress random{{{0x06, 0, static_cast<uint8_t>(i >> 24), static_cast<uint8_t>(i >> 16),
                              static_cast<uint8_t>(i >> 8), static_cast<uint8_t>(i)}}};
    claim(i % 2 == 0 ? ClaimKind::announced : ClaimKind::answered, random);
    if (i % 35 == 0) run(1ms, 1ms);
  }
  EXPECT_EQ(watch_.conflicts().all().size(), VipConflicts::kMost);
  EXPECT_GT(watch_.conflicts().without_room(), 900'000u);
  claim(ClaimKind::answered);
  EXPECT_TRUE(lasts());
  EXPECT_EQ(watch_.conflicts().all().size(), VipConflicts::kMost);
  const Findings all = findings();
  ASSERT_EQ(all.size(), kUnknownListed + 2u) << "the thief, three of nobody's, and how many more";
  EXPECT_EQ(std::ranges::count_if(all, [](const Finding& each) { return each.code == "vip_conflict"; }), 1);
  EXPECT_NE(all.back().evidence.find(" other MACs"), std::string::npos);
}

TEST(MacOwners, ARealServerComesBeforeAGatewayAndTheSameFamilyBeforeTheOther) {
  MacOwners owners;
  owners.add(kThief, {.address = ip("192.0.2.1"), .is_gateway = true});
  ASSERT_TRUE(owners.find(kThief, kVip6));
  EXPECT_TRUE(owners.find(kThief, kVip6)->is_gateway);
  owners.add(kThief, {.address = ip("2001:db8::12")});
  EXPECT_EQ(owners.find(kThief, kVip)->address, ip("2001:db8::12"));
  owners.add(kThief, {.address = ip("192.0.2.12")});
  EXPECT_EQ(owners.find(kThief, kVip)->address, ip("192.0.2.12"));
  EXPECT_EQ(owners.find(kThief, kVip6)->address, ip("2001:db8::12"));
  EXPECT_FALSE(owners.find(kStranger, kVip));
}

}  // namespace
}  // namespace turnout::vip_watch_test
