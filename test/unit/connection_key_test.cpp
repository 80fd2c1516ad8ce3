#include "dataplane/connection_key.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <random>
#include <set>

#include "dataplane/connection_table.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"
#include "test/support/test_table.h"

namespace turnout::connection_key_test {
namespace {

const Address6 kClient = load_address6(ip6_bytes("2001:db8:1:2:3:4:5:6").data());
constexpr HashSeed kSeed(0x5EED);

TEST(ConnectionKey, GivesBackWhatItWasMadeOf) {
  for (const uint16_t port : {uint16_t{0}, uint16_t{80}, uint16_t{0xFFFF}}) {
    for (const uint16_t service : {uint16_t{1}, uint16_t{0x8001}, uint16_t{0xFFFF}}) {
      const ConnectionKey narrow = make_connection_key(0xCB007107, port, service);
      EXPECT_EQ(client_of(narrow), 0xCB007107);
      EXPECT_EQ(client_port_of(narrow), port);
      EXPECT_EQ(service_of(narrow), service);
      const WideKey wide = make_connection_key(kClient, port, service);
      EXPECT_EQ(client_of(wide), kClient);
      EXPECT_EQ(client_port_of(wide), port);
      EXPECT_EQ(service_of(wide), service);
    }
  }
}

TEST(ConnectionKey, IsAnotherForEveryBitOfAddressPortAndService) {
  const WideKey key = make_connection_key(kClient, 40000, 1);
  for (uint64_t bit = 1; bit != 0; bit <<= 1) {
    EXPECT_NE(make_connection_key(Address6{kClient.first ^ bit, kClient.last}, 40000, 1), key);
    EXPECT_NE(make_connection_key(Address6{kClient.first, kClient.last ^ bit}, 40000, 1), key);
  }
  for (uint16_t bit = 1; bit != 0; bit = static_cast<uint16_t>(bit << 1)) {
    EXPECT_NE(make_connection_key(kClient, 40000 ^ bit, 1), key);
    EXPECT_NE(make_connection_key(kClient, 40000, 1 ^ bit), key);
  }
}

TEST(ConnectionKey, AnAtomicOneEqualsItselfAndNoneThatDiffersInABit) {
  AtomicKey<WideKey> atomic;
  const WideKey key = make_connection_key(kClient, 40000, 1);
  atomic.store(key, std::memory_order_release);
  EXPECT_EQ(atomic.load(std::memory_order_acquire), key);
  EXPECT_TRUE(atomic.equals(key, std::memory_order_acquire));
  for (uint64_t bit = 1; bit != 0; bit <<= 1) {
    EXPECT_FALSE(
        atomic.equals({{key.client.first ^ bit, key.client.last}, key.rest}, std::memory_order_acquire));
    EXPECT_FALSE(
        atomic.equals({{key.client.first, key.client.last ^ bit}, key.rest}, std::memory_order_acquire));
    EXPECT_FALSE(atomic.equals({key.client, key.rest ^ bit}, std::memory_order_acquire));
  }
}

TEST(ConnectionKey, EveryBitOfAWideKeyTurnsHalfOfTheHash) {
  std::mt19937_64 random(1);
  for (unsigned bit = 0; bit < 192; ++bit) {
    uint64_t turned = 0;
    constexpr unsigned kRounds = 400;
    for (unsigned round = 0; round < kRounds; ++round) {
      std::array<uint64_t, 3> words{random(), random(), random()};
      const uint64_t before = hash_of(std::bit_cast<WideKey>(words), kSeed);
      words[bit / 64] ^= uint64_t{1} << bit % 64;
      turned += static_cast<uint64_t>(std::popcount(before ^ hash_of(std::bit_cast<WideKey>(words), kSeed)));
    }
    const double mean = static_cast<double>(turned) / kRounds;
    EXPECT_GT(mean, 24) << "bit " << bit;
    EXPECT_LT(mean, 40) << "bit " << bit;
  }
}

/// Do flows that are alike all find room in a table that they fill to a quarter?
template <typename Key, typename MakeKey>
void expect_room_for(const char* what, MakeKey&& make_key) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 12; ++round) {
    const BasicTestTable<Key> table(1 << 16, random());
    for (uint32_t i = 0; i < 1 << 14; ++i) {
      const auto value = ConnectionValue::make(i, 1, ConnectionState::established, 0);
      ASSERT_EQ(table.insert(make_key(i), value).result, InsertedConnection::Result::inserted)
          << what << " " << i << ", round " << round;
    }
  }
}

TEST(ConnectionKey, FlowsThatAreAlikeSpreadOverTheTable) {
  const auto port = [](uint32_t i) { return rte_cpu_to_be_16(static_cast<uint16_t>(i)); };
  const auto counted = [](uint32_t i) { return uint64_t{rte_cpu_to_be_64(i)}; };
  expect_room_for<ConnectionKey>("port",
                                 [&](uint32_t i) { return make_connection_key(0xCB007107, port(i), 1); });
  expect_room_for<ConnectionKey>("IPv4 host", [&](uint32_t i) {
    return make_connection_key(rte_cpu_to_be_32(0x0A000000 + i), port(40000), 1);
  });
  expect_room_for<WideKey>("port", [&](uint32_t i) { return make_connection_key(kClient, port(i), 1); });
  expect_room_for<WideKey>("host", [&](uint32_t i) {
    return make_connection_key(Address6{kClient.first, counted(i)}, 40000, 1);
  });
  expect_room_for<WideKey>("network", [&](uint32_t i) {
    return make_connection_key(Address6{kClient.first ^ counted(i), RTE_BE64(1)}, 40000, 1);
  });
  expect_room_for<WideKey>("network and host", [&](uint32_t i) {
    return make_connection_key(Address6{kClient.first ^ counted(i), counted(i)}, 40000, 1);
  });
}

TEST(ConnectionKey, AnotherSeedGivesOtherBuckets) {
  const WideKey key = make_connection_key(kClient, 40000, 1);
  std::set<uint64_t> hashes;
  for (uint64_t seed = 0; seed < 1000; ++seed) hashes.insert(hash_of(key, HashSeed(seed)));
  EXPECT_EQ(hashes.size(), 1000u);
}

TEST(ConnectionKey, TellsWhichAddressesNoPacketHas) {
  const auto address = [](const char* text) { return load_address6(ip6_bytes(text).data()); };
  EXPECT_TRUE(is_unspecified(address("::")));
  EXPECT_FALSE(is_unspecified(address("::1")));
  EXPECT_TRUE(is_multicast(address("ff02::1")));
  EXPECT_FALSE(is_multicast(address("feff::1")));
  EXPECT_TRUE(is_host_internal(address("::1")));
  EXPECT_TRUE(is_host_internal(address("::ffff:9.8.7.6")));
  EXPECT_FALSE(is_host_internal(address("::2")));
  EXPECT_FALSE(is_host_internal(address("1::1")));
  EXPECT_EQ(mapped_address6(RTE_BE32(0x09080706)), address("::ffff:9.8.7.6"));
}

}  // namespace
}  // namespace turnout::connection_key_test
