#include "dataplane/address_map.h"

#include <gtest/gtest.h>

#include <rte_byteorder.h>

namespace turnout {
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
  CountedKey::comparisons = 0;
  for (uint32_t i = 0; i < count; ++i) EXPECT_EQ(map.find(service_of(i)), i + 1);
  return static_cast<double>(CountedKey::comparisons) / count;
}

TEST(ExactMap, FindsEachOfManyVipsOfOneNetworkInAFewSteps) {
  EXPECT_LT(walk(10'000, [](uint32_t i) { return service(0x0A010000 + i, 80); }), 3.0);
}

TEST(ExactMap, FindsEachOfManyPortsOfOneVipInAFewSteps) {
  EXPECT_LT(walk(10'000, [](uint32_t i) { return service(0x0A010001, static_cast<uint16_t>(i + 1)); }), 2.0);
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
}  // namespace turnout
