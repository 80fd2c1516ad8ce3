// Which fragments wait, for how long, and what is remembered of a datagram.
#include "dataplane/fragment_table.h"

#include <gtest/gtest.h>

#include <deque>
#include <vector>

#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout::fragment_table_test {
namespace {

constexpr Tick kNow = 100;

DatagramKey datagram(uint32_t id) {
  const Address6 source = load_address6(ip6_bytes("2001:db8:c::7").data());
  const Address6 vip = load_address6(ip6_bytes("2001:db8::100").data());
  return {source, vip, id, 0};
}

struct FragmentTableTest : testing::Test {
  FragmentTable table{0x5EED};
  std::deque<rte_mbuf> packets;

  rte_mbuf* packet() { return &packets.emplace_back(); }
  /// A number by which a fragment is known afterwards; -1 if it was not taken.
  int hold(const DatagramKey& key, Tick now = kNow, uint16_t port = 0) {
    rte_mbuf* const fragment = packet();
    return table.hold(key, fragment, port, now) ? static_cast<int>(packets.size() - 1) : -1;
  }
  /// The numbers of those that are released, in their order.
  std::vector<int> released() {
    std::vector<int> all;
    Burst burst;
    for (table.take_released(burst); burst.count > 0; table.take_released(burst)) {
      EXPECT_TRUE(burst.released);
      for (uint16_t i = 0; i < burst.count; ++i) {
        for (size_t number = 0; number < packets.size(); ++number) {
          if (&packets[number] == burst.packets[i]) all.push_back(static_cast<int>(number));
        }
      }
    }
    return all;
  }
};

TEST_F(FragmentTableTest, KnowsNobodyAtFirst) {
  EXPECT_EQ(table.find(datagram(1), kNow), nullptr);
  EXPECT_EQ(table.held(), 0u);
  EXPECT_TRUE(released().empty());
}

TEST_F(FragmentTableTest, RemembersWhereADatagramWent) {
  table.learn(datagram(1), {7, 3}, kNow);
  const FragmentTable::Fate* fate = table.find(datagram(1), kNow);
  ASSERT_TRUE(fate);
  EXPECT_EQ(fate->server, 7u);
  EXPECT_EQ(fate->generation, 3u);
}

TEST_F(FragmentTableTest, TellsDatagramsApartByAllOfTheirKey) {
  table.learn(datagram(1), {7, 3}, kNow);
  DatagramKey other = datagram(1);
  other.id = 2;
  EXPECT_FALSE(table.find(other, kNow));
  other = datagram(1);
  other.protocol = 17;
  EXPECT_FALSE(table.find(other, kNow));
  for (uint64_t bit = 1; bit != 0; bit <<= 1) {
    for (uint64_t Address6::*half : {&Address6::first, &Address6::last}) {
      other = datagram(1);
      other.source.*half ^= bit;
      EXPECT_FALSE(table.find(other, kNow));
      other = datagram(1);
      other.destination.*half ^= bit;
      EXPECT_FALSE(table.find(other, kNow));
    }
  }
}

TEST_F(FragmentTableTest, ForgetsADatagramAfterFiveSeconds) {
  for (const Tick begin : {Tick{0}, kNow, kTickMask - 2}) {
    FragmentTable another(1);
    another.learn(datagram(1), {7, 3}, begin);
    for (Tick passed = 0; passed <= 5; ++passed)
      EXPECT_TRUE(another.find(datagram(1), begin + passed)) << passed;
    EXPECT_FALSE(another.find(datagram(1), begin + 6));
    another.learn(datagram(1), {8, 4}, begin + 6);
    ASSERT_TRUE(another.find(datagram(1), begin + 6)) << "its id came round again";
    EXPECT_EQ(another.find(datagram(1), begin + 6)->server, 8u);
  }
}

TEST_F(FragmentTableTest, BelievesTheLatestFirstFragment) {
  table.learn(datagram(1), {7, 3}, kNow);
  table.learn(datagram(1), {9, 1}, kNow + 4);
  EXPECT_EQ(table.find(datagram(1), kNow + 9)->server, 9u) << "remembered from then on";
}

TEST_F(FragmentTableTest, ReleasesThoseThatWaitWhenTheirFirstComesInTheOrderTheyCame) {
  for (int i = 0; i < 5; ++i) EXPECT_EQ(hold(datagram(1)), i);
  EXPECT_EQ(table.held(), 5u);
  EXPECT_FALSE(table.find(datagram(1), kNow));
  EXPECT_TRUE(released().empty());
  table.learn(datagram(1), {7, 3}, kNow);
  EXPECT_EQ(table.held(), 5u) << "released, but not taken yet";
  EXPECT_EQ(released(), (std::vector{0, 1, 2, 3, 4}));
  EXPECT_EQ(table.held(), 0u);
  EXPECT_TRUE(released().empty());
}

TEST_F(FragmentTableTest, ReleasesNobodyElses) {
  hold(datagram(1));
  hold(datagram(2));
  hold(datagram(1));
  table.learn(datagram(1), {}, kNow);
  EXPECT_EQ(released(), (std::vector{0, 2}));
  EXPECT_EQ(table.held(), 1u);
  table.learn(datagram(2), {}, kNow);
  EXPECT_EQ(released(), (std::vector{1}));
}

TEST_F(FragmentTableTest, ReleasesNoMoreThanABurstAtOnceAndEachPortsAlone) {
  constexpr uint16_t kOfFirst = 50, kOfSecond = kBurst + 8 - kOfFirst, kOfOtherPort = 20;
  for (uint16_t i = 0; i < kOfFirst; ++i) ASSERT_GE(hold(datagram(1)), 0);
  for (uint16_t i = 0; i < kOfSecond; ++i) ASSERT_GE(hold(datagram(2)), 0);
  for (uint16_t i = 0; i < kOfOtherPort; ++i) ASSERT_GE(hold(datagram(2), kNow, 3), 0);
  table.learn(datagram(2), {}, kNow);
  table.learn(datagram(1), {}, kNow);  // behind those of the other, and of two ports
  std::vector<std::pair<uint16_t, uint16_t>> bursts;
  Burst burst;
  for (table.take_released(burst); burst.count > 0; table.take_released(burst))
    bursts.emplace_back(burst.port, burst.count);
  EXPECT_EQ(bursts, (std::vector<std::pair<uint16_t, uint16_t>>{{0, kBurst}, {0, 8}, {3, kOfOtherPort}}));
}

TEST_F(FragmentTableTest, HoldsSixtyFourOfADatagram) {
  for (int i = 0; i < 64; ++i) ASSERT_EQ(hold(datagram(1)), i);
  EXPECT_EQ(hold(datagram(1)), -1);
  EXPECT_GE(hold(datagram(2)), 0) << "there is room for others";
  table.learn(datagram(1), {}, kNow);
  EXPECT_EQ(released().size(), 64u);
}

TEST_F(FragmentTableTest, HoldsTwoHundredAndFiftySixOfAllDatagrams) {
  unsigned taken = 0;
  for (uint32_t id = 0; id < 1000; ++id) taken += hold(datagram(id % 100)) >= 0;
  EXPECT_EQ(taken, 256u);
  EXPECT_EQ(table.held(), 256u);
  table.learn(datagram(0), {}, kNow);
  EXPECT_LT(hold(datagram(7)), 0) << "those that are released have their place until they are taken";
  const size_t some = released().size();
  EXPECT_GT(some, 1u);
  unsigned again = 0;
  for (uint32_t id = 0; id < 100; ++id) again += hold(datagram(1)) >= 0;
  EXPECT_EQ(again, some);
}

TEST_F(FragmentTableTest, ReleasesThoseThatWaitedForMoreThanOneTick) {
  for (const Tick begin : {Tick{5}, kNow + 20, kTickMask - 1}) {
    ASSERT_GE(hold(datagram(1), begin), 0);
    table.expire(begin);
    table.expire(begin + 1);
    EXPECT_TRUE(released().empty());
    EXPECT_EQ(table.held(), 1u);
    table.expire(begin + 2);
    EXPECT_EQ(released().size(), 1u);
    EXPECT_FALSE(table.find(datagram(1), begin + 2)) << "nothing was learnt of it";
  }
}

TEST_F(FragmentTableTest, AllOfADatagramWaitNoLongerThanItsFirstThatCame) {
  hold(datagram(1), kNow);
  hold(datagram(1), kNow + 1);
  table.expire(kNow + 2);
  EXPECT_EQ(released().size(), 2u);
  hold(datagram(1), kNow + 2);
  table.expire(kNow + 3);
  EXPECT_TRUE(released().empty()) << "a time of its own";
}

TEST_F(FragmentTableTest, ReleasesAllAtTheEnd) {
  for (uint32_t id = 0; id < 90; ++id) {
    hold(datagram(id % 30));
  }
  table.learn(datagram(3), {}, kNow);
  table.release_all();
  EXPECT_EQ(released().size(), 90u);
  EXPECT_EQ(table.held(), 0u);
  for (uint32_t id = 0; id < 30; ++id) EXPECT_EQ(table.find(datagram(id), kNow) != nullptr, id == 3);
}

TEST_F(FragmentTableTest, LosesNoneHoweverOftenItFills) {
  size_t taken = 0, given_back = 0;
  rte_mbuf fragment{};
  const auto take_back = [&] {
    Burst burst;
    for (table.take_released(burst); burst.count > 0; table.take_released(burst)) given_back += burst.count;
  };
  for (Tick now = kNow; now < kNow + 200; ++now) {
    for (uint32_t i = 0; i < 400; ++i) taken += table.hold(datagram(now * 1000 + i % 150), &fragment, 0, now);
    for (uint32_t i = 0; i < 40; ++i) table.learn(datagram(now * 1000 + i), {}, now);
    table.expire(now);
    take_back();
    ASSERT_EQ(table.held(), taken - given_back);
  }
  table.release_all();
  take_back();
  EXPECT_GT(taken, 20'000u);
  EXPECT_EQ(given_back, taken);
  EXPECT_EQ(table.held(), 0u);
}

/// Fragments without a first, as many as there is room for, all the time.
TEST_F(FragmentTableTest, AFloodOfLoneFragmentsKeepsNoDatagramInOrderFromBeingRemembered) {
  unsigned lost = 0;
  uint32_t stranger = 1'000'000;
  for (uint32_t id = 0; id < 20'000; ++id) {
    const Tick now = kNow + id / 5000;
    for (int i = 0; i < 3; ++i) hold(datagram(stranger++), now);
    table.learn(datagram(id), {7, 3}, now);
    lost += table.find(datagram(id), now) == nullptr;
    if (id % 500 == 0) {
      table.expire(now);
      released();
    }
  }
  EXPECT_EQ(lost, 0u);
}

TEST_F(FragmentTableTest, AFloodOfFirstFragmentsForgetsTheOldestFirst) {
  unsigned lost = 0;
  uint32_t stranger = 1'000'000;
  for (uint32_t id = 0; id < 5000; ++id) {
    table.learn(datagram(id), {7, 3}, kNow);
    for (int i = 0; i < 40; ++i) table.learn(datagram(stranger++), {1, 1}, kNow);
    lost += table.find(datagram(id), kNow) == nullptr;
  }
  EXPECT_LT(lost, 5u) << "of 5000, each with 40 others between its fragments";
}

TEST_F(FragmentTableTest, RemembersAsManyDatagramsAsItWellCan) {
  for (uint32_t id = 0; id < 512; ++id) table.learn(datagram(id), {7, 3}, kNow);
  unsigned known = 0;
  for (uint32_t id = 0; id < 512; ++id) known += table.find(datagram(id), kNow) != nullptr;
  EXPECT_GT(known, 480u);
}

}  // namespace
}  // namespace turnout::fragment_table_test
