#include "control/sweeper.h"

#include <algorithm>

#include "dataplane/accounting.h"

namespace turnout {

void Sweeper::tick(Time now, Tick tick, const Snapshot& snapshot) {
  WorkerCounters& counters = statistics_.control();
  sweep(tables_.ipv4, ipv4_, counters.ipv4_table, now, tick, snapshot);
  sweep(tables_.ipv6, ipv6_, counters.ipv6_table, now, tick, snapshot);
}

template <typename Table>
void Sweeper::sweep(const Table& table, Place& place, TableCounters& counters, Time now, Tick tick,
                    const Snapshot& snapshot) {
  const Time round = kRound;
  const auto passed = static_cast<uint64_t>(std::min<Time>(now - place.last, round).count());
  const uint64_t buckets = table.buckets() * passed / static_cast<uint64_t>(round.count());
  if (buckets == 0) return;  // a small table: wait until there is something to do
  place.last = now;
  table.sweep(place.bucket, buckets, tick, snapshot.timeouts, [&](const auto& key, ConnectionValue expired) {
    counters.expired.add(1);
    note_closed(statistics_.control(), snapshot, expired);
    note_client(statistics_.control(), snapshot, key, expired.state(), ConnectionState::free);
  });
  place.bucket += buckets;
}

}  // namespace turnout
