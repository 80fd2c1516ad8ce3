// The forwarder's two stages around the connection table: what has a connection keeps its real server, what
// has none gets one. In a flood each packet goes through the second: the steps of it that are called from one
// place are inlined there, which makes a tenth of the rate.
#include <algorithm>

#include "dataplane/accounting.h"
#include "dataplane/forwarder.h"
#include "dataplane/scheduler.h"

namespace turnout {

void Forwarder::find_connections(const Snapshot& snapshot, Tick now) {
  find_connections(ipv4_, snapshot, now);
  find_connections(ipv6_, snapshot, now);
}

template <typename Key>
void Forwarder::find_connections(Track<Key>& track, const Snapshot& snapshot, Tick now) {
  constexpr size_t kManyServers = 2048;  // what they need leaves the first-level cache
  {
    const SettledValues settled(now);
    const Snapshot::ServerView servers = snapshot.server_view();
    Filling unsettled(track.unsettled), missed(track.missed);
    const auto sort = [&](size_t i, ConnectionValue value) {
      const PacketEvent event = flows_.fields[i].event;
      if (settled.holds(value, event) && servers.keep(value)) [[likely]] {
        flows_.servers[i] = value.server();  // nothing to write
        return;
      }
      flows_.servers[i] = kNoServer;
      flows_.known[i] = false;
      const bool is_new = event == PacketEvent::syn && value == ConnectionValue{};
      (is_new ? missed : unsettled).add(i);  // if it has an entry all the same, to enter it finds that out
    };
    if (snapshot.servers.size() > kManyServers) {
      fetch_servers(track, servers);
      for (const size_t i : track.matched) sort(i, flows_.values[i]);
    } else {
      for (const size_t i : track.matched) sort(i, track.table.peek(*track.homes[i], track.keys[i]));
    }
  }
  if (track.unsettled.count > 0) settle_connections(track, snapshot, now);
}

/// Looks at the entries, and has fetched what else will be needed of the packets' servers.
template <typename Key>
void Forwarder::fetch_servers(const Track<Key>& track, Snapshot::ServerView servers) {
  const TrafficCounters* const traffic = counters_.traffic();
  for (const size_t i : track.matched) {
    const ConnectionValue value = track.table.peek(*track.homes[i], track.keys[i]);
    flows_.values[i] = value;
    __builtin_prefetch(&servers[value.server()]);
    __builtin_prefetch(&traffic[value.server()], 1);
  }
}

/// The flows that are in their second bucket, or in none, or whose entry is to be moved on.
template <typename Key>
void Forwarder::settle_connections(Track<Key>& track, const Snapshot& snapshot, Tick now) {
  for (const size_t i : track.unsettled) {
    if (flows_.fields[i].event != PacketEvent::syn)  // theirs is on its way
      track.table.prefetch_second(track.table.hash(track.keys[i]));
  }
  for (const size_t i : track.unsettled) {
    const ConnectionEntry entry = track.table.look_up(track.keys[i], track.table.hash(track.keys[i]));
    flows_.known[i] = static_cast<bool>(entry);
    const bool expired = entry.value.expired(now, snapshot.timeouts);
    if (!entry || expired || !keep_connection(entry, snapshot, i, now)) track.missed.add(i);
  }
}

/// Sends the packet where its connection goes, unless its server is gone or the packet begins another
/// connection.
bool Forwarder::keep_connection(ConnectionEntry entry, const Snapshot& snapshot, size_t position, Tick now) {
  const PacketEvent event = flows_.fields[position].event;
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
      note_opened(counters_, entry.value);
    }
  }
  flows_.servers[position] = entry.value.server();
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
  for (const size_t i : track.missed) {
    const Service& service = snapshot.services[service_of(track.keys[i])];
    if (service.maglev_size == 0) {
      outcome.add_drop(packets.packets[i], service.unavailable);
    } else {
      place(track, snapshot, service, i, now);
      if (flows_.servers[i] == kNoServer)
        outcome.add_drop(packets.packets[i], DropReason::no_server_resolved);
    }
  }
}

/// Finds a server for a packet without a connection to keep; none while the one whose turn it is is not
/// resolved. An earlier packet of this burst, or another worker, may have opened the connection meanwhile. To
/// enter the flow finds that out, but if it costs a server its turn, it has to be known before.
template <typename Key>
[[gnu::always_inline]] inline void Forwarder::place(Track<Key>& track, const Snapshot& snapshot,
                                                    const Service& service, size_t position, Tick now) {
  const Key& key = track.keys[position];
  ConnectionEntry entry;
  if (flows_.known[position] || service.sequence)
    entry = track.table.find(key, track.table.hash(key), now, snapshot.timeouts);
  if (entry && keep_connection(entry, snapshot, position, now)) return;
  const PacketEvent event = flows_.fields[position].event;
  if (event == PacketEvent::icmp_error)  // opens no connection; a flow without an entry is where Maglev says
    return send_to(server_by_maglev(service, position), snapshot, position);

  const uint32_t server =
      choose_server(service, cursors_[service_of(key)], position, now < track.overload_until);
  if (!snapshot.servers[server].usable()) return;  // its place, but its MAC address is not known yet
  const ConnectionState state = next_state(ConnectionState::free, event);
  const auto value = ConnectionValue::make(server, snapshot.servers[server].generation(), state, now);
  if (entry && replace_connection(entry, value, snapshot, position, now)) return;
  open_connection(track, value, snapshot, service, position, now);
}

void Forwarder::send_to(uint32_t server, const Snapshot& snapshot, size_t position) {
  if (snapshot.servers[server].usable()) flows_.servers[position] = server;
}

uint32_t Forwarder::server_by_maglev(const Service& service, size_t position) const {
  const PacketFields& fields = flows_.fields[position];
  const uint64_t flow = fields.version == 4 ? maglev_flow(fields.client, fields.client_port)
                                            : maglev_flow(fields.client6, fields.client_port);
  return schedule_by_maglev(service, flow);
}

/// A connection that begins takes its turn. A packet in the middle of one, whose entry is missing, goes where
/// the Maglev table says: to the server it has had since the table was full, or from another director.
[[gnu::always_inline]] inline uint32_t Forwarder::choose_server(const Service& service, uint32_t& cursor,
                                                                size_t position, bool overloaded) {
  const PacketEvent event = flows_.fields[position].event;
  const bool begins = event == PacketEvent::syn || event == PacketEvent::datagram;
  if (service.sequence && begins && !overloaded) return schedule_in_turn(service, cursor);
  return server_by_maglev(service, position);
}

/// Gives an entry whose server is gone, or whose connection is over, its new server. False if the entry
/// itself is gone.
bool Forwarder::replace_connection(ConnectionEntry entry, ConnectionValue to, const Snapshot& snapshot,
                                   size_t position, Tick now) {
  const uint8_t version = entry.value.version();
  while (entry.value.live() && entry.value.version() == version) {
    const ConnectionValue before = entry.value;
    if (entry.replace(to)) {
      note_closed(counters_, snapshot, before);
      note_opened(counters_, entry.value);
      counters_.server(to.server()).connections.add(1);
      flows_.servers[position] = to.server();
      return true;
    }
    if (entry.value.version() == version && keep_connection(entry, snapshot, position, now)) return true;
  }
  return false;
}

template <typename Key>
[[gnu::always_inline]] inline void Forwarder::open_connection(Track<Key>& track, ConnectionValue value,
                                                              const Snapshot& snapshot,
                                                              const Service& service, size_t position,
                                                              Tick now) {
  using Result = InsertedConnection::Result;
  const Key& key = track.keys[position];
  const InsertedConnection inserted = track.table.insert(key, track.table.hash(key), value, now,
                                                         snapshot.timeouts, track.move_credit.available());
  track.move_credit.settle(inserted);
  for (size_t i = 0; i < inserted.displaced_count; ++i) {
    const DisplacedConnection& displaced = inserted.displaced[i];
    (displaced.evicted ? track.counters.evicted : track.counters.expired).add(1);
    note_closed(counters_, snapshot, displaced.value);
    // Who loses its entry in the middle of its handshake goes on by the Maglev table: so has to be who begins
    // now.
    if (displaced.evicted && displaced.value.state() == ConnectionState::syn_recv)
      track.overload_until =
          std::max(track.overload_until, now + snapshot.timeouts.of(ConnectionState::syn_recv));
  }
  if (inserted.result == Result::existing) {
    if (keep_connection(inserted.entry, snapshot, position, now)) return;
    if (replace_connection(inserted.entry, value, snapshot, position, now)) return;
  }
  if (inserted.result == Result::inserted) {
    track.counters.inserted.add(1);
    counters_.server(value.server()).connections.add(1);
    note_opened(counters_, value);
    flows_.servers[position] = value.server();
    return;
  }
  track.counters.stateless.add(1);
  if (inserted.result == Result::full)
    track.overload_until = now + snapshot.timeouts.of(ConnectionState::udp);
  // without turns `value` has Maglev's server already
  send_to(service.sequence ? server_by_maglev(service, position) : value.server(), snapshot, position);
}

}  // namespace turnout
