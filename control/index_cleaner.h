// Service indexes whose flows are over although their servers live on: of a member that left its group, of
// persistence that was turned off. Under such an index entries may stand in the connection tables, and
// another service that was given it would take them for its own. They are freed before the index is. Control
// thread only.
#pragma once

#include <bitset>
#include <chrono>
#include <cstdint>
#include <vector>

#include "control/statistics.h"
#include "dataplane/forwarder.h"
#include "dataplane/snapshot.h"

namespace turnout {

class IndexCleaner {
 public:
  IndexCleaner(const ConnectionTables& tables, Statistics& statistics)
      : tables_(tables), statistics_(statistics) {}

  /// No worker enters flows under the index any more.
  void add(uint16_t index) { waiting_.push_back(index); }

  /// Looks at a part of the tables, if there is something to be freed. Indexes that nothing stands under any
  /// more.
  std::vector<uint16_t> tick(const Snapshot& snapshot);

  static constexpr uint64_t kBucketsAtOnce =
      2048;  // in a call of tick(), of which there are a thousand a second

 private:
  template <typename Table>
  bool purge(const Table& table, TableCounters& counters, const Snapshot& snapshot);

  ConnectionTables tables_;
  Statistics& statistics_;
  std::vector<uint16_t> waiting_;  // for the next round
  std::vector<uint16_t> cleaned_;  // in this round
  std::bitset<kMaxServices> unwanted_;
  bool freed_ = false;  // something, in this round: an entry that moved meanwhile may have been missed
  bool at_ipv6_ = false;
  uint64_t next_ = 0;  // bucket of the table
};

}  // namespace turnout
