// Many threads on the same buckets and counts: what they let pass together is what one would have.
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <barrier>
#include <vector>

#include "dataplane/limit_counters.h"
#include "dataplane/limits.h"
#include "test/stress/threads.h"

namespace turnout::limits_stress_test {
namespace {

constexpr unsigned kThreads = 4;
constexpr LimitTime kStart = 1000 * kLimitSecond;

uint64_t client(const Limits& limits, uint64_t number) {
  return limits.hash({number, ~number}, 1, LimitScope::client);
}

TEST(LimitsStress, ABucketGivesEachTokenOnce) {
  constexpr uint64_t kTokens = 2000;
  SharedBucket bucket;
  const RateLimit limit = RateLimit::of(1, kTokens);
  std::array<uint64_t, kThreads> taken{};
  for (unsigned round = 0; round < 20; ++round) {
    const LimitTime now = kStart + round * kTokens * kLimitSecond;  // full again
    run_threads(kThreads, [&](unsigned id) {
      Dice dice(id + 1);
      for (unsigned i = 0; i < 2000; ++i) taken[id] += bucket.take(limit, 1 + dice.below(32), now);
    });
    uint64_t sum = 0;
    for (const uint64_t each : taken) sum += each;
    EXPECT_EQ(sum, (round + 1) * kTokens);
  }
}

/// Look, then take: each thread may take one more than there are, and what it took is owed.
TEST(LimitsStress, AClientGetsNoMoreThanItsRateAndOneForEachThread) {
  Limits limits;
  const RateLimit limit = RateLimit::of(1000, 100);
  constexpr unsigned kSteps = 200;  // of a millisecond
  std::atomic<uint64_t> begun{0};
  std::barrier together(kThreads);
  run_threads(kThreads, [&](unsigned) {
    for (unsigned step = 0; step <= kSteps; ++step) {
      together.arrive_and_wait();
      const LimitTime now = kStart + step * (kLimitSecond / 1000);
      for (unsigned i = 0; i < 50; ++i) {
        const uint64_t hash = client(limits, 7);
        if (limits.rates.ahead(hash, now) > limit.tolerance) continue;
        limits.rates.charge(hash, limit.interval, now);
        begun.fetch_add(1);
      }
    }
  });
  EXPECT_GE(begun.load(), 100u + kSteps - 1);
  EXPECT_LE(begun.load(), 100u + kSteps + kThreads);
}

/// All clients of one line, so that cells are given from one to another all the time; and control frees them.
TEST(LimitsStress, ACrowdedLineRefusesNobodyWhoKeepsItsRate) {
  Limits::Setup setup;
  setup.cells = 16;
  Limits limits(setup);
  const RateLimit limit = RateLimit::of(1000, 3);
  std::atomic<uint64_t> refused{0};
  run_threads(kThreads, [&](unsigned id) {
    Dice dice(id + 1);
    for (unsigned i = 0; i < 20'000; ++i) {
      const LimitTime now = kStart + i * (kLimitSecond / 1000);
      if (id == 0) {
        limits.rates.sweep(0, limits.rates.cells(), now);
        continue;
      }
      const uint64_t hash = client(limits, id * 1'000'000 + i);  // each comes once
      refused += limits.rates.ahead(hash, now) > limit.tolerance;
      limits.rates.charge(hash, limit.interval, now);
    }
  });
  // Two lines: with the same 16 bits as one of 8 others, of whom hardly any is over.
  EXPECT_LE(refused.load(), 30u);
}

TEST(LimitsStress, CountsComeToNothingWhenAllIsOver) {
  Limits::Setup setup;
  setup.cells = 64;
  Limits limits(setup);
  run_threads(kThreads, [&](unsigned id) {
    Dice dice(id + 1);
    std::vector<uint64_t> open;
    for (unsigned i = 0; i < 50'000; ++i) {
      if (open.size() < 100 && dice.below(2) == 0) {
        open.push_back(client(limits, dice.below(500)));
        limits.counts.add(open.back(), 1);
      } else if (!open.empty()) {
        EXPECT_GE(limits.counts.read(open.back()), 1) << "never less than its own";
        limits.counts.add(open.back(), -1);
        open.pop_back();
      }
    }
    for (const uint64_t each : open) limits.counts.add(each, -1);
  });
  for (uint64_t cell = 0; cell < limits.counts.cells(); ++cell) EXPECT_EQ(limits.counts.in_cell(cell), 0);
}

/// What control reads of a worker's offences is whole, each once and in order.
TEST(LimitsStress, OffencesAreReadWholeOrNotAtAll) {
  OffenderRing ring;
  std::atomic<bool> writing{true};
  uint64_t seen = 0;
  run_threads(2, [&](unsigned id) {
    if (id == 0) {
      for (uint64_t i = 1; i < 200'000; ++i)
        ring.note({{i, ~i}, static_cast<uint16_t>(i), static_cast<Limit>(i % kLimits)});
      writing = false;
      return;
    }
    uint64_t next = 0, last = 0;
    for (bool more = true; more;) {
      more = writing.load();
      ring.read(next, [&](const Offence& offence) {
        const uint64_t number = offence.client.first;
        EXPECT_GT(number, last);
        EXPECT_EQ(offence.client.last, ~number);
        EXPECT_EQ(offence.own, static_cast<uint16_t>(number));
        EXPECT_EQ(offence.limit, static_cast<Limit>(number % kLimits));
        last = number;
        ++seen;
      });
    }
  });
  EXPECT_GE(seen, OffenderRing::kEntries - 1);
}

}  // namespace
}  // namespace turnout::limits_stress_test
