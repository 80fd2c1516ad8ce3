// Steps of the forwarder that both connections and persistence take, to be inlined there. For
// forwarder_connections.cpp and forwarder_persistence.cpp only.
#pragma once

#include <algorithm>

#include "dataplane/accounting.h"
#include "dataplane/forwarder.h"
#include "dataplane/scheduler.h"

namespace turnout {

/// Neither turns nor Maglev's table say it.
constexpr bool is_looked_for(SchedulerKind kind) {
  return compares_servers(kind) || kind == SchedulerKind::sh || kind == SchedulerKind::dh;
}

/// A connection that begins takes its turn. A packet in the middle of one, whose entry is missing, goes where
/// the Maglev table says: to the server it has had since the table was full, or from another director.
[[gnu::always_inline]] inline uint32_t Forwarder::choose_server(const Service& service,
                                                                const Snapshot& snapshot,
                                                                const FlowPacket& flow, bool overloaded) {
  const PacketEvent event = flow.fields.event;
  const bool begins = event == PacketEvent::syn || event == PacketEvent::datagram;
  if (!begins || overloaded) return server_by_maglev(service, flow);
  if (service.has_closed || is_looked_for(service.scheduler)) return choose_closely(service, snapshot, flow);
  return service.sequence ? schedule_in_turn(service, cursors_[service.own])
                          : server_by_maglev(service, flow);
}

/// Enters a flow or a template into its table, and counts what becomes of others by that.
template <typename Key>
[[gnu::always_inline]] inline Forwarder::Insertion Forwarder::insert(Track<Key>& track, const Key& key,
                                                                     uint64_t hash, ConnectionValue value,
                                                                     const Snapshot& snapshot, Tick now) {
  Insertion insertion{InsertedConnection::Result::inserted, {}};
  if (!track.is_crowded) insertion.entry = track.table.enter(key, hash, value);
  if (insertion.entry) {
    track.move_credit.earn();
  } else {
    const InsertedConnection inserted =
        track.table.insert(key, hash, value, now, snapshot.timeouts, track.move_credit.available());
    track.is_crowded = inserted.crowded;
    track.move_credit.settle(inserted);
    note_displaced(track, inserted, snapshot, now);
    insertion = {inserted.result, inserted.entry};
  }
  if (insertion.result == InsertedConnection::Result::inserted) {
    track.counters.inserted.add(1);
    note_opened(counters_, snapshot, value);
    note_client(counters_, snapshot, key, ConnectionState::free, value.state());
  }
  return insertion;
}

template <typename Key>
[[gnu::always_inline]] inline void Forwarder::note_displaced(Track<Key>& track,
                                                             const InsertedConnection& inserted,
                                                             const Snapshot& snapshot, Tick now) {
  for (size_t i = 0; i < inserted.displaced_count; ++i) {
    const DisplacedConnection& displaced = inserted.displaced[i];
    (displaced.evicted ? track.counters.evicted : track.counters.expired).add(1);
    note_closed(counters_, snapshot, displaced.value);
    note_client(counters_, snapshot, displaced.key_as<Key>(), displaced.value.state(), ConnectionState::free);
    // Who loses its entry in the middle of its handshake goes on by the Maglev table: so has to be who begins
    // now.
    if (displaced.evicted && displaced.value.state() == ConnectionState::syn_recv)
      track.overload_until =
          std::max(track.overload_until, now + snapshot.timeouts.of(ConnectionState::syn_recv));
  }
}

}  // namespace turnout
