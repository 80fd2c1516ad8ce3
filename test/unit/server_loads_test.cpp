// Loads and thresholds where control and several packets of one connection meet.
#include <gtest/gtest.h>

#include "test/support/service_rig.h"

namespace turnout::server_loads_test {
namespace {

RealServerConfig server(int number, uint32_t upper_threshold = 0) {
  RealServerConfig made{ip("192.0.2." + std::to_string(number)), 1, {}};
  made.upper_threshold = upper_threshold;
  return made;
}

ServiceConfig of(SchedulerKind scheduler, std::vector<RealServerConfig> servers) {
  ServiceConfig config = service(web(), {}, scheduler);
  config.real_servers = std::move(servers);
  return config;
}

void open(ServiceRig& rig, const Flow& flow) {
  rig.send(flow, kSyn);
  rig.send(flow, kAck);
}

/// A service that counts no loads, with ten connections; then it is of a scheduler that goes by loads.
class LaterCounted : public testing::Test {
 protected:
  LaterCounted() : rig(of(SchedulerKind::rr, {server(11)})) {
    for (uint16_t port = 1024; port < 1034; ++port) open(rig, {.client_port = port});
    rig.service() = of(SchedulerKind::lc, {server(11), server(12)});
    rig.apply();
  }
  int64_t load() { return rig.statistics.loads().read(rig.slot(11)).active; }
  ServiceRig rig;
};

TEST_F(LaterCounted, ALoadBeginsWithTheConnectionsThatThereAre) {
  EXPECT_EQ(load(), 10);
  for (uint16_t port = 2000; port < 2010; ++port) EXPECT_EQ(rig.send({.client_port = port}), 12) << port;
}

TEST_F(LaterCounted, ALoadThatIsWrongIsPutRight) {
  rig.statistics.loads().add(rig.slot(11), -4, 2);  // by workers that heard of it one after another
  rig.keep_up();
  EXPECT_EQ(load(), 10);
  EXPECT_EQ(rig.statistics.loads().read(rig.slot(11)).inactive, 0);
}

TEST_F(LaterCounted, ALoadThatWasKeptAlreadyIsNotCountedTwice) {
  rig.apply();
  EXPECT_EQ(load(), 10);
}

TEST(FullServers, KeepAConnectionWhoseSynComesAgain) {
  constexpr uint16_t kFlows = 2500;  // of 4,096 slots: many are in the second of their buckets
  ServiceRig rig(of(SchedulerKind::mh, {server(11, kFlows)}));
  for (uint16_t port = 1; port <= kFlows; ++port) ASSERT_EQ(rig.send({.client_port = port}), 11) << port;
  ASSERT_EQ(rig.send({.client_port = kFlows + 1}), ServiceRig::kNobody);
  for (uint16_t port = 1; port <= kFlows; ++port) EXPECT_EQ(rig.send({.client_port = port}), 11) << port;
}

TEST(FullServers, AFlowThatFindsNoRoomInTheTableHasOneServer) {
  ServiceConfig dns = service({ip("192.0.2.100"), Protocol::udp, 53}, {12}, SchedulerKind::rr);
  ServiceConfig http = of(SchedulerKind::mh, {server(11, 1), server(12)});
  http.flags = {.port = true, .fallback = true};
  ServiceRig rig(config_with({http, dns}), 16);
  std::vector<Flow> remembered = {{.client_port = 1024}};
  while (rig.send(remembered[0]) != 11) ++remembered[0].client_port;        // it is full
  for (uint16_t port = 1; rig.table.live() < rig.table->slots(); ++port) {  // and then the table
    const uint64_t before = rig.table.live();
    rig.send({.client_port = port, .port = 53, .udp = true});
    if (rig.table.live() > before) remembered.push_back({.client_port = port, .port = 53, .udp = true});
  }
  for (uint16_t port = 2000; port < 2020; ++port) {
    for (int half = 0; half < 2; ++half) {  // until flows are placed as usual again
      rig.now += rig.snapshot->timeouts.of(ConnectionState::udp) / 2;
      for (const Flow& flow : remembered) rig.send(flow, kAck);
    }
    const Flow flow{.client_port = port};
    const int chosen = rig.send(flow, kSyn);
    EXPECT_EQ(rig.send(flow, kAck), chosen) << port;
  }
}

}  // namespace
}  // namespace turnout::server_loads_test
