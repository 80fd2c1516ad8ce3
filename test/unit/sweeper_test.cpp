#include "control/sweeper.h"

#include <gtest/gtest.h>

#include "dataplane/accounting.h"
#include "test/support/test_table.h"

namespace turnout::sweeper_test {
namespace {

using namespace std::chrono_literals;

struct Sweeping : testing::Test {
  TestTable table{4096};
  Statistics statistics{1};
  Snapshot snapshot;
  WideTestTable wide_table{4096};
  Sweeper sweeper{{*table, *wide_table}, statistics};

  Sweeping() {
    snapshot.servers.resize(2);
    snapshot.servers[0].tag = 1;
    snapshot.servers[1].tag = 2;
  }
  void open(uint64_t flow, uint32_t server, ConnectionState state) {
    const auto value = ConnectionValue::make(server, 1, state, 0);
    ASSERT_EQ(table.insert(flow_key(flow), value).result, InsertedConnection::Result::inserted);
    statistics.worker(0).ipv4_table.inserted.add(1);
    if (snapshot.owns(value)) note_opened(statistics.worker(0), snapshot, value);
  }
};

TEST_F(Sweeping, FreesWhatExpiredInLittleMoreThanARound) {
  for (uint64_t flow = 0; flow < 500; ++flow) open(flow, 0, ConnectionState::syn_recv);
  for (auto now = 0ms; now <= Sweeper::kRound * 11 / 10; now += 10ms) sweeper.tick(now, 61, snapshot);
  EXPECT_EQ(table.live(), 0u);
  EXPECT_EQ(statistics.ipv4_table().expired, 500u);
  EXPECT_EQ(statistics.ipv4_table().entries(), 0u);
  EXPECT_EQ(statistics.server(0).inactive, 0u);
}

TEST_F(Sweeping, GoesThroughTheTableAtASteadyPace) {
  for (uint64_t flow = 0; flow < 2000; ++flow) open(flow, 0, ConnectionState::syn_recv);
  for (auto now = 0ms; now <= Sweeper::kRound / 2; now += 10ms) sweeper.tick(now, 61, snapshot);
  EXPECT_NEAR(static_cast<double>(table.live()), 1000, 150);
}

TEST_F(Sweeping, ReachesEveryBucketOfATableWithFewerBucketsThanTicks) {
  TestTable small(8);
  Sweeper small_sweeper({*small, *wide_table}, statistics);
  for (uint64_t flow = 0; flow < 8; ++flow) {
    small.insert(flow_key(flow), ConnectionValue::make(0, 1, ConnectionState::close, 0));
  }
  for (auto now = 0ms; now <= 2 * Sweeper::kRound; now += 1ms) small_sweeper.tick(now, 11, snapshot);
  EXPECT_EQ(small.live(), 0u);
}

TEST_F(Sweeping, AfterALongPauseSweepsNoMoreThanOneRound) {
  for (uint64_t flow = 0; flow < 500; ++flow) open(flow, 0, ConnectionState::syn_recv);
  sweeper.tick(1h, 61, snapshot);
  EXPECT_EQ(table.live(), 0u);
  EXPECT_EQ(statistics.ipv4_table().expired, 500u) << "each once";
}

TEST_F(Sweeping, LeavesWhatIsNotPastItsTime) {
  open(1, 0, ConnectionState::established);
  sweeper.tick(10s, 900, snapshot);
  EXPECT_EQ(table.live(), 1u);
  sweeper.tick(20s, 901, snapshot);
  EXPECT_EQ(table.live(), 0u);
}

TEST_F(Sweeping, ChargesNobodyForConnectionsOfASlotsEarlierServer) {
  open(1, 1, ConnectionState::established);  // of generation 1; the slot's server has generation 2
  sweeper.tick(10s, 901, snapshot);
  EXPECT_EQ(table.live(), 0u);
  EXPECT_EQ(statistics.ipv4_table().expired, 1u);
  EXPECT_EQ(statistics.control().server(1).active.read(), 0u);
}

}  // namespace
}  // namespace turnout::sweeper_test
