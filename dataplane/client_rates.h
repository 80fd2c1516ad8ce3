// The token buckets of clients and of prefixes: a fixed table for all services together, shared by all
// workers.
//
// A client whose bucket is full again is as good as one that was never seen, so it needs no cell: those that
// are taken up are of clients that began a connection a moment ago. A cell is one word, the last bits of the
// client's hash beside the bucket's time; eight of them, one cache line, are where a client may be.
//
// Who finds all eight taken makes the one give way that will be full first: not who is over a limit, as long
// as there is another. Whom that was has a full bucket again, and who comes begins with one. So a crowd makes
// the table forget, it doesn't make it refuse.
//
// A client that keeps its limit is refused for another's connections only if both have the same line and the
// same 16 bits: with k clients over their limits and n lines, with a probability of at most k / (65536 n).
// With the usual 65,536 cells (8,192 lines) and 1,000 offenders that is one client in 500,000.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "dataplane/per_server.h"
#include "dataplane/rate_limit.h"

namespace turnout {

class ClientRates {
 public:
  static constexpr uint64_t kWays = 8;

  /// At least so many cells, rounded up to a power of two. Memory is used as far as it is touched.
  explicit ClientRates(uint64_t cells)
      : mask_(std::bit_ceil(cells < 2 * kWays ? 2 * kWays : cells) / kWays - 1),
        lines_(static_cast<Line*>(map_memory(bytes()))) {}
  ~ClientRates() { unmap_memory(lines_, bytes()); }
  ClientRates(const ClientRates&) = delete;
  ClientRates& operator=(const ClientRates&) = delete;

  uint64_t cells() const { return (mask_ + 1) * kWays; }

  // ---- any worker, at any time ----

  /// By how much the client's bucket is ahead of the clock; 0: it is full, or not known.
  LimitTime ahead(uint64_t hash, LimitTime now) const;

  /// Takes a token, whether there is one or not: who asks has looked. True if another client's bucket, which
  /// was not full yet, had to give way.
  bool charge(uint64_t hash, LimitTime interval, LimitTime now);

  // ---- control, while workers run ----

  /// Frees those of `count` cells from `first` on whose bucket is full, so that none stays until its time
  /// comes round again (after 78 hours). Returns how many are taken.
  uint64_t sweep(uint64_t first, uint64_t count, LimitTime now);

  /// As `other`, which is as large, has them for one client.
  void copy(const ClientRates& other, uint64_t hash);

 private:
  static constexpr unsigned kTimeBits = 48;
  static constexpr uint64_t kTimeMask = (uint64_t{1} << kTimeBits) - 1;
  static constexpr unsigned kTries = 8;  // with others that change the same line

  struct alignas(64) Line {
    std::atomic<uint64_t> cells[kWays];  // tag:16 | when the bucket is full, in nanoseconds:48; 0: nobody's
  };
  static_assert(sizeof(Line) == 64);

  size_t bytes() const { return (mask_ + 1) * sizeof(Line); }
  Line& line_of(uint64_t hash) const { return lines_[hash & mask_]; }
  static uint64_t tag_of(uint64_t hash) {
    const uint64_t tag = hash & ~kTimeMask;
    return tag == 0 ? uint64_t{1} << kTimeBits : tag;  // 0 is nobody's
  }
  static LimitTime ahead_in(uint64_t cell, LimitTime now) {
    const uint64_t nanoseconds = (cell - now / 64) & kTimeMask;
    return nanoseconds < kMostAhead / 64 ? nanoseconds * 64 : 0;
  }

  uint64_t mask_;  // of line numbers
  Line* lines_;
};

}  // namespace turnout
