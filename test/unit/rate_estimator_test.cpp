#include "control/rate_estimator.h"

#include <gtest/gtest.h>

#include <vector>

namespace turnout::rate_estimator_test {
namespace {

/// The rates of packets after each sample.
std::vector<uint64_t> rates_of(RateEstimator& estimator, const std::vector<uint64_t>& growths) {
  std::vector<uint64_t> rates;
  for (const uint64_t growth : growths) {
    estimator.sample({.connections = 0, .packets = growth, .bytes = 0});
    rates.push_back(estimator.rates().packets);
  }
  return rates;
}
std::vector<uint64_t> times(size_t count, uint64_t growth) {
  return std::vector<uint64_t>(count, growth);
}

TEST(RateEstimator, BeginsAtZero) {
  EXPECT_EQ(RateEstimator().rates(), Rates{});
}

TEST(RateEstimator, NearsAQuarterOfTheWayWithEachSample) {
  RateEstimator estimator;  // 1000 packets in two seconds: 500 a second
  EXPECT_EQ(rates_of(estimator, times(6, 1000)), (std::vector<uint64_t>{125, 219, 289, 342, 381, 411}));
  EXPECT_EQ(rates_of(estimator, times(60, 1000)).back(), 500u);
}

TEST(RateEstimator, DecaysByAQuarterAndEndsAtZero) {
  RateEstimator estimator;
  rates_of(estimator, times(60, 1000));
  EXPECT_EQ(rates_of(estimator, times(8, 0)), (std::vector<uint64_t>{375, 281, 211, 158, 119, 89, 67, 50}));
  EXPECT_EQ(rates_of(estimator, times(20, 0)).back(), 0u);
}

TEST(RateEstimator, FollowsWhatChanges) {
  RateEstimator estimator;
  EXPECT_EQ(rates_of(estimator, {100, 300, 0, 7, 0, 0}), (std::vector<uint64_t>{12, 47, 35, 27, 20, 15}));
}

TEST(RateEstimator, RoundsAHalfDown) {
  RateEstimator half, more;
  EXPECT_EQ(rates_of(half, {4}), std::vector<uint64_t>{0});
  EXPECT_EQ(rates_of(more, {5}), std::vector<uint64_t>{1});
}

TEST(RateEstimator, KeepsAFractionThatTheFigureDoesNotShow) {
  RateEstimator estimator;  // three in two seconds: 1.5 a second
  EXPECT_EQ(rates_of(estimator, times(4, 3)), (std::vector<uint64_t>{0, 1, 1, 1}));
}

TEST(RateEstimator, EstimatesConnectionsPacketsAndBytesEachByItself) {
  RateEstimator estimator;
  estimator.sample({.connections = 8, .packets = 1000, .bytes = 1'500'000});
  EXPECT_EQ(estimator.rates(), (Rates{.connections = 1, .packets = 125, .bytes = 187'500}));
  estimator.sample({.connections = 8, .packets = 0, .bytes = 1'500'000});
  EXPECT_EQ(estimator.rates(), (Rates{.connections = 2, .packets = 94, .bytes = 328'125}));
}

TEST(RateEstimator, HoldsWhatTheFastestLinksBring) {
  RateEstimator estimator;  // 400 Gbit/s: 100 GB in two seconds
  for (int i = 0; i < 100; ++i) estimator.sample({.connections = 0, .packets = 0, .bytes = 100'000'000'000});
  EXPECT_EQ(estimator.rates().bytes, 50'000'000'000u);
}

}  // namespace
}  // namespace turnout::rate_estimator_test
