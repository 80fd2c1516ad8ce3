// When an uplink is up and when it is down, with the test in the place of the gateways and of the time.
#include "control/uplink_monitor.h"

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "control/ip_frame.h"
#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"
#include "test/support/test_config.h"

namespace turnout::uplink_monitor_test {
namespace {

using namespace std::chrono_literals;
using Time = UplinkMonitor::Time;

const std::string kGateway = "203.0.113.1", kGateway6 = "2001:db8:1::1", kOther = "192.0.2.1";
const std::string kFar = "198.51.100.1", kFar6 = "2001:db8:f::1";
const MacAddress kGatewayMac = mac("02:00:00:00:00:c1");
const std::vector<MacAddress> kPortMacs = {mac("02:00:00:00:01:00"), mac("02:00:00:00:01:01")};

PortConfig port(const std::string& name, const std::vector<std::string>& addresses,
                const std::vector<std::string>& gateways) {
  PortConfig made;
  made.name = name;
  for (const std::string& text : addresses) made.addresses.push_back(*parse_interface_address(text));
  for (const std::string& text : gateways) made.gateways.push_back(ip(text));
  return made;
}

VipConfig tied(const std::string& vip, const std::string& uplink) {
  VipConfig made{ip(vip)};
  made.depends_on_uplink = uplink;
  return made;
}

/// Every second a check, which fails after half a second; down after three, up after two.
Config two_providers() {
  Config config;
  config.ports = {port("isp1", {"203.0.113.2/24", "2001:db8:1::2/64"}, {kGateway, kGateway6}),
                  port("isp2", {"192.0.2.2/24"}, {kOther})};
  for (PortConfig& each : config.ports) each.uplink.timings = {1000ms, 500ms, 2, 3};
  config.vips = {tied("203.0.113.100", "isp1"), tied("2001:db8:1::100", "isp1"), tied("192.0.2.100", "isp2"),
                 VipConfig{ip("192.0.2.101")}};
  return config;
}

class UplinkTest : public testing::Test {
 protected:
  void watch(const Config& config) {
    config_ = config;
    for (size_t i = 0; i < config.ports.size(); ++i) {
      for (const IpAddress& gateway : config.ports[i].gateways) answering_[gateway.to_string()] = true;
    }
    monitor_.emplace(config_, kPortMacs,
                     UplinkMonitor::Ways{[this](const NeighborKey& key, bool for_all) { ask(key, for_all); },
                                         [this](const NeighborKey& key) { return find(key); },
                                         [this](size_t at, std::span<const uint8_t> frame) {
                                           sent_.push_back({at, {frame.begin(), frame.end()}});
                                         }},
                     now_);
  }

  /// Lets so much time pass; true if something went up or down.
  bool run(Time time) {
    bool changed = false;
    for (const Time end = now_ + time; now_ < end;) {
      now_ += 10ms;
      changed |= monitor_->tick(now_);
      if (far_answers_) answer_pings();
    }
    return changed;
  }

  Uplink uplink(const std::string& gateway) const {
    for (const Uplink& each : monitor_->uplinks()) {
      if (each.gateway == ip(gateway)) return each;
    }
    ADD_FAILURE() << gateway << " is not watched";
    return {};
  }
  bool up(const std::string& gateway = kGateway) const { return uplink(gateway).up(); }
  std::set<IpAddress> withdrawn() const { return monitor_->withdrawn(); }

  struct Asked {
    std::string gateway;
    bool for_all;
    bool operator==(const Asked&) const = default;
  };
  struct Frame {
    size_t port;
    Bytes bytes;
  };

  /// The reply to a ping of the monitor's, as the gateway hands it on.
  static Bytes reply_to(const Bytes& ping) {
    const bool is_v4 = ping[12] == 0x08;
    const size_t icmp = is_v4 ? kTransportAt : kTransport6At;
    const uint16_t id = static_cast<uint16_t>(ping[icmp + 4] << 8 | ping[icmp + 5]);
    const uint16_t sequence = static_cast<uint16_t>(ping[icmp + 6] << 8 | ping[icmp + 7]);
    return reply(is_v4 ? kFar : kFar6, is_v4 ? "203.0.113.2" : "2001:db8:1::2", {id, sequence});
  }
  struct Numbers {
    uint16_t id;
    uint16_t sequence;
  };
  static Bytes reply(const std::string& from, const std::string& to, const Numbers& numbers) {
    using namespace frames_detail;
    Bytes body;
    put16(body, numbers.id);
    put16(body, numbers.sequence);
    if (ip(from).is_v6()) return icmp6_frame({.source = from, .destination = to}, 129, 0, body);
    Bytes icmp = joined({{0, 0, 0, 0}, body});
    write16(icmp, 2, checksum(icmp, 0, icmp.size()));
    return ip_frame({.source = from, .destination = to}, 1, icmp);
  }
  void answer_pings() {
    for (const Frame& frame : std::exchange(sent_, {})) {
      EXPECT_TRUE(monitor_->on_frame(frame.port, reply_to(frame.bytes)));
    }
  }

  Config config_;
  std::optional<UplinkMonitor> monitor_;
  Time now_{100'000};
  std::map<std::string, bool> answering_;
  bool far_answers_ = false;
  std::vector<Asked> asked_;
  std::vector<Frame> sent_;
  std::map<NeighborKey, Neighbor> neighbors_;

 private:
  void ask(const NeighborKey& key, bool for_all) {
    asked_.push_back({key.ip.to_string(), for_all});
    if (!answering_.at(key.ip.to_string())) return;
    Neighbor& neighbor = neighbors_[key];
    neighbor.mac = kGatewayMac;
    neighbor.confirmed = now_;
  }
  const Neighbor* find(const NeighborKey& key) const {
    const auto found = neighbors_.find(key);
    return found == neighbors_.end() ? nullptr : &found->second;
  }
};

TEST_F(UplinkTest, EveryGatewayIsAskedOnceAnInterval) {
  watch(two_providers());
  EXPECT_FALSE(run(990ms));
  EXPECT_TRUE(asked_.empty()) << "the neighbour table asks first";
  EXPECT_FALSE(run(3010ms));
  const std::vector<Asked> once = {{kGateway, false}, {kGateway6, false}, {kOther, false}};
  std::vector<Asked> expected;
  for (int i = 0; i < 4; ++i) expected.insert(expected.end(), once.begin(), once.end());
  EXPECT_EQ(asked_, expected);
  EXPECT_TRUE(up() && up(kGateway6) && up(kOther));
  EXPECT_TRUE(withdrawn().empty());
}

TEST_F(UplinkTest, IsUpUntilEnoughChecksHaveFailed) {
  watch(two_providers());
  answering_[kGateway] = false;
  EXPECT_FALSE(run(3490ms)) << "two have failed, and the third has still time";
  EXPECT_TRUE(up());
  EXPECT_TRUE(run(10ms));
  EXPECT_FALSE(up());
  EXPECT_FALSE(run(5s)) << "it tells once";
  const Uplink down = uplink(kGateway);
  EXPECT_EQ(down.fault, UplinkFault::gateway);
  EXPECT_EQ(down.reason, "gateway 203.0.113.1 does not answer ARP (8 requests)");
  EXPECT_EQ(down.changes, 1u);
  EXPECT_EQ(now_ - down.since, 5s);
}

TEST_F(UplinkTest, OneAnswerBetweenFailuresKeepsItUp) {
  watch(two_providers());
  for (int i = 0; i < 3; ++i) {
    answering_[kGateway] = false;
    EXPECT_FALSE(run(2000ms));
    answering_[kGateway] = true;
    EXPECT_FALSE(run(1000ms));
  }
  EXPECT_TRUE(up());
}

TEST_F(UplinkTest, IsUpAgainAfterEnoughChecksInARow) {
  watch(two_providers());
  answering_[kGateway] = false;
  run(4s);
  answering_[kGateway] = true;
  EXPECT_FALSE(run(1s)) << "one has passed";
  answering_[kGateway] = false;
  EXPECT_FALSE(run(1s));
  answering_[kGateway] = true;
  EXPECT_FALSE(run(1s));
  EXPECT_FALSE(up());
  EXPECT_TRUE(run(1s));
  EXPECT_TRUE(up());
  EXPECT_EQ(uplink(kGateway).reason, "");
  EXPECT_EQ(uplink(kGateway).changes, 2u);
  EXPECT_TRUE(withdrawn().empty());
}

TEST_F(UplinkTest, AGatewayThatWasSilentIsAskedForAllToHear) {
  watch(two_providers());
  answering_[kGateway] = false;
  run(3s);
  std::vector<bool> for_all;
  for (const Asked& each : asked_) {
    if (each.gateway == kGateway) for_all.push_back(each.for_all);
  }
  EXPECT_EQ(for_all, (std::vector{false, true, true}));

  Config config = two_providers();
  config.ports[0].uplink.timings.fall = 1;
  watch(config);
  asked_.clear();
  run(1s);
  EXPECT_TRUE(asked_.at(0).for_all) << "there is no second check to find another MAC address";
}

TEST_F(UplinkTest, AnAnswerThatWaitedWhileControlWasBusyCounts) {
  Config config = two_providers();
  config.ports[0].uplink.timings.fall = 1;
  watch(config);
  answering_[kGateway] = answering_[kGateway6] = false;
  run(1s);
  now_ += 5s;  // longer than a check's time
  neighbors_[{0, ip(kGateway)}].mac = kGatewayMac;
  neighbors_[{0, ip(kGateway)}].confirmed = now_;
  run(10ms);
  EXPECT_TRUE(up());
  EXPECT_FALSE(up(kGateway6));
}

TEST_F(UplinkTest, AnAnswerFromBeforeTheCheckDoesNotCount) {
  watch(two_providers());
  run(1500ms);
  answering_[kGateway] = false;
  neighbors_[{0, ip(kGateway)}].confirmed = now_;
  EXPECT_TRUE(run(3s));
}

TEST_F(UplinkTest, WithdrawsWhatDependsOnItInItsFamily) {
  watch(two_providers());
  answering_[kGateway] = false;
  run(4s);
  EXPECT_EQ(withdrawn(), std::set{ip("203.0.113.100")});
  EXPECT_TRUE(monitor_->is_withdrawn(config_.vips[0]));
  EXPECT_FALSE(monitor_->is_withdrawn(config_.vips[1]));
  answering_[kGateway6] = answering_[kOther] = false;
  run(4s);
  EXPECT_EQ(withdrawn(), (std::set{ip("203.0.113.100"), ip("2001:db8:1::100"), ip("192.0.2.100")}));
  EXPECT_EQ(uplink(kGateway6).reason,
            "gateway 2001:db8:1::1 does not answer neighbor solicitations (3 requests)");
  config_.vips.erase(config_.vips.begin());
  EXPECT_EQ(withdrawn().size(), 2u) << "it looks at the configuration that is in force";
}

// Far targets

Config with_far_targets() {
  Config config = two_providers();
  config.ports[0].uplink.echo = {ip(kFar6), ip(kFar)};
  return config;
}

TEST_F(UplinkTest, AFarTargetIsPingedByWayOfTheGateway) {
  watch(with_far_targets());
  run(1s);
  ASSERT_EQ(sent_.size(), 2u);
  for (const auto& [target, source, at] : {std::tuple{kFar, "203.0.113.2", 0}, {kFar6, "2001:db8:1::2", 1}}) {
    const Frame& ping = sent_[static_cast<size_t>(at)];
    EXPECT_EQ(ping.port, 0u);
    EXPECT_EQ(hex({ping.bytes.begin(), ping.bytes.begin() + 12}),
              hex(joined({mac_bytes("02:00:00:00:00:c1"), mac_bytes("02:00:00:00:01:00")})));
    const auto read = parse_ip_frame(ping.bytes);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->source, ip(source));
    EXPECT_EQ(read->destination, ip(target));
  }
  far_answers_ = true;
  EXPECT_FALSE(run(10s));
  EXPECT_TRUE(up() && up(kGateway6));
}

TEST_F(UplinkTest, AFarTargetIsPingedFromTheAddressInItsSubnet) {
  Config config = with_far_targets();
  config.ports[0].addresses.push_back(*parse_interface_address("198.51.100.2/24"));
  watch(config);
  run(1s);
  ASSERT_EQ(sent_.size(), 2u);
  EXPECT_EQ(parse_ip_frame(sent_[0].bytes)->source, ip("198.51.100.2"));
}

TEST_F(UplinkTest, IsDownIfOnlyTheFarTargetIsSilent) {
  watch(with_far_targets());
  EXPECT_TRUE(run(4s));
  EXPECT_EQ(uplink(kGateway).fault, UplinkFault::far_target);
  EXPECT_EQ(uplink(kGateway).reason,
            "far target 198.51.100.1 does not answer pings, though gateway 203.0.113.1 answers ARP");
  EXPECT_TRUE(up(kOther)) << "it has none";
  answering_[kGateway] = false;
  run(2s);
  EXPECT_EQ(uplink(kGateway).fault, UplinkFault::gateway) << "the reason is that of the last check";
  answering_[kGateway] = far_answers_ = true;
  EXPECT_TRUE(run(3s));
  EXPECT_TRUE(up() && up(kGateway6));
}

TEST_F(UplinkTest, OnlyTheRightReplyCounts) {
  watch(with_far_targets());
  run(1s);
  ASSERT_EQ(sent_.size(), 2u);
  const Bytes ping = sent_[0].bytes;
  const auto id = static_cast<uint16_t>(ping[kTransportAt + 4] << 8 | ping[kTransportAt + 5]);
  const auto sequence = static_cast<uint16_t>(ping[kTransportAt + 6] << 8 | ping[kTransportAt + 7]);
  const auto other = [](uint16_t number) { return static_cast<uint16_t>(number + 1); };
  EXPECT_FALSE(monitor_->on_frame(0, reply("198.51.100.2", "203.0.113.2", {id, sequence}))) << "from";
  EXPECT_FALSE(monitor_->on_frame(0, reply(kFar, "203.0.113.3", {id, sequence}))) << "to";
  EXPECT_FALSE(monitor_->on_frame(0, reply(kFar, "203.0.113.2", {other(id), sequence}))) << "id";
  EXPECT_FALSE(monitor_->on_frame(1, reply_to(ping))) << "port";
  EXPECT_FALSE(monitor_->on_frame(0, tcp_frame({}, kAck)));
  EXPECT_TRUE(monitor_->on_frame(0, reply(kFar, "203.0.113.2", {id, other(other(sequence))})))
      << "ours, but not it";
  EXPECT_TRUE(run(3s));
  EXPECT_FALSE(up());
  EXPECT_TRUE(monitor_->on_frame(0, reply_to(ping))) << "ours, but too late";
}

// Links

TEST_F(UplinkTest, ALinkThatGoesDownTakesTheUplinkWithItAtOnce) {
  watch(two_providers());
  run(2s);
  monitor_->set_link(0, false, now_);
  EXPECT_FALSE(up() || up(kGateway6));
  EXPECT_TRUE(up(kOther));
  EXPECT_EQ(uplink(kGateway).reason, "the link is down");
  EXPECT_TRUE(run(10ms));
  asked_.clear();
  EXPECT_FALSE(run(5s));
  for (const Asked& each : asked_) EXPECT_EQ(each.gateway, kOther) << "nobody is there to be asked";
}

TEST_F(UplinkTest, ALinkThatComesBackBringsTheUplinkAfterItsChecks) {
  watch(two_providers());
  monitor_->set_link(0, false, now_);
  run(5s);
  monitor_->set_link(0, true, now_);
  EXPECT_EQ(uplink(kGateway).reason, "the link is up again, gateway 203.0.113.1 has not yet answered");
  EXPECT_FALSE(run(990ms));
  EXPECT_TRUE(run(20ms)) << "the first check is made at once";
  EXPECT_TRUE(up() && up(kGateway6));
}

TEST_F(UplinkTest, ALinkThatWasNeverDownChangesNothingByComingUp) {
  watch(two_providers());
  monitor_->set_link(0, true, now_);
  EXPECT_FALSE(run(5s));
  EXPECT_TRUE(up());
}

// Findings

TEST_F(UplinkTest, FindsNothingWhileAllIsUp) {
  watch(two_providers());
  run(2s);
  EXPECT_TRUE(monitor_->findings(now_).empty());
}

TEST_F(UplinkTest, FindsWhatIsDownAndWhatIsWithdrawn) {
  watch(two_providers());
  answering_[kGateway] = false;
  run(4500ms);
  const Findings found = monitor_->findings(now_);
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].severity, Severity::critical);
  EXPECT_EQ(found[0].code, "uplink_down");
  EXPECT_EQ(found[0].subject, "port 'isp1'");
  EXPECT_EQ(found[0].evidence, "gateway 203.0.113.1 does not answer ARP (4 requests), for 1.0 seconds");
  EXPECT_NE(found[0].remedy.find("router"), std::string::npos);
  EXPECT_EQ(found[1].severity, Severity::warning);
  EXPECT_EQ(found[1].code, "vip_withdrawn");
  EXPECT_EQ(found[1].subject, "203.0.113.100");
  EXPECT_NE(found[1].meaning.find("port 'isp1'"), std::string::npos);
}

}  // namespace
}  // namespace turnout::uplink_monitor_test
