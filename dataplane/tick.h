// The dataplane's coarse time: whole seconds, read from the time-stamp counter without a division per packet.
#pragma once

#include <algorithm>
#include <cstdint>

namespace turnout {

/// Seconds since the table was made. Connection entries keep the low kTickBits of it.
using Tick = uint32_t;

inline constexpr unsigned kTickBits = 22;  // 48 days; times are compared as distances of at most half of that
inline constexpr uint32_t kTickMask = (1u << kTickBits) - 1;
inline constexpr uint32_t kMaxTimeout = 1'000'000;  // seconds; below half the range of a tick

/// Seconds from `seen` to `now`, modulo 2^kTickBits; below 0 if another lcore's clock already ticked past
/// ours.
constexpr int32_t distance_of(uint32_t seen, Tick now) {
  constexpr unsigned kAbove = 32 - kTickBits;  // bits of the word that a tick does not have
  return static_cast<int32_t>((now - seen) << kAbove) >> kAbove;
}
constexpr uint32_t age_of(uint32_t seen, Tick now) {  // never below 0
  return static_cast<uint32_t>(std::max(distance_of(seen, now), 0));
}

/// One per lcore. All share `epoch`, so their ticks differ by one at the most.
class TickClock {
 public:
  TickClock(uint64_t epoch, uint64_t hz) : epoch_(epoch), hz_(hz), next_(epoch + hz) {}

  Tick at(uint64_t tsc) {
    if (tsc >= next_) [[unlikely]] {
      tick_ = static_cast<Tick>((tsc - epoch_) / hz_);
      next_ = epoch_ + (uint64_t{tick_} + 1) * hz_;
    }
    return tick_;
  }

 private:
  uint64_t epoch_;  // time-stamp counter at tick 0
  uint64_t hz_;
  uint64_t next_;  // when the next tick begins
  Tick tick_ = 0;
};

}  // namespace turnout
