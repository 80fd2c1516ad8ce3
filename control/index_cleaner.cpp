#include "control/index_cleaner.h"

#include <algorithm>
#include <utility>

#include "dataplane/accounting.h"

namespace turnout {

/// True if the whole table has been looked at.
template <typename Table>
bool IndexCleaner::purge(const Table& table, TableCounters& counters, const Snapshot& snapshot) {
  const uint64_t count = std::min(kBucketsAtOnce, table.buckets() - next_);
  table.purge(
      next_, count, [this](const auto& key) { return unwanted_.test(service_of(key)); },
      [&](const auto& key, ConnectionValue value) {
        freed_ = true;
        counters.expired.add(1);
        note_closed(statistics_.control(), snapshot, value);
        note_client(statistics_.control(), snapshot, key, value.state(), ConnectionState::free);
      });
  next_ += count;
  if (next_ < table.buckets()) return false;
  next_ = 0;
  return true;
}

std::vector<uint16_t> IndexCleaner::tick(const Snapshot& snapshot) {
  if (cleaned_.empty()) {
    if (waiting_.empty()) return {};
    cleaned_ = std::exchange(waiting_, {});
    for (const uint16_t index : cleaned_) unwanted_.set(index);
  }
  WorkerCounters& counters = statistics_.control();
  const bool done = at_ipv6_ ? purge(tables_.ipv6, counters.ipv6_table, snapshot)
                             : purge(tables_.ipv4, counters.ipv4_table, snapshot);
  if (!done) return {};
  at_ipv6_ = !at_ipv6_;
  if (at_ipv6_ || std::exchange(freed_, false)) return {};
  unwanted_.reset();
  return std::exchange(cleaned_, {});
}

}  // namespace turnout
