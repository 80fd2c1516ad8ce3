// Token buckets of one word, and the tables of clients: what they let pass, and whom they take for another.
#include "dataplane/rate_limit.h"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "dataplane/limit_counters.h"
#include "dataplane/limits.h"

namespace turnout::rate_limit_test {
namespace {

constexpr LimitTime kStart = 1000 * kLimitSecond;

TEST(RateLimit, HoldsItsBurstAndNoMore) {
  SharedBucket bucket;
  const RateLimit limit = RateLimit::of(10, 25);
  EXPECT_EQ(limit.burst(), 25u);
  EXPECT_EQ(bucket.tokens(limit, kStart), 25u);
  EXPECT_EQ(bucket.take(limit, 20, kStart), 20u);
  EXPECT_EQ(bucket.take(limit, 20, kStart), 5u) << "as many as there are";
  EXPECT_EQ(bucket.take(limit, 1, kStart), 0u);
  EXPECT_EQ(bucket.take(limit, 1, kStart + kLimitSecond / 10 - 1), 0u);
  EXPECT_EQ(bucket.take(limit, 1, kStart + kLimitSecond / 10), 1u);
  EXPECT_EQ(bucket.tokens(limit, kStart + 100 * kLimitSecond), 25u) << "after a pause of any length";
}

TEST(RateLimit, GivesItsRateOverTime) {
  for (const uint64_t rate : {1u, 3u, 1000u, 999'983u, 148'809'523u}) {
    SharedBucket bucket;
    const RateLimit limit = RateLimit::of(rate, rate);
    uint64_t taken = 0;
    constexpr unsigned kSteps = 1000, kSeconds = 10;
    for (unsigned step = 1; step <= kSteps; ++step)
      taken += bucket.take(limit, UINT64_MAX / limit.interval / 2,
                           kStart + kLimitSecond * kSeconds * step / kSteps);
    const auto wanted = static_cast<double>(rate * kSeconds);
    const auto steps = static_cast<double>(kLimitSecond) / static_cast<double>(rate);  // of rounding
    const double most = wanted * (1 + 1 / steps) + static_cast<double>(rate) + 1;
    EXPECT_GE(static_cast<double>(taken), wanted) << rate;
    EXPECT_LE(static_cast<double>(taken), most) << rate;
  }
}

TEST(RateLimit, TimeMayGoRound) {
  SharedBucket bucket;
  const RateLimit limit = RateLimit::of(10, 10);
  const LimitTime end = 0 - kLimitSecond / 2;  // half a second before
  bucket.take(limit, 10, end);
  EXPECT_EQ(bucket.tokens(limit, end + kLimitSecond / 4), 2u);
  EXPECT_EQ(bucket.tokens(limit, end + kLimitSecond * 3 / 4), 7u);
  EXPECT_EQ(bucket.take(limit, 10, end + kLimitSecond * 3 / 4), 7u);
  EXPECT_EQ(bucket.tokens(limit, end + 4 * kLimitSecond), 10u);
}

TEST(RateLimit, AWordThatWasLeftForYearsIsAFullBucket) {
  SharedBucket bucket;
  const RateLimit limit = RateLimit::of(1, 1);
  bucket.take(limit, 1, kStart);
  for (uint64_t part = 1; part < 100; ++part) {
    const LimitTime now = kStart + kMostAhead + UINT64_MAX / 100 * part;
    EXPECT_LE(bucket.tokens(limit, now), 1u);
    EXPECT_EQ(bucket.tokens(limit, now), 1u) << part;
  }
}

TEST(RateLimit, TheClockTellsCyclesAsTime) {
  constexpr uint64_t kHz = 2'999'999'999, kEpoch = 123'456'789'012;
  const LimitClock clock(kEpoch, kHz);
  EXPECT_EQ(clock.at(kEpoch), 0u);
  for (const uint64_t seconds : {1ull, 3600ull, 86400ull * 365}) {
    const LimitTime time = clock.at(kEpoch + kHz * seconds);
    const double off = static_cast<double>(static_cast<int64_t>(time - seconds * kLimitSecond));
    EXPECT_LT(std::abs(off) / static_cast<double>(seconds * kLimitSecond), 1e-8) << seconds;
  }
  LimitClock stopped = LimitClock::stopped(7);
  EXPECT_EQ(stopped.now(), 7u);
  stopped.advance(5);
  EXPECT_EQ(stopped.now(), 12u);
}

/// Random clients' hashes.
uint64_t hash_of_number(const Limits& limits, uint64_t number) {
  return limits.hash({number, 0}, 1, LimitScope::client);
}
bool take(ClientRates& rates, uint64_t hash, const RateLimit& limit, LimitTime now) {
  if (rates.ahead(hash, now) > limit.tolerance) return false;
  rates.charge(hash, limit.interval, now);
  return true;
}

TEST(ClientRates, EachClientHasABucketOfItsOwn) {
  Limits limits;
  const RateLimit limit = RateLimit::of(10, 3);
  for (uint64_t client = 0; client < 1000; ++client) {
    const uint64_t hash = hash_of_number(limits, client);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(take(limits.rates, hash, limit, kStart)) << client;
    EXPECT_FALSE(take(limits.rates, hash, limit, kStart)) << client;
  }
  for (uint64_t client = 0; client < 1000; ++client) {
    const uint64_t hash = hash_of_number(limits, client);
    EXPECT_TRUE(take(limits.rates, hash, limit, kStart + kLimitSecond / 10)) << client;
    EXPECT_FALSE(take(limits.rates, hash, limit, kStart + kLimitSecond / 10)) << client;
  }
}

/// The bound that the header states: at most k / (65536 lines) of the good clients.
TEST(ClientRates, RefusesAGoodClientForAnothersConnectionsHardlyEver) {
  Limits::Setup setup;
  setup.cells = 4096;  // 512 lines: with 3,000 offenders three quarters of the cells are theirs
  Limits limits(setup);
  const RateLimit limit = RateLimit::of(1, 5);
  constexpr uint64_t kOffenders = 3000, kGood = 2'000'000;
  for (uint64_t client = 0; client < kOffenders; ++client) {
    const uint64_t hash = hash_of_number(limits, client);
    for (int i = 0; i < 6; ++i) limits.rates.charge(hash, limit.interval, kStart);
  }
  uint64_t refused = 0;
  for (uint64_t client = 0; client < kGood; ++client)
    refused += limits.rates.ahead(hash_of_number(limits, 1'000'000 + client), kStart) > limit.tolerance;
  const double expected = static_cast<double>(kGood) * kOffenders / 65536 / 512;  // 179 of 2 million
  EXPECT_LT(static_cast<double>(refused), expected + 6 * std::sqrt(expected));
  EXPECT_GT(refused, 0u) << "so many that the bound is felt, or nothing was tested";
}

TEST(ClientRates, ACrowdMakesItForgetNotRefuse) {
  Limits::Setup setup;
  setup.cells = 1024;
  Limits limits(setup);
  const RateLimit limit = RateLimit::of(1, 2);
  uint64_t lost = 0;
  for (uint64_t client = 0; client < 100'000; ++client) {
    const uint64_t hash = hash_of_number(limits, client);
    ASSERT_LE(limits.rates.ahead(hash, kStart), limit.tolerance) << client;
    lost += limits.rates.charge(hash, limit.interval, kStart);
  }
  EXPECT_GT(lost, 98'000u);
}

TEST(ClientRates, WhoIsGreedyStaysWhileOthersGiveWay) {
  Limits::Setup setup;
  setup.cells = 1024;
  Limits limits(setup);
  const RateLimit limit = RateLimit::of(10, 20);
  const uint64_t greedy = hash_of_number(limits, 0);
  for (int i = 0; i < 20; ++i) ASSERT_TRUE(take(limits.rates, greedy, limit, kStart));
  for (uint64_t client = 1; client < 50'000; ++client)
    take(limits.rates, hash_of_number(limits, client), limit, kStart);
  EXPECT_FALSE(take(limits.rates, greedy, limit, kStart)) << "its cell is the last to be given to another";
}

TEST(ClientRates, ASweepFreesWhatIsFullAndCountsWhatIsNot) {
  Limits limits;
  const RateLimit limit = RateLimit::of(1, 10);
  for (uint64_t client = 0; client < 100; ++client)
    limits.rates.charge(hash_of_number(limits, client), limit.interval * (client < 40 ? 1 : 5), kStart);
  EXPECT_EQ(limits.rates.sweep(0, limits.rates.cells(), kStart), 100u);
  EXPECT_EQ(limits.rates.sweep(0, limits.rates.cells(), kStart + 2 * kLimitSecond), 60u);
  EXPECT_EQ(limits.rates.sweep(0, limits.rates.cells(), kStart), 60u) << "those 40 are gone for good";
  EXPECT_EQ(limits.rates.sweep(0, limits.rates.cells(), kStart + 6 * kLimitSecond), 0u);
}

TEST(ClientRates, ACellKnowsItsTimeForDays) {
  Limits limits;
  const RateLimit limit = RateLimit::of(1, 3600);
  const uint64_t hash = hash_of_number(limits, 1);
  for (int i = 0; i < 3600; ++i) limits.rates.charge(hash, limit.interval, kStart);
  EXPECT_GT(limits.rates.ahead(hash, kStart), limit.tolerance);
  for (uint64_t hours = 2; hours < 76; ++hours)
    EXPECT_EQ(limits.rates.ahead(hash, kStart + hours * 3600 * kLimitSecond), 0u) << hours;
}

TEST(ClientCounts, CountWhatEachClientHas) {
  Limits limits;
  for (uint64_t client = 0; client < 1000; ++client) {
    for (uint64_t i = 0; i <= client % 5; ++i) limits.counts.add(hash_of_number(limits, client), 1);
  }
  for (uint64_t client = 0; client < 1000; ++client)
    EXPECT_EQ(limits.counts.read(hash_of_number(limits, client)), static_cast<int32_t>(client % 5 + 1));
  for (uint64_t client = 0; client < 1000; ++client) {
    for (uint64_t i = 0; i <= client % 5; ++i) limits.counts.add(hash_of_number(limits, client), -1);
  }
  for (uint64_t client = 0; client < 1000; ++client)
    EXPECT_EQ(limits.counts.read(hash_of_number(limits, client)), 0);
}

/// The bounds that the header states, with rows so narrow that they are felt.
TEST(ClientCounts, ShowTooMuchAsSeldomAsTheBoundSays) {
  Limits::Setup setup;
  setup.cells = 1024;
  Limits limits(setup);
  constexpr uint64_t kOffenders = 200, kGood = 1'000'000;
  constexpr int32_t kLimit = 100;
  for (uint64_t client = 0; client < kOffenders; ++client)
    limits.counts.add(hash_of_number(limits, client), kLimit);
  uint64_t refused = 0;
  for (uint64_t client = 0; client < kGood; ++client) {
    const int32_t count = limits.counts.read(hash_of_number(limits, 1'000'000 + client));
    ASSERT_GE(count, 0);
    refused += count >= kLimit;
  }
  const double expected = static_cast<double>(kGood) * std::pow(200.0 / 1024, 4);  // 1,455 of a million
  EXPECT_LT(static_cast<double>(refused), expected + 6 * std::sqrt(expected));
  EXPECT_GT(static_cast<double>(refused), expected / 4) << "no better than can be: the rows are apart";
}

TEST(OffenderRing, GivesTheLatestToWhoReadsInTime) {
  OffenderRing ring;
  uint64_t next = 0;
  std::vector<uint64_t> seen;
  const auto read = [&] {
    seen.clear();
    ring.read(next, [&](const Offence& offence) {
      EXPECT_EQ(offence.own, offence.client.first % 7);
      EXPECT_EQ(offence.limit, Limit::client_rate);
      seen.push_back(offence.client.first);
    });
  };
  const auto note = [&](uint64_t number) {
    ring.note({{number, number}, static_cast<uint16_t>(number % 7), Limit::client_rate});
  };
  for (uint64_t i = 0; i < 10; ++i) note(i);
  read();
  EXPECT_EQ(seen, (std::vector<uint64_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  read();
  EXPECT_TRUE(seen.empty());
  for (uint64_t i = 10; i < 1000; ++i) note(i);
  read();
  ASSERT_EQ(seen.size(), OffenderRing::kEntries - 1);
  EXPECT_EQ(seen.back(), 999u);
}

}  // namespace
}  // namespace turnout::rate_limit_test
