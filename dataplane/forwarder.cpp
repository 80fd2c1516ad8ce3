#include "dataplane/forwarder.h"

#include <algorithm>

#include "dataplane/redirection.h"
#include "dataplane/service_lookup.h"

namespace turnout {

Forwarder::Forwarder(const ConnectionTables& tables, WorkerCounters& counters, unsigned worker, uint64_t seed)
    : counters_(counters),
      hops_(counters.next_hops()),
      ipv4_(tables.ipv4, counters.ipv4_table),
      ipv6_(tables.ipv6, counters.ipv6_table),
      fragments_(seed),
      cursors_(std::make_unique<uint32_t[]>(kMaxServices)) {
  std::fill_n(cursors_.get(), kMaxServices, worker);
}

void Forwarder::process(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome) {
  outcome.clear();
  now_ = now;
  hops_.follow(snapshot);
  start(packets, snapshot, outcome);           // what frames tell without their headers, which are fetched
  parse(packets, snapshot, outcome);           // headers → fields, verdicts for what is no flow
  match_services(packets, snapshot, outcome);  // virtual service or not ours; prefetch buckets
  if (snapshot.filters) [[unlikely]]
    filter_clients(packets, snapshot, now, outcome);  // whom a deny list keeps out
  if (snapshot.has_packet_limits) [[unlikely]]
    limit_packets(packets, snapshot, outcome);  // what a service has no token for
  find_connections(packets, snapshot, now);     // hits keep a live real server
  if (!snapshot.quic.empty()) [[unlikely]]
    steer_quic(packets, snapshot);                            // whose connection ID names its real server
  schedule_new_connections(packets, snapshot, now, outcome);  // misses ask the service's scheduler
  follow_fragments(packets, snapshot, now, outcome);          // later fragments go where the first went
  rewrite_and_sort(packets, snapshot,
                   outcome);  // Direct Routing: the MAC addresses, and what a service marks
}

/// Has the packets' headers fetched, and counts their bytes.
void Forwarder::start(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  ipv4_.candidates.count = ipv6_.candidates.count = 0;
  ipv4_.matched.count = ipv6_.matched.count = 0;
  first_fragments_.count = later_fragments_.count = followers_.count = 0;
  uint64_t bytes = 0;
#pragma GCC unroll 4
  for (size_t i = 0; i < packets.count; ++i) {
    const rte_mbuf* packet = packets.packets[i];
    __builtin_prefetch(rte_pktmbuf_mtod(packet, const void*));
    bytes += packet->pkt_len;
  }
  outcome.received_bytes = bytes;
  longest_ = 0;
  plain_ = !snapshot.has_more_to_write();
}

void Forwarder::parse(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  const Port& port = snapshot.ports[packets.port];
  const PlainFrames<PlainPacket::ipv4> frames4(port);
  const PlainFrames<PlainPacket::ipv6> frames6(port);
  const FourPlainFrames fours4(frames4);
  const FourPlainFrames fours6(frames6);
  for (size_t i = 0; i < packets.count;) {
    const size_t first = i;
    if (port.vlan == 0) [[likely]] {  // else nothing is plain
      i = parse_fours(packets, fours4, i, ipv4_.candidates);
      i = parse_run(packets, frames4, i, ipv4_.candidates);
      i = parse_fours(packets, fours6, i, ipv6_.candidates);
      i = parse_run(packets, frames6, i, ipv6_.candidates);
      if (i > first) continue;
    }
    plain_ = false;
    const PlainPacket family = examine(packets, snapshot, i, outcome);
    if (family == PlainPacket::ipv4) ipv4_.candidates.add(i);
    if (family == PlainPacket::ipv6) ipv6_.candidates.add(i);
    ++i;
  }
  plain_ = plain_ && longest_ <= snapshot.least_mtu;
  redirects_ = plain_ && snapshot.quic.empty();
  outcome.keeps_lengths = plain_;
}

/// Parses from a packet on as long as the next four are plain and of one family, and lists them. Returns the
/// first of those that are not. Nothing is called, so that all that it needs stays in registers.
template <PlainPacket kFamily>
[[gnu::noinline]] size_t Forwarder::parse_fours(const Burst& packets, const FourPlainFrames<kFamily> frames,
                                                size_t position, List& list) {
  Filling run(list);
  packet_detail::FourNumbers longest{};
  for (; position + 4 <= packets.count; position += 4) {
    if (!frames.parse(&packets.packets[position], &flows_.fields[position], longest)) break;
    run.add_four(position);
  }
  longest_ = std::max({longest_, longest[0], longest[1], longest[2], longest[3]});
  return position;
}

/// The same one by one, of at most four: then there may be four at once again.
template <PlainPacket kFamily>
[[gnu::noinline]] size_t Forwarder::parse_run(const Burst& packets, const PlainFrames<kFamily> frames,
                                              size_t position, List& list) {
  const size_t end = std::min<size_t>(packets.count, position + 4);
  Filling run(list);
  for (; position < end; ++position) {
    const rte_mbuf* packet = packets.packets[position];
    if (!frames.parse(frame_of(packet), flows_.fields[position])) break;
    if (kFamily == PlainPacket::ipv4 && has_bad_ip_checksum(packet)) break;
    longest_ = std::max<uint32_t>(longest_, flows_.fields[position].ip_bytes);
    run.add(position);
  }
  return position;
}

void Forwarder::match_services(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  if (ipv4_.candidates.count > 0) match_services(ipv4_, snapshot.service_map, packets, snapshot, outcome);
  if (ipv6_.candidates.count > 0) match_services(ipv6_, snapshot.service_map6, packets, snapshot, outcome);
}

/// Finds the candidates' services, notes the flows of those that have one, and has the buckets fetched where
/// their entries should be. In a loop of its own: a processor that waits for a bucket's address to be
/// translated looks some two hundred instructions ahead, which are five packets here and two if their headers
/// were parsed between.
template <typename Key, typename Map>
void Forwarder::match_services(Track<Key>& track, const Map& map, const Burst& packets,
                               const Snapshot& snapshot, Outcome& outcome) {
  if (map.is_large()) {
    for (const size_t i : track.candidates) map.prefetch(service_key<Key>(flows_.fields[i]));
  }
  List strangers;
  {
    const auto services = map.view();
    const auto table = track.table.view();
    Filling matched(track.matched);
    for (const size_t i : track.candidates) {
      const PacketFields& fields = flows_.fields[i];
      const uint32_t service = services.find(service_key<Key>(fields));
      if (service == 0) [[unlikely]] {
        strangers.add(i);
      } else {
        track.enter(i, flow_key<Key>(fields, static_cast<uint16_t>(service)), table);
        matched.add(i);
      }
    }
  }
  for (const size_t i : strangers) {
    if (snapshot.ranges.empty() || !match_range(snapshot, i)) divert(packets, snapshot, i, outcome);
  }
}

/// Of plain packets: those that find_connections() did not redirect.
void Forwarder::redirect_all(const List& list, const Burst& packets, const Snapshot& snapshot) {
  const NextHops::View hops = hops_.view();
  for (const size_t i : list) {
    const uint32_t slot = flows_.servers[i];
    if (slot != kNoServer) redirect(packets.packets[i], hops.current(slot, snapshot), flows_.fields[i]);
  }
}

void Forwarder::sort(const List& list, const Burst& packets, const Snapshot& snapshot,
                     Outcome& outcome) const {
  for (const size_t i : list) {
    const uint32_t slot = flows_.servers[i];
    if (slot != kNoServer) outcome.add_transmit(packets.packets[i], snapshot.servers[slot].egress());
  }
}

void Forwarder::rewrite_closely(const List& list, const Burst& packets, const Snapshot& snapshot,
                                Outcome& outcome) {
  const NextHops::View hops = hops_.view();
  for (const size_t i : list) {
    const uint32_t slot = flows_.servers[i];
    rte_mbuf* packet = packets.packets[i];
    if (slot == kNoServer || !prepare(packet, snapshot, flows_.fields[i], slot, outcome)) continue;
    redirect(packet, hops.current(slot, snapshot), flows_.fields[i]);
    outcome.add_transmit(packet, snapshot.servers[slot].egress());
  }
}

void Forwarder::rewrite_and_sort(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  if (!plain_) [[unlikely]] {
    rewrite_closely(ipv4_.matched, packets, snapshot, outcome);
    rewrite_closely(ipv6_.matched, packets, snapshot, outcome);
    rewrite_closely(followers_, packets, snapshot, outcome);
    return;
  }
  redirect_all(redirects_ ? ipv4_.unsettled : ipv4_.matched, packets, snapshot);
  redirect_all(redirects_ ? ipv6_.unsettled : ipv6_.matched, packets, snapshot);
  if (snapshot.has_one_port && outcome.drop.count == 0 && outcome.punt.count == 0) [[likely]] {
    outcome.transmit_all(packets, 0);
  } else {
    sort(ipv4_.matched, packets, snapshot, outcome);
    sort(ipv6_.matched, packets, snapshot, outcome);
  }
}

}  // namespace turnout
