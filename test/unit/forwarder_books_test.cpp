// What the forwarder counts.
#include <gtest/gtest.h>

#include <array>
#include <random>

#include "test/support/forwarder_rig.h"

namespace turnout::forwarder_books_test {
namespace {

using enum ConnectionState;

/// All connections go to server 0, so that its counters are the service's.
struct ForwarderBooks : testing::Test {
  ForwarderRig rig{1024, only_server_0()};

  static SnapshotRecipe only_server_0() {
    SnapshotRecipe recipe;
    recipe.maglev = {0};
    return recipe;
  }
  struct Expected {
    uint64_t connections, active, inactive;
  };
  void expect(const Expected& expected, const char* when) {
    const ServerCounters& server = rig.counters.server(0);
    EXPECT_EQ(server.connections.read(), expected.connections) << when;
    EXPECT_EQ(server.active.read(), expected.active) << when;
    EXPECT_EQ(server.inactive.read(), expected.inactive) << when;
  }
};

TEST_F(ForwarderBooks, AConnectionIsActiveWhileItIsEstablished) {
  rig.tcp(1, kSyn);
  expect({1, 0, 1}, "after the SYN");
  rig.tcp(1, kAck);
  expect({1, 1, 0}, "after the ACK");
  rig.now += 5;
  rig.tcp(1, kAck);
  expect({1, 1, 0}, "after another");
  rig.tcp(1, kFin | kAck);
  expect({1, 0, 1}, "after the FIN");
  rig.tcp(1, kAck);
  expect({1, 0, 1}, "after the last ACK");
  rig.now += 121;
  rig.sweep();
  expect({1, 0, 0}, "when it is forgotten");
}

TEST_F(ForwarderBooks, ARstMakesItInactive) {
  rig.tcp(1, kSyn);
  rig.tcp(1, kAck);
  rig.tcp(1, kRst);
  expect({1, 0, 1}, "after the RST");
  rig.tcp(1, kSyn);
  expect({2, 0, 1}, "after a SYN from the same port");
  rig.tcp(1, kAck);
  expect({2, 1, 0}, "and its ACK");
}

TEST_F(ForwarderBooks, ADatagramFlowIsActiveUntilItIsForgotten) {
  rig.udp(1);
  rig.udp(1);
  expect({1, 1, 0}, "after two datagrams");
  rig.now += 301;
  rig.sweep();
  expect({1, 0, 0}, "when it is forgotten");
}

TEST_F(ForwarderBooks, AnEntryThatExpiredIsClosedOnceByWhoeverFindsIt) {
  rig.udp(1);
  rig.now += 301;
  rig.udp(1);
  expect({2, 1, 0}, "the same flow again");
  rig.sweep();
  expect({2, 1, 0}, "nothing is left for the sweep");
  EXPECT_EQ(rig.counters.ipv4_table.inserted.read(), 2u);
  EXPECT_EQ(rig.counters.ipv4_table.expired.read(), 1u);
}

TEST_F(ForwarderBooks, AnEvictedConnectionIsNotCountedAnyMore) {
  ForwarderRig small(8, only_server_0());
  const ServerCounters& server = small.counters.server(0);
  for (uint16_t flow = 0; flow < 20; ++flow) small.tcp(flow, kSyn);
  EXPECT_EQ(server.connections.read(), 20u);
  EXPECT_EQ(server.inactive.read(), 8u);
  EXPECT_EQ(small.counters.ipv4_table.inserted.read(), 20u);
  EXPECT_EQ(small.counters.ipv4_table.evicted.read(), 12u);
}

TEST_F(ForwarderBooks, CountsPacketsAndOctetsOfIpByServer) {
  rig.send(padded(ForwarderRig::tcp_of(1, kSyn)));         // 40 octets and padding
  rig.send(ForwarderRig::tcp_of(1, kAck, payload(100)));   // 140
  rig.send(ForwarderRig::tcp_of(1, kAck, payload(1460)));  // 1500
  EXPECT_EQ(rig.counters.traffic(0).packets.read(), 3u);
  EXPECT_EQ(rig.counters.traffic(0).bytes.read(), 1680u);
}

TEST_F(ForwarderBooks, AServerThatWasRemovedMidFlowLosesThemFromItsBooksToo) {
  for (uint16_t flow = 0; flow < 5; ++flow) rig.tcp(flow, kSyn);
  for (uint16_t flow = 0; flow < 5; ++flow) rig.tcp(flow, kAck);
  rig.recipe.servers[0] = {1, false};  // it has its slot still, but connections can't stay
  rig.recipe.maglev = {1};
  rig.apply();
  for (uint16_t flow = 0; flow < 5; ++flow) EXPECT_EQ(rig.tcp(flow, kAck), 1u);
  expect({5, 0, 0}, "after they moved");
  EXPECT_EQ(rig.counters.server(1).active.read(), 5u);
  EXPECT_EQ(rig.counters.server(1).connections.read(), 5u);
}

TEST_F(ForwarderBooks, TheSlotsNextServerIsNotChargedForConnectionsItNeverHad) {
  for (uint16_t flow = 0; flow < 5; ++flow) rig.tcp(flow, kSyn);
  const uint64_t left_behind = rig.counters.server(0).inactive.read();
  rig.recipe.servers[0].generation = 2;
  rig.apply();
  for (uint16_t flow = 0; flow < 5; ++flow) rig.tcp(flow, kAck);
  EXPECT_EQ(rig.counters.server(0).inactive.read(), left_behind) << "control has made that its baseline";
  EXPECT_EQ(rig.counters.server(0).active.read(), 5u);
}

/// What the table holds must be what the counters say, server by server, at any time.
void expect_books_to_balance(const ForwarderRig& rig) {
  std::array<uint64_t, 3> active{}, inactive{};
  uint64_t live = 0;
  rig.table.for_each_slot([&](ConnectionKey, ConnectionValue value) {
    if (!value.live()) return;
    ++live;
    ++(is_active(value.state()) ? active : inactive)[value.server()];
  });
  for (uint32_t slot = 0; slot < 3; ++slot) {
    ASSERT_EQ(rig.counters.server(slot).active.read(), active[slot]) << "server " << slot;
    ASSERT_EQ(rig.counters.server(slot).inactive.read(), inactive[slot]) << "server " << slot;
  }
  const TableCounters& table = rig.counters.ipv4_table;
  ASSERT_EQ(table.inserted.read() - table.expired.read() - table.evicted.read(), live);
}

TEST(ForwarderBooksAtRandom, BalanceAfterEveryBurst) {
  std::mt19937 random(4);
  SnapshotRecipe recipe;
  recipe.turns = {0, 1, 2};
  ForwarderRig rig(64, recipe);
  constexpr std::array<uint8_t, 6> kFlags{kSyn, kSyn, kAck, kAck, kFin | kAck, kRst};
  for (unsigned round = 0; round < 4000; ++round) {
    std::vector<Bytes> frames(random() % (kBurst + 1));
    for (Bytes& frame : frames) {
      const auto flow = static_cast<uint16_t>(random() % 100);
      frame = random() % 16 ? ForwarderRig::tcp_of(flow, kFlags[random() % kFlags.size()])
                            : ForwarderRig::udp_of(flow);
    }
    rig.burst(frames);
    if (random() % 4 == 0) rig.now += static_cast<Tick>(random() % 60);
    if (random() % 8 == 0) rig.sweep();
    if (random() % 32 == 0) {  // a server goes away and comes back
      const bool usable = random() % 2;
      rig.recipe.servers[1].resolved = usable;
      rig.recipe.turns = rig.recipe.maglev =
          usable ? std::vector<uint32_t>{0, 1, 2} : std::vector<uint32_t>{0, 2};
      rig.apply();
    }
    ASSERT_NO_FATAL_FAILURE(expect_books_to_balance(rig)) << "round " << round;
  }
  EXPECT_GT(rig.counters.ipv4_table.evicted.read(), 0u);
  EXPECT_GT(rig.counters.ipv4_table.expired.read(), 0u);
  EXPECT_GT(rig.counters.ipv4_table.stateless.read(), 0u);
}

}  // namespace
}  // namespace turnout::forwarder_books_test
