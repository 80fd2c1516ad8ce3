// The rings between workers and control, with the test in the workers' place.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include <rte_mbuf.h>

#include "control/wire.h"
#include "test/packet/rig.h"

namespace turnout {

class WireBench {
 public:
  explicit WireBench(std::vector<uint16_t> vlans) : wire(std::move(vlans)) {}
  /// Fails the test if a packet buffer is lost.
  ~WireBench() {
    wire.discard();
    EXPECT_EQ(rte_mempool_in_use_count(pool_.get()), 0u);
    EXPECT_EQ(rte_mempool_in_use_count(rte_mempool_lookup("control")), 0u);
  }

  /// As a worker punts it, in buffers of at most `piece` octets.
  void punt(const Bytes& frame, PuntNote note, size_t port, size_t piece = 2048) {
    rte_mbuf* packet = nullptr;
    for (size_t at = 0; at < frame.size(); at += piece) {
      rte_mbuf* part = rte_pktmbuf_alloc(pool_.get());
      const auto size = static_cast<uint16_t>(std::min(piece, frame.size() - at));
      std::copy_n(frame.data() + at, size, reinterpret_cast<uint8_t*>(rte_pktmbuf_append(part, size)));
      if (packet) {
        ASSERT_EQ(rte_pktmbuf_chain(packet, part), 0);
      } else {
        packet = part;
      }
    }
    packet->port = static_cast<uint16_t>(port);
    packet->hash.usr = note.bits();
    ASSERT_EQ(rte_ring_enqueue(wire.to_control(), packet), 0);
  }

  /// What worker 0 would send, since it was last asked.
  std::vector<Sent> sent() {
    std::vector<Sent> all;
    for (void* entry = nullptr; rte_ring_dequeue(wire.from_control(), &entry) == 0;) {
      auto* packet = static_cast<rte_mbuf*>(entry);
      Bytes copy(packet->pkt_len);
      const auto* data =
          static_cast<const uint8_t*>(rte_pktmbuf_read(packet, 0, packet->pkt_len, copy.data()));
      all.push_back({packet->port, {data, data + packet->pkt_len}});
      rte_pktmbuf_free(packet);
    }
    return all;
  }

  Wire wire;

 private:
  Mempool pool_ = make_packet_pool("wire-bench", 1023);
};

}  // namespace turnout
