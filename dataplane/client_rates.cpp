#include "dataplane/client_rates.h"

#include <algorithm>

namespace turnout {

/// Two workers that enter a client at once may give it two cells: the one that is further ahead counts.
LimitTime ClientRates::ahead(uint64_t hash, LimitTime now) const {
  const uint64_t tag = tag_of(hash);
  LimitTime most = 0;
  for (const auto& each : line_of(hash).cells) {
    const uint64_t cell = each.load(std::memory_order_relaxed);
    if ((cell & ~kTimeMask) == tag) most = std::max(most, ahead_in(cell, now));
  }
  return most;
}

bool ClientRates::charge(uint64_t hash, LimitTime interval, LimitTime now) {
  const uint64_t tag = tag_of(hash);
  Line& line = line_of(hash);
  for (unsigned tries = 0; tries < kTries; ++tries) {
    std::atomic<uint64_t>* place = nullptr;
    uint64_t seen = 0;
    LimitTime least = UINT64_MAX, ahead = 0;
    bool is_own = false;
    for (auto& each : line.cells) {
      const uint64_t cell = each.load(std::memory_order_relaxed);
      const LimitTime ahead_here = ahead_in(cell, now);
      is_own = (cell & ~kTimeMask) == tag;
      if (!is_own && (cell == 0 ? 0 : ahead_here) >= least) continue;
      place = &each;
      seen = cell;
      least = cell == 0 ? 0 : ahead_here;
      ahead = is_own ? ahead_here : 0;
      if (is_own) break;
    }
    const uint64_t full_at = (now + ahead + interval) / 64 & kTimeMask;
    if (place->compare_exchange_weak(seen, tag | full_at, std::memory_order_relaxed))
      return !is_own && least > 0;
  }
  return false;
}

uint64_t ClientRates::sweep(uint64_t first, uint64_t count, LimitTime now) {
  uint64_t taken = 0;
  for (uint64_t i = first; i < std::min(first + count, cells()); ++i) {
    std::atomic<uint64_t>& place = lines_[i / kWays].cells[i % kWays];
    uint64_t cell = place.load(std::memory_order_relaxed);
    if (cell == 0) continue;
    if (ahead_in(cell, now) > 0 || !place.compare_exchange_strong(cell, 0, std::memory_order_relaxed))
      ++taken;
  }
  return taken;
}

void ClientRates::copy(const ClientRates& other, uint64_t hash) {
  for (uint64_t i = 0; i < kWays; ++i)
    line_of(hash).cells[i].store(other.line_of(hash).cells[i].load(std::memory_order_relaxed),
                                 std::memory_order_relaxed);
}

}  // namespace turnout
