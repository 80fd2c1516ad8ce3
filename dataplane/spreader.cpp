#include "dataplane/spreader.h"

#include <algorithm>

#include <rte_prefetch.h>

#include "dataplane/flow_hash.h"

namespace turnout {

SpreadTable::SpreadTable(unsigned workers, unsigned first) {
  for (size_t bucket = 0; bucket < kBuckets; ++bucket)
    workers_[bucket].store(static_cast<uint8_t>((first + bucket) % workers), std::memory_order_relaxed);
}

void SpreadTable::move(size_t bucket, unsigned worker) {
  workers_[bucket].store(static_cast<uint8_t>(worker), std::memory_order_relaxed);
  moves_.fetch_add(1, std::memory_order_release);
}

unsigned SpreadLane::put(rte_mbuf* const* packets, unsigned count) {
  const unsigned fitted =
      rte_ring_sp_enqueue_burst(ring_, reinterpret_cast<void* const*>(packets), count, nullptr);
  handed_ += fitted;
  return fitted;
}

uint16_t SpreadLane::take(Burst& burst) {
  const unsigned count =
      rte_ring_sc_dequeue_burst(ring_, reinterpret_cast<void**>(burst.packets.data()), kBurst, nullptr);
  return burst.count = static_cast<uint16_t>(count);
}

Spreader::Spreader(unsigned self, std::vector<SpreadLane*> lanes, uint64_t seed)
    : seed_(seed),
      self_(self),
      lanes_(std::move(lanes)),
      table_(static_cast<unsigned>(lanes_.size()), self),
      shares_(lanes_.size()) {
  for (size_t bucket = 0; bucket < current_.size(); ++bucket)
    current_[bucket] = static_cast<uint8_t>(table_.worker_of(bucket));
}

/// A share may change hands when its former worker has done all that it was handed. The poller's own packets
/// are done before it receives the next.
bool Spreader::follow_moves() {
  const uint32_t moves = table_.moves();
  bool all = true;
  for (size_t bucket = 0; bucket < current_.size(); ++bucket) {
    const unsigned from = current_[bucket], to = table_.worker_of(bucket);
    if (from == to) continue;
    if (from == self_ || lanes_[from]->is_clear()) {
      current_[bucket] = static_cast<uint8_t>(to);
    } else {
      all = false;
    }
  }
  if (all) {
    moves_seen_ = moves;
    patience_ = kPatience;
    return true;
  }
  if (patience_ == 0) return false;
  --patience_;
  return true;
}

unsigned Spreader::spread(Burst& burst) {
  for (uint16_t i = 0; i < burst.count; ++i) rte_prefetch0(rte_pktmbuf_mtod(burst.packets[i], const void*));
  for (uint16_t i = 0; i < burst.count; ++i) {
    rte_mbuf* const packet = burst.packets[i];
    const uint32_t hash = flow_hash(frame_of(packet), seed_);
    Share& share = shares_[hash == kNoFlow ? self_ : current_[SpreadTable::bucket_of(hash)]];
    share.packets[share.count++] = packet;
  }
  overflow_.count = 0;
  const uint16_t received = burst.count;
  for (size_t worker = 0; worker < shares_.size(); ++worker) {
    Share& share = shares_[worker];
    if (worker == self_) {
      burst.count = share.count;
      std::copy_n(share.packets.begin(), share.count, burst.packets.begin());
    } else if (share.count > 0) {
      hand_over(share, *lanes_[worker]);
    }
    share.count = 0;
  }
  return unsigned{received} - burst.count - overflow_.count;
}

void Spreader::hand_over(Share& share, SpreadLane& lane) {
  for (unsigned i = lane.put(share.packets.data(), share.count); i < share.count; ++i)
    overflow_.packets[overflow_.count++] = share.packets[i];
}

unsigned Spreader::worker_for(Frame frame) const {
  const uint32_t hash = flow_hash(frame, seed_);
  return hash == kNoFlow ? self_ : table_.worker_of(SpreadTable::bucket_of(hash));
}

}  // namespace turnout
