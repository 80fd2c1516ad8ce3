// Many threads on one small connection table, so that they meet: in the same flow, the same slot, the same
// move.
//
// Every flow has servers of its own (server = what its key says, and a small variant): an entry whose server
// is not the flow's own is a misrouted connection.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <barrier>
#include <iostream>
#include <type_traits>

#include "test/stress/threads.h"
#include "test/support/test_table.h"

namespace turnout {
namespace {

using Result = InsertedConnection::Result;

#if defined(__SANITIZE_THREAD__)
constexpr bool kSlow = true;
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
constexpr bool kSlow = true;
#else
constexpr bool kSlow = false;
#endif
#else
constexpr bool kSlow = false;
#endif

constexpr unsigned kVariants = 16;
constexpr uint32_t kNone = UINT32_MAX;

/// Of each number another flow. Wide keys differ from many others in one word only, and words of two of them
/// put together are a third one's: a key that was read half before and half after a change is a flow's, too.
template <typename Key>
Key key_of(uint64_t number, uint16_t services = 1) {
  if constexpr (std::is_same_v<Key, ConnectionKey>) {
    return flow_key(number, services);
  } else {
    constexpr uint64_t kFew = 4;
    return {{number % kFew, number / kFew % kFew}, number / kFew / kFew};
  }
}

uint64_t digest(ConnectionKey key) {
  return key * 0xD6E8FEB86659FD93u;
}
uint64_t digest(const WideKey& key) {
  return digest(digest(digest(key.client.first + 1) ^ (key.client.last + 1)) ^ (key.rest + 1));
}
template <typename Key>
uint32_t own_server(const Key& key, uint64_t variant) {
  return static_cast<uint32_t>((digest(key) >> 48) * kVariants + variant % kVariants);
}
template <typename Key>
bool is_own(const Key& key, uint32_t server) {
  return server / kVariants == own_server(key, 0) / kVariants;
}

template <typename Key>
ConnectionValue propose(const Key& key, uint64_t variant, ConnectionState state, Tick now) {
  return ConnectionValue::make(own_server(key, variant), static_cast<uint32_t>(variant), state, now);
}

/// What one thread saw; added up when all have ended.
struct Tally {
  uint64_t inserted = 0;
  uint64_t existing = 0;
  uint64_t full = 0;
  uint64_t expired = 0;
  uint64_t evicted = 0;
  uint64_t advanced = 0;
  uint64_t replaced = 0;
  uint64_t misrouted = 0;  // entries with another flow's server
  uint64_t lost = 0;       // entries that should have been there

  void note(const TestInsertion& result) {
    inserted += result.result == Result::inserted;
    existing += result.result == Result::existing;
    full += result.result == Result::full;
    for (size_t i = 0; i < result.displaced_count; ++i) ++(result.displaced[i].evicted ? evicted : expired);
  }
  template <typename Key>
  void check(const Key& key, ConnectionValue value) {
    misrouted += !is_own(key, value.server());
  }

  Tally& operator+=(const Tally& other) {
    inserted += other.inserted;
    existing += other.existing;
    full += other.full;
    expired += other.expired;
    evicted += other.evicted;
    advanced += other.advanced;
    replaced += other.replaced;
    misrouted += other.misrouted;
    lost += other.lost;
    return *this;
  }
};

std::ostream& operator<<(std::ostream& out, const Tally& tally) {
  return out << tally.inserted << " inserted, " << tally.existing << " existing, " << tally.full << " full, "
             << tally.expired << " expired, " << tally.evicted << " evicted, " << tally.advanced
             << " advanced, " << tally.replaced << " replaced";
}

template <typename Key>
void expect_sound(const BasicTestTable<Key>& table, const Tally& tally) {
  EXPECT_EQ(tally.misrouted, 0u);
  EXPECT_EQ(tally.lost, 0u);
  EXPECT_EQ(table.unfinished(), 0u) << "slots left in the middle of a change";
  EXPECT_EQ(table.duplicates(), 0u) << "flows with two live entries";
  EXPECT_EQ(table.live(), tally.inserted - tally.expired - tally.evicted) << tally;
  table.for_each_slot([](const Key& key, ConnectionValue value) {
    EXPECT_TRUE(!value.live() || is_own(key, value.server())) << "an entry with another flow's server";
  });
}

/// All threads insert the same flows at the same time, each with a server of its own choice. Nothing expires
/// and nothing can be evicted, so that whoever gets an answer must get the same.
template <typename Key>
struct Race {
  static constexpr unsigned kThreads = 4;
  const uint64_t flows;
  const bool among_syns;  // the table is full of those, and one of them gives way to each flow
  BasicTestTable<Key> table;
  std::vector<std::array<uint32_t, kThreads>> answers;
  std::array<Tally, kThreads> tallies{};

  Race(uint64_t capacity, uint64_t number, bool is_among_syns = false)
      : flows(number), among_syns(is_among_syns), table(capacity), answers(number) {
    if (among_syns) fill_with_syns();
  }

  void fill_with_syns() {
    for (uint64_t other = 1u << 30; table.live() < table->slots(); ++other) {
      const Key key = key_of<Key>(other);
      table.insert(key, propose(key, 0, ConnectionState::syn_recv, 0));
    }
  }
  uint64_t established() const {
    uint64_t number = 0;
    table.for_each_slot(
        [&](const Key&, ConnectionValue value) { number += value.state() == ConnectionState::established; });
    return number;
  }

  void insert_all(unsigned thread, uint64_t round) {
    Dice dice(round * kThreads + thread);
    const uint64_t offset = round % 2 == 0 ? 0 : dice.below(flows);  // in step, or each at another flow
    for (uint64_t n = 0; n < flows; ++n) {
      const uint64_t flow = (n + offset) % flows;
      const Key key = key_of<Key>(round * flows + flow);
      const ConnectionValue ours = propose(key, dice.below(kVariants), ConnectionState::established, 0);
      const TestInsertion result = among_syns ? table.supplant(key, ours) : table.insert(key, ours);
      tallies[thread].note(result);
      answers[flow][thread] = result.entry ? result.entry.value.server() : kNone;
      if (!result.entry) continue;
      const auto found = table.find(key);
      tallies[thread].lost += !found || found.value.server() != result.entry.value.server();
    }
  }

  /// Every flow has one entry and all who got an answer got its server, or nobody got one.
  void check(uint64_t round) {
    uint64_t entered = 0;
    for (uint64_t flow = 0; flow < flows; ++flow) {
      const Key key = key_of<Key>(round * flows + flow);
      const auto found = table.find(key);
      entered += static_cast<bool>(found);
      for (const uint32_t answer : answers[flow]) {
        if (answer == kNone) continue;
        ASSERT_TRUE(found) << "round " << round << ": flow " << flow << " was answered and has no entry";
        ASSERT_EQ(answer, found.value.server())
            << "round " << round << ": flow " << flow << " has two servers";
        ASSERT_TRUE(is_own(key, answer));
      }
    }
    ASSERT_EQ(established(), entered);
    ASSERT_EQ(table.unfinished(), 0u);
    ASSERT_EQ(table.duplicates(), 0u);
  }

  void run(uint64_t rounds) {
    std::barrier step(kThreads);
    uint64_t live = 0;
    run_threads(kThreads, [&](unsigned thread) {
      for (uint64_t round = 0; round < rounds; ++round) {
        insert_all(thread, round);
        step.arrive_and_wait();
        if (thread == 0) {
          check(round);
          live += established();
          table.free_if([](const Key&) { return true; });
          if (among_syns) fill_with_syns();
        }
        step.arrive_and_wait();
      }
    });
    Tally sum;
    for (const Tally& tally : tallies) sum += tally;
    EXPECT_EQ(sum.inserted, live) << "inserted once for each entry that came to be";
    EXPECT_EQ(sum.lost, 0u);
    std::cout << "  " << sum << '\n';
  }
};

template <typename Key>
struct ConnectionTableStress : testing::Test {
  static Key key(uint64_t number) { return key_of<Key>(number); }
};
using Keys = testing::Types<ConnectionKey, WideKey>;
TYPED_TEST_SUITE(ConnectionTableStress, Keys);

TYPED_TEST(ConnectionTableStress, ThreadsThatInsertTheSameFlowsAgreeOnOneServer) {
  Race<TypeParam>(256, 128).run(kSlow ? 400 : 3000);
}

TYPED_TEST(ConnectionTableStress, ThreadsThatInsertTheSameFlowsAgreeWhileEntriesMoveOutOfTheirWay) {
  Race<TypeParam>(64, 56).run(kSlow ? 1000 : 6000);
}

TYPED_TEST(ConnectionTableStress, ThreadsThatInsertTheSameFlowsAgreeInATableThatOverflows) {
  Race<TypeParam>(16, 24).run(kSlow ? 1500 : 5000);
}

TYPED_TEST(ConnectionTableStress, ThreadsThatInsertOneFlowInATableOfTwoBucketsAgree) {
  Race<TypeParam>(8, 1).run(kSlow ? 5000 : 30'000);
}

TYPED_TEST(ConnectionTableStress, ThreadsThatInsertTheSameFlowsAgreeWhileOthersGiveWay) {
  Race<TypeParam>(16, 4, true).run(kSlow ? 2000 : 10'000);
}

constexpr Timeouts kShort(2, 6, 3, 1, 4);

ConnectionState any_state(Dice& dice) {
  constexpr std::array kStates{ConnectionState::syn_recv,    ConnectionState::syn_recv,
                               ConnectionState::established, ConnectionState::close,
                               ConnectionState::udp,         ConnectionState::fin_wait};
  return kStates[dice.below(kStates.size())];
}

/// One packet's worth of work, as the forwarder does it, but at random.
template <typename Key>
void touch(const BasicTestTable<Key>& table, const Key& key, Tick now, Dice& dice, Tally& tally) {
  auto found = table.find(key, now, kShort);
  if (!found) {
    const ConnectionValue ours = propose(key, dice.below(kVariants), any_state(dice), now);
    const TestInsertion result =
        dice.below(2) == 0 ? table.insert(key, ours, now, kShort) : table.supplant(key, ours, now, kShort);
    tally.note(result);
    if (result.entry) tally.check(key, result.entry.value);
    return;
  }
  tally.check(key, found.value);
  if (dice.below(8) == 0) {
    tally.replaced +=
        found.value.live() && found.replace(propose(key, dice.below(kVariants), any_state(dice), now));
    return;
  }
  const auto event = static_cast<PacketEvent>(dice.below(kPacketEvents));
  tally.advanced += found.advance(event, now).has_value();
}

/// Control's part: frees what is past its time and lists what there is.
template <typename Key>
void sweep_and_list(const BasicTestTable<Key>& table, Tick now, Tally& tally) {
  table->sweep(0, table->buckets(), now, kShort, [&](const Key& key, ConnectionValue value) {
    tally.check(key, value);
    ++tally.expired;
  });
  table->visit(0, table->buckets(), [&](const Key& key, ConnectionValue value) { tally.check(key, value); });
}

/// Workers at random on `flows` flows, and a control thread, while the time goes on.
template <typename Key>
Tally run_chaos(const BasicTestTable<Key>& table, uint64_t flows, uint64_t packets,
                uint64_t packets_per_tick = 200) {
  constexpr unsigned kWorkers = 4;
  std::atomic<Tick> clock{1};
  std::atomic<unsigned> working{kWorkers};
  std::array<Tally, kWorkers + 1> tallies{};
  run_threads(kWorkers + 1, [&](unsigned thread) {
    Dice dice(flows * 31 + thread);
    if (thread == kWorkers) {
      while (working.load() > 0) sweep_and_list(table, clock.load(), tallies[thread]);
      return;
    }
    for (uint64_t i = 0; i < packets; ++i) {
      if (thread == 0 && i % packets_per_tick == 0) clock.fetch_add(1);
      // now and then an lcore's clock is behind
      const Tick now = clock.load() - (dice.below(16) == 0 ? 1 : 0);
      touch(table, key_of<Key>(dice.below(flows), 3), now, dice, tallies[thread]);
    }
    working.fetch_sub(1);
  });
  Tally sum;
  for (const Tally& tally : tallies) sum += tally;
  std::cout << "  " << sum << '\n';
  return sum;
}

TYPED_TEST(ConnectionTableStress, FewFlowsThatComeAndGoStaySingleAndCountedRight) {
  const BasicTestTable<TypeParam> table(8);
  const Tally tally = run_chaos(table, 6, kSlow ? 300'000 : 800'000, 4);
  expect_sound(table, tally);
  EXPECT_GT(tally.existing, 0u) << "the threads never met";
}

TYPED_TEST(ConnectionTableStress, EntriesThatMoveExpireAndAreEvictedAreNeverMisroutedOrMiscounted) {
  const BasicTestTable<TypeParam> table(64);
  const Tally tally = run_chaos(table, 96, kSlow ? 300'000 : 800'000);
  expect_sound(table, tally);
  EXPECT_GT(tally.evicted, 0u);
  EXPECT_GT(tally.expired, 0u);
}

TYPED_TEST(ConnectionTableStress, AnOverloadedTableStaysSound) {
  const BasicTestTable<TypeParam> table(128);
  expect_sound(table, run_chaos(table, 5000, kSlow ? 200'000 : 500'000));
}

/// Writers that give the slots of two buckets to one flow after another, and readers that ask for each of
/// them all the time.
TYPED_TEST(ConnectionTableStress, NoFlowIsEverFoundWithAKeyThatIsHalfAnothers) {
  constexpr uint64_t kFlows = 64;
  constexpr unsigned kWriters = 2, kReaders = 2;
  const BasicTestTable<TypeParam> table(8);
  std::atomic<unsigned> writing{kWriters};
  std::array<Tally, kWriters + kReaders> tallies{};
  std::array<uint64_t, kReaders> reads{};
  run_threads(kWriters + kReaders, [&](unsigned thread) {
    Dice dice(thread + 1);
    Tally& tally = tallies[thread];
    if (thread < kWriters) {
      for (uint64_t i = 0; i < (kSlow ? 300'000u : 2'000'000u); ++i) {
        const TypeParam key = this->key(dice.below(kFlows));
        const auto state = dice.below(4) == 0 ? ConnectionState::udp : ConnectionState::syn_recv;
        const TestInsertion result = i % 2 == 0 ? table.insert(key, propose(key, i, state, 0))
                                                : table.supplant(key, propose(key, i, state, 0));
        tally.note(result);
        if (result.entry) tally.check(key, result.entry.value);
        for (size_t d = 0; d < result.displaced_count; ++d)
          tally.check(result.displaced[d].template key_as<TypeParam>(), result.displaced[d].value);
        if (i % 4 == 0) {  // frees those that can't be evicted
          const Timeouts none{};
          table->sweep(0, 1, none.of(ConnectionState::udp) + 1, none,
                       [&](const TypeParam& freed, ConnectionValue value) {
                         tally.check(freed, value);
                         ++tally.expired;
                       });
        }
      }
      writing.fetch_sub(1);
      return;
    }
    while (writing.load() > 0) {
      for (uint64_t flow = 0; flow < kFlows; ++flow) {
        const TypeParam key = this->key(flow);
        const auto found = table.find(key);
        if (found) tally.check(key, found.value);
        reads[thread - kWriters] += static_cast<bool>(found);
      }
      table->visit(0, table->buckets(),
                   [&](const TypeParam& key, ConnectionValue value) { tally.check(key, value); });
    }
  });
  Tally sum;
  for (const Tally& tally : tallies) sum += tally;
  EXPECT_EQ(sum.misrouted, 0u);
  EXPECT_EQ(table.live(), sum.inserted - sum.expired - sum.evicted);
  EXPECT_EQ(table.duplicates(), 0u);
  EXPECT_GT(reads[0] + reads[1], 0u);
  std::cout << "  " << sum << ", " << reads[0] + reads[1] << " found\n";
}

TYPED_TEST(ConnectionTableStress, EstablishedConnectionsSurviveAFloodAndKeepTheirServers) {
  constexpr uint64_t kKept = 120;
  constexpr unsigned kThreads = 4;
  const BasicTestTable<TypeParam> table(256);
  const Timeouts timeouts(3, 1'000'000, 3, 1, 4);
  std::array<uint32_t, kKept> servers{};
  for (uint64_t i = 0; i < kKept; ++i) {
    const auto result =
        table.insert(this->key(i), propose(this->key(i), i, ConnectionState::established, 0), 0, timeouts);
    ASSERT_EQ(result.result, Result::inserted);
    servers[i] = result.entry.value.server();
  }
  std::atomic<Tick> clock{1};
  std::array<Tally, kThreads> tallies{};
  run_threads(kThreads, [&](unsigned thread) {
    Dice dice(thread + 1);
    Tally& tally = tallies[thread];
    for (uint64_t i = 0; i < (kSlow ? 150'000u : 500'000u); ++i) {
      if (thread == 0 && i % 1000 == 0) clock.fetch_add(1);
      const Tick now = clock.load();
      const TypeParam stranger = this->key(kKept + dice.below(1'000'000));
      const auto state = dice.below(4) == 0 ? ConnectionState::close : ConnectionState::syn_recv;
      const ConnectionValue ours = propose(stranger, i, state, now);
      tally.note(i % 2 == 0 ? table.insert(stranger, ours, now, timeouts)
                            : table.supplant(stranger, ours, now, timeouts));

      const uint64_t kept = dice.below(kKept);
      auto found = table.find(this->key(kept), now, timeouts);
      tally.lost += !found || found.value.server() != servers[kept];
      if (found && found.value.live()) tally.advanced += found.advance(PacketEvent::ack, now).has_value();
    }
  });
  Tally sum;
  sum.inserted = kKept;
  for (const Tally& tally : tallies) sum += tally;
  expect_sound(table, sum);
  for (uint64_t i = 0; i < kKept; ++i) {
    const auto found = table.find(this->key(i), clock.load(), timeouts);
    ASSERT_TRUE(found) << "connection " << i << " vanished";
    EXPECT_EQ(found.value.server(), servers[i]);
    EXPECT_EQ(found.value.state(), ConnectionState::established);
  }
  EXPECT_GT(sum.evicted, 0u);
  std::cout << "  " << sum << '\n';
}

}  // namespace
}  // namespace turnout
