#include "dataplane/forwarder.h"

#include <algorithm>
#include <utility>

#include "dataplane/redirection.h"
#include "dataplane/service_lookup.h"

namespace turnout {

Forwarder::Forwarder(const ConnectionTables& tables, WorkerCounters& counters, unsigned worker, uint64_t seed)
    : counters_(counters),
      hops_(counters.next_hops()),
      ipv4_(tables.ipv4, counters.ipv4_table, flows_.front()),
      ipv6_(tables.ipv6, counters.ipv6_table, flows_.front()),
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
  find_connections(snapshot, now);              // hits keep a live real server
  if (!snapshot.quic.empty()) [[unlikely]]
    steer_quic(packets, snapshot);                            // whose connection ID names its real server
  schedule_new_connections(packets, snapshot, now, outcome);  // misses ask the service's scheduler
  follow_fragments(packets, snapshot, now, outcome);          // later fragments go where the first went
  rewrite_and_sort(packets, snapshot,
                   outcome);  // Direct Routing: the MAC addresses, and what a service marks
}

/// Has the packets' headers fetched, and counts their bytes.
void Forwarder::start(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  ipv4_.matched.clear();
  ipv6_.matched.clear();
  first_fragments_.clear();
  later_fragments_.clear();
  followers_.clear();
  uint64_t bytes = 0;
#pragma GCC unroll 4
  for (size_t i = 0; i < packets.count; ++i) {
    const rte_mbuf* packet = packets.packets[i];
    auto* frame = rte_pktmbuf_mtod(packet, uint8_t*);
    __builtin_prefetch(frame);
    flows_[i].frame = frame;
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
      i = parse_fours(packets, fours4, i, ipv4_.matched);
      i = parse_run(packets, frames4, i, ipv4_.matched);
      i = parse_fours(packets, fours6, i, ipv6_.matched);
      i = parse_run(packets, frames6, i, ipv6_.matched);
      if (i > first) continue;
    }
    plain_ = false;
    FlowPacket& flow = flows_[i++];
    const PlainPacket family = examine(packets, snapshot, flow, outcome);
    if (family == PlainPacket::ipv4) ipv4_.matched.add(flow);
    if (family == PlainPacket::ipv6) ipv6_.matched.add(flow);
  }
  plain_ = plain_ && longest_ <= snapshot.least_mtu;
  redirects_ = plain_ && snapshot.quic.empty();
  outcome.keeps_lengths = plain_;
}

namespace {

/// Has the second line of four frames fetched. The headers of IPv6 end there, those of IPv4 in the first.
[[gnu::always_inline]] inline void fetch_ends(const FlowPacket* four) {
  for (size_t i = 0; i < 4; ++i) __builtin_prefetch(four[i].frame + kCacheLine);
}

}  // namespace

/// Parses from a packet on as long as the next four are plain and of one family, and lists them. Returns the
/// first of those that are not. Nothing is called, so that all that it needs stays in registers.
template <PlainPacket kFamily>
[[gnu::noinline]] size_t Forwarder::parse_fours(const Burst& packets, const FourPlainFrames<kFamily> frames,
                                                size_t position, FlowList& list) {
  FlowFilling run(list);
  packet_detail::FourNumbers longest{};
  for (; position + 4 <= packets.count; position += 4) {
    FlowPacket* const four = &flows_[position];
    if (kFamily == PlainPacket::ipv6 && position + 8 <= packets.count) fetch_ends(four + 4);
    if (!frames.parse(&packets.packets[position], four, longest)) break;
    for (size_t i = 0; i < 4; ++i) run.add(four[i]);
  }
  longest_ = std::max({longest_, longest[0], longest[1], longest[2], longest[3]});
  return position;
}

/// The same one by one, of at most four: then there may be four at once again.
template <PlainPacket kFamily>
[[gnu::noinline]] size_t Forwarder::parse_run(const Burst& packets, const PlainFrames<kFamily> frames,
                                              size_t position, FlowList& list) {
  const size_t end = std::min<size_t>(packets.count, position + 4);
  FlowFilling run(list);
  for (; position < end; ++position) {
    const rte_mbuf* packet = packets.packets[position];
    FlowPacket& flow = flows_[position];
    if (!frames.parse(frame_of(packet), flow.fields)) break;
    if (kFamily == PlainPacket::ipv4 && has_bad_ip_checksum(packet)) break;
    longest_ = std::max<uint32_t>(longest_, flow.fields.ip_bytes);
    run.add(flow);
  }
  return position;
}

void Forwarder::match_services(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  FlowList strangers;
  if (!ipv4_.matched.empty()) match_services(ipv4_, snapshot.service_map, strangers);
  if (!ipv6_.matched.empty()) match_services(ipv6_, snapshot.service_map6, strangers);
  for (FlowPacket& flow : strangers) {
    if (snapshot.ranges.empty() || !match_range(snapshot, flow)) divert(packets, snapshot, flow, outcome);
  }
}

/// Finds the flows' services, and has the buckets fetched where their entries should be. In a loop of its
/// own: a processor that waits for a bucket's address to be translated looks some two hundred instructions
/// ahead, which are five packets here and two if their headers were parsed between. Who is of no service is a
/// stranger, and leaves the list.
template <typename Key, typename Map>
void Forwarder::match_services(Track<Key>& track, const Map& map, FlowList& strangers) {
  if (map.is_large()) {
    for (const FlowPacket& flow : track.matched) map.prefetch(service_key<Key>(flow.fields));
  }
  const uint32_t others = strangers.size();
  {
    const auto services = map.view();
    const auto table = track.table.view();
    for (FlowPacket& flow : track.matched) {
      const uint32_t service = services.find(service_key<Key>(flow.fields));
      if (service == 0) [[unlikely]] {
        flow.stranger = true;
        strangers.add(flow);
      } else {
        track.enter(flow, flow_key<Key>(flow.fields, static_cast<uint16_t>(service)), table);
      }
    }
  }
  if (strangers.size() > others) [[unlikely]]
    track.matched.drop_if([](FlowPacket& flow) { return std::exchange(flow.stranger, false); });
}

/// Of plain packets: those that find_connections() did not redirect.
void Forwarder::redirect_all(const FlowList& list, const Snapshot& snapshot) {
  const NextHops::View hops = hops_.view();
  for (FlowPacket& flow : list) {
    const uint32_t slot = flow.server;
    if (slot != kNoServer) redirect(flow.frame, hops.current(slot, snapshot), flow.fields);
  }
}

void Forwarder::sort(const FlowList& list, const Burst& packets, const Snapshot& snapshot,
                     Outcome& outcome) const {
  for (FlowPacket& flow : list) {
    const uint32_t slot = flow.server;
    if (slot != kNoServer) outcome.add_transmit(packet_of(packets, flow), snapshot.servers[slot].egress());
  }
}

void Forwarder::rewrite_closely(const FlowList& list, const Burst& packets, const Snapshot& snapshot,
                                Outcome& outcome) {
  const NextHops::View hops = hops_.view();
  for (FlowPacket& flow : list) {
    const uint32_t slot = flow.server;
    rte_mbuf* packet = packet_of(packets, flow);
    if (slot == kNoServer || !prepare(packet, snapshot, flow.fields, slot, outcome)) continue;
    redirect(rte_pktmbuf_mtod(packet, uint8_t*), hops.current(slot, snapshot), flow.fields);
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
  redirect_all(redirects_ ? ipv4_.missed : ipv4_.matched, snapshot);
  redirect_all(redirects_ ? ipv6_.missed : ipv6_.matched, snapshot);
  if (snapshot.has_one_port && outcome.drop.count == 0 && outcome.punt.count == 0) [[likely]] {
    outcome.transmit_all(packets, 0);
  } else {
    sort(ipv4_.matched, packets, snapshot, outcome);
    sort(ipv6_.matched, packets, snapshot, outcome);
  }
}

}  // namespace turnout
