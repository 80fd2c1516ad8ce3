// What a worker tells of packets that a filter denied: a sample, for people who have to find out who is kept
// out and by what.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <rte_ring.h>
#include <rte_ring_elem.h>

#include "dataplane/packet_fields.h"
#include "dataplane/tick.h"

namespace turnout {

/// One packet that was denied. Addresses and ports as PacketFields has them, in network byte order.
struct Denial {
  PacketFields fields;
  uint32_t rule = 0;      // FilterVerdict's
  uint32_t nth = 0;       // of those that the worker denied in that second
  uint16_t service = 0;   // index; 0: to the VIP, but of no service
  uint16_t port = 0;      // index of the ingress port
  uint8_t filter = 0;     // number
  bool rejected = false;  // its sender is told
  std::array<uint8_t, 6> source_mac{};
  std::array<uint8_t, 4> padding{};  // rings take words of four bytes
};
static_assert(sizeof(Denial) % 4 == 0);

/// From one worker, who puts, to control, who takes. What it has no room for is lost.
class DenialRing {
 public:
  DenialRing() : memory_(static_cast<size_t>(rte_ring_get_memsize_elem(sizeof(Denial), kSize)) + kLine) {
    const auto at = reinterpret_cast<uintptr_t>(memory_.data());
    ring_ = reinterpret_cast<rte_ring*>((at + kLine - 1) / kLine * kLine);
    rte_ring_init(ring_, "denials", kSize, RING_F_SP_ENQ | RING_F_SC_DEQ);
  }

  void put(Denial denial) { rte_ring_sp_enqueue_elem(ring_, &denial, sizeof denial); }
  bool take(Denial& denial) { return rte_ring_sc_dequeue_elem(ring_, &denial, sizeof denial) == 0; }

 private:
  static constexpr unsigned kSize = 128;
  static constexpr size_t kLine = RTE_CACHE_LINE_SIZE;
  std::vector<uint8_t> memory_;
  rte_ring* ring_;
};

/// Which of a second's denials are told: the first, the second, the fourth, the eighth … A trickle is told
/// whole, and of a flood of millions some twenty.
class DenialSampler {
 public:
  /// `now`: seconds. The number of this one in its second if it is to be told, else 0.
  uint32_t count(Tick now) {
    if (now != second_) {
      second_ = now;
      count_ = 0;
    }
    ++count_;
    return (count_ & (count_ - 1)) == 0 ? count_ : 0;
  }

 private:
  Tick second_ = 0;
  uint32_t count_ = 0;
};

}  // namespace turnout
