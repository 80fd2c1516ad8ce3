// A VIP whose uplink is down: nobody is told that it is here, and what still comes for it is forwarded.
#include "test/packet/stories.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;

constexpr const char* kGateway = "192.0.2.1";  // on the front port

RigOptions watched(const std::string& echo = "") {
  RigOptions options;
  options.ports = R"({ "name": "front", "device": "test0", "addresses": ["192.0.2.2/24"],
                       "gateway": "192.0.2.1", "uplink": { "interval": 1, "timeout": 0.5)" +
                  echo + R"( } },
                     { "name": "back", "device": "test1", "addresses": ["198.51.100.2/24"] })";
  return options;
}
Config with_tied_vip(const RigOptions& options) {
  return config_with(service(kWeb, server(11)) + ", " + service(kNames, server(11), "mh", true),
                     options.ports,
                     R"(, "vips": [ { "address": "192.0.2.100", "depends_on_uplink": "front" } ])");
}

Bytes asks_for(const std::string& vip) {
  return arp_frame(kBroadcastMac, {.sender_mac = kRouterMac, .sender_ip = kGateway, .target_ip = vip});
}
Bytes has(const std::string& vip) {
  return arp_frame(kRouterMac, {.operation = 2,
                                .sender_mac = kFrontMac,
                                .sender_ip = vip,
                                .target_mac = kRouterMac,
                                .target_ip = kGateway});
}
Sent announcement_of(const std::string& vip) {
  return {kFront, arp_frame(kBroadcastMac, {.sender_mac = kFrontMac, .sender_ip = vip, .target_ip = vip})};
}
Bytes gateway_is_here() {
  return arp_frame(kFrontMac, {.operation = 2,
                               .sender_mac = kRouterMac,
                               .sender_ip = kGateway,
                               .target_mac = kFrontMac,
                               .target_ip = "192.0.2.2"});
}

/// Lets so much time pass, with a gateway that is there or isn't. Returns what was sent.
std::vector<Sent> run(Rig& rig, std::chrono::milliseconds time, bool gateway) {
  std::vector<Sent> sent;
  for (auto waited = 0ms; waited < time; waited += 100ms) {
    if (gateway) rig.put(kFront, gateway_is_here());
    rig.poll();
    rig.tick(100ms);
    rig.poll();
    for (Sent& frame : rig.take()) sent.push_back(std::move(frame));
  }
  return sent;
}

bool answers_for(Rig& rig, const std::string& vip) {
  EXPECT_TRUE(rig.pass(kFront, asks_for(vip)).empty());
  const std::vector<Sent> answers = rig.answers();
  return std::ranges::find(answers, Sent{kFront, has(vip)}) != answers.end();
}

bool answers_pings(Rig& rig) {
  EXPECT_TRUE(rig.pass(kFront, icmp_frame(from_client(1), 8)).empty());
  return !rig.answers().empty();
}

TEST(Uplinks, AVipIsWithdrawnWithTheUplinkItDependsOn) {
  const RigOptions options = watched();
  Rig rig(with_tied_vip(options), options);
  run(rig, 5s, true);
  EXPECT_TRUE(answers_for(rig, kWeb));
  EXPECT_TRUE(answers_pings(rig));

  run(rig, 5s, false);
  EXPECT_EQ(rig.director().uplinks().withdrawn(), std::set{*parse_address(kWeb)});
  EXPECT_FALSE(answers_for(rig, kWeb));
  EXPECT_FALSE(answers_pings(rig));
  EXPECT_TRUE(answers_for(rig, kNames)) << "it depends on nothing";
  EXPECT_EQ(rig.pass(kFront, syn_of(1)), std::vector{at_server(syn_of(1), server_mac(11))})
      << "it came, after all";

  const std::vector<Sent> sent = run(rig, 5s, true);
  EXPECT_TRUE(rig.director().uplinks().withdrawn().empty());
  EXPECT_EQ(std::ranges::count(sent, announcement_of(kWeb)), 3);
  EXPECT_EQ(std::ranges::count(sent, announcement_of(kNames)), 0);
  EXPECT_TRUE(answers_for(rig, kWeb));
  EXPECT_TRUE(answers_pings(rig));
}

TEST(Uplinks, AConfigurationThatIsAppliedMeanwhileKeepsItWithdrawn) {
  const RigOptions options = watched();
  Rig rig(with_tied_vip(options), options);
  run(rig, 5s, false);
  Config next = with_tied_vip(options);
  next.services[0].real_servers[0].weight = 7;
  rig.apply(next);
  EXPECT_FALSE(answers_for(rig, kWeb));
  next.vips.clear();
  rig.apply(next);
  EXPECT_TRUE(answers_for(rig, kWeb)) << "it no longer depends on it";
}

/// The far target's reply to a ping that the director sent; empty if the frame is none.
Bytes reply_to(const Sent& sent) {
  constexpr uint8_t kIcmp = 1;
  if (sent.port != kFront || sent.frame.at(12) != 8 || sent.frame.at(13) != 0) return {};
  if (sent.frame.at(kIpAt + 9) != kIcmp || sent.frame.at(kTransportAt) != 8) return {};
  using namespace frames_detail;
  Bytes icmp(sent.frame.begin() + kTransportAt, sent.frame.begin() + kTransportAt + 8);
  icmp[0] = icmp[2] = icmp[3] = 0;
  write16(icmp, 2, checksum(icmp, 0, icmp.size()));
  return ip_frame({.source = "203.0.113.99", .destination = "192.0.2.2"}, kIcmp, icmp);
}

TEST(Uplinks, AFarTargetThatRepliesKeepsItUp) {
  const RigOptions options = watched(R"(, "echo": "203.0.113.99")");
  Rig rig(with_tied_vip(options), options);
  for (int i = 0; i < 80; ++i) {
    for (const Sent& sent : run(rig, 100ms, true)) {
      if (const Bytes reply = reply_to(sent); !reply.empty()) rig.put(kFront, reply);
    }
  }
  EXPECT_TRUE(rig.director().uplinks().uplinks().at(0).up());
  EXPECT_EQ(rig.punts(PuntKind::health), 7u) << "one a second, but in the first";
  run(rig, 5s, true);
  EXPECT_EQ(rig.director().uplinks().uplinks().at(0).fault, UplinkFault::far_target);
}

}  // namespace
}  // namespace turnout
