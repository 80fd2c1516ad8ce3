// How many connections a client has open, where that is limited: counted as they begin and end, by workers,
// and counted again by control.
#include <iterator>
#include <map>
#include <random>

#include "control/connection_walk.h"
#include "control/limit_keeper.h"
#include "test/unit/limits_lab.h"

namespace turnout::open_connections_test {
namespace {

using namespace limits_lab;

struct OpenConnections : LimitsLab {};
INSTANTIATE_TEST_SUITE_P(Families, OpenConnections, kFamilies, family_name);

TEST_P(OpenConnections, AClientMayHaveSoManyConnectionsOpen) {
  ServiceRig rig(limited({.client_connections = 5}));
  EXPECT_EQ(begin(rig, 1, 1000, 10), 5);
  EXPECT_EQ(rig.dropped, DropReason::client_connections);
  EXPECT_EQ(open_of(rig, from(1, 0)), 5);
  EXPECT_EQ(begin(rig, 2, 1000, 5), 5) << "others are not its";
  rig.send(from(1, 1000), kAck);
  rig.send(from(1, 1000), kFin | kAck);
  EXPECT_EQ(open_of(rig, from(1, 0)), 4) << "who ends one may begin another at once";
  rig.send(from(1, 1001), kRst);
  EXPECT_EQ(begin(rig, 1, 2000, 10), 2);
  EXPECT_EQ(rig.send(from(1, 1000), kSyn), ServiceRig::kNobody) << "that is over, it would be a new one";
  for (uint16_t port = 1002; port < 1005; ++port)
    EXPECT_NE(rig.send(from(1, port), kSyn), ServiceRig::kNobody);
  EXPECT_EQ(open_of(rig, from(1, 0)), 5);
}

TEST_P(OpenConnections, WhatExpiresIsNoLongerOpen) {
  ServiceRig rig(limited({.client_connections = 3}));
  EXPECT_EQ(begin(rig, 1, 1000, 3), 3);
  rig.send(from(1, 1000), kAck);
  rig.pass(61);  // two SYNs that nobody answered
  EXPECT_EQ(open_of(rig, from(1, 0)), 1);
  EXPECT_EQ(begin(rig, 1, 2000, 3), 2);
  rig.pass(1000);
  EXPECT_EQ(open_of(rig, from(1, 0)), 0);
}

TEST_P(OpenConnections, WhatIsEvictedIsNoLongerOpen) {
  ServiceRig rig(limited({.client_connections = 100'000}), 1024);
  for (int client = 1; client <= 20; ++client) begin(rig, client, 1000, 200);
  ASSERT_GT(rig.statistics.tables().evicted, 1000u);
  std::map<IpAddress, int32_t> there;
  const auto note = [&](const auto& key, ConnectionValue value) {
    if (value.live()) ++there[flow_of(key).client];
  };
  rig.table.for_each_slot(note);
  rig.wide.for_each_slot(note);
  for (int client = 1; client <= 20; ++client)
    EXPECT_EQ(open_of(rig, from(client, 0)), there[ip(from(client, 0).client)]) << client;
}

TEST_P(OpenConnections, CountsAreRightAfterAnythingThatConnectionsDo) {
  ServiceRig rig(limited({.client_connections = 100'000}), 1024);
  std::mt19937 random(20);
  for (int i = 0; i < 30'000; ++i) {
    const Flow flow = from(static_cast<int>(1 + random() % 8), static_cast<uint16_t>(1 + random() % 300));
    const uint8_t flags[] = {kSyn, kSyn, kAck, kAck, kFin | kAck, kRst};
    rig.send(flow, flags[random() % std::size(flags)], random() % 2);
    if (random() % 500 == 0) rig.pass(static_cast<uint32_t>(random() % 130));
    if (random() % 3000 == 0) {
      rig.service().real_servers[random() % 3].weight ^= 1;
      rig.apply();
    }
  }
  std::map<IpAddress, int32_t> open;
  const auto note = [&](const auto& key, ConnectionValue value) {
    if (is_held_open(value.state())) ++open[flow_of(key).client];
  };
  rig.table.for_each_slot(note);
  rig.wide.for_each_slot(note);
  ASSERT_FALSE(open.empty());
  for (int client = 1; client <= 8; ++client)
    EXPECT_EQ(open_of(rig, from(client, 0)), open[ip(from(client, 0).client)]) << client;
}

/// Time enough for a look through the tables, and for the one after it.
void keep(LimitKeeper& keeper, ServiceRig& rig, LimitKeeper::Time& now) {
  for (int i = 0; i < 100; ++i) keeper.tick(now += LimitKeeper::Time(200), *rig.snapshot);
}

TEST_P(OpenConnections, ConnectionsThatWereThereBeforeTheLimitAreFoundAndCounted) {
  ServiceRig rig(limited({}));
  LimitKeeper keeper(rig.tables, rig.statistics);
  LimitKeeper::Time now{1000};
  EXPECT_EQ(begin(rig, 1, 1000, 7), 7);
  EXPECT_EQ(open_of(rig, from(1, 0)), 0);
  rig.service().limits.client_connections = 10;
  rig.apply();
  keep(keeper, rig, now);
  EXPECT_EQ(open_of(rig, from(1, 0)), 7);
  EXPECT_EQ(keeper.connections(), 7u);
  EXPECT_EQ(begin(rig, 1, 2000, 10), 3);
  keep(keeper, rig, now);
  EXPECT_EQ(open_of(rig, from(1, 0)), 10) << "what is right stays";
}

TEST_P(OpenConnections, CountsThatWentWrongAreMended) {
  ServiceRig rig(limited({.client_connections = 10}));
  LimitKeeper keeper(rig.tables, rig.statistics);
  LimitKeeper::Time now{1000};
  begin(rig, 1, 1000, 4);
  keep(keeper, rig, now);
  const auto hash_of_client = [&](int client) {
    const IpAddress address = ip(from(client, 0).client);
    return state(rig).hash(
        address.is_v4() ? limited_client(to_be32(address)) : load_address6(address.to_v6().to_bytes().data()),
        own(rig), LimitScope::client);
  };
  state(rig).counts.add(hash_of_client(1), 3);
  state(rig).counts.add(hash_of_client(2), -5);
  keep(keeper, rig, now);
  EXPECT_EQ(open_of(rig, from(1, 0)), 4);
  EXPECT_EQ(open_of(rig, from(2, 0)), 0);
}

/// A limit that is taken away and set again, while connections end in between.
TEST_P(OpenConnections, ALimitThatIsSetAgainBeginsWithWhatThereIs) {
  ServiceRig rig(limited({.client_connections = 10}));
  LimitKeeper keeper(rig.tables, rig.statistics);
  LimitKeeper::Time now{1000};
  begin(rig, 1, 1000, 8);
  keep(keeper, rig, now);
  rig.service().limits = {};
  rig.apply();
  keep(keeper, rig, now);
  for (uint16_t port = 1000; port < 1005; ++port) rig.send(from(1, port), kRst);
  rig.service().limits.client_connections = 10;
  rig.apply();
  keep(keeper, rig, now);
  EXPECT_EQ(open_of(rig, from(1, 0)), 3);
}

TEST(LimitedRange, ClientsAreTheSameInTheWideTable) {
  ServiceConfig config = service({ip("192.0.2.100"), Protocol::tcp, 8000, 8099}, {11, 12});
  config.limits.client_connections = 3;
  ServiceRig rig(config);
  int begun = 0;
  for (uint16_t port = 8000; port < 8010; ++port) begun += rig.send({.port = port}) != ServiceRig::kNobody;
  EXPECT_EQ(begun, 3);
  rig.send({.port = 8000}, kRst);
  EXPECT_NE(rig.send({.port = 8050}), ServiceRig::kNobody);
  rig.pass(2000);
  begun = 0;
  for (uint16_t port = 8000; port < 8010; ++port) begun += rig.send({.port = port}) != ServiceRig::kNobody;
  EXPECT_EQ(begun, 3);
}

}  // namespace
}  // namespace turnout::open_connections_test
