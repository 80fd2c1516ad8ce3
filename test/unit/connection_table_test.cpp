#include "dataplane/connection_table.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "test/support/test_table.h"

namespace turnout::connection_table_test {
namespace {

using enum ConnectionState;
using Result = InsertedConnection::Result;

ConnectionValue entry(uint32_t server, ConnectionState state, Tick seen = 0) {
  return ConnectionValue::make(server, 1, state, seen);
}

TEST(ConnectionTable, TakesSixteenBytesASlotAndRoundsUpToAPowerOfTwo) {
  EXPECT_EQ(ConnectionTable::bytes_for(1 << 20), size_t{16} << 20);
  EXPECT_EQ(ConnectionTable::bytes_for((1 << 20) + 1), size_t{32} << 20);
  EXPECT_EQ(ConnectionTable::buckets_for(0), 2u) << "a flow's two buckets are two";
  EXPECT_EQ(ConnectionTable::buckets_for(1), 2u);
  EXPECT_EQ(ConnectionTable::buckets_for(8), 2u);
  EXPECT_EQ(ConnectionTable::buckets_for(9), 4u);
  const TestTable table(1000);
  EXPECT_EQ(table->slots(), 1024u);
  EXPECT_EQ(table->buckets(), 256u);
}

TEST(ConnectionTable, FindsWhatWasInsertedAndNothingElse) {
  const TestTable table(64);
  EXPECT_FALSE(table.find(flow_key(1)));
  const auto inserted = table.insert(flow_key(1), entry(42, syn_recv, 5), 5);
  EXPECT_EQ(inserted.result, Result::inserted);
  EXPECT_EQ(inserted.displaced_count, 0);
  const auto found = table.find(flow_key(1), 5);
  ASSERT_TRUE(found);
  EXPECT_EQ(found.slot, inserted.entry.slot);
  EXPECT_EQ(found.value, inserted.entry.value);
  EXPECT_EQ(found.value.server(), 42u);
  EXPECT_EQ(found.value.state(), syn_recv);
  EXPECT_EQ(found.value.seen(), 5u);
  EXPECT_FALSE(table.find(flow_key(2), 5));
  EXPECT_FALSE(table.find(flow_key(1) + 1, 5)) << "another service's flow of the same client";
}

TEST(ConnectionTable, AnEmptySlotIsNotTheFlowWhoseKeyIsZero) {
  const TestTable table(64);
  EXPECT_FALSE(table.find(0));
  EXPECT_EQ(table.insert(0, entry(3, established)).result, Result::inserted);
  EXPECT_EQ(table.find(0).value.server(), 3u);
}

TEST(ConnectionTable, ReturnsTheEntryThatIsThereToASecondInsert) {
  const TestTable table(64);
  table.insert(flow_key(1), entry(1, established));
  const auto second = table.insert(flow_key(1), entry(2, established));
  EXPECT_EQ(second.result, Result::existing);
  EXPECT_EQ(second.entry.value.server(), 1u);
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.unfinished(), 0u);
}

TEST(ConnectionTable, AdvanceMovesStateAndTimeOnAndSaysWhatWas) {
  const TestTable table(64);
  auto found = table.insert(flow_key(1), entry(9, syn_recv, 5), 5).entry;
  const auto before = found.advance(PacketEvent::ack, 7);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->state(), syn_recv);
  EXPECT_EQ(found.value.state(), established);
  EXPECT_EQ(found.value.seen(), 7u);
  EXPECT_EQ(found.value.server(), 9u);
  EXPECT_EQ(table.find(flow_key(1), 7).value, found.value);
}

TEST(ConnectionTable, AdvanceGoesOnFromWhatAnotherThreadWroteMeanwhile) {
  const TestTable table(64);
  auto ours = table.insert(flow_key(1), entry(9, syn_recv)).entry;
  auto theirs = table.find(flow_key(1));
  ASSERT_TRUE(theirs.advance(PacketEvent::ack, 1));
  const auto before = ours.advance(PacketEvent::fin, 1);
  ASSERT_TRUE(before);
  EXPECT_EQ(before->state(), established);
  EXPECT_EQ(ours.value.state(), fin_wait);
}

TEST(ConnectionTable, AdvanceAndReplaceLeaveTheSlotsNextOwnerAlone) {
  const TestTable table(8);
  auto old = table.insert(flow_key(1), entry(1, close, 0), 0).entry;
  const Tick later = 1000;
  std::vector<ConnectionKey> others;
  for (uint64_t i = 10; i < 18; ++i) {
    ASSERT_EQ(table.insert(flow_key(i), entry(2, established, later), later).result, Result::inserted);
  }
  auto other_view = old;
  EXPECT_FALSE(old.advance(PacketEvent::ack, later));
  EXPECT_FALSE(other_view.replace(entry(3, established, later)));
  for (uint64_t i = 10; i < 18; ++i) EXPECT_EQ(table.find(flow_key(i), later).value.server(), 2u);
}

TEST(ConnectionTable, EverySlotsNextOwnerHasAnotherVersion) {
  const TestTable table(8);
  for (uint64_t i = 0; i < 7; ++i) table.insert(flow_key(i), entry(1, established));
  uint8_t last = 0;
  for (uint32_t i = 0; i < 600; ++i) {  // more than a version can count
    const auto result = table.insert(flow_key(100 + i % 2), entry(i, syn_recv));
    ASSERT_EQ(result.result, Result::inserted);
    EXPECT_EQ(result.entry.value.version(), static_cast<uint8_t>(last + 1));
    last = result.entry.value.version();
  }
}

TEST(ConnectionTable, ReplaceGivesAnEntryAnotherServer) {
  const TestTable table(64);
  auto found = table.insert(flow_key(1), entry(1, fin_wait)).entry;
  EXPECT_TRUE(found.replace(ConnectionValue::make(2, 3, syn_recv, 8)));
  EXPECT_EQ(table.find(flow_key(1), 8).value, found.value);
  EXPECT_EQ(found.value.server(), 2u);
  EXPECT_EQ(found.value.generation(), 3u);
  EXPECT_EQ(found.value.seen(), 8u);
}

TEST(ConnectionTable, ReplaceTellsWhatStandsThereIfTheEntryChangedMeanwhile) {
  const TestTable table(64);
  auto ours = table.insert(flow_key(1), entry(1, fin_wait)).entry;
  auto theirs = ours;
  ASSERT_TRUE(theirs.replace(entry(2, syn_recv)));
  EXPECT_FALSE(ours.replace(entry(3, syn_recv)));
  EXPECT_EQ(ours.value, theirs.value);
  EXPECT_EQ(table.find(flow_key(1)).value.server(), 2u);
}

TEST(ConnectionTable, AnEntryIsForgottenOneSecondAfterItsTimeout) {
  const Timeouts timeouts;
  for (const ConnectionState state : {syn_recv, established, fin_wait, close, udp}) {
    for (const Tick seen : {Tick{0}, Tick{1000}, kTickMask - 3}) {
      const TestTable table(8);
      table.insert(flow_key(1), entry(1, state, seen), seen);
      const Tick last = seen + timeouts.of(state);
      EXPECT_TRUE(table.find(flow_key(1), last)) << "state " << static_cast<int>(state) << " seen " << seen;
      EXPECT_FALSE(table.find(flow_key(1), last + 1))
          << "state " << static_cast<int>(state) << " seen " << seen;
    }
  }
}

TEST(ConnectionTable, AnExpiredEntryOfTheSameFlowMakesWayForANewOne) {
  const TestTable table(8);
  table.insert(flow_key(1), entry(1, close, 0), 0);
  const auto again = table.insert(flow_key(1), entry(2, syn_recv, 11), 11);
  EXPECT_EQ(again.result, Result::inserted);
  ASSERT_EQ(again.displaced_count, 1);
  EXPECT_FALSE(again.displaced[0].evicted);
  EXPECT_EQ(again.displaced[0].value.server(), 1u);
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.find(flow_key(1), 11).value.server(), 2u);
}

TEST(ConnectionTable, SweepFreesWhatExpiredAndTellsOfEach) {
  const TestTable table(64);
  for (uint32_t i = 0; i < 16; ++i) table.insert(flow_key(i), entry(i, i % 2 == 0 ? syn_recv : established));
  std::vector<uint32_t> expired;
  const auto note = [&](ConnectionKey key, ConnectionValue value) {
    expired.push_back(value.server());
    EXPECT_EQ(key, flow_key(value.server()));
  };
  table->sweep(0, table->buckets(), 60, Timeouts{}, note);
  EXPECT_TRUE(expired.empty()) << "at the very end of their time";
  table->sweep(0, table->buckets(), 61, Timeouts{}, note);
  std::sort(expired.begin(), expired.end());
  EXPECT_EQ(expired, (std::vector<uint32_t>{0, 2, 4, 6, 8, 10, 12, 14}));
  EXPECT_EQ(table.live(), 8u);
  EXPECT_EQ(table.unfinished(), 0u);
  table->sweep(0, table->buckets(), 61, Timeouts{}, note);
  EXPECT_EQ(expired.size(), 8u) << "nobody expires twice";
}

TEST(ConnectionTable, SweepInPartsReachesEveryBucketAndGoesAroundTheEnd) {
  const TestTable table(64);
  for (uint64_t i = 0; i < 32; ++i) table.insert(flow_key(i), entry(1, udp));
  uint64_t expired = 0;
  for (uint64_t first = 13; first < 13 + table->buckets(); first += 3) {
    table->sweep(first, 3, 301, Timeouts{}, [&](ConnectionKey, ConnectionValue) { ++expired; });
  }
  EXPECT_EQ(expired, 32u);
  EXPECT_EQ(table.live(), 0u);
}

TEST(ConnectionTable, VisitShowsEachLiveEntryOnceWithItsKey) {
  const TestTable table(64);
  std::map<ConnectionKey, uint32_t> expected, seen;
  for (uint32_t i = 0; i < 40; ++i) {
    table.insert(flow_key(i), entry(i, udp));
    expected[flow_key(i)] = i;
  }
  table->visit(5, table->buckets(), [&](ConnectionKey key, ConnectionValue value) {
    EXPECT_TRUE(seen.emplace(key, value.server()).second);
  });
  EXPECT_EQ(seen, expected);
}

}  // namespace
}  // namespace turnout::connection_table_test
