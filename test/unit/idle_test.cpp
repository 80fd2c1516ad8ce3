#include "dataplane/idle.h"

#include <gtest/gtest.h>

#include <vector>

namespace turnout::idle_test {
namespace {

constexpr uint64_t kMicrosecond = 2000;  // cycles
constexpr uint64_t kHz = kMicrosecond * 1'000'000;
constexpr uint64_t kStart = 77 * kHz;
using Kind = IdleWait::Kind;

/// Passes that find nothing and take no time themselves, for so many microseconds. Every pass without a wait
/// is followed by another a microsecond later.
std::vector<IdleWait> waits_of(Idle& idle, uint64_t& tsc, uint64_t microseconds) {
  std::vector<IdleWait> waits;
  for (const uint64_t end = tsc + microseconds * kMicrosecond; tsc < end;) {
    const IdleWait wait = idle.next(tsc);
    if (wait.kind != Kind::none) waits.push_back(wait);
    tsc += std::max(wait.microseconds, 1u) * kMicrosecond;
  }
  return waits;
}

std::vector<IdleWait> waits_from_start(IdlePolicy policy, uint64_t microseconds) {
  Idle idle(policy, kHz);
  uint64_t tsc = kStart;
  return waits_of(idle, tsc, microseconds);
}

TEST(Idle, NeverWaitsIfItIsToPoll) {
  EXPECT_TRUE(waits_from_start(IdlePolicy::poll, 100'000).empty());
}

TEST(Idle, LooksAgainAtOnceForAWhile) {
  for (const IdlePolicy policy : {IdlePolicy::pause, IdlePolicy::sleep}) {
    EXPECT_TRUE(waits_from_start(policy, Idle::kPollUntil).empty());
    EXPECT_EQ(waits_from_start(policy, Idle::kPollUntil + 1), (std::vector<IdleWait>{{Kind::pause, 1}}));
  }
}

TEST(Idle, PausesLongerEachTimeButNoLongerThanItMay) {
  const auto waits = waits_from_start(IdlePolicy::pause, 1000);
  ASSERT_GT(waits.size(), 200u);
  EXPECT_EQ(waits[0], (IdleWait{Kind::pause, 1}));
  EXPECT_EQ(waits[1], (IdleWait{Kind::pause, 2}));
  for (size_t i = 2; i < waits.size(); ++i)
    EXPECT_EQ(waits[i], (IdleWait{Kind::pause, Idle::kLongestPause})) << i;
}

TEST(Idle, SleepsAfterItPausedAndLongerEachTime) {
  const auto waits = waits_from_start(IdlePolicy::sleep, 10'000);
  size_t i = 0;
  while (waits[i].kind == Kind::pause) ++i;
  EXPECT_GT(i, 20u);
  for (const uint32_t microseconds : {10u, 20u, 40u, 80u, 100u, 100u})
    EXPECT_EQ(waits[i++], (IdleWait{Kind::sleep, microseconds}));
  for (; i < waits.size(); ++i) EXPECT_EQ(waits[i], (IdleWait{Kind::sleep, Idle::kLongestSleep})) << i;
}

TEST(Idle, DoesNotMakeAGapMoreThanTwiceAsLong) {
  for (const IdlePolicy policy : {IdlePolicy::pause, IdlePolicy::sleep}) {
    Idle idle(policy, kHz);
    for (uint64_t tsc = kStart; tsc < kStart + kHz / 100;) {
      const IdleWait wait = idle.next(tsc);
      EXPECT_LE(wait.microseconds * kMicrosecond, tsc - kStart);
      tsc += std::max(wait.microseconds, 1u) * kMicrosecond;
    }
  }
}

TEST(Idle, BeginsAnewAfterAPacket) {
  Idle idle(IdlePolicy::sleep, kHz);
  uint64_t tsc = kStart;
  EXPECT_EQ(waits_of(idle, tsc, 10'000).back(), (IdleWait{Kind::sleep, Idle::kLongestSleep}));
  idle.interrupt();
  EXPECT_TRUE(waits_of(idle, tsc, Idle::kPollUntil).empty());
  const auto waits = waits_of(idle, tsc, 1000);
  EXPECT_EQ(waits.front(), (IdleWait{Kind::pause, Idle::kShortestPause}));
  for (const IdleWait& wait : waits) {
    if (wait.kind != Kind::sleep) continue;
    EXPECT_EQ(wait.microseconds, Idle::kShortestSleep);
    break;
  }
}

TEST(Idle, LeavesABusyWorkerAlone) {
  Idle idle(IdlePolicy::sleep, kHz);
  for (uint64_t tsc = kStart; tsc < kStart + kHz / 1000; tsc += 5 * kMicrosecond) {
    EXPECT_EQ(idle.next(tsc), IdleWait());
    idle.interrupt();
  }
}

}  // namespace
}  // namespace turnout::idle_test
