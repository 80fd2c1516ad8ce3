#include "dataplane/forwarder.h"

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "dataplane/service_lookup.h"

namespace turnout {

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
  now_ = now;
  parse(packets, snapshot, outcome);  // headers → fields, verdicts for what is no flow; IPv4's services
  match_services(packets, snapshot, outcome);  // virtual service or not ours; prefetch buckets
  if (snapshot.filters) [[unlikely]]
    filter_clients(packets, snapshot, now, outcome);  // whom a deny list keeps out
  if (snapshot.has_packet_limits) [[unlikely]]
    limit_packets(packets, snapshot, outcome);  // what a service has no token for
  find_connections(snapshot, now);              // hits keep a live real server
  if (!snapshot.quic.empty()) [[unlikely]]
    steer_quic(packets, snapshot);                            // whose connection ID names its real server
  schedule_new_connections(packets, snapshot, now, outcome);  // misses ask the service's scheduler
  follow_fragments(packets, snapshot, now, outcome);          // later fragments go where the first went
  rewrite_and_sort(packets, snapshot,
                   outcome);  // Direct Routing: the MAC addresses, and what a service marks
}

/// True if the packet is of a service: then its flow is noted.
template <typename Key>
[[gnu::always_inline]] inline bool Forwarder::match(Track<Key>& track, const Burst& packets,
                                                    const Snapshot& snapshot, size_t position,
                                                    Outcome& outcome) {
  const PacketFields& fields = flows_.fields[position];
  constexpr bool kIpv4 = std::is_same_v<Key, ConnectionKey>;
  const uint32_t service =
      kIpv4 ? find_exact_service4(snapshot, fields) : find_exact_service6(snapshot, fields);
  if (service == 0) [[unlikely]] {
    if (!snapshot.ranges.empty() && match_range(snapshot, position)) return false;
    divert(packets, snapshot, position, outcome);
    return false;
  }
  const auto index = static_cast<uint16_t>(service);
  if constexpr (kIpv4)
    track.enter(position, flow_key4(fields, index), fields.event);
  else
    track.enter(position, flow_key6(fields, index), fields.event);
  return true;
}

void Forwarder::parse(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  first_fragments_.count = later_fragments_.count = in_range_.count = followers_.count = 0;
  const PlainFrames plain_frames(snapshot.ports[packets.port]);
  const size_t count = packets.count;
  bool all_plain = true;
  uint64_t bytes = 0;
  const uint32_t longest = snapshot.least_mtu + packet_detail::kEthernet;  // frame that every port sends
  uint32_t excess = 0;  // the highest bit: some frame is longer. A maximum would be kept where it costs more
  const bool many_services = snapshot.service_map.is_large();
  Filling ipv4(ipv4_.candidates), ipv6(ipv6_.candidates), matched(ipv4_.matched);
  const auto match_ipv4 = [&](size_t i) {
    if (many_services) {  // where its service should be is fetched first
      snapshot.service_map.prefetch(flows_.fields[i].service_word());
      ipv4.add(i);
    } else if (match(ipv4_, packets, snapshot, i, outcome)) {
      matched.add(i);
    }
  };
  for (size_t i = 0; i < count; ++i) __builtin_prefetch(rte_pktmbuf_mtod(packets.packets[i], const void*));
  for (size_t i = 0; i < count; ++i) {
    const rte_mbuf* packet = packets.packets[i];
    const Frame frame = frame_of(packet);
    bytes += frame.length;
    excess |= longest - frame.length;
    PlainPacket plain = parse_plain(frame, plain_frames, flows_.fields[i]);
    if (plain == PlainPacket::ipv4 && !has_bad_ip_checksum(packet)) [[likely]] {
      match_ipv4(i);
      continue;
    }
    if (plain != PlainPacket::ipv6) {
      plain = examine(packets, snapshot, i, outcome);
      all_plain = false;
      if (plain == PlainPacket::ipv4) match_ipv4(i);
    }
    if (plain == PlainPacket::ipv6) ipv6.add(i);
  }
  plain_ = all_plain && excess >> 31 == 0 && !snapshot.has_more_to_write();
  outcome.received_bytes = bytes;
  outcome.keeps_lengths = plain_;
}

/// Those that parse() left: IPv6, and IPv4 if there are many services.
void Forwarder::match_services(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  if (ipv4_.candidates.count > 0) {  // then all IPv4 is among them
    Filling matched(ipv4_.matched);
    for (const size_t i : ipv4_.candidates) {
      if (match(ipv4_, packets, snapshot, i, outcome)) matched.add(i);
    }
  }
  if (snapshot.service_map6.is_large()) {
    for (const size_t i : ipv6_.candidates) snapshot.service_map6.prefetch(service_key6(flows_.fields[i]));
  }
  Filling matched(ipv6_.matched);
  for (const size_t i : ipv6_.candidates) {
    if (match(ipv6_, packets, snapshot, i, outcome)) matched.add(i);
  }
  for (const size_t i : in_range_) matched.add(i);
}

/// `kPlain`: nothing is called, so that all that it needs stays in registers.
template <bool kPlain>
void Forwarder::rewrite_all(const List& list, const Burst& packets, const Snapshot& snapshot,
                            Outcome& outcome) {
  const Snapshot::ServerView servers = snapshot.server_view();
  TrafficCounters* const traffic = counters_.traffic();
  for (const size_t i : list) {
    const uint32_t slot = flows_.servers[i];
    if (slot == kNoServer) [[unlikely]]
      continue;
    rte_mbuf* packet = packets.packets[i];
    const RealServer& server = servers[slot];
    const PacketFields& fields = flows_.fields[i];
    if (!kPlain && !prepare(packet, snapshot, fields, slot, outcome)) continue;
    std::memcpy(rte_pktmbuf_mtod(packet, uint8_t*), server.macs.data(), server.macs.size());
    traffic[slot].packets.add(1);
    traffic[slot].bytes.add(fields.ip_bytes);
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
