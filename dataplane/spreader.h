// RSS in software, for a queue that is one worker's to poll and all workers' to work for: the poller hashes
// each packet's flow and hands it to the worker whose share the flow is in.
//
// The packets of a flow are handled in the order in which they came: they have one hash, so they go through
// one ring, or none if they are the poller's own. That holds while a share moves to another worker, too: the
// move waits until no packet that was handed to the former one is still on its way.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include <rte_ring.h>

#include "dataplane/burst.h"
#include "dataplane/connection_key.h"
#include "dataplane/packet_fields.h"

namespace turnout {

/// Which worker gets the flows of a bucket. Control writes, the queue's poller reads.
class SpreadTable {
 public:
  static constexpr unsigned kBucketBits = 7;
  static constexpr size_t kBuckets = size_t{1} << kBucketBits;

  /// Dealt out to the workers in turn, from `first` on.
  SpreadTable(unsigned workers, unsigned first);

  static size_t bucket_of(uint32_t hash) { return hash >> (32 - kBucketBits); }
  unsigned worker_of(size_t bucket) const { return workers_[bucket].load(std::memory_order_relaxed); }
  /// Control only. The poller follows as soon as order allows.
  void move(size_t bucket, unsigned worker);
  uint32_t moves() const { return moves_.load(std::memory_order_acquire); }

 private:
  std::array<std::atomic<uint8_t>, kBuckets> workers_;
  std::atomic<uint32_t> moves_{0};
};

/// From the worker that polls a queue to one that doesn't.
class SpreadLane {
 public:
  static constexpr unsigned kRoom = 1023;  // packets: as many as a receive queue holds

  /// `ring`: for a single producer and a single consumer; must outlive it.
  explicit SpreadLane(rte_ring* ring) : ring_(ring) {}

  // ---- the worker that hands over ----

  /// Returns how many there was room for: the first ones.
  unsigned put(rte_mbuf* const* packets, unsigned count);
  /// Everything that was put has been taken, and what became of it is decided and done.
  bool is_clear() const { return done_.load(std::memory_order_acquire) == handed_; }

  // ---- the worker that takes over ----

  /// Into burst.packets; returns burst.count. done() is due when the burst was handled.
  uint16_t take(Burst& burst);
  void done(uint16_t count) {
    done_.store(done_.load(std::memory_order_relaxed) + count, std::memory_order_release);
  }

  // ---- any thread ----

  unsigned waiting() const { return rte_ring_count(ring_); }

 private:
  rte_ring* ring_;
  alignas(64) uint64_t handed_ = 0;            // the poller's own
  alignas(64) std::atomic<uint64_t> done_{0};  // the taker writes, the poller reads
};

/// Of one receive queue, for its poller.
class Spreader {
 public:
  /// `self`: the poller's number. `lanes`: by worker, none for itself. `seed`: random.
  Spreader(unsigned self, std::vector<SpreadLane*> lanes, uint64_t seed);

  /// Before a burst is received: takes up what control has moved. False: a share has to change hands, and its
  /// packets are still on their way after many looks, so that nothing may be received now. It is not for
  /// longer than a worker takes for a full ring.
  bool ready() { return table_.moves() == moves_seen_ || follow_moves(); }

  /// Hands over what is others'. Left in `burst` is the poller's own share. Returns how many were handed
  /// over; what a full ring had no room for is in overflow().
  unsigned spread(Burst& burst);
  const Burst& overflow() const { return overflow_; }

  SpreadTable& table() { return table_; }
  const SpreadTable& table() const { return table_; }

  /// Whose a frame is, as control's table has it; the poller's if it is of no flow. Any thread.
  unsigned worker_for(Frame frame) const;

 private:
  struct Share {
    uint16_t count = 0;
    std::array<rte_mbuf*, kBurst> packets;
  };

  bool follow_moves();
  void hand_over(Share& share, SpreadLane& lane);

  static constexpr unsigned kPatience = 4096;  // looks until a move that waits stops the queue

  const HashSeed seed_;
  const unsigned self_;
  const std::vector<SpreadLane*> lanes_;
  SpreadTable table_;
  // The poller's own.
  std::array<uint8_t, SpreadTable::kBuckets> current_;
  uint32_t moves_seen_ = 0;
  unsigned patience_ = kPatience;
  std::vector<Share> shares_;  // by worker
  Burst overflow_;
};

}  // namespace turnout
