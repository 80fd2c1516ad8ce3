#include "dataplane/forwarder.h"

#include <algorithm>
#include <cstring>

namespace turnout {

namespace {

Frame frame_of(const rte_mbuf* packet) {
  return {rte_pktmbuf_mtod(packet, const uint8_t*), packet->data_len, packet->pkt_len};
}

}  // namespace

Forwarder::Forwarder(const ConnectionTables& tables, WorkerCounters& counters, unsigned worker, uint64_t seed)
    : counters_(counters),
      ipv4_(tables.ipv4, counters.ipv4_table),
      ipv6_(tables.ipv6, counters.ipv6_table),
      fragments_(seed),
      cursors_(std::make_unique<uint32_t[]>(kMaxServices)) {
  std::fill_n(cursors_.get(), kMaxServices, worker);
}

void Forwarder::process(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome) {
  outcome.clear();
  parse(packets, snapshot, outcome);           // headers → fields, verdicts for what is no flow
  match_services(packets, snapshot, outcome);  // virtual service or not ours; prefetch buckets
  find_connections(snapshot, now);             // hits keep a live real server
  schedule_new_connections(packets, snapshot, now, outcome);  // misses ask the service's scheduler
  follow_fragments(packets, snapshot, now, outcome);          // later fragments go where the first went
  rewrite_and_sort(packets, snapshot, outcome);               // Direct Routing: the MAC addresses only
}

void Forwarder::parse(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  ipv4_.candidates.count = ipv6_.candidates.count = 0;
  first_fragments_.count = later_fragments_.count = 0;
  uint16_t longest = 0;
  uint8_t starts = sizeof(rte_ether_hdr);  // where the IP headers begin, or-ed
  const Port& port = snapshot.ports[packets.port];
  for (size_t i = 0; i < packets.count; ++i)
    __builtin_prefetch(rte_pktmbuf_mtod(packets.packets[i], const void*));
  for (size_t i = 0; i < packets.count; ++i) {
    rte_mbuf* packet = packets.packets[i];
    PacketFields& fields = flows_.fields[i];
    const PacketClass kind = parse_packet(frame_of(packet), port, fields);
    flows_.classes[i] = kind;
    if (kind == PacketClass::flow && !has_bad_ip_checksum(packet)) [[likely]] {
      ipv4_.candidates.add(i);
    } else if (kind == PacketClass::flow6) {
      ipv6_.candidates.add(i);
    } else {
      sort_uncommon(packets, snapshot, i, outcome);
      continue;
    }
    longest = std::max(longest, fields.ip_bytes);
    starts |= fields.ip_at;
  }
  const bool untagged = starts == sizeof(rte_ether_hdr) && !snapshot.has_tags;
  const bool whole = first_fragments_.count + later_fragments_.count == 0;
  plain_ = untagged && whole && longest <= snapshot.least_mtu;
}

void Forwarder::match_services(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  const auto match = [&](auto& track, size_t i, uint32_t service, const auto& client) {
    if (service == 0) [[unlikely]]
      return divert(packets, snapshot, i, outcome);
    flows_.services[i] = static_cast<uint16_t>(service);
    track.keys[i] = make_connection_key(client, flows_.fields[i].client_port, flows_.services[i]);
    flows_.hashes[i] = track.table.hash(track.keys[i]);
    track.table.prefetch(flows_.hashes[i]);
    track.matched.add(i);
  };
  ipv4_.matched.count = ipv6_.matched.count = 0;
  for (const size_t i : ipv4_.candidates) {
    const PacketFields& fields = flows_.fields[i];
    const auto key = service_map_key(fields.destination, fields.destination_port, fields.protocol);
    match(ipv4_, i, snapshot.service_map.find(key), fields.client);
  }
  for (const size_t i : ipv6_.candidates) {
    const PacketFields& fields = flows_.fields[i];
    const auto key = service_map_key(fields.destination6, fields.destination_port, fields.protocol);
    match(ipv6_, i, snapshot.service_map6.find(key), fields.client6);
  }
}

template <bool kPlain>
void Forwarder::rewrite_all(const List& list, const Burst& packets, const Snapshot& snapshot,
                            Outcome& outcome) {
  for (const size_t i : list) {
    const uint32_t slot = flows_.servers[i];
    if (slot == kNoServer) [[unlikely]]
      continue;
    rte_mbuf* packet = packets.packets[i];
    const RealServer& server = snapshot.servers[slot];
    const PacketFields& fields = flows_.fields[i];
    if (!kPlain && !prepare(packet, snapshot, fields, server, outcome)) continue;
    std::memcpy(rte_pktmbuf_mtod(packet, uint8_t*), server.macs.data(), server.macs.size());
    ServerCounters& counters = counters_.server(slot);
    counters.packets.add(1);
    counters.bytes.add(fields.ip_bytes);
    outcome.add_transmit(packet, server.egress());
  }
}

void Forwarder::rewrite_and_sort(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  if (plain_) [[likely]] {
    rewrite_all<true>(ipv4_.matched, packets, snapshot, outcome);
    rewrite_all<true>(ipv6_.matched, packets, snapshot, outcome);
  } else {
    rewrite_all<false>(ipv4_.matched, packets, snapshot, outcome);
    rewrite_all<false>(ipv6_.matched, packets, snapshot, outcome);
    rewrite_all<false>(followers_, packets, snapshot, outcome);
  }
}

}  // namespace turnout
