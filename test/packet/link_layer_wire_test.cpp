// What the director says on the wire in its own name, IPv6 above all: whole frames in and out of control.
#include <map>

#include "control/link_layer.h"
#include "test/packet/wire_bench.h"
#include "test/support/frame_changes.h"
#include "test/support/frames6.h"
#include "test/support/neighbor_frames.h"

namespace turnout {
namespace {

using namespace std::chrono_literals;

constexpr uint16_t kVlan = 42;  // of the back port
constexpr const char* kServerMac = "02:00:00:00:00:11";
constexpr const char* kOtherMac = "02:00:00:00:00:99";
constexpr const char* kServer = "2001:db8:0:1::11";
constexpr const char* kLinkLocalFront = "fe80::ff:fe00:100";
constexpr const char* kLinkLocalBack = "fe80::ff:fe00:101";

IpAddress ip(const std::string& text) {
  return parse_address(text).value();
}
MacAddress mac(const std::string& text) {
  return parse_mac(text).value();
}

/// "front" with both families, "back" on a VLAN and with IPv6 only, "plain" with IPv4 only.
Config three_ports() {
  Config config;
  const auto add = [&config](const char* name, const std::vector<std::string>& addresses) {
    PortConfig& port = config.ports.emplace_back();
    port.name = name;
    for (const std::string& text : addresses) port.addresses.push_back(*parse_interface_address(text));
  };
  add("front", {"192.0.2.2/24", "2001:db8::2/64"});
  add("back", {"2001:db8:0:1::2/64"});
  add("plain", {"198.51.100.2/24"});
  config.vip_watch.interval = 0s;
  return config;
}
constexpr size_t kPlain = 2;

void add_service(Config& config, const std::string& vip, const std::string& server) {
  ServiceConfig& service = config.services.emplace_back();
  service.key = {ip(vip), Protocol::tcp, 80};
  service.real_servers = {{ip(server), 1, {}}};
}

/// As the director has to ask for the real server from its back port.
Sent who_has_server() {
  return {kBack, tagged(solicitation({.to_mac = "33:33:ff:00:00:11",
                                      .from_mac = kBackMac,
                                      .source = "2001:db8:0:1::2",
                                      .destination = "ff02::1:ff00:11",
                                      .target = kServer,
                                      .option = kBackMac}),
                        kVlan)};
}
/// As one MAC alone is asked whether the real server is there.
Sent are_you_there(const std::string& mac) {
  return {kBack, tagged(solicitation({.to_mac = mac,
                                      .from_mac = kBackMac,
                                      .source = "2001:db8:0:1::2",
                                      .destination = kServer,
                                      .target = kServer,
                                      .option = kBackMac}),
                        kVlan)};
}
/// What the real server says of where it is; `option` "": nothing.
Bytes server_is_at(const std::string& from, const std::string& option, uint8_t flags) {
  return advertisement({.to_mac = kBackMac,
                        .from_mac = from,
                        .source = kServer,
                        .destination = "2001:db8:0:1::2",
                        .target = kServer,
                        .option = option},
                       flags);
}

class LinkLayerOnTheWire : public testing::Test {
 protected:
  /// What is sent within `span`, control acting every 10 ms.
  std::vector<Sent> run(std::chrono::milliseconds span) {
    std::vector<Sent> all;
    for (const auto end = now_ + span; now_ < end; now_ += 10ms) {
      link_.tick(now_);
      const std::vector<Sent> sent = bench_.sent();
      all.insert(all.end(), sent.begin(), sent.end());
    }
    return all;
  }
  void start(const Config& config) { link_.apply(config, now_); }
  /// Starts, and lets all announcements be made.
  void settle(const Config& config) {
    start(config);
    run(4s);
  }
  std::vector<Sent> answers(size_t port, const Bytes& frame, PuntNote note) {
    bench_.punt(frame, note, port);
    link_.tick(now_);
    return bench_.sent();
  }
  void hear(const Bytes& frame) { EXPECT_TRUE(answers(kBack, frame, {PuntKind::ndp}).empty()); }
  std::optional<MacAddress> server() const { return link_.resolve(kBack, ip(kServer)); }
  static Config with_server() {
    Config config = three_ports();
    add_service(config, "2001:db8::100", kServer);
    return config;
  }

  std::chrono::milliseconds now_ = 1000ms;
  WireBench bench_{{0, kVlan, 0}};
  std::vector<std::pair<size_t, Bytes>> kernel_;
  unsigned learnt_ = 0;
  LinkLayer link_{bench_.wire,
                  {mac(kFrontMac), mac(kBackMac), mac("02:00:00:00:01:02")},
                  [this](const NeighborKey&) { ++learnt_; },
                  [this](size_t port, std::span<const uint8_t> frame) {
                    kernel_.push_back({port, {frame.begin(), frame.end()}});
                  }};
};

TEST_F(LinkLayerOnTheWire, AtStartEachIpv6AddressIsAnnouncedAndItsGroupJoined) {
  Config config = three_ports();
  add_service(config, "2001:db8::100", kServer);
  config.services[0].real_servers[0].mac = mac(kServerMac);
  start(config);
  std::map<std::pair<size_t, Bytes>, int> counts;
  for (const Sent& sent : run(6s)) ++counts[{sent.port, sent.frame}];
  const auto announced = [&](size_t port, const std::string& address) {
    const Bytes frame = unsolicited_advertisement(port_mac(port), address);
    const auto found = counts.find({port, port == kBack ? tagged(frame, kVlan) : frame});
    return found == counts.end() ? 0 : found->second;
  };
  for (const char* address : {"2001:db8::2", "2001:db8::100", kLinkLocalFront}) {
    EXPECT_EQ(announced(kFront, address), 3) << address;
    EXPECT_EQ(announced(kBack, address), 0) << address;
  }
  EXPECT_EQ(announced(kBack, "2001:db8:0:1::2"), 3);
  EXPECT_EQ(announced(kBack, kLinkLocalBack), 3);
  const Bytes front_joins = mld_report(kFrontMac, kLinkLocalFront, 4, {"ff02::1:ff00:2", "ff02::1:ff00:100"});
  EXPECT_EQ((counts[{kFront, front_joins}]), 2);
  const Bytes back_joins =
      tagged(mld_report(kBackMac, kLinkLocalBack, 4, {"ff02::1:ff00:2", "ff02::1:ff00:101"}), kVlan);
  EXPECT_EQ((counts[{kBack, back_joins}]), 2);
  EXPECT_EQ(counts.size(), 9u) << "and two gratuitous ARP, nothing else";
}

TEST_F(LinkLayerOnTheWire, AVipThatIsAddedIsAnnouncedAndItsGroupAlone) {
  settle(three_ports());
  Config more = three_ports();
  add_service(more, "2001:db8::200", kServer);
  more.services[0].real_servers[0].mac = mac(kServerMac);
  start(more);
  EXPECT_EQ(run(10ms),
            (std::vector<Sent>{{kFront, unsolicited_advertisement(kFrontMac, "2001:db8::200")},
                               {kFront, mld_report(kFrontMac, kLinkLocalFront, 4, {"ff02::1:ff00:200"})}}));
}

TEST_F(LinkLayerOnTheWire, ARealServerIsSolicitedByMulticastUntilItAnswers) {
  settle(with_server());
  run(4s);
  std::vector<Sent> asked = run(6s);
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked[0], who_has_server());
  EXPECT_FALSE(server());
  hear(server_is_at(kServerMac, kServerMac, 0x60));
  EXPECT_EQ(server(), mac(kServerMac));
  EXPECT_EQ(learnt_, 1u);
  EXPECT_TRUE(run(19s).empty());
}

TEST_F(LinkLayerOnTheWire, ItIsRefreshedByUnicastAndConfirmedByAnAnswerWithoutAMac) {
  settle(with_server());
  hear(server_is_at(kServerMac, kServerMac, 0x60));
  std::vector<Sent> asked;
  for (int i = 0; asked.empty() && i < 30; ++i) asked = run(1s);
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked[0], are_you_there(kServerMac));
  hear(server_is_at(kServerMac, "", 0x40));
  EXPECT_TRUE(run(19s).empty());
  EXPECT_EQ(link_.neighbors().find(kBack, ip(kServer))->state, NeighborState::reachable);
  EXPECT_EQ(server(), mac(kServerMac));
}

TEST_F(LinkLayerOnTheWire, AnotherMacIsAskedAboutIfTheAdvertisementOverrides) {
  settle(with_server());
  hear(server_is_at(kServerMac, kServerMac, 0x40));
  EXPECT_EQ(server(), mac(kServerMac)) << "nothing was known that it could override";
  hear(server_is_at(kOtherMac, kOtherMac, 0x40));
  EXPECT_TRUE(run(1s).empty());
  EXPECT_EQ(answers(kBack, tagged(server_is_at(kOtherMac, kOtherMac, 0x20), kVlan), {PuntKind::ndp}),
            (std::vector<Sent>{are_you_there(kServerMac), are_you_there(kOtherMac)}));
  hear(server_is_at(kOtherMac, "", 0x40));
  EXPECT_EQ(server(), mac(kServerMac));
  run(500ms);
  EXPECT_EQ(server(), mac(kOtherMac)) << "the other alone has answered, as Linux does without its MAC";
}

TEST_F(LinkLayerOnTheWire, AServerThatStillAnswersKeepsItsPlaceAndTheOtherIsAFinding) {
  settle(with_server());
  hear(server_is_at(kServerMac, kServerMac, 0x60));
  answers(kBack, tagged(server_is_at(kOtherMac, kOtherMac, 0x20), kVlan), {PuntKind::ndp});
  hear(server_is_at(kOtherMac, "", 0x40));
  hear(server_is_at(kServerMac, "", 0x40));
  run(1s);
  EXPECT_EQ(server(), mac(kServerMac));
  const Findings found = link_.findings(now_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "neighbor_fight");
  EXPECT_EQ(found[0].subject, kServer);
}

TEST_F(LinkLayerOnTheWire, ASolicitationOfTheServersOwnHasItAskedAtOnce) {
  settle(with_server());
  const Bytes asks = solicitation({.to_mac = "33:33:ff:00:00:09",
                                   .from_mac = kServerMac,
                                   .source = kServer,
                                   .destination = "ff02::1:ff00:9",
                                   .target = "2001:db8:0:1::9",
                                   .option = kServerMac});
  run(1s);
  EXPECT_EQ(answers(kBack, tagged(asks, kVlan), {PuntKind::ndp}), std::vector{who_has_server()});
  EXPECT_FALSE(server());
}

TEST_F(LinkLayerOnTheWire, WhoAnswersForAVipIsCounteredAndNamed) {
  Config config = with_server();
  config.vip_watch.interval = 10s;
  config.services[0].real_servers[0].mac = mac(kServerMac);
  settle(config);
  std::vector<Sent> probes = run(10s);
  ASSERT_EQ(probes.size(), 1u);
  EXPECT_EQ(probes[0], (Sent{kFront, solicitation({.to_mac = "33:33:ff:00:01:00",
                                                   .from_mac = kFrontMac,
                                                   .source = "2001:db8::2",
                                                   .option = kFrontMac})}));
  const Bytes stolen = advertisement({.to_mac = kFrontMac,
                                      .from_mac = kServerMac,
                                      .source = "2001:db8::100",
                                      .destination = "2001:db8::2",
                                      .option = ""},
                                     0x40);
  EXPECT_EQ(answers(kFront, stolen, {PuntKind::neighbor}),
            (std::vector<Sent>{{kFront, unsolicited_advertisement(kFrontMac, "2001:db8::100")}}));
  const Findings found = link_.findings(now_);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].code, "vip_conflict");
  EXPECT_NE(found[0].meaning.find(std::string("real server ") + kServer), std::string::npos);
}

TEST_F(LinkLayerOnTheWire, ALinkLocalGatewayIsAskedFromTheLinkLocalAddress) {
  Config config = three_ports();
  config.ports[kFront].gateways = {ip("fe80::1")};
  settle(config);
  const std::vector<Sent> asked = run(10s);
  ASSERT_FALSE(asked.empty());
  EXPECT_EQ(asked[0], (Sent{kFront, solicitation({.to_mac = "33:33:ff:00:00:01",
                                                  .from_mac = kFrontMac,
                                                  .source = kLinkLocalFront,
                                                  .destination = "ff02::1:ff00:1",
                                                  .target = "fe80::1",
                                                  .option = kFrontMac})}));
}

TEST_F(LinkLayerOnTheWire, ASolicitationOnAVlanIsAnsweredOnIt) {
  settle(three_ports());
  const Bytes asked = solicitation({.to_mac = "33:33:ff:00:00:02",
                                    .source = "2001:db8:0:1::7",
                                    .destination = "ff02::1:ff00:2",
                                    .target = "2001:db8:0:1::2"});
  const std::vector<Sent> expected = {{kBack, tagged(advertisement({.to_mac = "02:00:00:00:00:ee",
                                                                    .from_mac = kBackMac,
                                                                    .source = "2001:db8:0:1::2",
                                                                    .destination = "2001:db8:0:1::7",
                                                                    .target = "2001:db8:0:1::2",
                                                                    .option = kBackMac},
                                                                   0x60),
                                                     kVlan)}};
  EXPECT_EQ(answers(kBack, tagged(asked, kVlan), {PuntKind::ndp}), expected);
  EXPECT_TRUE(answers(kFront, asked, {PuntKind::ndp}).empty());
}

TEST_F(LinkLayerOnTheWire, AQueryIsAnsweredWithThePortsGroups) {
  settle(three_ports());
  EXPECT_EQ(answers(kFront, mld_query(), {PuntKind::ndp}),
            (std::vector<Sent>{{kFront, mld_report(kFrontMac, kLinkLocalFront, 2,
                                                   {"ff02::1:ff00:2", "ff02::1:ff00:100"})}}));
  EXPECT_TRUE(answers(kFront, mld_query(), {PuntKind::ndp}).empty());
  EXPECT_EQ(run(1100ms).size(), 1u);
}

TEST_F(LinkLayerOnTheWire, APortThatComesUpAnnouncesAndJoinsAgain) {
  settle(three_ports());
  link_.port_came_up(kFront, now_);
  const std::vector<Sent> sent = run(10ms);
  EXPECT_EQ(sent.size(), 4u);
  for (const Sent& each : sent) EXPECT_EQ(each.port, kFront);
}

TEST_F(LinkLayerOnTheWire, TooBigIsToldFromAnAddressOfThatFamilyThePortsOwnIfItHasOne) {
  settle(three_ports());
  const PuntNote note{PuntKind::too_big, 1400};
  const Bytes data6 = tcp6_frame({.to_mac = kFrontMac}, kAck, payload(1440));
  std::vector<Sent> told = answers(kFront, data6, note);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(Bytes(told[0].frame.begin() + 22, told[0].frame.begin() + 38), ip6_bytes("2001:db8::2"));
  const Bytes data = tcp_frame({.to_mac = kFrontMac}, kAck, payload(1460));
  told = answers(kFront, data, note);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(Bytes(told[0].frame.begin() + 26, told[0].frame.begin() + 30), ip_bytes("192.0.2.2"));

  told = answers(kBack, tcp_frame({.to_mac = kBackMac}, kAck, payload(1460)), note);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(Bytes(told[0].frame.begin() + 30, told[0].frame.begin() + 34), ip_bytes("192.0.2.2"))
      << "it has no IPv4 address of its own, and a tag";
  told = answers(kPlain, tcp6_frame({.to_mac = "02:00:00:00:01:02"}, kAck, payload(1440)), note);
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(Bytes(told[0].frame.begin() + 22, told[0].frame.begin() + 38), ip6_bytes("2001:db8::2"))
      << "it has no IPv6 address of its own";
  EXPECT_EQ(link_.responder().counters().too_big_answered, 4u);
}

TEST_F(LinkLayerOnTheWire, WhatNoServiceHasIsRefused) {
  settle(three_ports());
  EXPECT_EQ(answers(kFront, tcp6_frame({.to_mac = kFrontMac}, kSyn), {PuntKind::unmatched}).size(), 1u);
  EXPECT_EQ(link_.responder().counters().refused, 1u);
}

TEST_F(LinkLayerOnTheWire, TheKernelGetsWhatIsForItAndAnswersButNoQuestions) {
  settle(three_ports());
  const Bytes segment =
      tcp_frame({.to_mac = kFrontMac, .destination = "192.0.2.2", .destination_port = 179}, kSyn);
  EXPECT_TRUE(answers(kFront, segment, {PuntKind::kernel}).empty());
  const Bytes reply = arp_frame(kFrontMac, {.operation = 2,
                                            .sender_mac = kServerMac,
                                            .sender_ip = "192.0.2.7",
                                            .target_mac = kFrontMac,
                                            .target_ip = "192.0.2.2"});
  EXPECT_TRUE(answers(kFront, reply, {PuntKind::arp}).empty());
  const Bytes told = server_is_at(kServerMac, kServerMac, 0x60);
  EXPECT_TRUE(answers(kBack, tagged(told, kVlan), {PuntKind::ndp}).empty());
  EXPECT_EQ(kernel_,
            (std::vector<std::pair<size_t, Bytes>>{{kFront, segment}, {kFront, reply}, {kBack, told}}));

  kernel_.clear();
  const ArpFields who_has{.sender_mac = kServerMac, .sender_ip = "192.0.2.7", .target_ip = "192.0.2.2"};
  EXPECT_EQ(answers(kFront, arp_frame(kBroadcastMac, who_has), {PuntKind::arp}).size(), 1u);
  EXPECT_EQ(answers(kFront, solicitation({.target = "2001:db8::2"}), {PuntKind::ndp}).size(), 1u);
  EXPECT_EQ(answers(kFront, unsolicited_advertisement(kFrontMac, "2001:db8::2"), {PuntKind::ndp}).size(), 0u);
  EXPECT_TRUE(kernel_.empty());
}

}  // namespace
}  // namespace turnout
