#include "test/bench/latency_histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <vector>

namespace turnout::bench::latency_histogram_test {
namespace {

TEST(LatencyHistogram, PercentilesAreRightToThreePercent) {
  LatencyHistogram histogram;
  for (uint64_t value = 1; value <= 100'000; ++value) histogram.add(value);
  EXPECT_EQ(histogram.count(), 100'000u);
  for (const double share : {0.01, 0.5, 0.99, 0.999}) {
    const double exact = share * 100'000;
    const auto found = static_cast<double>(histogram.percentile(share));
    EXPECT_GE(found, exact) << share;
    EXPECT_LE(found, exact * 1.032) << share;
  }
}

TEST(LatencyHistogram, ShortTimesAreExact) {
  LatencyHistogram histogram;
  for (uint64_t value = 0; value < 40; ++value) histogram.add(value);
  EXPECT_EQ(histogram.percentile(0.025), 0u);
  EXPECT_EQ(histogram.percentile(0.5), 19u);
}

TEST(LatencyHistogram, TheLongestTimesHaveAPlaceToo) {
  LatencyHistogram histogram;
  histogram.add(UINT64_MAX);
  EXPECT_EQ(histogram.count(), 1u);
  EXPECT_GT(histogram.percentile(0.5), uint64_t{60} * 1'000'000'000);
}

TEST(LatencyHistogram, PowersOfTwoHoldWhatLiesBetweenThem) {
  std::mt19937_64 random(1);
  LatencyHistogram histogram;
  std::vector<uint64_t> values;
  for (int i = 0; i < 10'000; ++i) {
    values.push_back(random() >> (24 + random() % 40));  // of all lengths up to 40 bits
    histogram.add(values.back());
  }
  uint64_t sum = 0, next = 0;
  histogram.visit_powers([&](uint64_t from, uint64_t to, uint64_t count) {
    if (sum > 0) {
      EXPECT_EQ(from, next);
    }
    const auto between = [&](uint64_t value) { return value >= from && value < to; };
    EXPECT_EQ(count, static_cast<uint64_t>(std::ranges::count_if(values, between))) << from;
    sum += count;
    next = to;
  });
  EXPECT_EQ(sum, values.size());
}

TEST(LatencyHistogram, NothingIsZero) {
  EXPECT_EQ(LatencyHistogram().percentile(0.99), 0u);
}

}  // namespace
}  // namespace turnout::bench::latency_histogram_test
