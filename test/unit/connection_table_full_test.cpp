// What the connection table does when it fills: moves, evictions, and how far it can be filled.
#include <arpa/inet.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <iostream>
#include <random>
#include <utility>
#include <vector>

#include "dataplane/connection_table.h"
#include "test/support/test_table.h"

namespace turnout::connection_table_full_test {
namespace {

using enum ConnectionState;
using Result = InsertedConnection::Result;

ConnectionValue entry(uint32_t server, ConnectionState state, Tick seen = 0) {
  return ConnectionValue::make(server, 1, state, seen);
}

/// A table of two buckets, so that every flow may use each of its eight slots and nothing can move away. Both
/// ways in decide the same; the parameter: is it the quick one?
struct FullTable : testing::TestWithParam<bool> {
  TestTable table{8};
  static constexpr Tick kNow = 9;

  /// Eight entries; the Tick is when each was seen.
  void fill(const std::vector<std::pair<ConnectionState, Tick>>& entries) {
    for (uint32_t i = 0; i < entries.size(); ++i) {
      ASSERT_EQ(table.insert(flow_key(i), entry(i, entries[i].first, entries[i].second), 0).result,
                Result::inserted);
    }
    ASSERT_EQ(table.live(), 8u);
  }
  TestInsertion add(uint64_t flow, Tick now = kNow) {
    const ConnectionValue proposal = entry(99, syn_recv, now);
    return GetParam() ? table.supplant(flow_key(flow), proposal, now)
                      : table.insert(flow_key(flow), proposal, now);
  }
  void expect_evicted(const TestInsertion& result, uint32_t server) {
    EXPECT_EQ(result.result, Result::inserted);
    ASSERT_EQ(result.displaced_count, 1u);
    EXPECT_TRUE(result.displaced[0].evicted);
    EXPECT_EQ(result.displaced[0].value.server(), server);
    EXPECT_FALSE(table.find(flow_key(server), kNow));
    EXPECT_EQ(table.live(), 8u);
  }
};

TEST_P(FullTable, EvictsTheSynThatIsIdleTheLongest) {
  fill({{established, 0},
        {syn_recv, 4},
        {close, 0},
        {syn_recv, 2},
        {syn_recv, 3},
        {udp, 0},
        {fin_wait, 0},
        {close, 1}});
  expect_evicted(add(100), 3);
  expect_evicted(add(101), 4);
  expect_evicted(add(102), 1);
}

TEST_P(FullTable, EvictsClosedConnectionsWhenThereAreNoMoreSyns) {
  fill({{established, 0},
        {close, 4},
        {udp, 0},
        {close, 2},
        {fin_wait, 0},
        {close, 3},
        {established, 0},
        {udp, 1}});
  expect_evicted(add(100), 3);
}

TEST_P(FullTable, AFloodOfSynsReplacesItselfAndNobodyElse) {
  fill({{established, 0},
        {close, 4},
        {udp, 0},
        {established, 2},
        {fin_wait, 0},
        {close, 3},
        {syn_recv, 0},
        {udp, 1}});
  for (uint64_t flow = 100; flow < 200; ++flow) EXPECT_EQ(add(flow).result, Result::inserted);
  for (const uint64_t kept : {0u, 1u, 2u, 3u, 4u, 5u, 7u})
    EXPECT_TRUE(table.find(flow_key(kept), kNow)) << kept;
}

TEST_P(FullTable, IsFullWhenNobodyMayBeEvicted) {
  fill({{established, 0},
        {udp, 0},
        {fin_wait, 0},
        {established, 1},
        {udp, 2},
        {established, 3},
        {fin_wait, 4},
        {udp, 5}});
  const auto result = add(100);
  EXPECT_EQ(result.result, Result::full);
  EXPECT_FALSE(result.entry);
  EXPECT_EQ(result.displaced_count, 0u);
  for (uint32_t i = 0; i < 8; ++i) EXPECT_EQ(table.find(flow_key(i), kNow).value.server(), i);
}

TEST_P(FullTable, StillReturnsTheEntryOfAFlowThatHasOne) {
  fill(std::vector<std::pair<ConnectionState, Tick>>(8, {established, 0}));
  const auto result = add(5);
  EXPECT_EQ(result.result, Result::existing);
  EXPECT_EQ(result.entry.value.server(), 5u);
}

TEST_P(FullTable, NobodyGivesWayToAFlowThatHasAnEntry) {
  fill(std::vector<std::pair<ConnectionState, Tick>>(8, {syn_recv, 0}));
  for (uint32_t flow = 0; flow < 8; ++flow) {
    const auto result = add(flow);
    EXPECT_EQ(result.result, Result::existing);
    EXPECT_EQ(result.entry.value.server(), flow);
    EXPECT_EQ(result.displaced_count, 0u);
  }
  EXPECT_EQ(table.live(), 8u);
  EXPECT_EQ(table.unfinished(), 0u);
}

TEST_P(FullTable, TakesAnExpiredSlotBeforeItEvictsAnyone) {
  fill({{syn_recv, 8},
        {syn_recv, 7},
        {close, 0},
        {syn_recv, 6},
        {established, 0},
        {udp, 0},
        {established, 0},
        {udp, 0}});
  const Tick later = 11;  // the closed one has expired
  const auto result = add(100, later);
  EXPECT_EQ(result.result, Result::inserted);
  ASSERT_EQ(result.displaced_count, 1u);
  EXPECT_FALSE(result.displaced[0].evicted);
  EXPECT_EQ(result.displaced[0].value.server(), 2u);
}

TEST_P(FullTable, KnowsTheLongestIdleAcrossTheWrapOfTheTick) {
  fill({{syn_recv, 2},
        {syn_recv, kTickMask},
        {syn_recv, 0},
        {syn_recv, 1},
        {udp, 0},
        {udp, 0},
        {udp, 0},
        {udp, 0}});
  expect_evicted(add(100), 1);
}

TEST_P(FullTable, AFlowThatHasExpiredGivesWayToItself) {
  fill({{established, 0},
        {close, 0},
        {udp, 0},
        {syn_recv, 0},
        {fin_wait, 0},
        {established, 0},
        {established, 0},
        {udp, 0}});
  const auto result = add(1, 11);
  EXPECT_EQ(result.result, Result::inserted);
  EXPECT_EQ(table.find(flow_key(1), 11).value.server(), 99u);
  EXPECT_EQ(table.duplicates(), 0u);
  EXPECT_EQ(table.unfinished(), 0u);
}

INSTANTIATE_TEST_SUITE_P(Ways, FullTable, testing::Bool(),
                         [](const auto& tested) { return tested.param ? "Supplant" : "Insert"; });

TEST(ConnectionTable, WhoFindsAFreeSlotSupplantsNobody) {
  const TestTable table(8);
  for (uint32_t i = 0; i < 7; ++i) table.insert(flow_key(i), entry(i, syn_recv));
  const uint64_t hash = table->hash(flow_key(100));
  const auto quick = table->supplant(flow_key(100), hash, entry(99, syn_recv), 0, {});
  EXPECT_FALSE(quick.decided);
  EXPECT_FALSE(quick.displaces);
  EXPECT_FALSE(quick.entry);
  EXPECT_EQ(table.live(), 7u);
  EXPECT_EQ(table.unfinished(), 0u);
}

/// Inserts random flows that can't be evicted until one is refused; returns the occupancy then.
double occupancy_when_first_refused(uint64_t capacity, uint64_t seed) {
  const TestTable table(capacity, seed);
  std::mt19937_64 random(seed);
  for (uint64_t inserted = 0;; ++inserted) {
    if (table.insert(random(), entry(1, established)).result == Result::full) {
      return static_cast<double>(inserted) / static_cast<double>(table->slots());
    }
  }
}

TEST(ConnectionTable, FillsToNinetyFivePercentBeforeItRefusesAnyone) {
  double lowest = 1;
  for (const uint64_t capacity : {1u << 14, 1u << 16, 1u << 18}) {
    for (uint64_t seed = 1; seed <= 4; ++seed) {
      const double occupancy = occupancy_when_first_refused(capacity, seed);
      lowest = std::min(lowest, occupancy);
      EXPECT_GE(occupancy, 0.95) << capacity << " slots, seed " << seed;
    }
  }
  std::cout << "  the first refusal came at " << 100 * lowest << " % at the earliest\n";
}

TEST(ConnectionTable, FillsAsFarWithTheFlowsOfOneClient) {
  for (uint64_t seed = 1; seed <= 20; ++seed) {
    const TestTable table(1 << 16, seed * 0x9E3779B97F4A7C15u);
    const uint64_t flows = table->slots() * 95 / 100;
    for (uint64_t port = 0; port < flows; ++port) {
      const ConnectionKey key = make_connection_key(0x0100000A, htons(static_cast<uint16_t>(port)), 1);
      ASSERT_EQ(table.insert(key, entry(1, established)).result, Result::inserted)
          << "seed " << seed << ", the " << port << "th of its ports";
    }
  }
}

TEST(ConnectionTable, SearchesNoFurtherThanItIsGiven) {
  const TestTable table(1 << 12);
  std::mt19937_64 random(7);
  unsigned refused = 0;
  for (unsigned i = 0; i < 2 * table->slots(); ++i) {
    const unsigned budget = i % 3 == 0 ? 0 : i % 20;
    const ConnectionKey key = random();
    const auto result = table->insert(key, table->hash(key), entry(1, established), 0, {}, budget);
    ASSERT_LE(result.looked_at, budget);
    ASSERT_TRUE(result.crowded || result.looked_at == 0);
    refused += result.result == Result::full;
  }
  EXPECT_GE(refused, table->slots());
  EXPECT_EQ(table.duplicates(), 0u);
  EXPECT_EQ(table.unfinished(), 0u);
}

TEST(ConnectionTable, LosesNoEntryToMoves) {
  const TestTable table(1 << 16);
  std::mt19937_64 random(7);
  std::vector<ConnectionKey> keys(table->slots() * 95 / 100);
  for (uint32_t i = 0; i < keys.size(); ++i) {
    keys[i] = random();
    ASSERT_EQ(table.insert(keys[i], entry(i, established)).result, Result::inserted);
  }
  for (uint32_t i = 0; i < keys.size(); ++i) {
    const auto found = table.find(keys[i]);
    ASSERT_TRUE(found) << "flow " << i << " was lost";
    ASSERT_EQ(found.value.server(), i);
  }
  EXPECT_EQ(table.live(), keys.size());
  EXPECT_EQ(table.duplicates(), 0u);
  EXPECT_EQ(table.unfinished(), 0u);
}

TEST(ConnectionTable, EntriesThatMovedKeepStateTimeAndGeneration) {
  const TestTable table(1 << 10);
  std::vector<std::pair<ConnectionKey, ConnectionValue>> entered;
  for (uint32_t i = 0; i < 870; ++i) {
    const auto value = ConnectionValue::make(i, i & 1023, i % 2 == 0 ? established : udp, i % 200);
    if (table.insert(flow_key(i), value, 200).result == Result::inserted)
      entered.emplace_back(flow_key(i), value);
  }
  EXPECT_GT(entered.size(), 850u);
  for (const auto& [key, value] : entered) EXPECT_EQ(table.find(key, 200).value.with_version(0), value);
}

}  // namespace
}  // namespace turnout::connection_table_full_test
