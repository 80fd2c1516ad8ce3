// Services with limits, as two workers forward for them: who is refused, who is not, and what is counted.
#include "control/limit_offenders.h"
#include "test/support/frames6.h"
#include "test/unit/limits_lab.h"

namespace turnout::limits_test {
namespace {

using namespace limits_lab;

struct Limiting : LimitsLab {};
INSTANTIATE_TEST_SUITE_P(Families, Limiting, kFamilies, family_name);

TEST_P(Limiting, AClientsNewConnectionsAreLimitedOverBothWorkersAndNobodyElses) {
  ServiceRig rig(limited({.client = {10, 0}}));
  EXPECT_EQ(begin(rig, 1, 1000, 100), 10);
  EXPECT_EQ(rig.dropped, DropReason::client_rate);
  EXPECT_EQ(begin(rig, 2, 1000, 5), 5);
  wait(rig, kLimitSecond / 2);
  EXPECT_EQ(begin(rig, 1, 2000, 100), 5);
  EXPECT_EQ(dropped(rig, Limit::client_rate), 90u + 95u);
  EXPECT_EQ(counted(rig).passed, 20u);
  EXPECT_EQ(observed(rig, Limit::client_rate), 0u);
}

TEST_P(Limiting, ABurstIsWhatMayComeAtOnce) {
  ServiceRig rig(limited({.client = {10, 50}}));
  EXPECT_EQ(begin(rig, 1, 1000, 100), 50);
  wait(rig, kLimitSecond);
  EXPECT_EQ(begin(rig, 1, 2000, 100), 10);
}

TEST_P(Limiting, ClientsOfAPrefixShareItsBucket) {
  ServiceRig rig(limited({.prefix = {10, 0}}));
  for (int client = 1; client <= 10; ++client) EXPECT_EQ(begin(rig, client, 1000, 1), 1) << client;
  EXPECT_EQ(begin(rig, 11, 1000, 1), 0);
  EXPECT_EQ(rig.dropped, DropReason::client_prefix_rate);
  const Flow elsewhere{.client = GetParam().elsewhere + "1", .vip = GetParam().vip};
  EXPECT_NE(rig.send(elsewhere), ServiceRig::kNobody);
  EXPECT_EQ(dropped(rig, Limit::client_prefix_rate), 1u);
}

TEST_P(Limiting, AServicesNewConnectionsAreLimitedForAllClientsTogether) {
  ServiceRig rig(limited({.connections = {100, 0}}));
  int begun = 0;
  for (int client = 1; client <= 200; ++client) begun += begin(rig, client, 1000, 1);
  EXPECT_EQ(begun, 100);
  EXPECT_EQ(rig.dropped, DropReason::service_connection_rate);
}

TEST_P(Limiting, WhomOneLimitRefusesCostsTheOthersNothing) {
  ServiceRig rig(limited({.connections = {20, 0}, .client = {5, 0}, .prefix = {10, 0}}));
  EXPECT_EQ(begin(rig, 1, 1000, 1000), 5);
  EXPECT_EQ(begin(rig, 2, 1000, 5), 5) << "a prefix's tokens were not spent on who was refused";
  EXPECT_EQ(begin(rig, 3, 1000, 1), 0);
  EXPECT_EQ(rig.dropped, DropReason::client_prefix_rate);
  const Flow elsewhere{.client = GetParam().elsewhere + "1", .vip = GetParam().vip};
  EXPECT_NE(rig.send(elsewhere), ServiceRig::kNobody);
}

TEST_P(Limiting, OnlyWhatBeginsAConnectionIsLimited) {
  ServiceRig rig(limited({.client = {2, 0}}));
  EXPECT_EQ(begin(rig, 1, 1000, 3), 2);
  const Flow known = from(1, 1000), refused = from(1, 1002), unknown = from(1, 1003);
  for (int i = 0; i < 10; ++i) {
    const int server = rig.send(known, kSyn);
    EXPECT_NE(server, ServiceRig::kNobody) << "sent again, it is of a connection that there is";
    EXPECT_EQ(rig.send(known, kAck, 1), server);
  }
  EXPECT_EQ(rig.send(refused, kSyn), ServiceRig::kNobody);
  EXPECT_NE(rig.send(unknown, kAck), ServiceRig::kNobody) << "in the middle: another director may know it";
  EXPECT_EQ(counted(rig).passed, 2u);
}

TEST_P(Limiting, ASynThatIsInOneBurstTwiceIsOneConnection) {
  ServiceRig rig(limited({.client = {1, 0}}));
  Bytes frames[2];
  rte_mbuf mbufs[2]{};
  Burst burst;
  for (int i = 0; i < 2; ++i) {
    if (is_v6()) {
      FrameFields6 fields;
      fields.source = from(1, 0).client;
      frames[i] = tcp6_frame(fields, kSyn);
    } else {
      FrameFields fields;
      fields.source = from(1, 0).client;
      frames[i] = tcp_frame(fields, kSyn);
    }
    mbufs[i].buf_addr = frames[i].data();
    mbufs[i].buf_len = mbufs[i].data_len = static_cast<uint16_t>(frames[i].size());
    mbufs[i].pkt_len = mbufs[i].data_len;
    mbufs[i].nb_segs = 1;
    burst.packets[burst.count++] = &mbufs[i];
  }
  rig.workers[0]->process(burst, *rig.snapshot, rig.now, *rig.outcome);
  EXPECT_EQ(rig.outcome->transmit[0].count, 2);
  EXPECT_EQ(counted(rig).passed, 1u);
}

TEST_P(Limiting, ASynAfterTheEndIsANewConnection) {
  ServiceRig rig(limited({.client = {2, 0}}));
  const Flow flow = from(1, 1000);
  for (int i = 0; i < 2; ++i) {
    EXPECT_NE(rig.send(flow, kSyn), ServiceRig::kNobody) << i;
    EXPECT_NE(rig.send(flow, kAck), ServiceRig::kNobody);
    EXPECT_NE(rig.send(flow, kFin | kAck), ServiceRig::kNobody);
  }
  EXPECT_EQ(rig.send(flow, kSyn), ServiceRig::kNobody);
  EXPECT_EQ(rig.dropped, DropReason::client_rate);
}

TEST_P(Limiting, AConnectionThatIsGivenAnotherServerIsNotNew) {
  ServiceRig rig(limited({.client = {1, 0}}, Protocol::udp));
  const Flow flow = udp_from(1, 1000);
  const int first = rig.send(flow);
  ASSERT_NE(first, ServiceRig::kNobody);
  std::erase_if(rig.service().real_servers, [&](const RealServerConfig& server) {
    return server.address.is_v4() ? server.address.to_v4().to_bytes()[3] == first
                                  : server.address.to_v6().to_bytes()[15] == first;
  });
  rig.apply();
  const int second = rig.send(flow);
  EXPECT_NE(second, ServiceRig::kNobody);
  EXPECT_NE(second, first);
}

TEST_P(Limiting, DatagramsOfOnePacketServicesAreAConnectionEach) {
  ServiceConfig config = limited({.client = {10, 0}}, Protocol::udp);
  ServiceRig remembered(config);
  config.one_packet = true;
  ServiceRig each(config);
  int sent = 0, sent_each = 0;
  for (int i = 0; i < 50; ++i) {
    sent += remembered.send(udp_from(1, 1000)) != ServiceRig::kNobody;
    sent_each += each.send(udp_from(1, 1000)) != ServiceRig::kNobody;
  }
  EXPECT_EQ(sent, 50);
  EXPECT_EQ(sent_each, 10);
}

TEST_P(Limiting, PacketsAreLimitedWhoeverTheyAreOf) {
  ServiceRig rig(limited({.packets = {100, 0}}));
  ASSERT_NE(rig.send(from(1, 1000)), ServiceRig::kNobody);
  int passed = 1;
  for (int i = 0; i < 300; ++i)
    passed += rig.send(from(1 + i % 3, 1000), i % 3 == 0 ? kAck : kSyn, static_cast<unsigned>(i % 2)) !=
              ServiceRig::kNobody;
  EXPECT_EQ(passed, 100);
  EXPECT_EQ(rig.dropped, DropReason::service_packet_rate);
  EXPECT_EQ(dropped(rig, Limit::service_packet_rate), 201u);
  wait(rig, kLimitSecond / 2);
  for (int i = 0; i < 300; ++i) passed += rig.send(from(1, 1000), kAck) != ServiceRig::kNobody;
  EXPECT_EQ(passed, 150);
}

/// At rates at which workers take several tokens at once.
TEST_P(Limiting, AFastServicesPacketsAreLimitedAsWell) {
  ServiceRig rig(limited({.packets = {1'000'000, 0}}));
  EXPECT_EQ(rig.snapshot->limits[own(rig)].packet_batch, 32u);
  uint64_t passed = 0;
  constexpr int kSteps = 2000;
  for (int i = 0; i < kSteps; ++i) {  // 2 million packets a second for 20 ms, after a full bucket is used up
    if (i == 0)
      state(rig).packets_of(own(rig)).take(rig.snapshot->limits[own(rig)].packets, 1'000'000,
                                           state(rig).clock.now());
    wait(rig, kLimitSecond / 100'000);
    for (int j = 0; j < 20; ++j)
      passed +=
          rig.send(from(1, 1000), j == 0 ? kSyn : kAck, static_cast<unsigned>(j % 2)) != ServiceRig::kNobody;
  }
  EXPECT_NEAR(static_cast<double>(passed), kSteps * 10.0, 2 * 32.0);
}

TEST_P(Limiting, ObservedLimitsCountWhatTheyWouldDropAndDropNothing) {
  const LimitsConfig limits{.connections = {50, 0}, .packets = {1000, 0}, .client = {10, 0}, .observe = true};
  ServiceRig rig(limited(limits));
  EXPECT_EQ(begin(rig, 1, 1000, 100), 100);
  EXPECT_EQ(observed(rig, Limit::client_rate), 90u) << "as if those had been dropped";
  EXPECT_EQ(counted(rig).passed, 10u);
  for (int i = 0; i < 2000; ++i) EXPECT_NE(rig.send(from(1, 1000), kAck), ServiceRig::kNobody);
  EXPECT_GT(observed(rig, Limit::service_packet_rate), 1000u);
  for (size_t i = 0; i < kLimits; ++i) EXPECT_EQ(counted(rig).dropped[i], 0u) << i;
  rig.service().limits.observe = false;
  rig.apply();
  wait(rig, kLimitSecond);
  EXPECT_EQ(begin(rig, 1, 2000, 100), 10) << "from now on they are";
}

TEST_P(Limiting, WhoIsOverIsKnown) {
  ServiceRig rig(limited({.client = {10, 0}}));
  LimitOffenders offenders(rig.statistics);
  LimitOffenders::Time now{1000};
  offenders.tick(now, *rig.snapshot);
  for (int client = 10; client < 40; ++client) begin(rig, client, 1000, 11);  // each once
  offenders.tick(++now, *rig.snapshot);
  for (int i = 0; i < 20; ++i) {
    begin(rig, 1, static_cast<uint16_t>(1000 + 10 * i), 10);
    offenders.tick(++now, *rig.snapshot);
  }
  const auto worst = offenders.worst(own(rig), Limit::client_rate);
  ASSERT_FALSE(worst.empty());
  EXPECT_EQ(worst.front().client, ip(from(1, 0).client));
  EXPECT_GE(worst.front().seen, 190u);
  EXPECT_LE(worst.size(), LimitOffenders::kClients);
  EXPECT_TRUE(offenders.worst(own(rig), Limit::client_prefix_rate).empty());
  for (int i = 0; i < 20; ++i) offenders.tick(now += LimitOffenders::kHalfLife, *rig.snapshot);
  EXPECT_TRUE(offenders.worst(own(rig), Limit::client_rate).empty()) << "what is past is forgotten";
}

TEST_P(Limiting, AServiceWithoutLimitsTouchesNothingOfThem) {
  ServiceRig rig(limited({}));
  EXPECT_TRUE(rig.snapshot->limits.empty());
  EXPECT_EQ(begin(rig, 1, 1000, 500), 500);
  EXPECT_EQ(state(rig).rates.sweep(0, state(rig).rates.cells(), state(rig).clock.now()), 0u);
  EXPECT_EQ(open_of(rig, from(1, 0)), 0);
  EXPECT_EQ(counted(rig).passed, 0u);
}

TEST_P(Limiting, ThoseOfAServiceThatIsGoneAreNotTheNextOnes) {
  ServiceRig rig(limited({.client = {10, 0}}));
  begin(rig, 1, 1000, 100);
  ASSERT_EQ(dropped(rig, Limit::client_rate), 90u);
  const ServiceConfig again = rig.service();
  rig.config.services.clear();
  rig.apply();
  rig.config.services = {again};
  rig.apply();
  EXPECT_EQ(dropped(rig, Limit::client_rate), 0u);
}

TEST(LimitedGroup, ItsMembersShareItsLimits) {
  ServiceConfig group = service({{}, Protocol::tcp, 0, 0, "web"}, {11, 12});
  group.members = {web(80), web(443)};
  group.limits.client = {10, 0};
  group.limits.client_connections = 8;
  ServiceRig rig(group);
  int begun = 0;
  for (uint16_t i = 0; i < 10; ++i)
    begun += rig.send({.client_port = static_cast<uint16_t>(1000 + i),
                       .port = i % 2 == 0 ? uint16_t{80} : uint16_t{443}}) != ServiceRig::kNobody;
  EXPECT_EQ(begun, 8);
  EXPECT_EQ(rig.dropped, DropReason::client_connections);
}

}  // namespace
}  // namespace turnout::limits_test
