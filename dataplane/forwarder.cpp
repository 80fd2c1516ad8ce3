#include "dataplane/forwarder.h"

#include <algorithm>
#include <cstring>

#include "dataplane/accounting.h"
#include "dataplane/scheduler.h"

namespace turnout {

namespace {

Frame frame_of(const rte_mbuf* packet) {
  return {rte_pktmbuf_mtod(packet, const uint8_t*), packet->data_len, packet->pkt_len};
}

bool has_bad_ip_checksum(const rte_mbuf* packet) {
  return (packet->ol_flags & RTE_MBUF_F_RX_IP_CKSUM_MASK) == RTE_MBUF_F_RX_IP_CKSUM_BAD;
}

}  // namespace

Forwarder::Forwarder(const ConnectionTable& table, WorkerCounters& counters, unsigned worker)
    : table_(table), counters_(counters), cursors_(std::make_unique<uint32_t[]>(kMaxServices)) {
  std::fill_n(cursors_.get(), kMaxServices, worker);
}

void Forwarder::process(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome) {
  outcome.clear();
  parse(packets, snapshot, outcome);           // headers → fields, verdicts for what is no flow
  match_services(packets, snapshot, outcome);  // virtual service or not ours; prefetch buckets
  find_connections(snapshot, now);             // hits keep a live real server
  schedule_new_connections(packets, snapshot, now, outcome);  // misses ask the service's scheduler
  rewrite_and_sort(packets, snapshot, outcome);               // Direct Routing: the MAC addresses only
}

void Forwarder::parse(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  candidates_.count = 0;
  const Port& port = snapshot.ports[packets.port];
  for (size_t i = 0; i < packets.count; ++i)
    __builtin_prefetch(rte_pktmbuf_mtod(packets.packets[i], const void*));
  for (size_t i = 0; i < packets.count; ++i) {
    rte_mbuf* packet = packets.packets[i];
    PacketFields& fields = flows_.fields[i];
    const PacketClass kind = parse_packet(frame_of(packet), port, fields);
    flows_.classes[i] = kind;
    if (kind == PacketClass::flow && !has_bad_ip_checksum(packet)) [[likely]] {
      candidates_.add(i);
    } else {
      divert(packet, snapshot, i, outcome);
    }
  }
}

void Forwarder::match_services(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  matched_.count = 0;
  for (const size_t i : candidates_) {
    const PacketFields& fields = flows_.fields[i];
    const uint32_t service = snapshot.service_map.find(
        service_map_key(fields.destination, fields.destination_port, fields.protocol));
    if (service == 0) [[unlikely]] {
      divert(packets.packets[i], snapshot, i, outcome);
      continue;
    }
    flows_.services[i] = static_cast<uint16_t>(service);
    flows_.keys[i] = make_connection_key(fields.client, fields.client_port, flows_.services[i]);
    flows_.hashes[i] = table_.hash(flows_.keys[i]);
    table_.prefetch(flows_.hashes[i]);
    matched_.add(i);
  }
}

/// A packet that goes to no real server: answered by control, or dropped for what is most likely wrong with
/// it.
void Forwarder::divert(rte_mbuf* packet, const Snapshot& snapshot, size_t position, Outcome& outcome) const {
  const PacketClass kind = flows_.classes[position];
  if (kind == PacketClass::arp) return outcome.add_punt(packet, PuntKind::arp);
  if (kind == PacketClass::dropped) return outcome.add_drop(packet, flows_.fields[position].drop);
  if (has_bad_ip_checksum(packet)) return outcome.add_drop(packet, DropReason::bad_checksum);
  const auto address =
      static_cast<AddressKind>(snapshot.address_map.find(flows_.fields[position].destination));
  if (address == AddressKind::unknown) return outcome.add_drop(packet, DropReason::not_our_address);
  if (kind == PacketClass::icmp_echo) return outcome.add_punt(packet, PuntKind::icmp_echo);
  if (kind == PacketClass::icmp_other) return outcome.add_drop(packet, DropReason::icmp_unsupported);
  if (address == AddressKind::own) return outcome.add_drop(packet, DropReason::own_address_unserved);
  outcome.add_drop(packet,
                   kind == PacketClass::flow ? DropReason::no_service : DropReason::unsupported_protocol);
}

void Forwarder::find_connections(const Snapshot& snapshot, Tick now) {
  missed_.count = 0;
  for (const size_t i : matched_) {
    const ConnectionTable::Found entry = table_.look_up(flows_.keys[i], flows_.hashes[i]);
    const PacketEvent event = flows_.fields[i].event;
    if (entry.value.settled(event, now) && snapshot.keeps(entry.value)) [[likely]] {
      flows_.servers[i] = entry.value.server();  // nothing to write
      continue;
    }
    flows_.servers[i] = kNoServer;
    const bool expired = entry.value.live() && entry.value.expired(now, snapshot.timeouts);
    if (!entry || expired || !keep_connection(entry, snapshot, i, now)) missed_.add(i);
  }
}

/// Sends the packet where its connection goes, unless its server is gone or the packet begins another
/// connection.
bool Forwarder::keep_connection(ConnectionTable::Found entry, const Snapshot& snapshot, size_t position,
                                Tick now) {
  const PacketEvent event = flows_.fields[position].event;
  const ConnectionState state = entry.value.state();
  if (!snapshot.keeps(entry.value) || starts_anew(state, event)) [[unlikely]]
    return false;
  if (entry.value.live() && (next_state(state, event) != state || entry.value.seen() != (now & kTickMask))) {
    const std::optional<ConnectionValue> before = table_.advance(entry, event, now);
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
  for (const size_t i : missed_) {
    const Service& service = snapshot.services[flows_.services[i]];
    if (service.maglev_size == 0) {
      outcome.add_drop(packets.packets[i], service.unavailable);
    } else {
      place(snapshot, service, i, now);
      if (flows_.servers[i] == kNoServer)
        outcome.add_drop(packets.packets[i], DropReason::no_server_resolved);
    }
  }
}

/// Finds a server for a packet without a connection to keep; none while the one whose turn it is is not
/// resolved. Looks again first: an earlier packet of this burst, or another worker, may have opened the
/// connection meanwhile.
void Forwarder::place(const Snapshot& snapshot, const Service& service, size_t position, Tick now) {
  const ConnectionTable::Found entry =
      table_.find(flows_.keys[position], flows_.hashes[position], now, snapshot.timeouts);
  if (entry && keep_connection(entry, snapshot, position, now)) return;

  const uint32_t server = choose_server(service, position, now);
  if (!snapshot.servers[server].usable()) return;  // its place, but its MAC address is not known yet
  const ConnectionState state = next_state(ConnectionState::free, flows_.fields[position].event);
  const auto value = ConnectionValue::make(server, snapshot.servers[server].generation(), state, now);
  if (entry && replace_connection(entry, value, snapshot, position, now)) return;
  open_connection(value, snapshot, service, position, now);
}

/// A connection that begins takes its turn. A packet in the middle of one, whose entry is missing, goes where
/// the Maglev table says: to the server it has had since the table was full, or from another director.
uint32_t Forwarder::choose_server(const Service& service, size_t position, Tick now) {
  const PacketFields& fields = flows_.fields[position];
  const bool begins = fields.event == PacketEvent::syn || fields.event == PacketEvent::datagram;
  if (service.sequence && begins && now >= overload_until_) {
    return schedule_in_turn(service, cursors_[flows_.services[position]]);
  }
  return schedule_by_maglev(service, fields.client, fields.client_port);
}

/// Gives an entry whose server is gone, or whose connection is over, its new server. False if the entry
/// itself is gone.
bool Forwarder::replace_connection(ConnectionTable::Found entry, ConnectionValue to, const Snapshot& snapshot,
                                   size_t position, Tick now) {
  const uint8_t version = entry.value.version();
  while (entry.value.live() && entry.value.version() == version) {
    const ConnectionValue before = entry.value;
    if (table_.replace(entry, to)) {
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

void Forwarder::open_connection(ConnectionValue value, const Snapshot& snapshot, const Service& service,
                                size_t position, Tick now) {
  using Result = ConnectionTable::Inserted::Result;
  const ConnectionTable::Inserted inserted =
      table_.insert(flows_.keys[position], flows_.hashes[position], value, now, snapshot.timeouts);
  for (size_t i = 0; i < inserted.displaced_count; ++i) {
    const ConnectionTable::Displaced& displaced = inserted.displaced[i];
    (displaced.evicted ? counters_.table.evicted : counters_.table.expired).add(1);
    note_closed(counters_, snapshot, displaced.value);
  }
  if (inserted.result == Result::existing && keep_connection(inserted.entry, snapshot, position, now)) return;
  if (inserted.result == Result::inserted) {
    counters_.table.inserted.add(1);
    counters_.server(value.server()).connections.add(1);
    note_opened(counters_, value);
    flows_.servers[position] = value.server();
    return;
  }
  const PacketFields& fields = flows_.fields[position];
  counters_.table.stateless.add(1);
  if (inserted.result == Result::full) overload_until_ = now + snapshot.timeouts.of(ConnectionState::udp);
  const uint32_t server = schedule_by_maglev(service, fields.client, fields.client_port);
  if (snapshot.servers[server].usable()) flows_.servers[position] = server;
}

void Forwarder::rewrite_and_sort(const Burst& packets, const Snapshot& snapshot, Outcome& outcome) {
  for (const size_t i : matched_) {
    const uint32_t slot = flows_.servers[i];
    if (slot == kNoServer) [[unlikely]]
      continue;
    rte_mbuf* packet = packets.packets[i];
    const RealServer& server = snapshot.servers[slot];
    std::memcpy(rte_pktmbuf_mtod(packet, uint8_t*), server.macs.data(), server.macs.size());
    ServerCounters& counters = counters_.server(slot);
    counters.packets.add(1);
    counters.bytes.add(flows_.fields[i].ip_bytes);
    outcome.add_transmit(packet, server.egress);
  }
}

}  // namespace turnout
