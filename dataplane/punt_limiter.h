// How much of each kind a worker hands to the control thread: a flood of one kind must neither fill the ring
// for the others nor keep control, which may share the worker's lcore, from its work.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/verdict.h"

namespace turnout {

/// A token bucket for each kind, in cycles of the time-stamp counter. One per worker.
class PuntLimiter {
 public:
  explicit PuntLimiter(uint64_t hz) {
    for (size_t i = 0; i < kPuntKinds; ++i) {
      cost_[i] = hz / kPerSecond[i];
      credit_[i] = capacity(i);
    }
  }

  /// May one more of this kind go up at this moment?
  bool take(PuntKind kind, uint64_t tsc) {
    const auto i = static_cast<size_t>(kind);
    const uint64_t passed = tsc > last_[i] ? tsc - last_[i] : 0;
    last_[i] = tsc;
    credit_[i] = passed < capacity(i) - credit_[i] ? credit_[i] + passed : capacity(i);
    if (credit_[i] < cost_[i]) return false;
    credit_[i] -= cost_[i];
    return true;
  }

  /// Packets a second and worker: arp, ndp, neighbor, icmp_echo, unmatched, filtered, too_big, health,
  /// kernel.
  static constexpr std::array<uint32_t, kPuntKinds> kPerSecond{10'000, 10'000, 15'000, 5'000, 2'000,
                                                               2'000,  1'000,  15'000, 20'000};
  /// Of a second's packets, this part may come at once after a pause: all kinds together no more than the
  /// ring to control holds.
  static constexpr uint64_t kBurstPart = 20;

 private:
  uint64_t capacity(size_t kind) const { return cost_[kind] * (kPerSecond[kind] / kBurstPart); }

  std::array<uint64_t, kPuntKinds> cost_{};    // of one packet
  std::array<uint64_t, kPuntKinds> credit_{};  // saved up
  std::array<uint64_t, kPuntKinds> last_{};    // when it was last asked
};

}  // namespace turnout
