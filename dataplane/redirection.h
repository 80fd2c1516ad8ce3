// Direct Routing itself: a packet's new MAC addresses, and what is counted with them.
#pragma once

#include <cstring>

#include <rte_mbuf.h>

#include "dataplane/next_hop.h"
#include "dataplane/packet_fields.h"

namespace turnout {

/// The packet's fields are those that were read of it.
[[gnu::always_inline]] inline void redirect(rte_mbuf* packet, NextHop& hop, const PacketFields& fields) {
  std::memcpy(rte_pktmbuf_mtod(packet, uint8_t*), hop.macs.data(), hop.macs.size());
  hop.traffic.packets.add(1);
  hop.traffic.bytes.add(fields.ip_bytes);
}

}  // namespace turnout
