#include "control/wire.h"

#include <cstring>

#include <rte_errno.h>
#include <rte_mbuf.h>

#include "control/eal.h"

namespace turnout {

namespace {

constexpr uint32_t kPackets = 4095;    // of control's own
constexpr uint32_t kRingSlots = 4096;  // frames waiting, in each direction

void free_all(rte_ring* ring) {
  void* packet = nullptr;
  while (rte_ring_dequeue(ring, &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
}

}  // namespace

Wire::Ring Wire::make_ring(const char* name, unsigned flags) {
  Ring ring(rte_ring_create(name, kRingSlots, static_cast<int>(rte_socket_id()), flags));
  if (!ring) throw StartError(std::string("no memory for the ring ") + name + ": " + rte_strerror(rte_errno));
  return ring;
}

Wire::Wire()
    : pool_(make_packet_pool("control", kPackets)),
      to_control_(make_ring("to-control", RING_F_SC_DEQ)),
      from_control_(make_ring("from-control", RING_F_SP_ENQ | RING_F_SC_DEQ)) {}

void Wire::discard() {
  free_all(to_control_.get());
  free_all(from_control_.get());
}

bool Wire::send(size_t port, std::span<const uint8_t> frame) {
  rte_mbuf* packet = rte_pktmbuf_alloc(pool_.get());
  char* data = packet ? rte_pktmbuf_append(packet, static_cast<uint16_t>(frame.size())) : nullptr;
  if (data) {
    std::memcpy(data, frame.data(), frame.size());
    packet->port = static_cast<uint16_t>(port);
    if (rte_ring_sp_enqueue(from_control_.get(), packet) == 0) return true;
  }
  rte_pktmbuf_free(packet);
  ++lost_;
  return false;
}

unsigned Wire::receive(unsigned most,
                       const std::function<void(PuntKind, size_t, std::span<const uint8_t>)>& take) {
  unsigned taken = 0;
  for (void* entry = nullptr; taken < most && rte_ring_sc_dequeue(to_control_.get(), &entry) == 0; ++taken) {
    auto* packet = static_cast<rte_mbuf*>(entry);
    if (packet->nb_segs == 1) {
      const std::span frame(rte_pktmbuf_mtod(packet, const uint8_t*), packet->data_len);
      take(PuntNote::of(packet->hash.usr).kind, packet->port, frame);
    }
    rte_pktmbuf_free(packet);
  }
  return taken;
}

}  // namespace turnout
