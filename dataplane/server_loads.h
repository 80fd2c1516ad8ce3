// The connections that each real server has at the moment, over all workers: what lc, wlc, sed, nq, ovf and
// the thresholds go by. Kept for servers of services that ask for it only (ServerTerms::live): each opening
// and closing is a locked instruction there.
#pragma once

#include <atomic>
#include <cstdint>

#include "dataplane/per_server.h"

namespace turnout {

/// What a new connection has to ask of a real server. By server slot.
struct ServerTerms {
  uint32_t weight = 0;      // 0: gets no new connections: drained, down, or of nobody
  uint32_t full_at = 0;     // with so many connections it is full; 0: never
  uint32_t open_below = 0;  // and with less than so many it is open again
  bool live = false;        // its load is kept
};
static_assert(sizeof(ServerTerms) == 16, "four servers in a cache line");

/// Active and inactive connections, as LVS counts them. Below 0 for a moment, if one was closed before others
/// heard that it was opened.
struct ServerLoad {
  int64_t active = 0;
  int64_t inactive = 0;
  int64_t total() const { return active + inactive; }
};

/// Written and read by all workers and by control.
class ServerLoads {
 public:
  void add(uint32_t slot, int64_t active, int64_t inactive) {
    counts_of(slot).fetch_add(static_cast<uint64_t>(active * kActive + inactive), std::memory_order_relaxed);
  }
  ServerLoad read(uint32_t slot) const {
    const auto counts = static_cast<int64_t>(counts_of(slot).load(std::memory_order_relaxed));
    const auto inactive = static_cast<int32_t>(counts);
    return {(counts - inactive) / kActive, inactive};
  }

  /// A connection was opened: is the server full now?
  void note_opened(uint32_t slot, const ServerTerms& terms) {
    if (terms.full_at != 0 && read(slot).total() >= terms.full_at) mark(slot, terms.full_at);
  }
  /// Once full it stays so until it has less than `open_below` (LVS's IP_VS_DEST_F_OVERLOAD).
  bool is_full(uint32_t slot, const ServerTerms& terms) {
    if (terms.full_at == 0) return false;
    const int64_t total = read(slot).total();
    if (total >= terms.full_at) return true;
    std::atomic<uint32_t>& was_full_at = servers_.first()[slot].was_full_at;
    if (was_full_at.load(std::memory_order_relaxed) != terms.full_at)
      return false;  // or at another threshold
    if (total >= terms.open_below) return true;
    was_full_at.store(0, std::memory_order_relaxed);
    return false;
  }

  /// As `other` has them.
  void copy(const ServerLoads& other, uint32_t slot) {
    const Server& from = other.servers_.first()[slot];
    counts_of(slot).store(from.counts.load(std::memory_order_relaxed), std::memory_order_relaxed);
    mark(slot, from.was_full_at.load(std::memory_order_relaxed));
  }

  /// The slot gets another server, and no worker knows the one before any more. Control only.
  void restart(uint32_t slot) {
    counts_of(slot).store(0, std::memory_order_relaxed);
    mark(slot, 0);
  }

 private:
  static constexpr int64_t kActive = int64_t{1} << 32;
  struct Server {
    std::atomic<uint64_t> counts;  // active × 2^32 + inactive, in one word so that they change at once
    std::atomic<uint32_t> was_full_at;
  };

  std::atomic<uint64_t>& counts_of(uint32_t slot) const { return servers_.first()[slot].counts; }
  void mark(uint32_t slot, uint32_t full_at) {
    servers_.first()[slot].was_full_at.store(full_at, std::memory_order_relaxed);
  }

  PerServer<Server> servers_;
};

}  // namespace turnout
