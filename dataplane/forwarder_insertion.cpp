// A new flow that finds no free slot at once, as each does that comes to a full table.
#include <algorithm>

#include "dataplane/connection_room.h"
#include "dataplane/forwarder_steps.h"

namespace turnout {

/// Enters a flow for which somebody may have to give way, and counts what becomes of others by that. Where no
/// search for room is paid for any more, two buckets decide.
template <typename Key>
Forwarder::Insertion Forwarder::insert_closely(Track<Key>& track, const Key& key, uint64_t hash,
                                               ConnectionValue value, const Snapshot& snapshot, Tick now) {
  using Result = InsertedConnection::Result;
  const unsigned budget = track.move_credit.available();
  if (track.is_crowded && budget == 0) {
    const SupplantingConnection<Key> quick = track.table.supplant(key, hash, value, now, snapshot.timeouts);
    if (quick.displaces) note_displaced(track, quick.other, quick.others_value, quick.evicts, snapshot, now);
    if (quick.entry) note_inserted(track, key, value, snapshot);
    if (quick.decided) return {quick.entry ? Result::inserted : Result::full, quick.entry};
  }
  const InsertedConnection inserted = track.table.insert(key, hash, value, now, snapshot.timeouts, budget);
  track.is_crowded = inserted.crowded;
  track.move_credit.settle(inserted);
  for (size_t i = 0; i < inserted.displaced_count; ++i) {
    const DisplacedConnection& displaced = inserted.displaced[i];
    note_displaced(track, displaced.key_as<Key>(), displaced.value, displaced.evicted, snapshot, now);
  }
  if (inserted.result == Result::inserted) note_inserted(track, key, value, snapshot);
  return {inserted.result, inserted.entry};
}

template <typename Key>
[[gnu::always_inline]] inline void Forwarder::note_displaced(Track<Key>& track, const Key& key,
                                                             ConnectionValue value, bool evicted,
                                                             const Snapshot& snapshot, Tick now) {
  (evicted ? track.counters.evicted : track.counters.expired).add(1);
  note_closed(counters_, snapshot, value);
  note_client(counters_, snapshot, key, value.state(), ConnectionState::free);
  // Who loses its entry in the middle of its handshake goes on by the Maglev table: so has to be who begins
  // now.
  if (evicted && value.state() == ConnectionState::syn_recv)
    track.overload_until =
        std::max(track.overload_until, now + snapshot.timeouts.of(ConnectionState::syn_recv));
}

template Forwarder::Insertion Forwarder::insert_closely(Track<ConnectionKey>&, const ConnectionKey&, uint64_t,
                                                        ConnectionValue, const Snapshot&, Tick);
template Forwarder::Insertion Forwarder::insert_closely(Track<WideKey>&, const WideKey&, uint64_t,
                                                        ConnectionValue, const Snapshot&, Tick);

}  // namespace turnout
