// A forwarder with a table, counters and packets in plain memory: no EAL, no NIC, no root.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "dataplane/accounting.h"
#include "dataplane/forwarder.h"
#include "dataplane/scheduler.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"
#include "test/support/test_table.h"

namespace turnout {

inline constexpr uint16_t kTcpService = 1;   // 192.0.2.100:80
inline constexpr uint16_t kUdpService = 2;   // 192.0.2.100:53
inline constexpr uint16_t kTcp6Service = 3;  // [2001:db8::100]:80
inline constexpr uint16_t kUdp6Service = 4;  // [2001:db8::100]:53
inline constexpr uint64_t kRigSeed = 0x5EED;

/// An IPv6 address of the documentation's network as the dataplane holds it: 2001:db8::<host>.
inline Address6 documentation_address(uint16_t host) {
  uint8_t octets[16] = {0x20, 0x01, 0x0d, 0xb8};
  octets[14] = static_cast<uint8_t>(host >> 8);
  octets[15] = static_cast<uint8_t>(host);
  return load_address6(octets);
}

/// What a snapshot is made of: all services have the same servers. Those of slot 0, 1, … have the
/// destination MAC 02:00:00:00:02:00, …:01, …
struct SnapshotRecipe {
  struct Server {
    uint16_t generation = 1;
    bool resolved = true;
    uint16_t egress = 0;
    uint16_t vlan = 0;  // of that port
    Mark mark = {};     // of its service
  };
  std::vector<Server> servers{{}, {}, {}};
  std::vector<uint32_t> turns;            // none: by maglev
  std::vector<uint32_t> maglev{0, 1, 2};  // none: `unavailable`
  DropReason unavailable = DropReason::no_server;
  Timeouts timeouts;
  uint32_t vip_role = AddressRole::kVip | AddressRole::kEcho;
  uint16_t ingress_vlan = 0;  // of port 0
  bool has_kernel = false;    // port 0
  std::array<uint16_t, kMaxPorts> mtus{1500, 1500, 1500, 1500, 1500, 1500, 1500, 1500};

  /// With a generation of its own, as control makes them.
  Snapshot make() const {
    static uint64_t made = 0;
    Snapshot snapshot;
    snapshot.generation = ++made;
    snapshot.timeouts = timeouts;
    for (size_t port = 0; port < kMaxPorts; ++port) {
      snapshot.ports[port].mac = 0x000100000002;
      snapshot.ports[port].mtu = mtus[port];
      snapshot.least_mtu = std::min(snapshot.least_mtu, mtus[port]);
    }
    snapshot.ports[0].vlan = ingress_vlan;
    snapshot.has_one_port =
        std::ranges::all_of(servers, [](const Server& server) { return server.egress == 0; });
    snapshot.has_tags = ingress_vlan != 0;
    for (const Server& server : servers) snapshot.has_tags |= server.vlan != 0;
    snapshot.ports[0].has_kernel = has_kernel;
    for (uint32_t slot = 0; slot < servers.size(); ++slot) snapshot.servers.push_back(make_server(slot));
    const auto marks = [](const Server& server) { return server.mark.is_any(); };
    if (std::any_of(servers.begin(), servers.end(), marks)) {
      for (const Server& server : servers) snapshot.marks.push_back(server.mark);
    }
    const auto table = std::make_shared<const std::vector<uint32_t>>(maglev);
    const auto sequence = std::make_shared<const std::vector<uint32_t>>(turns);
    snapshot.tables = {table, sequence};
    Service service;
    service.known = true;
    service.unavailable = unavailable;
    service.maglev = table->data();
    service.maglev_size = static_cast<uint32_t>(table->size());
    service.sequence = sequence->empty() ? nullptr : sequence->data();
    service.sequence_size = static_cast<uint32_t>(sequence->size());
    service.by_table = service.asks_only_maglev();
    snapshot.services = {Service{}, service, service, service, service};
    for (uint16_t index = 1; index < snapshot.services.size(); ++index) snapshot.services[index].own = index;
    snapshot.service_map = ServiceMap<uint64_t>(2);
    snapshot.service_map.insert(service_map_key(RTE_BE32(0xC0000264), RTE_BE16(80), 6), kTcpService);
    snapshot.service_map.insert(service_map_key(RTE_BE32(0xC0000264), RTE_BE16(53), 17), kUdpService);
    snapshot.address_map = ExactMap<uint64_t>(2);
    snapshot.address_map.insert(RTE_BE32(0xC0000264), vip_role);
    snapshot.address_map.insert(RTE_BE32(0xC0000202), AddressRole::kOwn | AddressRole::kEcho);
    const Address6 vip = documentation_address(0x100), own = documentation_address(2);
    snapshot.service_map6 = ServiceMap<ServiceKey6>(2);
    snapshot.service_map6.insert(service_map_key(vip, RTE_BE16(80), 6), kTcp6Service);
    snapshot.service_map6.insert(service_map_key(vip, RTE_BE16(53), 17), kUdp6Service);
    snapshot.address_map6 = ExactMap<Address6>(2);
    snapshot.address_map6.insert(vip, vip_role);
    snapshot.address_map6.insert(own, AddressRole::kOwn | AddressRole::kEcho);
    return snapshot;
  }

 private:
  RealServer make_server(uint32_t slot) const {
    RealServer server;
    server.macs = {2, 0, 0, 0, 2, static_cast<uint8_t>(slot), 2, 0, 0, 0, 1, 0};
    server.set_way(servers[slot].egress, servers[slot].vlan);
    server.tag = static_cast<uint16_t>(servers[slot].generation |
                                       (servers[slot].resolved ? 0 : RealServer::kUnusable));
    return server;
  }
};

/// What became of a packet.
struct Fate {
  enum Kind { nothing, transmitted, punted, dropped, held } kind = nothing;
  uint16_t egress = 0;
  PuntKind punt = PuntKind::count;
  uint16_t mtu = 0;  // that a too_big punt tells
  DropReason reason = DropReason::count;
  Bytes frame;
  unsigned lanes = 0;  // that it stands in

  uint32_t server() const { return frame.at(5); }  // by its MAC address
};

class ForwarderRig {
 public:
  explicit ForwarderRig(uint64_t slots = 1024, SnapshotRecipe recipe_to_use = {})
      : recipe(std::move(recipe_to_use)),
        table(slots),
        wide_table(slots),
        forwarder({*table, *wide_table}, counters, 0, kRigSeed),
        other_forwarder({*table, *wide_table}, other_counters, 1, kRigSeed) {
    apply();
  }

  void apply() { snapshot = recipe.make(); }

  /// One burst; the fates in the order of the frames. Each packet must be in one lane, and in one only.
  std::vector<Fate> burst(const std::vector<Bytes>& frames, uint64_t flags = 0) {
    EXPECT_LE(frames.size(), kBurst);
    std::vector<std::unique_ptr<Packet>> packets;
    Burst burst;
    for (const Bytes& frame : frames) {
      packets.push_back(std::make_unique<Packet>(frame, headroom));
      packets.back()->mbuf->ol_flags = flags;
      burst.packets[burst.count++] = packets.back()->mbuf.get();
    }
    burst.port = ingress;
    worker->process(burst, snapshot, now, outcome_);
    std::vector<Fate> fates(frames.size());
    const auto fate_of = [&](const rte_mbuf* mbuf) -> Fate& {
      const auto at = std::find_if(packets.begin(), packets.end(),
                                   [&](const auto& packet) { return packet->mbuf.get() == mbuf; });
      EXPECT_NE(at, packets.end()) << "a packet that was not in the burst";
      Fate& fate = fates.at(static_cast<size_t>(at - packets.begin()));
      ++fate.lanes;
      return fate;
    };
    read_outcome(fate_of);
    for (size_t i = 0; i < fates.size(); ++i) {
      EXPECT_EQ(fates[i].lanes, 1u) << "packet " << i << " of the burst is in so many lanes";
      fates[i].frame = packets[i]->content();
    }
    for (uint16_t egress = 0; egress < kMaxPorts; ++egress) {
      left_[egress].clear();
      for (uint16_t i = 0; i < outcome_.transmit[egress].count; ++i)
        left_[egress].push_back(content_of(*outcome_.transmit[egress].packets[i]));
    }
    for (size_t i = 0; i < fates.size(); ++i) {
      if (fates[i].kind == Fate::held) held_.push_back(std::move(packets[i]));
    }
    return fates;
  }
  /// What the last burst sent out of a port, in order.
  const std::vector<Bytes>& left(uint16_t egress) const { return left_[egress]; }
  /// Of the last burst, without looking at each frame again.
  bool keeps_lengths() const { return outcome_.keeps_lengths; }
  uint64_t received_bytes() const { return outcome_.received_bytes; }
  /// What became of the fragments that were held and are released now, in the order they are.
  std::vector<Fate> released() {
    std::vector<Fate> fates;
    Burst burst;
    for (worker->take_released(burst); burst.count > 0; worker->take_released(burst)) {
      worker->process(burst, snapshot, now, outcome_);
      std::vector<Fate> some(burst.count);
      read_outcome([&](const rte_mbuf* mbuf) -> Fate& {
        const auto at = std::find(burst.packets.begin(), burst.packets.begin() + burst.count, mbuf);
        return some.at(static_cast<size_t>(at - burst.packets.begin()));
      });
      for (uint16_t i = 0; i < burst.count; ++i) {
        const auto packet = std::find_if(held_.begin(), held_.end(), [&](const auto& held) {
          return held->mbuf.get() == burst.packets[i];
        });
        EXPECT_NE(packet, held_.end()) << "a packet that was not held";
        some[i].frame = (*packet)->content();
        held_.erase(packet);
      }
      fates.insert(fates.end(), some.begin(), some.end());
    }
    return fates;
  }
  Fate send(const Bytes& frame, uint64_t flags = 0) { return burst({frame}, flags).front(); }

  /// A packet of the TCP or UDP flow that has this number. Returns the server it went to.
  uint32_t tcp(uint16_t flow, uint8_t flags) {
    const Fate fate = send(tcp_of(flow, flags));
    EXPECT_EQ(fate.kind, Fate::transmitted) << "flow " << flow;
    return fate.server();
  }
  uint32_t udp(uint16_t flow) {
    const Fate fate = send(udp_of(flow));
    EXPECT_EQ(fate.kind, Fate::transmitted) << "flow " << flow;
    return fate.server();
  }
  uint32_t tcp6(uint16_t flow, uint8_t flags) {
    const Fate fate = send(tcp6_of(flow, flags));
    EXPECT_EQ(fate.kind, Fate::transmitted) << "IPv6 flow " << flow;
    return fate.server();
  }
  uint32_t udp6(uint16_t flow) {
    const Fate fate = send(udp6_of(flow));
    EXPECT_EQ(fate.kind, Fate::transmitted) << "IPv6 flow " << flow;
    return fate.server();
  }
  static Bytes tcp6_of(uint16_t flow, uint8_t flags, const Bytes& data = {}) {
    FrameFields6 fields;
    fields.source_port = static_cast<uint16_t>(1024 + flow);
    return tcp6_frame(fields, flags, data);
  }
  static Bytes udp6_of(uint16_t flow) {
    FrameFields6 fields;
    fields.source_port = static_cast<uint16_t>(1024 + flow);
    fields.destination_port = 53;
    return udp6_frame(fields, payload(4));
  }
  static Bytes tcp_of(uint16_t flow, uint8_t flags, const Bytes& data = {}) {
    FrameFields fields;
    fields.source_port = static_cast<uint16_t>(1024 + flow);
    return tcp_frame(fields, flags, data);
  }
  static Bytes udp_of(uint16_t flow) {
    FrameFields fields;
    fields.source_port = static_cast<uint16_t>(1024 + flow);
    fields.destination_port = 53;
    return udp_frame(fields, payload(4));
  }
  /// The entry of a TCP flow, if it has one.
  ConnectionEntry entry(uint16_t flow) const {
    const ConnectionKey key = make_connection_key(
        RTE_BE32(0xCB007107), rte_cpu_to_be_16(static_cast<uint16_t>(1024 + flow)), kTcpService);
    return table.find(key, now, snapshot.timeouts);
  }
  ConnectionEntry entry6(uint16_t flow) const {
    const WideKey key =
        make_connection_key(load_address6(ip6_bytes("2001:db8:c::7").data()),
                            rte_cpu_to_be_16(static_cast<uint16_t>(1024 + flow)), kTcp6Service);
    return wide_table.find(key, now, snapshot.timeouts);
  }
  /// Where the Maglev table sends a TCP flow.
  uint32_t maglev_server(uint16_t flow) const {
    const uint16_t port_be = rte_cpu_to_be_16(static_cast<uint16_t>(1024 + flow));
    return schedule_by_maglev(snapshot.services[kTcpService], maglev_flow(RTE_BE32(0xCB007107), port_be));
  }
  uint32_t maglev_server6(uint16_t flow) const {
    const uint16_t port_be = rte_cpu_to_be_16(static_cast<uint16_t>(1024 + flow));
    return schedule_by_maglev(snapshot.services[kTcp6Service],
                              maglev_flow(load_address6(ip6_bytes("2001:db8:c::7").data()), port_be));
  }
  /// Fills a table with connections that may not be evicted, until there is no room for more.
  void fill_with_udp() {
    for (uint16_t flow = 0; table.live() < table->slots(); ++flow)
      ASSERT_LT((udp(flow), flow), 2000) << "does not fill";
  }
  void fill_with_udp6() {
    for (uint16_t flow = 0; wide_table.live() < wide_table->slots(); ++flow)
      ASSERT_LT((udp6(flow), flow), 2000) << "does not fill";
  }
  void sweep() {
    table->sweep(0, table->buckets(), now, snapshot.timeouts, [&](const auto& key, ConnectionValue expired) {
      counters.ipv4_table.expired.add(1);
      note_closed(counters, snapshot, expired);
      note_client(counters, snapshot, key, expired.state(), ConnectionState::free);
    });
    wide_table->sweep(0, wide_table->buckets(), now, snapshot.timeouts,
                      [&](const auto& key, ConnectionValue expired) {
                        counters.ipv6_table.expired.add(1);
                        note_closed(counters, snapshot, expired);
                        note_client(counters, snapshot, key, expired.state(), ConnectionState::free);
                      });
  }

  SnapshotRecipe recipe;
  TestTable table;
  WideTestTable wide_table;
  WorkerCounters counters;
  Snapshot snapshot;
  Tick now = 1000;
  Forwarder forwarder;
  WorkerCounters other_counters;
  Forwarder other_forwarder;       // another worker's, over the same tables
  Forwarder* worker = &forwarder;  // whose turn it is
  uint16_t ingress = 0;            // port that the packets come in by

  /// Room before each frame, for a tag.
  uint16_t headroom = 128;

 private:
  static Bytes content_of(const rte_mbuf& mbuf) {
    const auto* start = rte_pktmbuf_mtod(&mbuf, const uint8_t*);
    return {start, start + mbuf.data_len};
  }
  struct Packet {
    Packet(const Bytes& frame, uint16_t headroom)
        : data(std::make_unique<uint8_t[]>(headroom + frame.size())) {
      std::copy(frame.begin(), frame.end(), data.get() + headroom);
      mbuf->buf_addr = data.get();
      mbuf->buf_len = static_cast<uint16_t>(headroom + frame.size());
      mbuf->data_off = headroom;
      mbuf->data_len = static_cast<uint16_t>(frame.size());
      mbuf->pkt_len = mbuf->data_len;
      mbuf->nb_segs = 1;
    }
    Bytes content() const { return content_of(*mbuf); }
    std::unique_ptr<rte_mbuf> mbuf = std::make_unique<rte_mbuf>();
    std::unique_ptr<uint8_t[]> data;  // of exact size, for the address sanitizer
  };

  template <typename FateOf>
  void read_outcome(FateOf&& fate_of) {
    for (uint16_t port = 0; port < kMaxPorts; ++port) {
      for (uint16_t i = 0; i < outcome_.transmit[port].count; ++i) {
        Fate& fate = fate_of(outcome_.transmit[port].packets[i]);
        fate.kind = Fate::transmitted;
        fate.egress = port;
      }
    }
    for (uint16_t i = 0; i < outcome_.punt.count; ++i) {
      Fate& fate = fate_of(outcome_.punt.packets[i]);
      fate.kind = Fate::punted;
      fate.punt = outcome_.punt.notes[i].kind;
      fate.mtu = outcome_.punt.notes[i].mtu;
    }
    for (uint16_t i = 0; i < outcome_.drop.count; ++i) {
      Fate& fate = fate_of(outcome_.drop.packets[i]);
      fate.kind = Fate::dropped;
      fate.reason = outcome_.drop.reasons[i];
    }
    for (uint16_t i = 0; i < outcome_.held.count; ++i) fate_of(outcome_.held.packets[i]).kind = Fate::held;
  }

  std::array<std::vector<Bytes>, kMaxPorts> left_;
  std::vector<std::unique_ptr<Packet>> held_;
  Outcome outcome_;
};

}  // namespace turnout
