// What one worker counts of limits, and whom it refused.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/address6.h"
#include "dataplane/counter.h"
#include "dataplane/limits.h"

namespace turnout {

/// By a service's own index. In memory that only services with limits touch.
struct alignas(64) LimitCounters {
  std::array<Counter, kLimits> dropped;   // packets over each limit
  std::array<Counter, kLimits> observed;  // that would have been, had the service enforced it
  Counter passed;                         // connections that were within the limits
  uint32_t packet_credit = 0;             // tokens that were taken and not used yet; the worker's alone
};

/// A client that was over a limit, or the client of a packet that the service had no token for.
struct Offence {
  Address6 client;  // IPv4: mapped
  uint16_t own = 0;
  Limit limit = Limit::count;
};

/// The latest of a worker's offences, so that control can say who is over. Written by one worker, read by
/// control, which misses what is overwritten.
class OffenderRing {
 public:
  static constexpr uint64_t kEntries = 64;

  void note(const Offence& offence) {
    const uint64_t number = head_.load(std::memory_order_relaxed);
    Entry& entry = entries_[number % kEntries];
    // Who reads a word of this entry sees, after it, that the one before is gone.
    std::atomic_thread_fence(std::memory_order_release);
    entry[0].store(offence.client.first, std::memory_order_relaxed);
    entry[1].store(offence.client.last, std::memory_order_relaxed);
    entry[2].store(uint64_t{offence.own} << 8 | static_cast<uint8_t>(offence.limit),
                   std::memory_order_relaxed);
    head_.store(number + 1, std::memory_order_release);
  }

  /// Control: calls visit(offence) for those since `next`, which becomes what to ask for next time.
  template <typename Visit>
  void read(uint64_t& next, Visit&& visit) const {
    const uint64_t end = head_.load(std::memory_order_acquire);
    if (end - next > kEntries) next = end - kEntries;
    for (; next < end; ++next) {
      const Entry& entry = entries_[next % kEntries];
      const uint64_t last = entry[2].load(std::memory_order_relaxed);
      const Offence offence{
          {entry[0].load(std::memory_order_relaxed), entry[1].load(std::memory_order_relaxed)},
          static_cast<uint16_t>(last >> 8),
          static_cast<Limit>(last & 0xFF)};
      std::atomic_thread_fence(std::memory_order_acquire);
      if (head_.load(std::memory_order_relaxed) - next < kEntries) visit(offence);
    }
  }

 private:
  using Entry = std::array<std::atomic<uint64_t>, 3>;
  std::atomic<uint64_t> head_{0};  // number of the next one
  std::array<Entry, kEntries> entries_{};
};

}  // namespace turnout
