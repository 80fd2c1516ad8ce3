// The forwarding core: a burst in, the fate of each of its packets out. Sends, allocates, logs and locks
// nothing, so it runs in a test without a NIC, without hugepages and without root.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <memory>

#include "dataplane/burst.h"
#include "dataplane/connection_table.h"
#include "dataplane/counters.h"
#include "dataplane/denial.h"
#include "dataplane/flow_packet.h"
#include "dataplane/fragment_table.h"
#include "dataplane/move_credit.h"
#include "dataplane/next_hops.h"
#include "dataplane/packet.h"
#include "dataplane/packet_four.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// The connection tables, one for each family: shared by all workers and by control.
struct ConnectionTables {
  const ConnectionTable& ipv4;
  const WideConnectionTable& ipv6;
};

/// One per worker; not shared between threads.
class Forwarder {
 public:
  /// `tables` and `counters` must outlive it. `worker`: 0-based, spreads the workers' turns in rr and wrr.
  /// `seed`: random, the fragment table's secret.
  Forwarder(const ConnectionTables& tables, WorkerCounters& counters, unsigned worker, uint64_t seed);

  /// Decides every packet of the burst: each ends in exactly one lane of `outcome`, which is cleared first.
  /// Frames that are forwarded have their MAC addresses, and their VLAN tag if there is one, rewritten.
  /// Counts per real server and per table event; packets are counted by who acts on the outcome.
  void process(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome);

  /// Slot of the real server that process() chose for a packet of its last burst: of those that it had one
  /// for.
  uint32_t server_at(size_t position) const { return flows_[position].server; }

  /// Fragments that were held and may go on, or have waited long enough: a burst for process(). Empty if
  /// there are none.
  void take_released(Burst& burst) { fragments_.take_released(burst); }
  bool holds_fragments() const { return fragments_.held() > 0; }
  void expire_fragments(Tick now) { fragments_.expire(now); }
  void release_fragments() { fragments_.release_all(); }  ///< all: nothing will come any more

 private:
  static constexpr uint32_t kNoServer = FlowPacket::kNoServer;

  /// The flows of one family, and the table that they are in. Those of services with several ports are
  /// IPv6's.
  template <typename Key>
  struct Track {
    Track(const BasicConnectionTable<Key>& of, TableCounters& counts, FlowPacket& first)
        : table(of), counters(counts), matched(first), missed(first) {}
    const BasicConnectionTable<Key>& table;
    TableCounters& counters;
    FlowList matched;         // TCP and UDP; from match_services() on, only of services
    FlowList sought;          // of these, to be looked for more closely
    FlowList missed;          // of a service, with no connection to keep
    Tick overload_until = 0;  // until then new flows are placed as flows without an entry are
    MoveCredit move_credit;
    bool is_crowded = false;  // the last new flow found no free slot, nor may the next

    /// Notes a packet's flow, and has the memory fetched where its entry should be. `where`: of the table.
    void enter(FlowPacket& flow, const Key& key, typename BasicConnectionTable<Key>::View where) {
      const uint64_t hash = where.hash(key);
      flow.set_key(key);
      flow.hash = hash;
      flow.home = where.fetch(hash);
    }
    /// Of the buckets that were asked for at once, more than a processor has room for, it drops some. So one
    /// that will be needed soon is asked for again.
    [[gnu::always_inline]] static void fetch_again(const FlowPacket& flow) { __builtin_prefetch(flow.home); }
    /// What the flow's home shows.
    static ConnectionValue peek(const FlowPacket& flow) {
      using Table = BasicConnectionTable<Key>;
      return Table::peek(static_cast<const typename Table::Slot*>(flow.home), flow.key<Key>());
    }
  };

  // The stages.
  void start(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);
  void parse(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);
  template <PlainPacket kFamily>
  size_t parse_fours(const Burst& packets, FourPlainFrames<kFamily> frames, size_t position, FlowList& list);
  template <PlainPacket kFamily>
  size_t parse_run(const Burst& packets, PlainFrames<kFamily> frames, size_t position, FlowList& list);
  void match_services(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);
  void filter_clients(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome);
  void find_connections(const Snapshot& snapshot, Tick now);
  void steer_quic(const Burst& packets, const Snapshot& snapshot);
  void schedule_new_connections(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome);
  void follow_fragments(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome);
  void rewrite_and_sort(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);

  // For one family.
  template <typename Key, typename Map>
  void match_services(Track<Key>& track, const Map& map, FlowList& strangers);
  // The same (forwarder_connections.cpp).
  template <typename Key>
  void find_connections(Track<Key>& track, const Snapshot& snapshot, Tick now);
  template <typename Key>
  void fetch_next_hops(const Track<Key>& track, NextHops::View hops);
  template <bool kRedirects, typename Key>
  void find_settled(Track<Key>& track, SettledValues settled, const Snapshot& snapshot);
  template <bool kRedirects, typename Key>
  void settle_connections(Track<Key>& track, const SettledValues& settled, const Snapshot& snapshot,
                          Tick now);
  template <typename Key>
  void schedule_new_connections(Track<Key>& track, const Burst& packets, const Snapshot& snapshot, Tick now,
                                Outcome& outcome);
  struct Placement {  // of a flow that has none
    uint32_t server = kNoServer;
    DropReason reason = DropReason::no_server_resolved;  // if it comes to no server
    ConnectionEntry entry;                               // that is to be given another server
  };
  template <typename Key>
  DropReason place(Track<Key>& track, const Snapshot& snapshot, const Service& service, FlowPacket& flow,
                   Tick now);
  template <typename Key>
  Placement place_closely(Track<Key>& track, const Snapshot& snapshot, const Service& service,
                          FlowPacket& flow, Tick now);
  template <typename Key>
  void open_connection(Track<Key>& track, ConnectionValue value, const Snapshot& snapshot,
                       const Service& service, FlowPacket& flow, Tick now);
  template <typename Key>
  bool keep_connection(const Key& key, ConnectionEntry entry, const Snapshot& snapshot, FlowPacket& flow,
                       Tick now);
  template <typename Key>
  bool replace_connection(const Key& key, ConnectionEntry entry, ConnectionValue to, const Snapshot& snapshot,
                          FlowPacket& flow, Tick now);
  uint32_t choose_server(const Service& service, const Snapshot& snapshot, const FlowPacket& flow,
                         bool overloaded);
  uint32_t choose_closely(const Service& service, const Snapshot& snapshot, const FlowPacket& flow);
  uint32_t server_by_maglev(const Service& service, const FlowPacket& flow) const;
  void send_to(uint32_t server, const Snapshot& snapshot, FlowPacket& flow);

  size_t position_of(const FlowPacket& flow) const { return static_cast<size_t>(&flow - flows_.data()); }
  rte_mbuf* packet_of(const Burst& packets, const FlowPacket& flow) const {
    rte_mbuf* packet =
        packets.packets[position_of(flow)];  // cppcheck takes it for a number if it is returned here
    return packet;
  }
  static bool has_bad_ip_checksum(const rte_mbuf* packet) {
    return (packet->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD;
  }

  // Persistence, and datagrams that are scheduled one by one (forwarder_persistence.cpp).
  struct Binding {    // of a client to a server
    uint32_t server;  // slot, kNobody if there is none
    DropReason reason = DropReason::no_server_resolved;
  };
  Binding bind_client(const Service& service, const Snapshot& snapshot, const FlowPacket& flow, Tick now);
  template <typename Key>
  Binding bind_client(Track<Key>& track, const Key& key, const Service& service, const Snapshot& snapshot,
                      const FlowPacket& flow, Tick now);
  void renew_template(const Service& service, const Snapshot& snapshot, const FlowPacket& flow,
                      ConnectionState state, Tick now);
  template <typename Key>
  void renew_template(Track<Key>& track, const Key& key, ConnectionValue value, const Snapshot& snapshot,
                      Tick now);
  struct Insertion {
    InsertedConnection::Result result;
    ConnectionEntry entry;  // none if full
  };
  template <typename Key>
  Insertion insert(Track<Key>& track, const Key& key, uint64_t hash, ConnectionValue value,
                   const Snapshot& snapshot, Tick now);
  template <typename Key>
  void note_inserted(Track<Key>& track, const Key& key, ConnectionValue value, const Snapshot& snapshot);
  // In full tables (forwarder_insertion.cpp).
  template <typename Key>
  Insertion insert_closely(Track<Key>& track, const Key& key, uint64_t hash, ConnectionValue value,
                           const Snapshot& snapshot, Tick now);
  template <typename Key>
  void note_displaced(Track<Key>& track, const Key& key, ConnectionValue value, bool evicted,
                      const Snapshot& snapshot, Tick now);

  // Limits (forwarder_limits.cpp).
  void limit_packets(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);
  template <typename Key>
  void limit_packets(Track<Key>& track, const Burst& packets, const Snapshot& snapshot, LimitTime now,
                     Outcome& outcome);
  bool take_packet(const Service& service, const ServiceLimits& limits, LimitTime now);
  bool may_begin(const Service& service, const Snapshot& snapshot, const FlowPacket& flow,
                 DropReason& reason);
  Limit begin_within(const ServiceLimits& limits, uint16_t own, const FlowPacket& flow);
  bool refuse(Limit over, const ServiceLimits& limits, uint16_t own, const FlowPacket& flow);
  uint64_t prefix_hash(const ServiceLimits& limits, uint16_t own, const FlowPacket& flow) const;
  Address6 limited_client_of(const FlowPacket& flow) const;

  // The exceptions (forwarder_exceptions.cpp).
  bool match_range(const Snapshot& snapshot, FlowPacket& flow);
  PlainPacket examine(const Burst& packets, const Snapshot& snapshot, FlowPacket& flow, Outcome& outcome);
  void divert(const Burst& packets, const Snapshot& snapshot, FlowPacket& flow, Outcome& outcome);
  void divert_from_vip(const Burst& packets, const Snapshot& snapshot, uint32_t role, FlowPacket& flow,
                       Outcome& outcome);
  void divert_icmp_from_vip(const Burst& packets, const Snapshot& snapshot, uint32_t role, FlowPacket& flow,
                            Outcome& outcome);
  bool drops_error(const Snapshot& snapshot, const FlowPacket& flow) const;
  void follow_fragment(const Burst& packets, const Snapshot& snapshot, FlowPacket& flow, Tick now,
                       Outcome& outcome);
  uint32_t role_of_destination(const Snapshot& snapshot, const FlowPacket& flow) const;
  DatagramKey datagram_of(const FlowPacket& flow) const;
  static bool prepare(rte_mbuf* packet, const Snapshot& snapshot, const PacketFields& fields, uint32_t slot,
                      Outcome& outcome);
  static bool retag(rte_mbuf* packet, const PacketFields& fields, uint16_t vlan, Mark mark);
  static bool refuse_too_big(rte_mbuf* packet, const PacketFields& fields, uint16_t mtu, Outcome& outcome);
  void redirect_all(const FlowList& list, const Snapshot& snapshot);
  void sort(const FlowList& list, const Burst& packets, const Snapshot& snapshot, Outcome& outcome) const;
  void rewrite_closely(const FlowList& list, const Burst& packets, const Snapshot& snapshot,
                       Outcome& outcome);

  // QUIC (forwarder_quic.cpp).
  template <typename Key>
  void steer_quic(Track<Key>& track, const Burst& packets, const Snapshot& snapshot);
  uint32_t quic_server(const Burst& packets, const Snapshot& snapshot, uint16_t index,
                       const FlowPacket& flow) const;

  // Filters (forwarder_filters.cpp).
  struct FilterQuestion {
    uint8_t filter;         // number
    uint16_t service;       // index, 0: none
    uint32_t client_class;  // of ClientClasses
  };
  template <typename Key>
  void filter_clients(Track<Key>& track, const Burst& packets, const Snapshot& snapshot, Tick now,
                      Outcome& outcome);
  bool passes_filter(FilterQuestion asked, const Burst& packets, const Snapshot& snapshot,
                     const FlowPacket& flow, Tick now, Outcome& outcome);
  bool passes_vip_filter(const VipPolicy& policy, const Burst& packets, const Snapshot& snapshot,
                         const FlowPacket& flow, Tick now, Outcome& outcome);
  void forward_icmp(uint16_t index, const Burst& packets, const Snapshot& snapshot, FlowPacket& flow,
                    Outcome& outcome);

  WorkerCounters& counters_;
  NextHops hops_;
  std::array<FlowPacket, kBurst> flows_;
  Track<ConnectionKey> ipv4_;
  Track<WideKey> ipv6_;
  uint32_t longest_ = 0;    // bytes of the burst's longest plain IP packet
  bool plain_ = false;      // it has nothing but plain packets, which get no more than MAC addresses
  bool redirects_ = false;  // they get them as soon as their entries are seen
  FlowList first_fragments_;
  FlowList later_fragments_;
  FlowList followers_;  // of no flow, but with a server: later fragments, and ICMP that a VIP has forwarded
  FragmentTable fragments_;
  std::array<uint32_t, kBurst> named_;  // of services of QUIC: the server that the connection ID names
  DenialSampler denials_;
  Tick now_ = 0;                         // of the burst
  std::unique_ptr<uint32_t[]> cursors_;  // whose turn it is, by service index
};

}  // namespace turnout
