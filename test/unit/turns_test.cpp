#include "control/turns.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "test/support/test_config.h"

namespace turnout::turns_test {
namespace {

using Turns = std::vector<uint32_t>;

std::vector<ScheduledServer> weighted(const std::vector<uint32_t>& weights) {
  std::vector<ScheduledServer> all;
  for (const uint32_t weight : weights) {
    const auto slot = static_cast<uint32_t>(all.size());
    all.push_back({slot, weight, ip("192.0.2." + std::to_string(slot + 1))});
  }
  return all;
}

TEST(RoundRobin, GivesEachServerOneTurnWhateverItsWeight) {
  EXPECT_EQ(build_rr_turns(weighted({1, 5, 100})), (Turns{0, 1, 2}));
  EXPECT_EQ(build_rr_turns({}), Turns{});
}

TEST(WeightedRoundRobin, GivesEachServerItsWeightInTurns) {
  const std::vector<uint32_t> weights{3, 1, 7, 5};
  std::map<uint32_t, uint32_t> count;
  for (const uint32_t slot : build_wrr_turns(weighted(weights))) ++count[slot];
  for (uint32_t i = 0; i < weights.size(); ++i) EXPECT_EQ(count[i], weights[i]);
}

TEST(WeightedRoundRobin, NeedsNoMoreTurnsThanTheWeightsDemand) {
  EXPECT_EQ(build_wrr_turns(weighted({100, 200, 300})).size(), 6u);
  EXPECT_EQ(build_wrr_turns(weighted({65535, 65535})).size(), 2u);
  EXPECT_EQ(build_wrr_turns(weighted({7})).size(), 1u);
  EXPECT_EQ(build_wrr_turns({}), Turns{});
}

TEST(WeightedRoundRobin, EqualWeightsTakeTurnsInOrder) {
  EXPECT_EQ(build_wrr_turns(weighted({4, 4, 4})), (Turns{0, 1, 2}));
}

TEST(WeightedRoundRobin, SpreadsTheTurnsOfAHeavyServer) {
  const Turns turns = build_wrr_turns(weighted({1, 3}));
  EXPECT_EQ(turns.size(), 4u);
  EXPECT_NE(turns, (Turns{1, 1, 1, 0}));
  EXPECT_NE(turns, (Turns{0, 1, 1, 1}));
}

TEST(WeightedRoundRobin, AtEveryMomentNoServerIsMuchMoreThanOneTurnFromItsShare) {
  const std::vector<uint32_t> weights{1, 2, 3, 11, 23};
  double total = 0;
  for (const uint32_t weight : weights) total += weight;
  std::map<uint32_t, double> had;
  double given = 0;
  for (const uint32_t slot : build_wrr_turns(weighted(weights))) {
    ++had[slot];
    ++given;
    for (uint32_t i = 0; i < weights.size(); ++i) {
      EXPECT_NEAR(had[i], given * weights[i] / total, 1.25)
          << "server " << i << " after " << given << " turns";
    }
  }
}

}  // namespace
}  // namespace turnout::turns_test
