#include "control/wire.h"

#include <algorithm>
#include <cstring>

#include <rte_errno.h>
#include <rte_ether.h>
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

/// What the dataplane let through has the port's own tag, if any, or one that gives a priority and no VLAN.
void remove_tag(rte_mbuf* packet) {
  constexpr size_t kTaggedHeader = sizeof(rte_ether_hdr) + sizeof(rte_vlan_hdr);
  if (packet->data_len >= kTaggedHeader) rte_vlan_strip(packet);
}

}  // namespace

Wire::Ring Wire::make_ring(const char* name, unsigned flags) {
  Ring ring(rte_ring_create(name, kRingSlots, static_cast<int>(rte_socket_id()), flags));
  if (!ring) throw StartError(std::string("no memory for the ring ") + name + ": " + rte_strerror(rte_errno));
  return ring;
}

Wire::Wire(std::vector<uint16_t> vlans)
    : vlans_(std::move(vlans)),
      whole_(kLongestFrame),
      pool_(make_packet_pool("control", kPackets)),
      to_control_(make_ring("to-control", RING_F_SC_DEQ)),
      from_control_(make_ring("from-control", RING_F_SP_ENQ | RING_F_SC_DEQ)) {}

void Wire::discard() {
  free_all(to_control_.get());
  free_all(from_control_.get());
}

bool Wire::send(size_t port, std::span<const uint8_t> frame) {
  rte_mbuf* packet = packet_of(frame);
  if (packet && add_tag(port, packet)) {
    packet->port = static_cast<uint16_t>(port);
    if (rte_ring_sp_enqueue(from_control_.get(), packet) == 0) return true;
  }
  rte_pktmbuf_free(packet);
  ++lost_;
  return false;
}

/// Over as many buffers as it takes; null if there are too few.
rte_mbuf* Wire::packet_of(std::span<const uint8_t> frame) const {
  if (frame.empty() || frame.size() > kLongestFrame) return nullptr;
  rte_mbuf* packet = nullptr;
  while (!frame.empty()) {
    rte_mbuf* part = rte_pktmbuf_alloc(pool_.get());
    if (!part) {
      rte_pktmbuf_free(packet);
      return nullptr;
    }
    const size_t size = std::min<size_t>(frame.size(), rte_pktmbuf_tailroom(part));
    std::memcpy(rte_pktmbuf_append(part, static_cast<uint16_t>(size)), frame.data(), size);
    frame = frame.subspan(size);
    if (!packet) {
      packet = part;
    } else {
      rte_pktmbuf_chain(packet, part);
    }
  }
  return packet;
}

bool Wire::add_tag(size_t port, rte_mbuf*& packet) const {
  const uint16_t vlan = port < vlans_.size() ? vlans_[port] : uint16_t{0};
  if (vlan == 0) return true;
  packet->vlan_tci = vlan;
  return rte_vlan_insert(&packet) == 0;
}

/// In one piece; empty if it is too long.
std::span<const uint8_t> Wire::frame_of(const rte_mbuf& packet) {
  if (packet.pkt_len > kLongestFrame) return {};
  const void* data = rte_pktmbuf_read(&packet, 0, packet.pkt_len, whole_.data());
  return {static_cast<const uint8_t*>(data), packet.pkt_len};
}

unsigned Wire::receive(unsigned most,
                       const std::function<void(PuntNote, size_t, std::span<const uint8_t>)>& take) {
  unsigned taken = 0;
  for (void* entry = nullptr; taken < most && rte_ring_sc_dequeue(to_control_.get(), &entry) == 0; ++taken) {
    auto* packet = static_cast<rte_mbuf*>(entry);
    remove_tag(packet);
    if (const std::span<const uint8_t> frame = frame_of(*packet); !frame.empty()) {
      take(PuntNote::of(packet->hash.usr), packet->port, frame);
    }
    rte_pktmbuf_free(packet);
  }
  return taken;
}

}  // namespace turnout
