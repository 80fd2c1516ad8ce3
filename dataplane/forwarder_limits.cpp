// Limits of a service: how many connections may begin in a second, of all clients, of one and of those in a
// prefix, how many one may have open, and how many packets pass. Only packets of services that have limits
// come here.
//
// What begins a connection is limited, nothing else: a SYN, an INIT, the first datagram. A packet in the
// middle of a connection that nobody knows may come from another director's table, and ICMP errors open none.
// A SYN that is sent again is of a connection that there is.
#include <algorithm>

#include "dataplane/accounting.h"
#include "dataplane/forwarder.h"
#include "dataplane/service_lookup.h"

namespace turnout {

Address6 Forwarder::limited_client_of(const FlowPacket& flow) const {
  const PacketFields& fields = flow.fields;
  return fields.version == 4 ? limited_client(fields.client) : fields.client6;
}

/// The cell of all clients in the packet's prefix.
uint64_t Forwarder::prefix_hash(const ServiceLimits& limits, uint16_t own, const FlowPacket& flow) const {
  const PacketFields& fields = flow.fields;
  const Address6 prefix = fields.version == 4 ? limited_client(mask_client(fields.client, limits.prefix4))
                                              : mask_client(fields.client6, limits.prefix6);
  return counters_.limits->hash(prefix, own, LimitScope::prefix);
}

/// Notes what a packet is over. True if it is to be dropped for it.
bool Forwarder::refuse(Limit over, const ServiceLimits& limits, uint16_t own, const FlowPacket& flow) {
  LimitCounters& counted = counters_.limited(own);
  (limits.observe ? counted.observed : counted.dropped)[static_cast<size_t>(over)].add(1);
  counters_.offenders.note({limited_client_of(flow), own, over});
  return !limits.observe;
}

/// The first limit that a packet which begins a connection is over. Tokens are taken only if there is one in
/// each of its buckets. Two workers may look at the same last token and both take it: the bucket is further
/// behind then, and the next one waits longer.
Limit Forwarder::begin_within(const ServiceLimits& limits, uint16_t own, const FlowPacket& flow) {
  Limits& state = *counters_.limits;
  const LimitTime now = state.clock.now();
  const uint64_t client = state.hash(limited_client_of(flow), own, LimitScope::client);
  const uint64_t prefix = limits.prefix ? prefix_hash(limits, own, flow) : 0;
  if (limits.client_connections != 0 &&
      int64_t{state.counts.read(client)} >= int64_t{limits.client_connections})
    return Limit::client_connections;
  if (limits.client && state.rates.ahead(client, now) > limits.client.tolerance) return Limit::client_rate;
  if (limits.prefix && state.rates.ahead(prefix, now) > limits.prefix.tolerance)
    return Limit::client_prefix_rate;
  if (limits.connections && state.connections_of(own).take(limits.connections, 1, now) == 0)
    return Limit::service_connection_rate;
  bool lost = limits.client && state.rates.charge(client, limits.client.interval, now);
  lost |= limits.prefix && state.rates.charge(prefix, limits.prefix.interval, now);
  if (lost) counters_.limit_cells_lost.add(1);
  return Limit::count;
}

/// A packet begins a connection: false if it may not, for `reason`.
[[gnu::noinline]] bool Forwarder::may_begin(const Service& service, const Snapshot& snapshot,
                                            const FlowPacket& flow, DropReason& reason) {
  const ServiceLimits& limits = snapshot.limits[service.own];
  const Limit over = begin_within(limits, service.own, flow);
  if (over == Limit::count) {
    counters_.limited(service.own).passed.add(1);
    return true;
  }
  reason = drop_reason_of(over);
  return !refuse(over, limits, service.own, flow);
}

/// One packet's token. A worker takes some at once, so that the bucket's cache line is not asked for by each
/// of its packets.
bool Forwarder::take_packet(const Service& service, const ServiceLimits& limits, LimitTime now) {
  uint32_t& credit = counters_.limited(service.own).packet_credit;
  if (credit == 0) {
    const uint64_t taken =
        counters_.limits->packets_of(service.own).take(limits.packets, limits.packet_batch, now);
    credit = static_cast<uint32_t>(taken);
  }
  if (credit == 0) return false;
  --credit;
  return true;
}

template <typename Key>
void Forwarder::limit_packets(Track<Key>& track, const Burst& packets, const Snapshot& snapshot,
                              LimitTime now, Outcome& outcome) {
  constexpr Limit kOver = Limit::service_packet_rate;
  track.matched.drop_if([&](FlowPacket& flow) {
    const Service& service = snapshot.services[service_of(flow.key<Key>())];
    if (!service.limits_packets) return false;
    const ServiceLimits& limits = snapshot.limits[service.own];
    const bool over = !take_packet(service, limits, now) && refuse(kOver, limits, service.own, flow);
    if (over) outcome.add_drop(packet_of(packets, flow), drop_reason_of(kOver));
    return over;
  });
}

/// Drops what a service has no token for.
[[gnu::noinline]] void Forwarder::limit_packets(const Burst& packets, const Snapshot& snapshot,
                                                Outcome& outcome) {
  const LimitTime now = counters_.limits->clock.now();
  limit_packets(ipv4_, packets, snapshot, now, outcome);
  limit_packets(ipv6_, packets, snapshot, now, outcome);
}

}  // namespace turnout
