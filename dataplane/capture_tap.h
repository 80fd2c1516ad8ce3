// Where a capture takes its packets: copies of what workers transmit, punt and drop, with what became of
// them. A capture is part of a snapshot (Snapshot::capture), so while there is none, a burst costs one test
// of a pointer beside what it reads anyway, and nothing is allocated.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include <rte_mbuf.h>
#include <rte_mempool.h>
#include <rte_ring.h>

#include "dataplane/burst.h"
#include "dataplane/capture_filter.h"

namespace turnout {

class Forwarder;

/// Lies at the beginning of a copy's buffer, before the frame.
struct CaptureNote {
  uint64_t tsc;               // when the worker acted on it
  uint32_t length;            // of the whole frame
  uint32_t server = kNobody;  // slot
  uint16_t service = 0;       // index, 0: none
  uint16_t port = 0;          // index of the port it came by; of control's own, of the one it leaves by
  uint16_t egress = 0;        // of one that was transmitted or originated: index of the port it leaves by
  uint16_t worker = 0;
  CaptureFate fate = CaptureFate::dropped;
  uint8_t detail = 0;  // DropReason of a dropped one, PuntKind of a punted one

  /// The port on whose wire it was seen.
  uint16_t seen_at() const {
    return fate == CaptureFate::transmitted || fate == CaptureFate::originated ? egress : port;
  }
  static CaptureNote& of(const rte_mbuf& copy) { return *static_cast<CaptureNote*>(copy.buf_addr); }
};
static_assert(sizeof(CaptureNote) <= RTE_PKTMBUF_HEADROOM);

/// The buffers and the way of one capture's packets. Workers put, control takes. When either is full, a
/// packet is missed and counted: nobody waits for a slow reader.
class CaptureTap {
 public:
  /// What `pool` and `copies` are must outlive it. Of a frame at most `snaplen` octets are copied, which must
  /// fit a buffer of the pool behind RTE_PKTMBUF_HEADROOM.
  CaptureTap(rte_mempool* pool, rte_ring* copies, uint16_t snaplen)
      : pool_(pool), copies_(copies), snaplen_(snaplen) {}
  CaptureTap(const CaptureTap&) = delete;
  CaptureTap& operator=(const CaptureTap&) = delete;

  // ---- workers ----

  rte_mbuf* copy(const rte_mbuf& frame, const CaptureNote& note);  ///< null if no buffer is left
  unsigned put(rte_mbuf* const* copies, unsigned count);           ///< as many as there is room for
  void count(uint64_t matched) { matched_.fetch_add(matched, std::memory_order_relaxed); }
  void miss(uint16_t port) { missed_[port].fetch_add(1, std::memory_order_relaxed); }

  // ---- control ----

  unsigned take(rte_mbuf** copies, unsigned most);
  bool empty() const { return rte_ring_empty(copies_) != 0; }
  uint64_t matched() const { return matched_.load(std::memory_order_relaxed); }
  uint64_t missed(size_t port) const { return missed_[port].load(std::memory_order_relaxed); }
  uint64_t missed() const;
  uint16_t snaplen() const { return snaplen_; }

 private:
  rte_mempool* const pool_;
  rte_ring* const copies_;
  const uint16_t snaplen_;
  std::atomic<uint64_t> matched_{0};                       // workers add, control reads
  std::array<std::atomic<uint64_t>, kMaxPorts> missed_{};  // likewise, by port
};

/// What a snapshot says of the capture that runs.
struct CaptureOrder {
  CaptureFilter filter;
  std::shared_ptr<CaptureTap> tap;
};

/// One burst's packets for a capture. It is told of each before the worker acts on it, as the frame isn't the
/// worker's afterwards; and if it came to nothing, that it did.
class BurstTap {
 public:
  /// `packets` went through `forwarder` just now, by `snapshot`.
  BurstTap(const CaptureOrder& order, const Snapshot& snapshot, const Forwarder& forwarder,
           const Burst& packets, unsigned worker);
  ~BurstTap();  // hands over to control what was copied
  BurstTap(const BurstTap&) = delete;
  BurstTap& operator=(const BurstTap&) = delete;

  void transmit(uint16_t port, const Outcome::Lane& lane);  ///< is about to be sent by the port …
  void originate(uint16_t port, const rte_mbuf& frame);     ///< a frame of control's own is …
  void sent(uint16_t count);                                ///< … but of these only the first `count` were
  void punt(const rte_mbuf& packet, PuntNote note);         ///< is about to be given to control …
  void unpunt();                                            ///< … but was not
  void drop(const rte_mbuf& packet, DropReason reason);

 private:
  struct Entry {
    rte_mbuf* copy;  // null: missed
    uint16_t place;  // in its lane
    uint16_t port;   // that it was seen at
  };
  uint32_t server_of(const rte_mbuf& packet);
  void look_at(const rte_mbuf& packet, const CaptureSight& sight, CaptureNote note, uint16_t place);
  void forget_from(unsigned first);

  const CaptureOrder& order_;
  const Snapshot& snapshot_;
  const Forwarder& forwarder_;
  const Burst& burst_;
  const uint64_t tsc_;
  const uint16_t worker_;
  uint16_t next_ = 0;  // position in the burst after the packet that was found last
  unsigned count_ = 0;
  unsigned lane_begins_ = 0;  // number of entries before those of the latest lane or punt
  std::array<Entry, kBurst> entries_;
};

}  // namespace turnout
