// What holds of the connection table whatever its keys are: IPv4's of one word, IPv6's of three.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <map>
#include <random>
#include <vector>

#include "dataplane/connection_table.h"
#include "test/support/test_table.h"

namespace turnout::wide_connection_table_test {
namespace {

using enum ConnectionState;
using Result = InsertedConnection::Result;

ConnectionValue entry(uint32_t server, ConnectionState state, Tick seen = 0) {
  return ConnectionValue::make(server, 1, state, seen);
}

template <typename Key>
struct AnyConnectionTable : testing::Test {
  using Table = BasicTestTable<Key>;
  static constexpr size_t kWords = sizeof(Key) / 8;
  using Words = std::array<uint64_t, kWords>;

  /// Another flow for each number.
  static Key key(uint64_t number) {
    Words words;
    for (size_t i = 0; i < kWords; ++i) words[i] = (number + 1) * 0x9E3779B97F4A7C15u + i * number;
    return std::bit_cast<Key>(words);
  }
  static Key without(const Key& key, size_t word, uint64_t bits) {
    auto words = std::bit_cast<Words>(key);
    words[word] ^= bits;
    return std::bit_cast<Key>(words);
  }
  static Key random_key(std::mt19937_64& random) {
    Words words;
    for (uint64_t& word : words) word = random();
    return std::bit_cast<Key>(words);
  }
};
using Keys = testing::Types<ConnectionKey, WideKey>;
TYPED_TEST_SUITE(AnyConnectionTable, Keys);

TYPED_TEST(AnyConnectionTable, TakesTheBytesThatItsHeaderSays) {
  constexpr size_t kSlotBytes = sizeof(TypeParam) == 8 ? 16 : 32;
  EXPECT_EQ(BasicConnectionTable<TypeParam>::bytes_for(1 << 20), kSlotBytes << 20);
  EXPECT_EQ(BasicConnectionTable<TypeParam>::bytes_for((1 << 20) + 1), kSlotBytes << 21);
  const BasicTestTable<TypeParam> table(1000);
  EXPECT_EQ(table->slots(), 1024u);
  EXPECT_EQ(table->buckets(), 256u);
}

/// Where a look at the flow's home finds it, or one elsewhere, or neither.
enum class Place : uint8_t { home, elsewhere, nowhere };
template <typename Key>
Place place_of(const BasicTestTable<Key>& table, const Key& key) {
  const uint64_t hash = table->hash(key);
  if (table->peek(table->view().fetch(hash), key).present()) return Place::home;
  return table->peek_elsewhere(key, hash).present() ? Place::elsewhere : Place::nowhere;
}

TYPED_TEST(AnyConnectionTable, AFlowIsAtHomeAsLongAsThereIsRoom) {
  constexpr size_t kRoom = 64 / (sizeof(TypeParam) + 8);  // slots of a cache line
  const BasicTestTable<TypeParam> table(1024);
  const auto* const home = table->view().fetch(table->hash(this->key(0)));
  size_t neighbours = 0;
  for (uint64_t number = 0; neighbours < 8; ++number) {
    const TypeParam key = this->key(number);
    if (table->view().fetch(table->hash(key)) != home) continue;
    EXPECT_EQ(place_of(table, key), Place::nowhere);
    ASSERT_EQ(table.insert(key, entry(7, established)).result, Result::inserted);
    EXPECT_EQ(place_of(table, key), neighbours < kRoom ? Place::home : Place::elsewhere);
    ++neighbours;
  }
}

TYPED_TEST(AnyConnectionTable, NearlyAllFlowsAreAtHomeAndNoneIsLost) {
  constexpr bool kNarrow = sizeof(TypeParam) == 8;
  const BasicTestTable<TypeParam> table(1 << 14);
  std::mt19937_64 random(1);
  std::vector<TypeParam> flows;
  const auto share_at_home = [&](size_t count) {
    while (flows.size() < count) {
      flows.push_back(this->random_key(random));
      EXPECT_TRUE(table.insert(flows.back(), entry(7, established)).entry);
    }
    size_t at_home = 0;
    for (const TypeParam& flow : flows) {
      const Place place = place_of(table, flow);
      EXPECT_NE(place, Place::nowhere);
      at_home += place == Place::home;
    }
    return static_cast<double>(at_home) / static_cast<double>(count);
  };
  EXPECT_GT(share_at_home(1 << 12), kNarrow ? 0.99 : 0.95) << "a quarter full";
  EXPECT_GT(share_at_home(1 << 13), kNarrow ? 0.95 : 0.87) << "half full";
}

TYPED_TEST(AnyConnectionTable, FindsWhatWasInsertedAndNothingThatDiffersInABit) {
  const BasicTestTable<TypeParam> table(64);
  const TypeParam key = this->key(1);
  EXPECT_FALSE(table.find(key));
  EXPECT_EQ(table.insert(key, entry(42, syn_recv, 5), 5).result, Result::inserted);
  EXPECT_EQ(table.find(key, 5).value.server(), 42u);
  for (size_t word = 0; word < this->kWords; ++word) {
    for (uint64_t bit = 1; bit != 0; bit <<= 1) {
      const TypeParam other = this->without(key, word, bit);
      EXPECT_FALSE(table.find(other, 5));
      // nor where the hash would lead to the same buckets
      EXPECT_FALSE(table->look_up(other, table->hash(key))) << "word " << word;
    }
  }
}

TYPED_TEST(AnyConnectionTable, EntersAFlowQuicklyIfThereIsAFreeSlotAndTheFlowIsNotThere) {
  const BasicTestTable<TypeParam> table(8);
  for (uint64_t i = 0; i < 4; ++i) {
    const TypeParam key = this->key(i);
    const ConnectionEntry entered = table->enter(key, table->hash(key), entry(40, syn_recv, 5));
    ASSERT_TRUE(entered);
    EXPECT_EQ(table.find(key, 5).slot, entered.slot);
    EXPECT_EQ(table.find(key, 5).value, entered.value);
    EXPECT_FALSE(table->enter(key, table->hash(key), entry(41, syn_recv, 6))) << "it is there";
    EXPECT_EQ(table.find(key, 6).value, entered.value);
    EXPECT_EQ(table.live(), i + 1);
  }
}

TYPED_TEST(AnyConnectionTable, EntersNoFlowQuicklyWhereSomebodyWouldHaveToGiveWay) {
  const BasicTestTable<TypeParam> table(8);
  for (uint64_t i = 0; i < 200 && table.live() < 8; ++i) table.insert(this->key(i), entry(1, established));
  ASSERT_EQ(table.live(), 8u);
  const TypeParam key = this->key(1000);
  EXPECT_FALSE(table->enter(key, table->hash(key), entry(2, syn_recv)));
  EXPECT_EQ(table.live(), 8u);
  size_t established_ones = 0;
  table.for_each_slot(
      [&](const auto&, ConnectionValue value) { established_ones += value.state() == established; });
  EXPECT_EQ(established_ones, 8u);
}

TYPED_TEST(AnyConnectionTable, LeavesNoClaimBehindWhenItGivesUp) {
  const BasicTestTable<TypeParam> table(64);
  const TypeParam key = this->key(1);
  table.insert(key, entry(1, established));
  for (int i = 0; i < 10; ++i) EXPECT_FALSE(table->enter(key, table->hash(key), entry(2, syn_recv)));
  table.for_each_slot([&](const auto&, ConnectionValue value) { EXPECT_NE(value.state(), claimed); });
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.find(key).value.server(), 1u);
}

TYPED_TEST(AnyConnectionTable, FlowsThatDifferInOneWordOnlyLiveSideBySide) {
  for (size_t word = 0; word < this->kWords; ++word) {
    const BasicTestTable<TypeParam> table(8);
    for (uint32_t i = 0; i < 8; ++i)
      ASSERT_EQ(table.insert(this->without(this->key(1), word, i), entry(i, established)).result,
                Result::inserted);
    for (uint32_t i = 0; i < 8; ++i)
      EXPECT_EQ(table.find(this->without(this->key(1), word, i)).value.server(), i) << "word " << word;
  }
}

TYPED_TEST(AnyConnectionTable, AnEmptySlotIsNotTheFlowWhoseKeyIsZero) {
  const BasicTestTable<TypeParam> table(64);
  EXPECT_FALSE(table.find(TypeParam{}));
  EXPECT_EQ(table.insert(TypeParam{}, entry(3, established)).result, Result::inserted);
  EXPECT_EQ(table.find(TypeParam{}).value.server(), 3u);
}

TYPED_TEST(AnyConnectionTable, ReturnsTheEntryThatIsThereToASecondInsert) {
  const BasicTestTable<TypeParam> table(64);
  table.insert(this->key(1), entry(1, established));
  const auto second = table.insert(this->key(1), entry(2, established));
  EXPECT_EQ(second.result, Result::existing);
  EXPECT_EQ(second.entry.value.server(), 1u);
  EXPECT_EQ(table.live(), 1u);
  EXPECT_EQ(table.unfinished(), 0u);
}

TYPED_TEST(AnyConnectionTable, AnEntryIsForgottenOneSecondAfterItsTimeout) {
  const Timeouts timeouts;
  for (const ConnectionState state : {syn_recv, established, fin_wait, close, udp}) {
    for (const Tick seen : {Tick{0}, Tick{1000}, kTickMask - 3}) {
      const BasicTestTable<TypeParam> table(8);
      table.insert(this->key(1), entry(1, state, seen), seen);
      EXPECT_TRUE(table.find(this->key(1), seen + timeouts.of(state)));
      EXPECT_FALSE(table.find(this->key(1), seen + timeouts.of(state) + 1));
    }
  }
}

TYPED_TEST(AnyConnectionTable, AnExpiredEntryOfTheSameFlowMakesWayForANewOne) {
  const BasicTestTable<TypeParam> table(8);
  table.insert(this->key(1), entry(1, close, 0), 0);
  const auto again = table.insert(this->key(1), entry(2, syn_recv, 11), 11);
  EXPECT_EQ(again.result, Result::inserted);
  ASSERT_EQ(again.displaced_count, 1);
  EXPECT_FALSE(again.displaced[0].evicted);
  EXPECT_EQ(table.live(), 1u);
}

TYPED_TEST(AnyConnectionTable, EvictsTheSynThatIsIdleTheLongestThenWhatIsClosedThenNobody) {
  const BasicTestTable<TypeParam> table(8);
  const std::vector<std::pair<ConnectionState, Tick>> entries{{established, 0}, {syn_recv, 4}, {close, 1},
                                                              {syn_recv, 2},    {udp, 0},      {fin_wait, 0},
                                                              {close, 0},       {udp, 0}};
  for (uint32_t i = 0; i < entries.size(); ++i)
    ASSERT_EQ(table.insert(this->key(i), entry(i, entries[i].first, entries[i].second)).result,
              Result::inserted);
  for (const uint32_t victim : {3u, 1u, 6u, 2u}) {
    const auto result = table.insert(this->key(100 + victim), entry(99, established, 9), 9);
    EXPECT_EQ(result.result, Result::inserted);
    ASSERT_EQ(result.displaced_count, 1);
    EXPECT_TRUE(result.displaced[0].evicted);
    EXPECT_EQ(result.displaced[0].value.server(), victim);
    EXPECT_FALSE(table.find(this->key(victim), 9));
  }
  EXPECT_EQ(table.insert(this->key(200), entry(99, established, 9), 9).result, Result::full);
  for (const uint32_t kept : {0u, 4u, 5u, 7u}) EXPECT_EQ(table.find(this->key(kept), 9).value.server(), kept);
}

TYPED_TEST(AnyConnectionTable, AFloodOfSynsReplacesItselfAndNobodyElse) {
  const BasicTestTable<TypeParam> table(1 << 12);
  for (uint32_t i = 0; i < 400; ++i) table.insert(this->key(i), entry(i, established));
  for (uint64_t i = 10'000; i < 60'000; ++i)
    ASSERT_EQ(table.insert(this->key(i), entry(7, syn_recv, 1), 1).result, Result::inserted) << i;
  for (uint32_t i = 0; i < 400; ++i) {
    ASSERT_TRUE(table.find(this->key(i), 1)) << i;
    ASSERT_EQ(table.find(this->key(i), 1).value.server(), i);
  }
}

TYPED_TEST(AnyConnectionTable, FillsToEightyFivePercentBeforeItRefusesAnyone) {
  for (uint64_t seed = 1; seed <= 4; ++seed) {
    const BasicTestTable<TypeParam> table(1 << 16, seed);
    std::mt19937_64 random(seed);
    uint64_t inserted = 0;
    while (table.insert(this->random_key(random), entry(1, established)).result != Result::full) ++inserted;
    EXPECT_GE(static_cast<double>(inserted) / static_cast<double>(table->slots()), 0.85) << "seed " << seed;
  }
}

TYPED_TEST(AnyConnectionTable, LosesNoEntryToMoves) {
  const BasicTestTable<TypeParam> table(1 << 15);
  std::mt19937_64 random(7);
  std::vector<TypeParam> keys(table->slots() * 85 / 100);
  for (uint32_t i = 0; i < keys.size(); ++i) {
    keys[i] = this->random_key(random);
    ASSERT_EQ(table.insert(keys[i], ConnectionValue::make(i, i & 1023, established, i % 200), 200).result,
              Result::inserted);
  }
  for (uint32_t i = 0; i < keys.size(); ++i) {
    const auto found = table.find(keys[i], 200);
    ASSERT_TRUE(found) << "flow " << i << " was lost";
    ASSERT_EQ(found.value.with_version(0), ConnectionValue::make(i, i & 1023, established, i % 200));
  }
  EXPECT_EQ(table.live(), keys.size());
  EXPECT_EQ(table.duplicates(), 0u);
  EXPECT_EQ(table.unfinished(), 0u);
}

TYPED_TEST(AnyConnectionTable, SweepFreesWhatExpiredAndTellsOfEach) {
  const BasicTestTable<TypeParam> table(64);
  for (uint32_t i = 0; i < 16; ++i) table.insert(this->key(i), entry(i, i % 2 == 0 ? syn_recv : established));
  std::vector<uint32_t> expired;
  const auto note = [&](const TypeParam& key, ConnectionValue value) {
    expired.push_back(value.server());
    EXPECT_EQ(key, this->key(value.server()));
  };
  table->sweep(0, table->buckets(), 60, Timeouts{}, note);
  EXPECT_TRUE(expired.empty());
  for (uint64_t first = 13; first < 13 + table->buckets(); first += 3)
    table->sweep(first, 3, 61, Timeouts{}, note);
  std::sort(expired.begin(), expired.end());
  EXPECT_EQ(expired, (std::vector<uint32_t>{0, 2, 4, 6, 8, 10, 12, 14}));
  EXPECT_EQ(table.live(), 8u);
}

TYPED_TEST(AnyConnectionTable, VisitShowsEachLiveEntryOnceWithItsKey) {
  const BasicTestTable<TypeParam> table(64);
  std::vector<uint32_t> seen;
  for (uint32_t i = 0; i < 40; ++i) table.insert(this->key(i), entry(i, udp));
  table->visit(5, table->buckets(), [&](const TypeParam& key, ConnectionValue value) {
    EXPECT_TRUE(key == this->key(value.server()));
    seen.push_back(value.server());
  });
  std::sort(seen.begin(), seen.end());
  ASSERT_EQ(seen.size(), 40u);
  for (uint32_t i = 0; i < 40; ++i) EXPECT_EQ(seen[i], i);
}

}  // namespace
}  // namespace turnout::wide_connection_table_test
