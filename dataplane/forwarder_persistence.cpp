// Persistence: a client's connections reach one real server. Which one, a template in the connection table
// says: an entry under the client's masked address and an index that no flow has. All workers share it, as
// they share connections. Templates of both families' clients are in their family's table, whichever table
// the client's flows are in, so that all members of a group find them.
//
// A template lasts for the service's `persistence` after the client's last packet, and as long as a
// connection of it may be idle. One whose client never completed a handshake gives way first in a flood, as
// its SYN does.
#include <algorithm>

#include "dataplane/forwarder_steps.h"

namespace turnout {

namespace {

/// May the client's next connection go there as well? To one that is drained it may not, nor to one that
/// is down.
bool still_serves(ConnectionValue value, const Snapshot& snapshot) {
  return snapshot.keeps(value) && snapshot.terms[value.server()].weight != 0;
}

/// How long a template lasts from now on. LVS keeps it while the client has a connection; an established one
/// may be idle for longer than the template's own time.
uint32_t lifetime(const Service& service, ConnectionState state, const Timeouts& timeouts) {
  if (state != ConnectionState::established) return service.persistence;
  return std::max(service.persistence, timeouts.of(state));
}

}  // namespace

/// The server of a client's next connection: the one that it has, or one that its service's scheduler
/// chooses.
[[gnu::noinline]] Forwarder::Binding Forwarder::bind_client(const Service& service, const Snapshot& snapshot,
                                                            const FlowPacket& flow, Tick now) {
  const PacketFields& fields = flow.fields;
  if (fields.version == 4)
    return bind_client(ipv4_, template_key(service, fields.client), service, snapshot, flow, now);
  return bind_client(ipv6_, template_key(service, fields.client6), service, snapshot, flow, now);
}

template <typename Key>
Forwarder::Binding Forwarder::bind_client(Track<Key>& track, const Key& key, const Service& service,
                                          const Snapshot& snapshot, const FlowPacket& flow, Tick now) {
  const uint64_t hash = track.table.hash(key);
  ConnectionEntry entry = track.table.find(key, hash, now, snapshot.timeouts);
  if (entry && still_serves(entry.value, snapshot)) {
    const uint32_t bound = entry.value.server();
    if (distance_of(entry.value.seen(), now) > -static_cast<int32_t>(service.persistence))
      entry.replace(entry.value.with_seen(now + service.persistence));
    return {bound};
  }
  const bool overloaded = now < track.overload_until;
  const uint32_t server = choose_server(service, snapshot, flow, overloaded);
  if (server == kNobody) return {kNobody, DropReason::no_server_free};
  if (!snapshot.servers[server].usable()) return {kNobody};
  const uint16_t generation = snapshot.servers[server].generation();
  const auto value =
      ConnectionValue::make(server, generation, ConnectionState::template_new, now + service.persistence);
  while (entry && entry.value.live()) {
    const ConnectionValue before = entry.value;
    if (entry.replace(value)) {
      note_closed(counters_, snapshot, before);
      note_opened(counters_, snapshot, value);
      return {server};
    }
    if (entry.value.version() != before.version()) break;
    if (still_serves(entry.value, snapshot)) return {entry.value.server()};
  }
  const Insertion inserted = insert(track, key, hash, value, snapshot, now);
  if (inserted.result == InsertedConnection::Result::existing && still_serves(inserted.entry.value, snapshot))
    return {inserted.entry.value.server()};
  if (inserted.result == InsertedConnection::Result::inserted) return {server};
  track.overload_until = now + snapshot.timeouts.of(ConnectionState::udp);  // nobody remembers it
  const uint32_t instead = server_by_maglev(service, flow);
  return {snapshot.servers[instead].usable() ? instead : kNobody};
}

/// A packet of one of the client's connections moved that on, to `state`: the client is still there.
[[gnu::noinline]] void Forwarder::renew_template(const Service& service, const Snapshot& snapshot,
                                                 const FlowPacket& flow, ConnectionState state, Tick now) {
  const PacketFields& fields = flow.fields;
  if (fields.event == PacketEvent::icmp_error) return;
  const uint32_t server = flow.server;
  const auto value = ConnectionValue::make(
      server, snapshot.servers[server].generation(),
      state == ConnectionState::syn_recv ? ConnectionState::template_new : ConnectionState::template_kept,
      now + lifetime(service, state, snapshot.timeouts));
  if (fields.version == 4) {
    renew_template(ipv4_, template_key(service, fields.client), value, snapshot, now);
  } else {
    renew_template(ipv6_, template_key(service, fields.client6), value, snapshot, now);
  }
}

/// A template that is gone is made anew, but one that names another server stays: later connections of the
/// client go there.
template <typename Key>
void Forwarder::renew_template(Track<Key>& track, const Key& key, ConnectionValue value,
                               const Snapshot& snapshot, Tick now) {
  const uint64_t hash = track.table.hash(key);
  ConnectionEntry entry = track.table.find(key, hash, now, snapshot.timeouts);
  if (!entry) {
    if (snapshot.terms[value.server()].weight != 0) insert(track, key, hash, value, snapshot, now);
    return;
  }
  const bool is_same = entry.value.server() == value.server() &&
                       entry.value.generation() == value.generation() && is_template(entry.value.state());
  if (!is_same) return;
  if (entry.value.state() == ConnectionState::template_kept)
    value = value.with_state(ConnectionState::template_kept);
  if (value.with_version(entry.value.version()) == entry.value) return;
  entry.replace(value);  // if another worker was first, that is as good
}

}  // namespace turnout
