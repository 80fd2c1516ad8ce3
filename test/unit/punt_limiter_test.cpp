#include "dataplane/punt_limiter.h"

#include <gtest/gtest.h>

namespace turnout::punt_limiter_test {
namespace {

constexpr uint64_t kHz = 2'000'000'000;
constexpr uint64_t kStart = 123 * kHz;

constexpr PuntKind kind_at(size_t i) {
  return static_cast<PuntKind>(i);
}
unsigned take_all(PuntLimiter& limiter, PuntKind kind, uint64_t tsc) {
  unsigned taken = 0;
  while (limiter.take(kind, tsc)) ++taken;
  return taken;
}

TEST(PuntLimiter, LetsATwentiethOfASecondsPacketsUpAtOnce) {
  for (size_t i = 0; i < kPuntKinds; ++i) {
    PuntLimiter limiter(kHz);
    EXPECT_EQ(take_all(limiter, kind_at(i), kStart), PuntLimiter::kPerSecond[i] / 20) << name_of(kind_at(i));
  }
}

TEST(PuntLimiter, LetsAsManyUpASecondAsItSays) {
  for (size_t i = 0; i < kPuntKinds; ++i) {
    PuntLimiter limiter(kHz);
    take_all(limiter, kind_at(i), kStart);
    unsigned taken = 0;
    for (unsigned step = 1; step <= 10'000; ++step)
      taken += take_all(limiter, kind_at(i), kStart + step * kHz / 10'000);
    EXPECT_EQ(taken, PuntLimiter::kPerSecond[i]) << name_of(kind_at(i));
  }
}

TEST(PuntLimiter, LeavesRoomForEveryKindInTheRingToControl) {
  constexpr unsigned kRing = 4095;  // Wire's
  PuntLimiter limiter(kHz);
  unsigned taken = 0;
  for (size_t i = 0; i < kPuntKinds; ++i) taken += take_all(limiter, kind_at(i), kStart);
  EXPECT_LT(taken, kRing);
}

TEST(PuntLimiter, KeepsTheKindsApart) {
  PuntLimiter limiter(kHz);
  for (size_t i = 0; i < kPuntKinds; ++i) {
    take_all(limiter, kind_at(i), kStart);
    for (size_t other = i + 1; other < kPuntKinds; ++other) {
      EXPECT_TRUE(PuntLimiter(limiter).take(kind_at(other), kStart)) << name_of(kind_at(other));
    }
  }
}

TEST(PuntLimiter, SavesNoMoreUpInALongPause) {
  PuntLimiter limiter(kHz);
  take_all(limiter, PuntKind::arp, kStart);
  EXPECT_EQ(take_all(limiter, PuntKind::arp, kStart + 1000 * kHz), PuntLimiter::kPerSecond[0] / 20);
  EXPECT_EQ(take_all(limiter, PuntKind::arp, UINT64_MAX), PuntLimiter::kPerSecond[0] / 20);
}

TEST(PuntLimiter, ForgetsNoFractionOfAPacket) {
  PuntLimiter limiter(kHz);
  take_all(limiter, PuntKind::too_big, kStart);
  unsigned taken = 0;
  for (uint64_t step = 1; step <= 3000; ++step)  // three to a packet
    taken += limiter.take(PuntKind::too_big, kStart + step * (kHz / 1000) / 3 + 1);
  EXPECT_EQ(taken, 1000u);
}

TEST(PuntLimiter, GivesNothingForTimeThatRunsBackwards) {
  PuntLimiter limiter(kHz);
  take_all(limiter, PuntKind::arp, kStart);
  EXPECT_FALSE(limiter.take(PuntKind::arp, kStart - 1));
  EXPECT_FALSE(limiter.take(PuntKind::arp, kStart - 1));
}

}  // namespace
}  // namespace turnout::punt_limiter_test
