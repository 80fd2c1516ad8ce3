#include "dataplane/address_map.h"

#include <gtest/gtest.h>

#include <array>
#include <random>

#include <rte_byteorder.h>

#include "dataplane/service_map.h"

namespace turnout::address_map_test {
namespace {

/// Counts how often keys are compared: how far look-ups had to walk.
struct CountedKey {
  uint64_t bits = 0;
  static inline uint64_t comparisons = 0;
  friend bool operator==(const CountedKey& one, const CountedKey& other) {
    ++comparisons;
    return one.bits == other.bits;
  }
};
uint64_t fold(const CountedKey& key) {
  return key.bits;
}

void make_nobodys(CountedKey& key) {
  key.bits = UINT64_MAX;
}

CountedKey service(uint32_t vip, uint16_t port) {
  return {service_map_key(rte_cpu_to_be_32(vip), rte_cpu_to_be_16(port), 6)};
}

/// Both maps, for indexes as values.
template <typename Map>
class Maps : public testing::Test {
 protected:
  /// Comparisons for each look-up of `count` services that are there.
  static double walk(uint16_t count, CountedKey (*service_of)(uint32_t)) {
    Map map(count);
    for (uint16_t i = 0; i < count; ++i) map.insert(service_of(i), static_cast<uint16_t>(i + 1));
    map.spread();
    CountedKey::comparisons = 0;
    for (uint32_t i = 0; i < count; ++i) EXPECT_EQ(map.find(service_of(i)), i + 1);
    return static_cast<double>(CountedKey::comparisons) / count;
  }
  static constexpr std::array<uint16_t, 6> kCounts = {2, 10, 100, 1000, 10'000, 32'000};
};
using BothMaps = testing::Types<ExactMap<CountedKey>, ServiceMap<CountedKey>>;
TYPED_TEST_SUITE(Maps, BothMaps);

CountedKey at_random(uint32_t i) {
  return {std::mt19937_64(i)()};
}

TYPED_TEST(Maps, FindEachOfManyVipsOfOneNetworkAtTheFirstLook) {
  for (const uint16_t count : this->kCounts)
    EXPECT_LT(this->walk(count, [](uint32_t i) { return service(0x0A010000 + i, 80); }), 1.05) << count;
}

TYPED_TEST(Maps, FindEachOfManyPortsOfOneVipAtTheFirstLook) {
  for (const uint16_t count : this->kCounts) {
    const auto at_port = [](uint32_t i) { return service(0x0A010001, static_cast<uint16_t>(i + 1)); };
    EXPECT_LT(this->walk(count, at_port), 1.05) << count;
  }
}

TYPED_TEST(Maps, FindEachOfManyUnrelatedServicesInAFewSteps) {
  for (const uint16_t count : this->kCounts) EXPECT_LT(this->walk(count, at_random), 1.6) << count;
}

TYPED_TEST(Maps, FindAllWithoutBeingSpreadToo) {
  TypeParam map(1000);
  for (uint16_t i = 1; i <= 1000; ++i) map.insert(CountedKey{i}, i);
  for (uint16_t i = 1; i <= 1000; ++i) EXPECT_EQ(map.find(CountedKey{i}), i);
}

TYPED_TEST(Maps, FindNothingThatIsNotThere) {
  TypeParam map(2);
  EXPECT_EQ(map.find(CountedKey{7}), 0u);
  map.insert(CountedKey{7}, 1);
  map.insert(CountedKey{8}, 2);
  EXPECT_EQ(map.find(CountedKey{9}), 0u);
  EXPECT_EQ(map.find(CountedKey{8}), 2u);
  map.spread();
  EXPECT_EQ(map.find(CountedKey{9}), 0u);
  EXPECT_EQ(map.find(CountedKey{8}), 2u);
}

TYPED_TEST(Maps, FindNothingIfTheyAreEmpty) {
  TypeParam map;
  map.spread();
  EXPECT_EQ(map.find(CountedKey{0}), 0u);
}

TEST(ServiceMap, TakesTheHighestIndexFirst) {
  ServiceMap<uint64_t> map(2);
  map.insert(7, kMaxServices - 1);
  map.insert(8, 1);
  map.spread();
  EXPECT_EQ(map.find(7), kMaxServices - 1);
  EXPECT_EQ(map.find(8), 1u);
}

TEST(ServiceMap, TellsWhenItIsLarge) {
  const auto filled = [](uint16_t count) {
    ServiceMap<uint64_t> map(count);
    for (uint16_t i = 1; i <= count; ++i) map.insert(i, i);
    return map.is_large();
  };
  EXPECT_FALSE(filled(100));
  EXPECT_TRUE(filled(10'000));
}

TEST(ServiceMap, FindsNothingUnderTheLeastKeys) {
  ServiceMap<uint64_t> map(2);
  EXPECT_EQ(map.find(0), 0u);
  map.insert(1, 3);
  EXPECT_EQ(map.find(0), 0u) << "nor under that of an index that no service has";
  EXPECT_EQ(map.find(1), 3u);
  ServiceMap<ServiceKey6> map6(1);
  EXPECT_EQ(map6.find(ServiceKey6{}), 0u);
}

/// What is found and what is not is the same after the hash was chosen, for IPv6's keys as well.
TEST(ServiceMap, KeepsServicesOfIpv6Apart) {
  ServiceMap<ServiceKey6> map(3);
  const Address6 vip{1, 2}, other{2, 1};
  map.insert(service_map_key(vip, RTE_BE16(80), 6), 1);
  map.insert(service_map_key(vip, RTE_BE16(80), 17), 2);
  map.insert(service_map_key(other, RTE_BE16(80), 6), 3);
  map.spread();
  EXPECT_EQ(map.find(service_map_key(vip, RTE_BE16(80), 6)), 1u);
  EXPECT_EQ(map.find(service_map_key(vip, RTE_BE16(80), 17)), 2u);
  EXPECT_EQ(map.find(service_map_key(other, RTE_BE16(80), 6)), 3u);
  EXPECT_EQ(map.find(service_map_key(other, RTE_BE16(81), 6)), 0u);
}

}  // namespace
}  // namespace turnout::address_map_test
