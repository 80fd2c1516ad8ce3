// One weight is changed again and again in a large configuration: no packet is lost by it, whether the worker
// shares control's lcore or runs beside it, and nothing but that one service is built anew.
#include <atomic>
#include <thread>

#include "test/packet/stories.h"

namespace turnout::many_services_test {
namespace {

using namespace std::chrono_literals;

constexpr unsigned kServices = 500;  // besides the one that has the traffic
constexpr unsigned kClients = 50;
constexpr unsigned kChanges = 100;

std::string servers() {
  return server(11) + "," + server(12) + "," + server(13) + "," + server(14);
}

Config many_services() {
  std::string all = service(kWeb, servers());
  for (unsigned i = 0; i < kServices; ++i) {
    all += "," + service("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1), servers());
  }
  return config_with(all);
}

/// The service number `i` with another weight of one of its servers.
ServiceConfig reweighted(const Rig& rig, size_t i, uint32_t weight) {
  ServiceConfig service = rig.director().config().services.at(i);
  service.real_servers[i % service.real_servers.size()].weight = weight;
  return service;
}

class ManyServices : public testing::Test {
 protected:
  ManyServices() {
    for (int second = 0; second < 30; ++second) {  // three announcements a VIP and port, 256 a tick
      rig_.tick(1s);
      for (unsigned pass = 0; pass < kServices / kBurst + 1; ++pass) {
        rig_.poll();
        rig_.take();
      }
    }
    established_ = place(rig_, 0, kClients, syn_of);
    EXPECT_FALSE(shares(established_).contains("")) << "not all were forwarded";
  }
  /// Of the service that has the traffic, or of another.
  void change_a_weight(unsigned number) {
    const size_t service = number % 2 == 0 ? 0 : number % kServices + 1;
    const Director::Applied applied = rig_.replace(reweighted(rig_, service, 2 + number));
    EXPECT_EQ(applied.changes.size(), 1u);
  }
  /// All clients still reach the servers that they were connected to.
  void expect_unharmed() { EXPECT_EQ(place(rig_, 0, kClients, data_of), established_); }
  uint64_t dropped() const { return rig_.totals().dropped(); }

  Rig rig_{many_services()};
  Placement established_;
};

TEST_F(ManyServices, ChangingAWeightLosesNoPacketOnASharedLcore) {
  const uint64_t generation = rig_.director().generation();
  for (unsigned change = 0; change < kChanges; ++change) {
    change_a_weight(change);
    expect_unharmed();
    rig_.tick(1ms);
  }
  EXPECT_EQ(rig_.director().generation(), generation + kChanges);
  EXPECT_EQ(dropped(), 0u);
}

TEST_F(ManyServices, ChangingAWeightLosesNoPacketOfAWorkerBesideControl) {
  std::atomic<bool> stop = false;
  std::atomic<unsigned> passes = 0;
  std::thread worker([&] {
    for (; !stop; ++passes) expect_unharmed();
  });
  unsigned changes = 0;
  for (; changes < kChanges || passes < kChanges / 10; ++changes) {  // some of each between the other's
    change_a_weight(changes);
    rig_.tick(1ms);
  }
  stop = true;
  worker.join();
  EXPECT_EQ(dropped(), 0u);
}

TEST_F(ManyServices, OnlyTheServiceThatChangedIsBuiltAnew) {
  const std::vector<Service> before = rig_.director().snapshot().services;
  rig_.replace(reweighted(rig_, 7, 5));
  const std::vector<Service>& after = rig_.director().snapshot().services;
  const uint16_t changed = rig_.director().registry().service(rig_.director().config().services[7].key).index;
  ASSERT_EQ(before.size(), after.size());
  for (uint16_t index = 1; index < after.size(); ++index) {
    EXPECT_EQ(before[index].maglev == after[index].maglev, index != changed) << "service " << index;
  }
}

TEST_F(ManyServices, WhatCantBeIsRefusedAndChangesNothing) {
  ServiceConfig next = rig_.director().config().services[3];
  next.real_servers[0].address = *parse_address("10.1.0.9");  // another service's VIP
  const uint64_t generation = rig_.director().generation();
  try {
    rig_.replace(next);
    FAIL() << "not refused";
  } catch (const ConfigRefused& refused) {
    ASSERT_EQ(refused.errors.size(), 1u);
    EXPECT_EQ(refused.errors[0].pointer, "/services/3/real_servers/0/address");
    EXPECT_NE(refused.errors[0].reason.find("/services/9/vip"), std::string::npos) << refused.what();
  }
  EXPECT_EQ(rig_.director().generation(), generation);
  expect_unharmed();
}

TEST_F(ManyServices, AServerThatIsAddedIsAskedForAndOneThatIsRemovedIsNot) {
  ServiceConfig next = rig_.director().config().services[0];
  next.real_servers.push_back({*parse_address(server_ip(20)), 1, {}});
  rig_.replace(next);
  EXPECT_NE(rig_.director().link().neighbors().find(kBack, *parse_address(server_ip(20))), nullptr);
  next.real_servers.pop_back();
  next.real_servers.erase(next.real_servers.begin());
  rig_.answers();
  rig_.replace(next);
  EXPECT_EQ(rig_.director().link().neighbors().find(kBack, *parse_address(server_ip(20))), nullptr);
  const Placement now = place(rig_, 0, kClients, data_of);
  for (const auto& [client, mac] : now) {
    EXPECT_NE(mac, server_mac(11)) << "client " << client;
    if (established_[client] == server_mac(11)) continue;
    EXPECT_EQ(mac, established_[client]) << "client " << client;
  }
}

}  // namespace
}  // namespace turnout::many_services_test
