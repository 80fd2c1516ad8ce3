// Direct Routing itself: a packet's new MAC addresses, and what is counted with them.
#pragma once

#include <cstring>

#include <rte_mbuf.h>

#include "dataplane/counters.h"
#include "dataplane/packet_fields.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// For a loop: what it writes can't change where servers and counters are.
class Redirection {
 public:
  Redirection(const Snapshot& snapshot, WorkerCounters& counters)
      : servers_(snapshot.server_view()), traffic_(counters.traffic()) {}

  /// To the real server at a slot. The packet's fields are those that were read of it.
  [[gnu::always_inline]] void apply(rte_mbuf* packet, uint32_t slot, const PacketFields& fields) const {
    const RealServer& server = servers_[slot];
    std::memcpy(rte_pktmbuf_mtod(packet, uint8_t*), server.macs.data(), server.macs.size());
    traffic_[slot].packets.add(1);
    traffic_[slot].bytes.add(fields.ip_bytes);
  }

 private:
  Snapshot::ServerView servers_;
  TrafficCounters* traffic_;
};

}  // namespace turnout
