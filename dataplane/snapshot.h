// The configuration as workers see it: whole, immutable, replaced by one pointer. Control builds it
// (snapshot_builder), workers only read; SnapshotSlot says when it may go.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>
#include <vector>

#include <rte_ether.h>

#include "dataplane/address_map.h"
#include "dataplane/bounds.h"
#include "dataplane/client_filter.h"
#include "dataplane/connection.h"
#include "dataplane/limits.h"
#include "dataplane/mac.h"
#include "dataplane/mark.h"
#include "dataplane/quic.h"
#include "dataplane/scheduler_kind.h"
#include "dataplane/server_loads.h"
#include "dataplane/service_map.h"
#include "dataplane/verdict.h"
#include "dataplane/vip_policy.h"

namespace turnout {

/// One real server of one service, at the slot that connection values name. Everything a packet for it needs.
struct RealServer {
  std::array<uint8_t, 12> macs{};  // destination and source, as they are written to the frame
  uint16_t tag =
      kUnusable;  // generation: counts the servers that had this slot, a connection of another one is stale
  uint16_t way = 0;  // index of the port it is reached by:4, and that port's VLAN:12 (0: untagged)

  void set_way(size_t port, uint16_t vlan) { way = static_cast<uint16_t>(port | size_t{vlan} << 4); }
  uint16_t egress() const { return way & 0xF; }
  uint16_t vlan() const { return way >> 4; }

  /// Set in `tag` while its MAC address is not known or it is down: connections can't stay.
  static constexpr uint16_t kUnusable = 0x8000;
  bool usable() const { return (tag & kUnusable) == 0; }
  uint16_t generation() const { return tag & ConnectionValue::kGenerationMask; }
};
static_assert(sizeof(RealServer) == 16 && kMaxPorts <= 16);

/// What a service's scheduler compiled to. Indexed by service index; 0 is never one. The members of a group
/// have an index and a copy each.
struct Service {
  const uint32_t* maglev = nullptr;  // server slots, for `mh` and for flows that find no room in the table
  const uint32_t* sequence =
      nullptr;  // server slots: turns of rr and wrr, buckets of sh and dh, all servers in their order of
                // those that compare them; none: schedule by `maglev`
  uint32_t maglev_size = 0;  // 0: no server may be given a connection, for the reason in `unavailable`
  uint32_t sequence_size = 0;
  uint32_t persistence = 0;  // seconds; 0: off
  uint16_t own = 0;          // the service's own index: of its turns
  uint16_t templates = 0;    // index of its persistence templates
  DropReason unavailable = DropReason::no_server;
  SchedulerKind scheduler = SchedulerKind::mh;
  uint8_t prefix = 0;               // leading bits of the client's address that count, with persistence
  bool known = false;               // false: nobody's index
  bool by_port = true;              // the client's port counts in `maglev` …
  bool table_by_port = false;       // … and in the buckets of sh
  bool fallback = false;            // a client whose server in a table can't be had gets another
  bool has_closed = false;          // servers in its tables may be full, or have no weight: ask ServerTerms
  bool quic = false;                // Snapshot::quic has terms for it
  bool one_packet = false;          // each datagram is a connection of its own, and none is remembered
  bool by_table = false;            // a connection's server is what `maglev` says; there is no more to ask
  bool limits_connections = false;  // as Snapshot::limits has it for `own` …
  bool limits_packets = false;      // … as well
  bool counts_clients = false;      // its clients' open connections are counted

  /// What `by_table` is to be, once all else is set.
  bool asks_only_maglev() const {
    return scheduler == SchedulerKind::mh && sequence == nullptr && persistence == 0 && !has_closed &&
           !quic && !limits_connections;
  }
};
static_assert(sizeof(Service) <= 64, "one cache line");

/// Ports of a VIP that one service has, host byte order.
struct PortRange {
  uint16_t first = 0;
  uint16_t last = 0;
  uint16_t service = 0;  // index
};

/// A port as its packets see it: a frame is for us if its destination under `mac_mask` is `mac`. Both as
/// load_mac() gives them, six octets in the order of the frame, the first in the lowest byte.
struct Port {
  uint64_t mac = 0;
  uint64_t mac_mask = kMacMask;
  uint16_t vlan = 0;        // of its frames, IEEE 802.1Q, host byte order; 0: they have no tag
  uint16_t mtu = kNoMtu;    // longest IP packet that it sends
  bool has_kernel = false;  // the kernel takes what is for the director itself
  static constexpr uint16_t kNoMtu = UINT16_MAX;
};

struct CaptureOrder;  // capture_tap.h

using ServerTable =
    std::shared_ptr<const std::vector<uint32_t>>;  // shared by the snapshots in which it is the same

struct Snapshot {
  uint64_t generation = 0;  // of each snapshot another: by it workers tell whether theirs was replaced
  Timeouts timeouts;
  std::array<Port, kMaxPorts> ports;
  std::vector<RealServer> servers;             // by server slot
  std::vector<ServerTerms> terms;              // likewise
  std::vector<Mark> marks;                     // likewise; empty if no service marks
  std::vector<Service> services;               // by service index
  std::vector<ServiceLimits> limits;           // by Service::own; empty if no service has any
  ServiceMap<uint64_t> service_map;            // service_map_key → service index
  ServiceMap<ServiceKey6> service_map6;        // likewise
  ExactMap<ServiceKey6> range_map;             // VIP (IPv4: mapped) and protocol → index + 1 into `ranges`
  std::vector<std::vector<PortRange>> ranges;  // of a VIP and protocol; who has all ports comes last
  ExactMap<uint64_t> address_map;              // IPv4 address in network byte order → AddressRole
  ExactMap<Address6> address_map6;             // likewise
  std::vector<QuicTerms> quic;                 // by service index; empty if no service is of QUIC
  ExactMap<ServiceKey6> quic_servers;          // quic_server_key → server slot + 1
  std::vector<VipPolicy> vip_policies;         // by the upper half of AddressRole; 0: nothing is set
  std::shared_ptr<const ClientFilters> filters;  // null if nobody filters
  std::vector<ServiceFilters> service_filters;   // by service index; empty if nobody filters
  uint16_t least_mtu = Port::kNoMtu;             // of all ports
  bool has_one_port = false;                     // by which all packets leave, the first
  bool has_tags = false;                         // a port has a VLAN
  bool has_live_loads = false;                   // a server's terms say `live`
  bool has_persistence = false;                  // a service has it
  bool has_packet_limits = false;                // a service limits its packets
  bool has_client_counts = false;                // a service counts its clients' open connections
  std::vector<ServerTable> tables;               // keeps alive what `services` points to
  std::shared_ptr<const CaptureOrder> capture;   // what is copied for control; null: nothing

  /// Do packets get more than MAC addresses?
  bool has_more_to_write() const { return has_tags || !marks.empty(); }
  Mark mark_of(uint32_t slot) const { return slot < marks.size() ? marks[slot] : Mark(); }

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
