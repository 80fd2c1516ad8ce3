#include "control/sweeper.h"

#include <algorithm>

#include "dataplane/accounting.h"

namespace turnout {

void Sweeper::tick(Time now, Tick tick, const Snapshot& snapshot) {
  const Time round = kRound;
  const auto passed = static_cast<uint64_t>(std::min<Time>(now - last_, round).count());
  const uint64_t buckets = table_.buckets() * passed / static_cast<uint64_t>(round.count());
  if (buckets == 0) return;  // a small table: wait until there is something to do
  last_ = now;
  table_.sweep(next_bucket_, buckets, tick, snapshot.timeouts, [&](ConnectionValue expired) {
    statistics_.control().table.expired.add(1);
    note_closed(statistics_.control(), snapshot, expired);
  });
  next_bucket_ += buckets;
}

}  // namespace turnout
