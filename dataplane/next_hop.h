// Where a worker sends a real server's packets, and what it counts of them.
#pragma once

#include <array>
#include <cstdint>

#include "dataplane/counter.h"

namespace turnout {

/// By server slot: what each packet counts. A service's figures are the sums over its servers.
struct TrafficCounters {
  Counter packets;
  Counter bytes;  // of IP, as LVS counts: the frame without its Ethernet header and padding
};

/// By server slot, each worker's own: its copy of what a packet needs of the RealServer, beside what the
/// packet counts there. There may be 100,000 of them, of which each packet takes another: so that is one
/// cache line and not two. NextHops keeps the copy; control reads the counters.
struct alignas(32) NextHop {
  std::array<uint8_t, 12> macs;  // destination and source, as they are written to the frame
  uint32_t stamp;                // of NextHops
  TrafficCounters traffic;
};
static_assert(sizeof(NextHop) == 32, "two in a cache line");

}  // namespace turnout
