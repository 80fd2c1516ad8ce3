// Steps of the forwarder that both connections and persistence take, to be inlined there. For
// forwarder_connections.cpp and forwarder_persistence.cpp only.
#pragma once

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

/// Enters a flow or a template into its table, and counts it. In a table that is not full nearly each finds a
/// free slot at once.
template <typename Key>
[[gnu::always_inline]] inline Forwarder::Insertion Forwarder::insert(Track<Key>& track, const Key& key,
                                                                     uint64_t hash, ConnectionValue value,
                                                                     const Snapshot& snapshot, Tick now) {
  if (!track.is_crowded) {
    if (const ConnectionEntry entry = track.table.enter(key, hash, value)) {
      track.move_credit.earn();
      note_inserted(track, key, value, snapshot);
      return {InsertedConnection::Result::inserted, entry};
    }
  }
  return insert_closely(track, key, hash, value, snapshot, now);
}

template <typename Key>
[[gnu::always_inline]] inline void Forwarder::note_inserted(Track<Key>& track, const Key& key,
                                                            ConnectionValue value, const Snapshot& snapshot) {
  track.counters.inserted.add(1);
  note_opened(counters_, snapshot, value);
  note_client(counters_, snapshot, key, ConnectionState::free, value.state());
}

}  // namespace turnout
