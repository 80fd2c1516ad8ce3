#include "dataplane/address_map.h"

#include <gtest/gtest.h>

#include <random>

#include <rte_byteorder.h>

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

CountedKey service(uint32_t vip, uint16_t port) {
  return {service_map_key(rte_cpu_to_be_32(vip), rte_cpu_to_be_16(port), 6)};
}

/// Comparisons for each look-up of `count` services that are there.
double walk(uint32_t count, CountedKey (*service_of)(uint32_t)) {
  ExactMap<CountedKey> map(count);
  for (uint32_t i = 0; i < count; ++i) map.insert(service_of(i), i + 1);
  map.spread();
  CountedKey::comparisons = 0;
  for (uint32_t i = 0; i < count; ++i) EXPECT_EQ(map.find(service_of(i)), i + 1);
  return static_cast<double>(CountedKey::comparisons) / count;
}

CountedKey at_random(uint32_t i) {
  return {std::mt19937_64(i)()};
}

TEST(ExactMap, FindsEachOfManyVipsOfOneNetworkAtTheFirstLook) {
  for (const uint32_t count : {2u, 10u, 100u, 1000u, 10'000u, 32'000u})
    EXPECT_LT(walk(count, [](uint32_t i) { return service(0x0A010000 + i, 80); }), 1.05) << count;
}

TEST(ExactMap, FindsEachOfManyPortsOfOneVipAtTheFirstLook) {
  for (const uint32_t count : {2u, 10u, 100u, 1000u, 10'000u, 32'000u})
    EXPECT_LT(walk(count, [](uint32_t i) { return service(0x0A010001, static_cast<uint16_t>(i + 1)); }), 1.05)
        << count;
}

TEST(ExactMap, FindsEachOfManyUnrelatedServicesInAFewSteps) {
  for (const uint32_t count : {2u, 10u, 100u, 1000u, 10'000u, 32'000u})
    EXPECT_LT(walk(count, at_random), 1.6);
}

TEST(ExactMap, FindsAllWithoutBeingSpreadToo) {
  ExactMap<uint64_t> map(1000);
  for (uint32_t i = 1; i <= 1000; ++i) map.insert(i, i);
  for (uint32_t i = 1; i <= 1000; ++i) EXPECT_EQ(map.find(i), i);
}

TEST(ExactMap, FindsNothingThatIsNotThere) {
  ExactMap<uint64_t> map(2);
  EXPECT_EQ(map.find(7), 0u);
  map.insert(7, 1);
  map.insert(8, 2);
  EXPECT_EQ(map.find(9), 0u);
  EXPECT_EQ(map.find(8), 2u);
}

}  // namespace
}  // namespace turnout::address_map_test
