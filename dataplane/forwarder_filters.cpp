// The forwarder's stage that keeps clients out: those that the filter of the VIP, or of the service, denies.
// Packets of services without a filter pass it unseen, and without any filter there is no such stage.
#include <cstring>

#include "dataplane/forwarder.h"
#include "dataplane/scheduler.h"
#include "dataplane/service_lookup.h"

namespace turnout {

namespace {

/// Clients of a burst, to be looked up at once.
class ClientBatch {
 public:
  void add(const PacketFields& fields, size_t position) {
    if (fields.version == 4) {
      clients4_[count4_] = rte_be_to_cpu_32(fields.client);
      positions4_[count4_++] = static_cast<uint16_t>(position);
    } else {
      std::memcpy(clients6_[count6_], &fields.client6, sizeof clients6_[0]);
      positions6_[count6_++] = static_cast<uint16_t>(position);
    }
  }
  bool empty() const { return count4_ + count6_ == 0; }

  /// Writes each client's class to its position in `classes`.
  void find(const ClientClasses& of, std::array<uint32_t, kBurst>& classes) {
    std::array<uint64_t, kBurst> found;
    if (count4_ > 0) {
      of.find4(clients4_.data(), found.data(), count4_);
      for (unsigned i = 0; i < count4_; ++i) classes[positions4_[i]] = static_cast<uint32_t>(found[i]);
    }
    if (count6_ > 0) {
      of.find6(clients6_, found.data(), count6_);
      for (unsigned i = 0; i < count6_; ++i) classes[positions6_[i]] = static_cast<uint32_t>(found[i]);
    }
  }

 private:
  unsigned count4_ = 0, count6_ = 0;
  std::array<uint32_t, kBurst> clients4_;
  uint8_t clients6_[kBurst][16];
  std::array<uint16_t, kBurst> positions4_, positions6_;
};

FilterVerdict verdict_of(const ClientFilters& filters, uint8_t filter, bool is_v4, uint32_t client_class) {
  return (is_v4 ? filters.ipv4 : filters.ipv6)[filter][client_class];
}

}  // namespace

void Forwarder::filter_clients(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome) {
  filter_clients(ipv4_, packets, snapshot, now, outcome);
  filter_clients(ipv6_, packets, snapshot, now, outcome);
}

template <typename Key>
void Forwarder::filter_clients(Track<Key>& track, const Burst& packets, const Snapshot& snapshot, Tick now,
                               Outcome& outcome) {
  const auto filters_of = [&](const FlowPacket& flow) {
    return snapshot.service_filters[service_of(flow.key<Key>())];
  };
  ClientBatch clients;
  for (FlowPacket& flow : track.matched) {
    if (filters_of(flow).any()) clients.add(flow.fields, position_of(flow));
  }
  if (clients.empty()) return;
  std::array<uint32_t, kBurst> classes;
  clients.find(*snapshot.filters->classes, classes);
  track.matched.drop_if([&](FlowPacket& flow) {
    const uint32_t client_class = classes[position_of(flow)];
    const ServiceFilters filters = filters_of(flow);
    const uint16_t service = service_of(flow.key<Key>());
    const auto passes = [&](uint8_t filter) {
      return filter == 0 ||
             passes_filter({filter, service, client_class}, packets, snapshot, flow, now, outcome);
    };
    return !passes(filters.vip) || !passes(filters.own);
  });
}

/// Counts the packet for the rule that decides, and if that denies it, ends its way.
bool Forwarder::passes_filter(FilterQuestion asked, const Burst& packets, const Snapshot& snapshot,
                              const FlowPacket& flow, Tick now, Outcome& outcome) {
  const PacketFields& fields = flow.fields;
  const FilterVerdict verdict =
      verdict_of(*snapshot.filters, asked.filter, fields.version == 4, asked.client_class);
  counters_.rule(verdict.rule()).add(1);
  if (!verdict.denies()) return true;
  rte_mbuf* packet = packet_of(packets, flow);
  if (const uint32_t nth = denials_.count(now)) {
    Denial denial;
    denial.fields = fields;
    denial.rule = verdict.rule();
    denial.nth = nth;
    denial.service = asked.service;
    denial.port = packets.port;
    denial.filter = asked.filter;
    denial.rejected = verdict.rejects();
    std::memcpy(denial.source_mac.data(), &rte_pktmbuf_mtod(packet, const rte_ether_hdr*)->src_addr,
                RTE_ETHER_ADDR_LEN);
    counters_.denials.put(denial);
  }
  if (verdict.rejects()) {
    outcome.add_punt(packet, {PuntKind::filtered});
  } else {
    outcome.add_drop(packet, DropReason::filtered);
  }
  return false;
}

/// A packet to a VIP that is of no service: the VIP's filter is for it as well.
bool Forwarder::passes_vip_filter(const VipPolicy& policy, const Burst& packets, const Snapshot& snapshot,
                                  const FlowPacket& flow, Tick now, Outcome& outcome) {
  if (policy.filter == 0) return true;
  ClientBatch client;
  client.add(flow.fields, position_of(flow));
  std::array<uint32_t, kBurst> classes;
  client.find(*snapshot.filters->classes, classes);
  return passes_filter({policy.filter, 0, classes[position_of(flow)]}, packets, snapshot, flow, now, outcome);
}

/// ICMP that belongs to no connection goes where the VIP's first service has new clients of that address go.
void Forwarder::forward_icmp(uint16_t index, const Burst& packets, const Snapshot& snapshot, FlowPacket& flow,
                             Outcome& outcome) {
  rte_mbuf* packet = packet_of(packets, flow);
  const Service& service = snapshot.services[index];
  if (service.maglev_size == 0) return outcome.add_drop(packet, service.unavailable);
  flow.fields.client_port = 0;
  const uint32_t server = server_by_maglev(service, flow);
  if (!snapshot.servers[server].usable()) return outcome.add_drop(packet, DropReason::no_server_resolved);
  flow.server = server;
  followers_.add(flow);
}

}  // namespace turnout
