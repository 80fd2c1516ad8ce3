// Direct Routing itself: a packet's new MAC addresses, and what is counted with them.
#pragma once

#include <cstring>

#include "dataplane/next_hop.h"
#include "dataplane/packet_fields.h"

namespace turnout {

/// `frame`: its first octet; `fields`: those that were read of it.
[[gnu::always_inline]] inline void redirect(uint8_t* frame, NextHop& hop, const PacketFields& fields) {
  std::memcpy(frame, hop.macs.data(), hop.macs.size());
  hop.traffic.packets.add(1);
  hop.traffic.bytes.add(fields.ip_bytes);
}

}  // namespace turnout
