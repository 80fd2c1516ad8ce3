// The forwarder's two stages around the connection table: what has a connection keeps its real server, what
// has none gets one. In a flood each packet goes through the second: the steps of it that are called from one
// place are inlined there, which makes a tenth of the rate.
#include <algorithm>

#include "dataplane/accounting.h"
#include "dataplane/forwarder_steps.h"
#include "dataplane/redirection.h"

namespace turnout {

namespace {

/// Is there nothing to write to the entry, and may the connection stay with its server? Not that anybody
/// knows if the copy of the server is out of date: then it is looked at more closely.
[[gnu::always_inline]] inline bool is_settled(ConnectionValue value, PacketEvent event,
                                              const SettledValues& settled, NextHops::View hops) {
  return settled.holds(value, event, hops[value.server()].stamp);
}

/// Has fetched what the worker knows and counts of the server that was seen in the flow's entry.
[[gnu::always_inline]] inline void fetch_hop(const FlowPacket& flow, NextHops::View hops) {
  __builtin_prefetch(&hops[flow.value.server()], 1);
}

}  // namespace

void Forwarder::find_connections(const Snapshot& snapshot, Tick now) {
  find_connections(ipv4_, snapshot, now);
  find_connections(ipv6_, snapshot, now);
}

template <typename Key>
void Forwarder::find_connections(Track<Key>& track, const Snapshot& snapshot, Tick now) {
  track.sought.clear();
  track.missed.clear();
  if (track.matched.empty()) return;
  const SettledValues settled(now, hops_.view().epoch());
  if (redirects_) {
    find_settled<true>(track, settled, snapshot);
    if (!track.sought.empty()) settle_connections<true>(track, settled, snapshot, now);
  } else {
    find_settled<false>(track, settled, snapshot);
    if (!track.sought.empty()) settle_connections<false>(track, settled, snapshot, now);
  }
}

/// The first look at the table. Whose entry is in its first bucket and needs no change has its server then,
/// and with `kRedirects` goes there at once. Of the others, a SYN that is not there begins a connection: if
/// it has an entry all the same, to enter it finds that out.
template <bool kRedirects, typename Key>
[[gnu::noinline]] void Forwarder::find_settled(Track<Key>& track, const SettledValues settled,
                                               const Snapshot& snapshot) {
  constexpr size_t kManyServers = 2048;  // what they need leaves the first-level cache
  const NextHops::View hops = hops_.view();
  FlowFilling sought(track.sought), missed(track.missed);
  const auto find = [&](FlowPacket & flow, ConnectionValue value) __attribute__((always_inline)) {
    const PacketFields& fields = flow.fields;
    flow.server = value.server();
    if (is_settled(value, fields.event, settled, hops)) [[likely]] {
      if (kRedirects) redirect(flow.frame, hops[value.server()], fields);
      return;
    }
    track.table.view().fetch_rest(flow.hash);
    flow.server = kNoServer;
    flow.known = false;
    (fields.event == PacketEvent::syn && value == ConnectionValue{} ? missed : sought).add(flow);
  };
  const auto end = track.matched.end();
  if (snapshot.servers.size() > kManyServers) {
    fetch_next_hops(track, hops);
    for (auto at = track.matched.begin(); at != end; ++at) {
      FlowPacket& flow = *at;
      fetch_hop(at.ahead(), hops);
      find(flow, flow.value);
    }
  } else {
    for (auto at = track.matched.begin(); at != end; ++at) {
      FlowPacket& flow = *at;
      track.fetch_again(at.ahead());
      find(flow, track.peek(flow));
    }
  }
}

/// Looks at the entries, and has fetched what else will be needed of the packets' servers.
template <typename Key>
void Forwarder::fetch_next_hops(const Track<Key>& track, NextHops::View hops) {
  const auto end = track.matched.end();
  for (auto at = track.matched.begin(); at != end; ++at) {
    FlowPacket& flow = *at;
    track.fetch_again(at.ahead());
    const ConnectionValue value = track.peek(flow);
    flow.value = value;
    fetch_hop(flow, hops);
  }
}

/// The flows that are in their second bucket, or in none, or whose entry is to be moved on. Of the first
/// there are some in nearly each burst, and in their entries nothing is to be written either.
template <bool kRedirects, typename Key>
void Forwarder::settle_connections(Track<Key>& track, const SettledValues& settled, const Snapshot& snapshot,
                                   Tick now) {
  const NextHops::View hops = hops_.view();
  for (FlowPacket& flow : track.sought) {
    const uint64_t hash = flow.hash;
    const ConnectionValue value = track.table.peek_elsewhere(flow.key<Key>(), hash);
    if (is_settled(value, flow.fields.event, settled, hops)) [[likely]] {
      flow.server = value.server();
      if (kRedirects) redirect(flow.frame, hops[value.server()], flow.fields);
      continue;
    }
    const ConnectionEntry entry = track.table.look_up(flow.key<Key>(), hash);
    flow.known = static_cast<bool>(entry);
    const bool expired = entry.value.expired(now, snapshot.timeouts);
    if (!entry || expired || !keep_connection(flow.key<Key>(), entry, snapshot, flow, now)) {
      track.missed.add(flow);
      continue;
    }
    if (kRedirects) redirect(flow.frame, hops.current(flow.server, snapshot), flow.fields);
    if (snapshot.has_persistence) {
      const Service& service = snapshot.services[service_of(flow.key<Key>())];
      const ConnectionState state = next_state(entry.value.state(), flow.fields.event);
      if (service.persistence != 0) renew_template(service, snapshot, flow, state, now);
    }
  }
}

/// Sends the packet where its connection goes, unless its server is gone or the packet begins another
/// connection.
template <typename Key>
bool Forwarder::keep_connection(const Key& key, ConnectionEntry entry, const Snapshot& snapshot,
                                FlowPacket& flow, Tick now) {
  const PacketEvent event = flow.fields.event;
  const ConnectionState state = entry.value.state();
  if (!snapshot.keeps(entry.value) || starts_anew(state, event)) [[unlikely]]
    return false;
  const bool moves_on = next_state(state, event) != state || entry.value.seen() != (now & kTickMask);
  if (entry.value.live() && moves_on && event != PacketEvent::icmp_error) {
    const std::optional<ConnectionValue> before = entry.advance(event, now);
    if (!before || !snapshot.keeps(entry.value)) [[unlikely]]
      return false;
    if (is_active(before->state()) != is_active(entry.value.state())) {
      note_closed(counters_, snapshot, *before);
      note_opened(counters_, snapshot, entry.value);
    }
    note_client(counters_, snapshot, key, before->state(), entry.value.state());
  }
  flow.server = entry.value.server();
  return true;
}

void Forwarder::schedule_new_connections(const Burst& packets, const Snapshot& snapshot, Tick now,
                                         Outcome& outcome) {
  schedule_new_connections(ipv4_, packets, snapshot, now, outcome);
  schedule_new_connections(ipv6_, packets, snapshot, now, outcome);
}

template <typename Key>
void Forwarder::schedule_new_connections(Track<Key>& track, const Burst& packets, const Snapshot& snapshot,
                                         Tick now, Outcome& outcome) {
  const auto table = track.table.view();
  const auto end = track.missed.end();
  for (auto at = track.missed.begin(); at != end; ++at) {
    FlowPacket& flow = *at;
    table.fetch_rest(at.ahead().hash);
    const Service& service = snapshot.services[service_of(flow.key<Key>())];
    if (service.maglev_size == 0) {
      outcome.add_drop(packet_of(packets, flow), service.unavailable);
    } else {
      const DropReason reason = place(track, snapshot, service, flow, now);
      if (flow.server == kNoServer) outcome.add_drop(packet_of(packets, flow), reason);
    }
  }
}

/// Gives a packet without a connection to keep a server, and enters its flow. If there is none, says what to
/// drop it for: the one whose turn it is is not resolved, or all are full.
template <typename Key>
[[gnu::always_inline]] inline DropReason Forwarder::place(Track<Key>& track, const Snapshot& snapshot,
                                                          const Service& service, FlowPacket& flow,
                                                          Tick now) {
  const PacketEvent event = flow.fields.event;
  Placement placement;
  if (service.by_table && !flow.known && event != PacketEvent::icmp_error) [[likely]]
    placement.server = schedule_by_maglev(service, plain_maglev_flow<Key>(service, flow.fields));
  else
    placement = place_closely(track, snapshot, service, flow, now);
  const uint32_t server = placement.server;
  if (server == kNoServer) return placement.reason;
  if (!snapshot.servers[server].usable()) return placement.reason;  // its place, but its MAC is not known yet
  if (service.one_packet) [[unlikely]] {
    flow.server = server;
    counters_.server(server).connections.add(1);
    return placement.reason;
  }
  const ConnectionState state = next_state(ConnectionState::free, event);
  const auto value = ConnectionValue::make(server, snapshot.servers[server].generation(), state, now);
  if (placement.entry && replace_connection(flow.key<Key>(), placement.entry, value, snapshot, flow, now))
    return placement.reason;
  open_connection(track, value, snapshot, service, flow, now);
  return placement.reason;
}

/// Where more has to be asked than the Maglev table. No server: there is none, or the packet has been sent on
/// its way. An earlier packet of this burst, or another worker, may have opened the connection meanwhile. To
/// enter the flow finds that out, but if it costs a server its turn, or the server may be full by now, it has
/// to be known before.
template <typename Key>
[[gnu::always_inline]] inline Forwarder::Placement Forwarder::place_closely(Track<Key>& track,
                                                                            const Snapshot& snapshot,
                                                                            const Service& service,
                                                                            FlowPacket& flow, Tick now) {
  const Key& key = flow.key<Key>();
  Placement placement;
  const uint32_t named = service.quic ? named_[position_of(flow)] : kNoServer;
  ConnectionEntry& entry = placement.entry;
  if (flow.known || service.sequence || service.has_closed || service.limits_connections ||
      named != kNoServer)
    entry = track.table.find(key, flow.hash, now, snapshot.timeouts);
  const bool stays = named == kNoServer || entry.value.server() == named;
  if (entry && stays && keep_connection(key, entry, snapshot, flow, now)) return {};
  const PacketEvent event = flow.fields.event;
  if (event ==
      PacketEvent::icmp_error) {  // opens no connection; a flow without an entry is where Maglev says
    send_to(server_by_maglev(service, flow), snapshot, flow);
    return {};
  }
  if (service.limits_connections) [[unlikely]] {
    const bool begins = event == PacketEvent::syn || event == PacketEvent::datagram;
    const bool is_new = !entry || starts_anew(entry.value.state(), event);
    DropReason reason;
    if (begins && is_new && !may_begin(service, snapshot, flow, reason))
      return {.server = kNoServer, .reason = reason, .entry = {}};
  }
  if (named != kNoServer) {
    placement.server = named;
  } else if (service.persistence != 0) {
    const Binding binding = bind_client(service, snapshot, flow, now);
    placement.server = binding.server;
    if (binding.server == kNoServer) placement.reason = binding.reason;
  } else {
    placement.server = choose_server(service, snapshot, flow, now < track.overload_until);
    if (placement.server == kNoServer) placement.reason = DropReason::no_server_free;
  }
  return placement;
}

void Forwarder::send_to(uint32_t server, const Snapshot& snapshot, FlowPacket& flow) {
  if (snapshot.servers[server].usable()) flow.server = server;
}

uint32_t Forwarder::server_by_maglev(const Service& service, const FlowPacket& flow) const {
  return schedule_by_maglev(service, maglev_flow_of(service, flow.fields));
}

/// Where servers are compared, or hashed to by address, or may be full. kNoServer if none may be had.
[[gnu::noinline]] uint32_t Forwarder::choose_closely(const Service& service, const Snapshot& snapshot,
                                                     const FlowPacket& flow) {
  const PacketFields& fields = flow.fields;
  ServerLoads& loads = *counters_.loads;
  const auto from_bucket = [&](uint32_t bucket) {
    return schedule_open_from(service.sequence, service.sequence_size, bucket, service.fallback, snapshot,
                              loads);
  };
  switch (service.scheduler) {
    case SchedulerKind::mh:
      return schedule_open_from(service.maglev, service.maglev_size,
                                maglev_place(service, maglev_flow_of(service, fields)), service.fallback,
                                snapshot, loads);
    case SchedulerKind::sh:
      return from_bucket(source_bucket(service, fields));
    case SchedulerKind::dh:
      return from_bucket(destination_bucket(fields));
    case SchedulerKind::rr:
    case SchedulerKind::wrr:
      return schedule_in_open_turn(service, cursors_[service.own], snapshot, loads);
    default:
      return schedule_by_rank(service, snapshot, loads);
  }
}

/// Gives an entry whose server is gone, or whose connection is over, its new server. False if the entry
/// itself is gone.
template <typename Key>
bool Forwarder::replace_connection(const Key& key, ConnectionEntry entry, ConnectionValue to,
                                   const Snapshot& snapshot, FlowPacket& flow, Tick now) {
  const uint8_t version = entry.value.version();
  while (entry.value.live() && entry.value.version() == version) {
    const ConnectionValue before = entry.value;
    if (entry.replace(to)) {
      note_closed(counters_, snapshot, before);
      note_opened(counters_, snapshot, entry.value);
      note_client(counters_, snapshot, key, before.state(), entry.value.state());
      counters_.server(to.server()).connections.add(1);
      flow.server = to.server();
      return true;
    }
    if (entry.value.version() == version && keep_connection(key, entry, snapshot, flow, now)) return true;
  }
  return false;
}

template <typename Key>
[[gnu::always_inline]] inline void Forwarder::open_connection(Track<Key>& track, ConnectionValue value,
                                                              const Snapshot& snapshot,
                                                              const Service& service, FlowPacket& flow,
                                                              Tick now) {
  using Result = InsertedConnection::Result;
  const Insertion inserted = insert(track, flow.key<Key>(), flow.hash, value, snapshot, now);
  if (inserted.result == Result::existing) {
    const Key& key = flow.key<Key>();
    if (keep_connection(key, inserted.entry, snapshot, flow, now)) return;
    if (replace_connection(key, inserted.entry, value, snapshot, flow, now)) return;
  }
  if (inserted.result == Result::inserted) {
    counters_.server(value.server()).connections.add(1);
    flow.server = value.server();
    return;
  }
  track.counters.stateless.add(1);
  if (inserted.result == Result::full)
    track.overload_until = now + snapshot.timeouts.of(ConnectionState::udp);
  // by Maglev's table alone, or bound to its server, `value` has the right one already
  const bool has_it = service.persistence != 0 || !(service.sequence || service.has_closed);
  send_to(has_it ? value.server() : server_by_maglev(service, flow), snapshot, flow);
}

}  // namespace turnout
