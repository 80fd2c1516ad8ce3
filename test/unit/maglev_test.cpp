#include "control/maglev.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <iostream>
#include <map>
#include <random>
#include <string>

#include "control/prime.h"
#include "test/support/test_config.h"

namespace turnout::maglev_test {
namespace {

constexpr uint32_t kSize = 65537;

std::vector<ScheduledServer> fleet(uint32_t number, uint32_t first_slot = 0) {
  std::vector<ScheduledServer> all;
  for (uint32_t i = 0; i < number; ++i) {
    all.push_back(
        {first_slot + i, 1, ip("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250 + 1))});
  }
  return all;
}

std::map<uint32_t, uint32_t> shares(const std::vector<uint32_t>& table) {
  std::map<uint32_t, uint32_t> count;
  for (const uint32_t slot : table) ++count[slot];
  return count;
}

/// How far the worst server's share is from its weight's, in parts of that.
double worst_share(const std::vector<ScheduledServer>& servers, uint32_t size) {
  const auto count = shares(build_maglev(servers, size));
  double total = 0, worst = 0;
  for (const auto& server : servers) total += server.weight;
  for (const auto& server : servers) {
    const double expected = server.weight / total * size;
    worst = std::max(worst, std::abs(count.at(server.slot) - expected) / expected);
  }
  return worst;
}

TEST(Maglev, GivesEveryServerItsShareToWithinTwoPercent) {
  for (const uint32_t number : {1u, 2u, 3u, 7u, 50u, 200u}) {
    EXPECT_LE(worst_share(fleet(number), kSize), 0.02) << number << " servers";
  }
}

TEST(Maglev, GivesEveryServerItsWeightsShareToWithinTwoPercent) {
  auto servers = fleet(10);
  const std::vector<uint32_t> weights{1, 2, 3, 5, 10, 1, 7, 4, 100, 20};
  for (size_t i = 0; i < servers.size(); ++i) servers[i].weight = weights[i];
  const double worst = worst_share(servers, kSize);
  EXPECT_LE(worst, 0.02);
  std::cout << "  the worst share is off by " << 100 * worst << " %\n";
}

TEST(Maglev, FillsTheTableWithItsServersAndNothingElse) {
  const auto servers = fleet(5, 900);
  const auto table = build_maglev(servers, 251);
  ASSERT_EQ(table.size(), 251u);
  for (const uint32_t slot : table) {
    EXPECT_GE(slot, 900u);
    EXPECT_LT(slot, 905u);
  }
}

TEST(Maglev, IsEmptyWithoutServers) {
  EXPECT_TRUE(build_maglev({}, 251).empty());
}

TEST(Maglev, GivesEveryServerAPlaceInATableThatIsHardlyLarger) {
  const uint32_t size = next_prime(250);
  EXPECT_EQ(shares(build_maglev(fleet(250), size)).size(), 250u);
}

TEST(Maglev, IsTheSameForAnyOrderOfItsServers) {
  auto servers = fleet(20);
  for (uint32_t i = 0; i < servers.size(); ++i) servers[i].weight = i % 4 + 1;
  const auto table = build_maglev(servers, 4093);
  std::mt19937 random(1);
  for (int i = 0; i < 5; ++i) {
    std::shuffle(servers.begin(), servers.end(), random);
    EXPECT_EQ(build_maglev(servers, 4093), table);
  }
}

TEST(Maglev, DependsOnAddressesAndNotOnSlots) {
  const auto table = build_maglev(fleet(20), 4093);
  const auto renumbered = build_maglev(fleet(20, 5000), 4093);
  for (size_t i = 0; i < table.size(); ++i) ASSERT_EQ(renumbered[i], table[i] + 5000);
}

/// The part of the table that has another server in `after`.
double moved(const std::vector<uint32_t>& before, const std::vector<uint32_t>& after) {
  size_t number = 0;
  for (size_t i = 0; i < before.size(); ++i) number += before[i] != after[i];
  return static_cast<double>(number) / static_cast<double>(before.size());
}

TEST(Maglev, MovesLittleMoreThanItMustWhenAServerComesOrGoes) {
  for (const uint32_t number : {3u, 10u, 50u}) {
    const auto all = fleet(number);
    const auto table = build_maglev(all, kSize);
    const double must = 1.0 / number;
    for (const uint32_t gone : {0u, number / 2, number - 1}) {
      auto fewer = all;
      fewer.erase(fewer.begin() + gone);
      const double part = moved(table, build_maglev(fewer, kSize));
      EXPECT_GE(part, must * 0.98);
      EXPECT_LE(part, must * 1.25 + 0.02) << number << " servers, without server " << gone;
      std::cout << "  " << number << " servers, one more or fewer: " << 100 * part << " % move, "
                << 100 * must << " % have to\n";
    }
  }
}

TEST(Maglev, AnotherWeightMovesLittleMoreThanItMust) {
  auto servers = fleet(10);
  for (auto& server : servers) server.weight = 4;
  const auto table = build_maglev(servers, kSize);
  servers[3].weight = 3;
  const auto lighter = build_maglev(servers, kSize);
  EXPECT_LT(shares(lighter)[3], shares(table)[3]);
  const double part = moved(table, lighter);
  EXPECT_LE(part, 0.1) << "a quarter of one server of ten is 2.5 %";
  std::cout << "  one of ten servers a quarter lighter: " << 100 * part << " % move\n";
}

}  // namespace
}  // namespace turnout::maglev_test
