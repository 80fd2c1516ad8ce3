// Token buckets, each in one word: the time at which it will be full again. One that is full has a time in
// the past, each token that is taken moves it on by what a token takes to come, and it may be ahead of the
// clock by no more than the bucket holds. Known as the generic cell rate algorithm (ITU-T I.371, Annex A):
// nothing has to fill the buckets, and a word is changed by one compare-and-swap, so all workers share them.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include <rte_cycles.h>

#include "dataplane/connection_key.h"

namespace turnout {

/// Time as buckets tell it: 64ths of a nanosecond, modulo 2^64 (nine years). A bucket of 100 million tokens a
/// second gets one every 640 of them.
using LimitTime = uint64_t;
inline constexpr LimitTime kLimitSecond = 64'000'000'000;
/// No bucket holds more than an hour's worth. One that seems to be further ahead than this is a word that was
/// not touched for years: it is full.
inline constexpr LimitTime kMostAhead = 7200 * kLimitSecond;

/// Shared by all workers; not changed while they run.
class LimitClock {
 public:
  /// `epoch`: of the time-stamp counter, whose frequency `hz` is.
  LimitClock(uint64_t epoch, uint64_t hz) : epoch_(epoch), scale_(scale_for(hz)) {}
  /// Says what it is told: for tests, and for packets that are only thought of.
  static LimitClock stopped(LimitTime at) {
    LimitClock clock(0, kLimitSecond);
    clock.scale_ = 0;
    clock.epoch_ = at;
    return clock;
  }

  LimitTime now() const { return scale_ == 0 ? epoch_ : at(rte_rdtsc()); }
  LimitTime at(uint64_t tsc) const {
    return static_cast<LimitTime>(static_cast<Uint128>(tsc - epoch_) * scale_ >> 32);
  }
  void advance(LimitTime by) { epoch_ += by; }  ///< a stopped one

 private:
  __extension__ using Uint128 = unsigned __int128;  // an extension that both compilers have
  static uint64_t scale_for(uint64_t hz) {
    return static_cast<uint64_t>((static_cast<Uint128>(kLimitSecond) << 32) / hz);
  }

  uint64_t epoch_;  // where a stopped one stands
  uint64_t scale_;  // LimitTime in a cycle, × 2^32; 0: it is stopped
};

/// How fast, and how much at once.
struct RateLimit {
  LimitTime interval = 0;   // from one token to the next; 0: there is no limit
  LimitTime tolerance = 0;  // that a bucket may be ahead by when a token is taken: all tokens but one

  /// `burst` (1 to an hour's worth): what a full bucket holds.
  static constexpr RateLimit of(uint64_t per_second, uint64_t burst) {
    const LimitTime interval = kLimitSecond / per_second;
    return {interval, (burst - 1) * interval};
  }
  explicit constexpr operator bool() const { return interval != 0; }

  constexpr uint64_t burst() const { return tolerance / interval + 1; }
  /// In a bucket that is `ahead` by so much.
  constexpr uint64_t tokens(LimitTime ahead) const {
    return ahead > tolerance ? 0 : (tolerance - ahead) / interval + 1;
  }
};

/// By how much a bucket is ahead of the clock; 0: it is full.
constexpr LimitTime ahead_of(LimitTime bucket, LimitTime now) {
  const LimitTime ahead = bucket - now;
  return ahead < kMostAhead ? ahead : 0;
}

/// A service's. Written and read by all workers, read by control.
class SharedBucket {
 public:
  uint64_t tokens(const RateLimit& limit, LimitTime now) const {
    return limit.tokens(ahead_of(time_.load(std::memory_order_relaxed), now));
  }

  /// Takes `wanted` tokens, or as many as there are. An empty bucket is not written to.
  uint64_t take(const RateLimit& limit, uint64_t wanted, LimitTime now) {
    LimitTime time = time_.load(std::memory_order_relaxed);
    while (true) {
      const LimitTime ahead = ahead_of(time, now);
      const uint64_t taken = std::min(wanted, limit.tokens(ahead));
      if (taken == 0) return 0;
      if (time_.compare_exchange_weak(time, now + ahead + taken * limit.interval, std::memory_order_relaxed))
        return taken;
    }
  }

  /// As `other` is.
  void copy(const SharedBucket& other) {
    time_.store(other.time_.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }

 private:
  std::atomic<LimitTime> time_{0};  // when it is full
};
static_assert(sizeof(SharedBucket) == 8);

}  // namespace turnout
