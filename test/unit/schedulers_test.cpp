// Each scheduler against a plain model of LVS's definition of it, with connections that come and go on two
// workers.
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>

#include "dataplane/scheduler.h"
#include "test/support/service_rig.h"

namespace turnout::schedulers_test {
namespace {

struct ModelServer {
  int number;
  double weight;
  double active = 0;
  double inactive = 0;
};

ServiceConfig weighted(SchedulerKind scheduler, const std::vector<std::pair<int, uint32_t>>& servers) {
  ServiceConfig config = service(web(), {}, scheduler);
  for (const auto& [number, weight] : servers)
    config.real_servers.push_back({ip("192.0.2." + std::to_string(number)), weight, {}});
  return config;
}

// ---- those that compare servers ----

/// What the scheduler's page in ipvsadm(8) says, in floating point. The first of equals.
int model_choice(SchedulerKind scheduler, const std::vector<ModelServer>& servers) {
  const ModelServer* best = nullptr;
  double best_cost = 0;
  for (const ModelServer& server : servers) {
    if (server.weight == 0) continue;
    double cost = 0;
    switch (scheduler) {
      case SchedulerKind::lc:
        cost = server.active * 256 + server.inactive;
        break;
      case SchedulerKind::wlc:
        cost = (server.active * 256 + server.inactive) / server.weight;
        break;
      case SchedulerKind::sed:
        cost = (server.active + 1) / server.weight;
        break;
      case SchedulerKind::nq:
        cost = server.active == 0 ? -1 : (server.active + 1) / server.weight;
        break;
      case SchedulerKind::fo:
        cost = -server.weight;
        break;
      case SchedulerKind::ovf:
        if (server.active > server.weight) continue;
        cost = -server.weight;
        break;
      default:
        throw std::logic_error("has no cost");
    }
    if (best && cost >= best_cost) continue;
    best = &server;
    best_cost = cost;
  }
  return best ? best->number : ServiceRig::kNobody;
}

class ComparingSchedulers : public testing::TestWithParam<SchedulerKind> {};

TEST_P(ComparingSchedulers, ChooseAsTheModelDoesWhileConnectionsComeAndGoOnTwoWorkers) {
  const std::vector<std::pair<int, uint32_t>> weights = {{11, 1}, {12, 5}, {13, 3}, {14, 0}, {15, 2}};
  ServiceRig rig(weighted(GetParam(), weights), 16384);
  std::vector<ModelServer> model;
  for (const auto& [number, weight] : weights) model.push_back({number, static_cast<double>(weight)});
  struct Open {
    Flow flow;
    int server;
    bool active;
  };
  std::vector<Open> open;
  std::minstd_rand random(20260131);
  uint16_t next_port = 1024;
  const auto counts = [&](int number) -> ModelServer& {
    return *std::ranges::find(model, number, &ModelServer::number);
  };
  for (int step = 0; step < 4000; ++step) {
    const auto worker = static_cast<unsigned>(random() % 2);
    const auto dice = static_cast<unsigned>(random() % 10);
    if (open.empty() || dice < 4) {
      const Flow flow{.client_port = next_port++};
      const int expected = model_choice(GetParam(), model);
      ASSERT_EQ(rig.send(flow, kSyn, worker), expected) << "step " << step;
      if (expected == ServiceRig::kNobody) {
        EXPECT_EQ(rig.dropped, DropReason::no_server_free);
        continue;
      }
      open.push_back({flow, expected, false});
      ++counts(expected).inactive;
      continue;
    }
    Open& one = open[random() % open.size()];
    const bool begins = !one.active && dice < 8;
    if (!begins && !one.active) continue;
    ASSERT_EQ(rig.send(one.flow, begins ? kAck : kFin | kAck, worker), one.server) << "step " << step;
    counts(one.server).active += begins ? 1 : -1;
    counts(one.server).inactive += begins ? -1 : 1;
    if (begins) {
      one.active = true;
    } else {
      std::swap(one, open.back());
      open.pop_back();
    }
  }
  for (const ModelServer& server : model) {
    EXPECT_EQ(rig.totals(server.number).active, server.active) << server.number;
    const ServerLoad load = rig.statistics.loads().read(rig.slot(server.number));
    if (!needs_loads(GetParam())) continue;
    EXPECT_EQ(load.active, server.active) << server.number;
    EXPECT_EQ(load.inactive, server.inactive) << server.number;
  }
  rig.pass(1000);  // all of them are forgotten
  for (const ModelServer& server : model)
    EXPECT_EQ(rig.statistics.loads().read(rig.slot(server.number)).total(), 0) << server.number;
}

INSTANTIATE_TEST_SUITE_P(All, ComparingSchedulers,
                         testing::Values(SchedulerKind::lc, SchedulerKind::wlc, SchedulerKind::sed,
                                         SchedulerKind::nq, SchedulerKind::fo, SchedulerKind::ovf),
                         [](const auto& kind) { return to_string(kind.param); });

// ---- rr, wrr ----

TEST(TurnSchedulers, GiveEachServerItsShareOfEachRound) {
  for (const SchedulerKind scheduler : {SchedulerKind::rr, SchedulerKind::wrr}) {
    ServiceRig rig(weighted(scheduler, {{11, 1}, {12, 2}, {13, 3}, {14, 0}}));
    std::map<int, int> chosen;
    for (uint16_t i = 0; i < 60; ++i) ++chosen[rig.send({.client_port = static_cast<uint16_t>(1024 + i)})];
    const std::map<int, int> even{{11, 20}, {12, 20}, {13, 20}}, by_weight{{11, 10}, {12, 20}, {13, 30}};
    EXPECT_EQ(chosen, scheduler == SchedulerKind::rr ? even : by_weight);
  }
}

// ---- those that hash ----

/// ip_vs_sh's and ip_vs_dh's: the address times a constant, its highest eight bits.
uint8_t model_bucket(uint32_t address, uint16_t port) {
  return static_cast<uint8_t>(uint32_t{(address + port) * uint32_t{0x61C88647}} >> 24);
}
/// Each server as many places in a row as it has weight, over and over.
std::vector<int> model_buckets(const std::vector<std::pair<int, uint32_t>>& servers) {
  std::vector<int> buckets;
  for (size_t i = 0; buckets.size() < 256; ++i) {
    const auto& [number, weight] = servers[i % servers.size()];
    for (uint32_t place = 0; place < std::max(weight, 1u) && buckets.size() < 256; ++place)
      buckets.push_back(number);
  }
  return buckets;
}
std::string client(uint32_t number) {
  return "203.0." + std::to_string(number / 256) + "." + std::to_string(number % 256);
}
uint32_t address_of(const std::string& text) {
  return ip(text).to_v4().to_uint();
}

TEST(HashSchedulers, ShSendsAnAddressToItsBucket) {
  const std::vector<std::pair<int, uint32_t>> weights = {{11, 1}, {12, 3}, {13, 2}};
  ServiceRig rig(weighted(SchedulerKind::sh, weights));
  rig.service().flags = {};
  rig.apply();
  const std::vector<int> buckets = model_buckets(weights);
  for (uint32_t i = 1; i < 255; ++i) {
    const int expected = buckets[model_bucket(address_of(client(i)), 0)];
    EXPECT_EQ(rig.send({.client = client(i), .client_port = 1024}), expected) << i;
    EXPECT_EQ(rig.send({.client = client(i), .client_port = 1025}, kSyn, 1), expected) << i;
  }
}

TEST(HashSchedulers, ShPortCountsThePortAsWell) {
  const std::vector<std::pair<int, uint32_t>> weights = {{11, 1}, {12, 1}, {13, 1}};
  ServiceRig rig(weighted(SchedulerKind::sh, weights));
  rig.service().flags = {.port = true};
  rig.apply();
  const std::vector<int> buckets = model_buckets(weights);
  std::map<int, int> chosen;
  for (uint16_t port = 1024; port < 1324; ++port) {
    const int server = rig.send({.client_port = port});
    EXPECT_EQ(server, buckets[model_bucket(address_of("203.0.113.7"), port)]);
    ++chosen[server];
  }
  EXPECT_EQ(chosen.size(), 3u);
}

TEST(HashSchedulers, ShFallbackMovesOnlyTheClientsOfAServerThatIsDrained) {
  const std::vector<std::pair<int, uint32_t>> weights = {{11, 1}, {12, 1}, {13, 1}};
  ServiceRig rig(weighted(SchedulerKind::sh, weights));
  rig.service().flags = {.fallback = true};
  rig.apply();
  std::map<uint32_t, int> before;
  for (uint32_t i = 1; i < 200; ++i) before[i] = rig.send({.client = client(i), .client_port = 1024});
  rig.server(12).weight = 0;
  rig.apply();
  for (uint32_t i = 1; i < 200; ++i) {
    const int now = rig.send({.client = client(i), .client_port = 1025});
    EXPECT_NE(now, 12);
    EXPECT_NE(now, ServiceRig::kNobody);
    if (before[i] != 12) {
      EXPECT_EQ(now, before[i]) << i;
    }
  }
}

TEST(HashSchedulers, DhGoesByTheVip) {
  ServiceConfig group = weighted(SchedulerKind::dh, {{11, 1}, {12, 9}, {13, 1}});
  group.key = {};
  group.key.group = "caches";
  for (int i = 100; i < 140; ++i)
    group.members.push_back({ip("192.0.2." + std::to_string(i)), Protocol::tcp, 80});
  group.flags = {};
  ServiceRig rig(group);
  const int numbers[] = {11, 12, 13};  // in turn, whatever they weigh
  for (int i = 100; i < 140; ++i) {
    const std::string vip = "192.0.2." + std::to_string(i);
    const int expected = numbers[model_bucket(address_of(vip), 0) % 3];
    for (uint32_t number = 1; number < 5; ++number)
      EXPECT_EQ(rig.send({.client = client(number), .vip = vip}), expected) << vip;
  }
}

TEST(HashSchedulers, MhGoesByTheAddressAloneUnlessMhPortIsSet) {
  ServiceRig rig(weighted(SchedulerKind::mh, {{11, 1}, {12, 1}, {13, 1}}));
  std::map<int, int> spread, alone;
  for (uint16_t port = 1024; port < 1324; ++port) ++spread[rig.send({.client_port = port})];
  EXPECT_EQ(spread.size(), 3u) << "mh-port is the default";
  rig.service().flags = {};
  rig.apply();
  for (uint16_t port = 2024; port < 2324; ++port) ++alone[rig.send({.client_port = port})];
  EXPECT_EQ(alone.size(), 1u);
}

// ---- thresholds ----

/// full at 4, open again below 3 (three quarters), or below 2 if that is said
class Thresholds : public testing::TestWithParam<SchedulerKind> {};

TEST_P(Thresholds, AFullServerGetsNoMoreUntilItHasRoomAgain) {
  for (const uint32_t lower : {0u, 2u}) {
    ServiceRig rig(weighted(GetParam(), {{11, 9}, {12, 9}}));
    rig.service().flags = {.port = true, .fallback = true};
    for (const int number : {11, 12}) {
      rig.server(number).upper_threshold = 4;
      rig.server(number).lower_threshold = lower;
    }
    rig.apply();
    uint16_t port = 1024;
    std::map<int, std::vector<Flow>> open;
    for (int i = 0; i < 8; ++i) {
      const Flow flow{.client_port = port++};
      const int server = rig.send(flow, kSyn, static_cast<unsigned>(i) % 2);
      ASSERT_NE(server, ServiceRig::kNobody) << i;
      rig.send(flow, kAck, 1);
      open[server].push_back(flow);
    }
    EXPECT_EQ(open[11].size(), 4u);
    EXPECT_EQ(open[12].size(), 4u);
    EXPECT_EQ(rig.send({.client_port = port++}), ServiceRig::kNobody);
    EXPECT_EQ(rig.dropped, DropReason::no_server_free);
    // one connection less is not yet room; LVS opens it below 3 of 4, or below the lower threshold
    const int closed_until_open = lower == 0 ? 2 : 3;
    for (int closed = 0; closed < closed_until_open; ++closed) {
      EXPECT_EQ(rig.send({.client_port = port++}), ServiceRig::kNobody)
          << closed << " closed, lower " << lower;
      rig.send(open[11][static_cast<size_t>(closed)], kRst);
      rig.pass(11);  // CLOSE lasts 10 seconds
      for (const int number : {11, 12}) {
        for (const Flow& flow : open[number]) {
          if (number == 12 || &flow > &open[11][static_cast<size_t>(closed)]) rig.send(flow, kAck);
        }
      }
    }
    for (int i = 0; i < closed_until_open; ++i) EXPECT_EQ(rig.send({.client_port = port++}), 11) << i;
    EXPECT_EQ(rig.send({.client_port = port++}), ServiceRig::kNobody);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Thresholds,
                         testing::Values(SchedulerKind::rr, SchedulerKind::wrr, SchedulerKind::lc,
                                         SchedulerKind::wlc, SchedulerKind::sh, SchedulerKind::mh,
                                         SchedulerKind::sed, SchedulerKind::nq, SchedulerKind::fo,
                                         SchedulerKind::ovf),
                         [](const auto& kind) { return to_string(kind.param); });

TEST(ThresholdsAlone, WithoutFallbackAClientOfAFullServerIsRefused) {
  ServiceRig rig(weighted(SchedulerKind::sh, {{11, 1}, {12, 1}}));
  rig.service().flags = {};
  rig.server(11).upper_threshold = rig.server(12).upper_threshold = 1;
  rig.apply();
  ASSERT_NE(rig.send({.client_port = 1024}), ServiceRig::kNobody);
  EXPECT_EQ(rig.send({.client_port = 1025}), ServiceRig::kNobody) << "the other one has room, but not for it";
}

TEST(ThresholdsAlone, AHigherThresholdOpensAtOnce) {
  ServiceRig rig(weighted(SchedulerKind::rr, {{11, 1}}));
  rig.server(11).upper_threshold = 4;
  rig.apply();
  for (uint16_t port = 1; port <= 4; ++port) rig.send({.client_port = port});
  ASSERT_EQ(rig.send({.client_port = 5}), ServiceRig::kNobody);
  rig.server(11).upper_threshold = 5;
  rig.apply();
  EXPECT_EQ(rig.send({.client_port = 5}), 11);
}

// ---- loads ----

TEST(Loads, OfConnectionsThatWereOpenedBeforeAreCounted) {
  ServiceRig rig(weighted(SchedulerKind::rr, {{11, 1}, {12, 1}}));
  for (uint16_t port = 1024; port < 1034; ++port) {
    const Flow flow{.client_port = port};
    if (rig.send(flow, kSyn, port % 2) == 11) rig.send(flow, kAck, port % 2);
  }
  const ServerTotals busy = rig.totals(11);
  ASSERT_GT(busy.active, 0u);
  rig.service().scheduler = SchedulerKind::lc;
  rig.service().flags = {};
  rig.apply();
  rig.keep_up();
  const ServerLoad load = rig.statistics.loads().read(rig.slot(11));
  EXPECT_EQ(static_cast<uint64_t>(load.active), busy.active);
  EXPECT_EQ(static_cast<uint64_t>(load.inactive), busy.inactive);
  EXPECT_EQ(rig.send({.client_port = 2000}), 12);
}

TEST(Loads, OfASlotsNextServerBeginAtNothing) {
  ServiceRig rig(weighted(SchedulerKind::lc, {{11, 1}}));
  for (uint16_t port = 1024; port < 1034; ++port) rig.send({.client_port = port});
  const uint32_t slot = rig.slot(11);
  ASSERT_EQ(rig.statistics.loads().read(slot).total(), 10);
  rig.service().real_servers = {{ip("192.0.2.12"), 1, {}}};
  rig.apply();
  rig.service().real_servers.push_back({ip("192.0.2.13"), 1, {}});
  rig.apply();
  ASSERT_EQ(rig.slot(13), slot);
  EXPECT_EQ(rig.statistics.loads().read(slot).total(), 0);
}

}  // namespace
}  // namespace turnout::schedulers_test
