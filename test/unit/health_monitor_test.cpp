#include "control/health_monitor.h"

#include <gtest/gtest.h>
#include <netinet/in.h>

#include <algorithm>
#include <set>

#include "control/ip_frame.h"
#include "test/support/frames.h"
#include "test/support/test_config.h"

namespace turnout::health_monitor_test {
namespace {

using namespace std::chrono_literals;
using Time = HealthMonitor::Time;

constexpr const char* kOurMac = "02:00:00:00:01:00";

std::string mac_of(int server) {
  return "02:00:00:00:02:" + std::to_string(server);
}

/// What a check put on the wire.
struct Sent {
  IpFrame ip;
  Bytes frame;
  uint16_t own_port() const { return static_cast<uint16_t>(ip.content[0] << 8 | ip.content[1]); }
  uint8_t flags() const { return ip.content[13]; }
};

/// A service with real servers 192.0.2.11 and .12, and a LAN that answers what the test wants answered.
struct Monitoring : testing::Test {
  Config config = config_with({service(web(), {11, 12})});
  Registry registry;
  std::set<int> resolved{11, 12, 13};
  bool answers_arp = true;
  std::vector<Bytes> sent;
  std::vector<ServiceKey> changed;
  HealthMonitor monitor{
      {mac(kOurMac)},
      {.send = [this](size_t,
                      std::span<const uint8_t> frame) { sent.emplace_back(frame.begin(), frame.end()); },
       .resolve = [this](size_t, const IpAddress& address) -> std::optional<MacAddress> {
         const int number = address.to_v4().to_bytes()[3];
         return resolved.contains(number) ? std::optional(mac(mac_of(number))) : std::nullopt;
       },
       .answers_arp = [this](size_t, const IpAddress&) { return answers_arp; },
       .changed = [this](const ServiceKey& service) { changed.push_back(service); },
       .serves = [](const Registry::Server&) { return false; },
       .owner = [](const MacAddress& mac, const IpAddress&) { return owner_of(mac); }},
      1};
  Time now{1000};
  std::set<int> lacks_vip, dead, refuses;

  Monitoring() {
    config.services[0].health.type = HealthType::tcp;
    config.services[0].health.jitter = 0;
  }
  void apply(bool presume_up = true) {
    registry.update(config, 1);
    monitor.apply(config, registry, presume_up, now);
  }
  uint32_t slot(int server, const ServiceKey& service = web()) const {
    return registry.service(service).servers.at(ip("192.0.2." + std::to_string(server))).slot;
  }
  static std::optional<IpAddress> owner_of(const MacAddress& mac) {
    for (const int server : {11, 12, 13}) {
      if (mac == turnout::mac(mac_of(server))) return ip("192.0.2." + std::to_string(server));
    }
    return std::nullopt;
  }
  bool up(int server) const { return monitor.standing(slot(server)).up; }
  const HealthCheck& check(int server) const { return *monitor.find(slot(server)); }

  /// The frames sent since the last call.
  std::vector<Sent> take() {
    std::vector<Sent> taken;
    for (Bytes& frame : sent) {
      Sent each{{}, std::move(frame)};
      each.ip = parse_ip_frame(each.frame).value();
      taken.push_back(std::move(each));
    }
    sent.clear();
    return taken;
  }
  static Bytes tcp_answer(const Sent& question, uint8_t flags, uint32_t off_by = 1) {
    const IpFrame& ip = question.ip;
    uint32_t sequence = 0;
    for (size_t i = 4; i < 8; ++i) sequence = sequence << 8 | ip.content[i];
    const ProbeEnds ends{ip.destination_mac, ip.source_mac, ip.destination};
    Bytes frame = make_syn(ends, {ip.source, IPPROTO_TCP, question.own_port(), 80}, 99);
    const uint32_t acknowledged = sequence + off_by;
    for (size_t i = 0; i < 4; ++i)
      frame[kTransportAt + 8 + i] = static_cast<uint8_t>(acknowledged >> (24 - 8 * i));
    frame[kTransportAt + 13] = flags;
    frame[kTransportAt + 16] = frame[kTransportAt + 17] = 0;
    const std::span<const uint8_t> content(frame.data() + kTransportAt, 20);
    const uint16_t checksum = transport_checksum(ip.destination, ip.source, IPPROTO_TCP, content);
    std::memcpy(frame.data() + kTransportAt + 16, &checksum, sizeof checksum);
    return frame;
  }
  /// The LAN, for a while.
  void run(Time time) {
    for (const Time end = now + time; now < end; now += 10ms) {
      monitor.tick(now);
      for (const Sent& each : take()) {
        if (each.ip.protocol != IPPROTO_TCP || each.flags() != kSyn) continue;
        const int server = each.ip.destination_mac.octets.addr_bytes[5] == 0x11   ? 11
                           : each.ip.destination_mac.octets.addr_bytes[5] == 0x12 ? 12
                                                                                  : 13;
        const bool to_vip = each.ip.destination == web().vip;
        if (dead.contains(server) || (to_vip && lacks_vip.contains(server))) continue;
        const bool rst = refuses.contains(server);
        monitor.on_frame(0, tcp_answer(each, rst ? kRst | kAck : kSyn | kAck), now);
      }
    }
  }
};

TEST_F(Monitoring, EachServerIsAskedByItsMacWithTheVipAsDestination) {
  apply();
  monitor.tick(now);
  const auto asked = take();
  ASSERT_EQ(asked.size(), 2u);
  for (const Sent& each : asked) {
    EXPECT_EQ(each.ip.destination, web().vip);
    EXPECT_EQ(each.ip.source, ip("192.0.2.2"));
    EXPECT_EQ(each.ip.source_mac, mac(kOurMac));
    EXPECT_GE(each.own_port(), kFirstHealthPort);
    EXPECT_EQ(each.flags(), kSyn);
  }
  EXPECT_EQ(asked[0].ip.destination_mac, mac(mac_of(11)));
  EXPECT_EQ(asked[1].ip.destination_mac, mac(mac_of(12)));
  EXPECT_NE(asked[0].own_port(), asked[1].own_port());
}

TEST_F(Monitoring, ASynAckIsEndedByARst) {
  apply();
  monitor.tick(now);
  const auto asked = take();
  EXPECT_TRUE(monitor.on_frame(0, tcp_answer(asked[0], kSyn | kAck), now));
  const auto reset = take();
  ASSERT_EQ(reset.size(), 1u);
  EXPECT_EQ(reset[0].flags(), kRst);
  EXPECT_EQ(reset[0].own_port(), asked[0].own_port());
  EXPECT_EQ(check(11).state.phase(), HealthState::Phase::up);
}

TEST_F(Monitoring, AnAnswerThatDoesNotAcknowledgeTheSynIsForged) {
  apply();
  monitor.tick(now);
  const auto asked = take();
  monitor.on_frame(0, tcp_answer(asked[0], kSyn | kAck, 2), now);
  monitor.on_frame(0, tcp_answer(asked[1], kRst | kAck, 0), now);
  EXPECT_TRUE(take().empty());
  EXPECT_EQ(check(11).state.checks() + check(12).state.checks(), 0u);
}

TEST_F(Monitoring, ALateSynAckIsRefusedAndCountsForNothing) {
  apply();
  monitor.tick(now);
  const auto asked = take();
  dead = {11, 12};
  run(1100ms);
  EXPECT_TRUE(monitor.on_frame(0, tcp_answer(asked[0], kSyn | kAck), now));
  const auto reset = take();
  ASSERT_EQ(reset.size(), 1u);
  EXPECT_EQ(reset[0].flags(), kRst);
  EXPECT_EQ(check(11).state.failing(), 1u);
}

TEST_F(Monitoring, WhatIsNoAnswerToACheckIsLeftToOthers) {
  apply();
  EXPECT_FALSE(monitor.on_frame(0, tcp_frame({.destination = "192.0.2.2"}, kSyn | kAck), now));
  EXPECT_FALSE(monitor.on_frame(0, udp_frame({.destination = "192.0.2.2"}), now));
  EXPECT_FALSE(monitor.on_frame(0, Bytes(60), now));
}

TEST_F(Monitoring, AServerThatLacksTheVipGoesDownAndItsServiceHearsOfIt) {
  lacks_vip = {12};
  apply();
  run(10s);
  EXPECT_TRUE(up(11));
  EXPECT_FALSE(up(12));
  EXPECT_EQ(check(12).cause, HealthCause::lacks_vip);
  EXPECT_NE(check(12).state.latest().hint.find("192.0.2.12:80 does answer"), std::string::npos);
  EXPECT_EQ(changed, std::vector{web()});
  lacks_vip.clear();
  run(10s);
  EXPECT_TRUE(up(12));
  EXPECT_EQ(changed.size(), 2u);
}

TEST_F(Monitoring, WhatTheFailuresPointTo) {
  dead = {11};
  refuses = {12};
  apply();
  run(10s);
  EXPECT_EQ(check(11).cause, HealthCause::silent);
  EXPECT_EQ(check(12).cause, HealthCause::service_stopped);
  EXPECT_EQ(check(12).state.latest().reason, "RST: nothing listens on the VIP");
  answers_arp = false;
  run(5s);
  EXPECT_EQ(check(11).cause, HealthCause::unreachable);
  EXPECT_EQ(check(11).state.latest().reason, "no answer to SYN, and none to ARP");
}

TEST_F(Monitoring, AServerWhoseMacIsNotKnownHasATimeoutToBeFound) {
  resolved = {11};
  apply(false);
  run(500ms);
  EXPECT_EQ(check(12).state.checks(), 0u);
  resolved = {11, 12};
  run(100ms);
  EXPECT_TRUE(up(12));
  resolved = {11};
  run(10s);
  EXPECT_EQ(check(12).state.latest().reason, "MAC unresolved: no answer to ARP");
  EXPECT_FALSE(up(12));
}

TEST_F(Monitoring, ServersThatAreNotFoundKeepNoOtherFromItsCheck) {
  config = config_with({service(web(), {11})});
  config.services[0].health.type = HealthType::tcp;
  config.services[0].health.timings.interval = 1s;
  config.services[0].health.jitter = 0;
  for (uint16_t port = 8000; port < 8020; ++port) {
    std::vector<int> absent(200);
    std::ranges::generate(absent, [number = 20]() mutable { return ++number == 100 ? ++number : number; });
    config.services.push_back(service(web(port), absent));
    config.services.back().health = config.services[0].health;
  }
  apply();
  std::vector<Time> asked;
  for (const Time end = now + 20s; now < end; now += 1ms) {
    monitor.tick(now);
    for (const Sent& each : take()) {
      asked.push_back(now);
      monitor.on_frame(0, tcp_answer(each, kSyn | kAck), now);
    }
  }
  ASSERT_GE(asked.size(), 19u);
  for (size_t i = 2; i < asked.size(); ++i) EXPECT_LE(asked[i] - asked[i - 1], 1020ms) << i;
}

TEST_F(Monitoring, ACheckThatWasNeverSentTakesNoAnswerFromAnother) {
  HealthConfig& health = config.services[0].health;
  config.services[0].real_servers = servers({11});
  health.timings.interval = health.timings.timeout = 20s;
  ServiceConfig other = service(web(81), {12});  // asked on the same port of the VIP
  other.health = health;
  other.health.port = 80;
  other.health.timings.timeout = 100s;
  config.services.push_back(other);
  apply();
  monitor.tick(now);
  const auto first = take();
  ASSERT_EQ(first.size(), 2u);
  monitor.on_frame(0, tcp_answer(first[0], kSyn | kAck), now);
  resolved = {12};
  config.services[1].health.timings.interval = 1ms;
  apply();
  std::vector<Sent> asked;  // until an own port comes up again
  do {
    for (const Sent& each : asked) monitor.on_frame(0, tcp_answer(each, kSyn | kAck), now);
    take();
    monitor.tick(now += 1ms);
    asked = take();
    ASSERT_LT(now, 15s);
  } while (asked.empty() || asked[0].own_port() != first[0].own_port());
  while (check(11).state.failing() == 0) monitor.tick(now += 10ms);
  const HealthCheck& waiting = *monitor.find(slot(12, web(81)));
  const uint64_t before = waiting.state.checks();
  monitor.on_frame(0, tcp_answer(asked[0], kSyn | kAck), now);
  EXPECT_EQ(waiting.state.checks(), before + 1);
}

TEST_F(Monitoring, AnAnswerFromAnotherServersMacSaysNothingForThisOne) {
  apply();
  monitor.tick(now);
  auto asked = take();
  Sent other = asked[0];
  other.ip.destination_mac = mac(mac_of(12));  // where the answer comes from
  monitor.on_frame(0, tcp_answer(other, kSyn | kAck), now);
  EXPECT_EQ(check(11).state.failing(), 1u);
  EXPECT_EQ(check(11).state.latest().reason, "answered by 192.0.2.12 in its place");
}

TEST_F(Monitoring, ChecksComeAtTheirIntervalAndTheirSpreadIsBounded) {
  HealthConfig& health = config.services[0].health;
  health.timings.interval = 1s;
  health.jitter = 20;
  apply();
  run(100s);
  EXPECT_GE(check(11).state.checks(), 95u);
  EXPECT_LE(check(11).state.checks(), 105u);
}

TEST_F(Monitoring, NoMoreThanAFewBeginAtOnce) {
  config.services[0].real_servers.clear();
  for (int server = 11; server < 250; ++server) {
    if (server == 100) continue;  // the VIP
    config.services[0].real_servers.push_back({ip("192.0.2." + std::to_string(server)), 1, mac(mac_of(11))});
  }
  apply();
  for (size_t left = config.services[0].real_servers.size(); left > 0;) {
    monitor.tick(now);
    const size_t begun = take().size();
    ASSERT_LE(begun, HealthMonitor::kBegunAtOnce);
    ASSERT_GT(begun, 0u);
    left -= begun;
  }
}

TEST_F(Monitoring, AServerThatStaysKeepsItsStateAndANewOneHasToPass) {
  lacks_vip = {12};
  apply();
  run(10s);
  config.services[0].real_servers = servers({11, 12, 13});
  registry.update(config, 2);
  monitor.apply(config, config.services[0], registry.service(web()), false, now);
  EXPECT_FALSE(up(12));
  EXPECT_FALSE(up(13));
  run(1s);
  EXPECT_TRUE(up(13));
  EXPECT_NE(monitor.find(slot(11)), nullptr);
}

TEST_F(Monitoring, WhatIsRemovedIsForgotten) {
  apply();
  monitor.tick(now);
  const auto asked = take();
  const uint32_t gone = slot(12);
  config.services[0].real_servers = servers({11});
  apply();
  EXPECT_EQ(monitor.find(gone), nullptr);
  EXPECT_TRUE(monitor.standing(gone).up);
  monitor.on_frame(0, tcp_answer(asked[1], kSyn | kAck), now);  // of a check that is no more
  const uint32_t other = slot(11);
  config.services.clear();
  apply();
  EXPECT_EQ(monitor.find(other), nullptr);
  run(5s);
  EXPECT_TRUE(sent.empty());
}

TEST_F(Monitoring, NoneMeansNone) {
  config.services[0].health = {};
  apply();
  run(5s);
  EXPECT_TRUE(sent.empty());
  EXPECT_TRUE(up(11));
  EXPECT_EQ(monitor.find(slot(11)), nullptr);
}

TEST_F(Monitoring, AServerThatComesBackGetsItsWeightByAndBy) {
  config.services[0].slow_start = 16;
  lacks_vip = {12};
  apply();
  run(10s);
  lacks_vip.clear();
  while (!up(12)) run(10ms);
  EXPECT_EQ(monitor.standing(slot(12)).share, 1u);
  EXPECT_EQ(monitor.standing(slot(11)).share, Standing::kWhole);
  changed.clear();
  run(8s);
  EXPECT_NEAR(monitor.standing(slot(12)).share, 8u, 1);
  EXPECT_NEAR(static_cast<double>(changed.size()), 8, 1) << "each step is told once";
  run(9s);
  EXPECT_EQ(monitor.standing(slot(12)).share, Standing::kWhole);
  changed.clear();
  run(5s);
  EXPECT_TRUE(changed.empty());
}

TEST_F(Monitoring, SlowStartThatIsTurnedOffGivesTheWholeWeightAtOnce) {
  config.services[0].slow_start = 16;
  lacks_vip = {12};
  apply();
  run(10s);
  lacks_vip.clear();
  while (!up(12)) run(10ms);
  config.services[0].slow_start = 0;
  apply();
  EXPECT_EQ(monitor.standing(slot(12)).share, Standing::kWhole);
  changed.clear();
  run(1s);
  EXPECT_EQ(changed, std::vector{web()}) << "those who know of the lesser share hear of it";
}

TEST_F(Monitoring, AFindingForEachServerThatIsDownAndForAServiceWithoutAny) {
  lacks_vip = {11, 12};
  apply();
  run(10s);
  const Findings findings = monitor.findings(now);
  ASSERT_EQ(findings.size(), 3u);
  const auto of = [&](const std::string& code) {
    return std::ranges::count_if(findings, [&](const Finding& finding) { return finding.code == code; });
  };
  EXPECT_EQ(of("service_down"), 1);
  EXPECT_EQ(of("server_lacks_vip"), 2);
  for (const Finding& finding : findings) {
    EXPECT_FALSE(finding.subject.empty() || finding.meaning.empty() || finding.evidence.empty() ||
                 finding.remedy.empty())
        << finding.code;
  }
}

/// A check that takes its time, in the hands of the test.
struct SlowProber : Prober {
  std::vector<Done> asked;
  void start(const ProbeTarget&, const HealthConfig&, Done done) override {
    asked.push_back(std::move(done));
  }
  bool on_frame(size_t, std::span<const uint8_t>) override { return false; }
};

struct ProbedByHttp : testing::Test {
  Config config = config_with({service(web(), {11})});
  Registry registry;
  SlowProber prober;
  HealthMonitor monitor{{mac(kOurMac)},
                        {.send = [](size_t, std::span<const uint8_t>) {},
                         .resolve = [](size_t, const IpAddress&) { return mac(mac_of(11)); },
                         .answers_arp = [](size_t, const IpAddress&) { return true; },
                         .changed = [](const ServiceKey&) {},
                         .serves = [](const Registry::Server&) { return false; },
                         .owner = [](const MacAddress&, const IpAddress&) { return std::nullopt; },
                         .web = &prober},
                        1};

  ProbedByHttp() {
    config.services[0].health.type = HealthType::http;
    config.services[0].health.timings.fall = 1;
    registry.update(config, 1);
    monitor.apply(config, registry, true, 0ms);
    monitor.tick(0ms);
  }
  uint32_t slot() const { return registry.service(web()).servers.begin()->second.slot; }
};

TEST_F(ProbedByHttp, WhatItFindsCountsOnceAndNotAfterItsTime) {
  ASSERT_EQ(prober.asked.size(), 1u);
  prober.asked[0]({.passed = false, .reason = "answered 503 Service Unavailable"});
  EXPECT_FALSE(monitor.standing(slot()).up);
  EXPECT_EQ(monitor.find(slot())->state.latest().reason, "answered 503 Service Unavailable");
  prober.asked[0]({.passed = true});
  EXPECT_EQ(monitor.find(slot())->state.checks(), 1u);
}

TEST_F(ProbedByHttp, EachShapeOfFailureHasItsCause) {
  Time now{};
  for (const auto& [shape, cause] : {std::pair{ProbeShape::other, HealthCause::wrong_answer},
                                     {ProbeShape::passed_on, HealthCause::lacks_vip},
                                     {ProbeShape::closed, HealthCause::service_stopped},
                                     {ProbeShape::refused, HealthCause::service_stopped},
                                     {ProbeShape::silent, HealthCause::silent}}) {
    prober.asked.back()({.passed = false, .reason = "so", .shape = shape});
    EXPECT_EQ(monitor.find(slot())->cause, cause);
    for (const size_t asked = prober.asked.size(); prober.asked.size() == asked;) monitor.tick(now += 10ms);
  }
  prober.asked.back()({.passed = true});
  EXPECT_EQ(monitor.find(slot())->cause, HealthCause::unknown);
}

}  // namespace
}  // namespace turnout::health_monitor_test
