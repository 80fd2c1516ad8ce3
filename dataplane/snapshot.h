// The configuration as workers see it: whole, immutable, replaced by one pointer. Control builds it
// (snapshot_builder), workers only read; SnapshotSlot says when it may go.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include "dataplane/address_map.h"
#include "dataplane/bounds.h"
#include "dataplane/connection.h"
#include "dataplane/mac.h"
#include "dataplane/verdict.h"

namespace turnout {

/// One real server of one service, at the slot that connection values name. Everything a packet for it needs.
struct RealServer {
  std::array<uint8_t, 12> macs{};  // destination and source, as they are written to the frame
  uint16_t tag =
      kUnusable;  // generation: counts the servers that had this slot, a connection of another one is stale
  uint16_t egress = 0;  // index of the port it is reached by

  /// Set in `tag` while its MAC address is not known or it is down: connections can't stay.
  static constexpr uint16_t kUnusable = 0x8000;
  bool usable() const { return (tag & kUnusable) == 0; }
  uint16_t generation() const { return tag & ConnectionValue::kGenerationMask; }
};
static_assert(sizeof(RealServer) == 16);

/// What a service's scheduler compiled to. Indexed by service index; 0 is never one.
struct Service {
  const uint32_t* maglev = nullptr;  // server slots, for `mh` and for flows that find no room in the table
  const uint32_t* sequence =
      nullptr;               // server slots in the order of `rr` or `wrr`; none: schedule by `maglev`
  uint32_t maglev_size = 0;  // 0: no server may be given a connection, for the reason in `unavailable`
  uint32_t sequence_size = 0;
  DropReason unavailable = DropReason::no_server;
  bool known = false;  // false: nobody's index
};

/// A port as its packets see it: a frame is for us if its destination under `mac_mask` is `mac`. Both as
/// load_mac() gives them, six octets in the order of the frame, the first in the lowest byte.
struct Port {
  uint64_t mac = 0;
  uint64_t mac_mask = kMacMask;
};

using ServerTable =
    std::shared_ptr<const std::vector<uint32_t>>;  // shared by the snapshots in which it is the same

struct Snapshot {
  uint64_t generation = 0;
  Timeouts timeouts;
  std::array<Port, kMaxPorts> ports;
  std::vector<RealServer> servers;  // by server slot
  std::vector<Service> services;    // by service index
  AddressMap service_map;           // service_map_key → service index
  AddressMap address_map;           // address in network byte order → AddressKind
  std::vector<ServerTable> tables;  // keeps alive what `services` points to

  /// Does the entry's slot still belong to the server that the connection was given to?
  bool owns(ConnectionValue value) const {
    return value.server() < servers.size() && servers[value.server()].generation() == value.generation();
  }
  /// And may the connection stay with it?
  bool keeps(ConnectionValue value) const {
    return value.server() < servers.size() && servers[value.server()].tag == value.generation();
  }
};

}  // namespace turnout
