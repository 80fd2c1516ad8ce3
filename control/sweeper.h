// Walks the connection tables in the background and frees what is past its time. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>

#include "control/statistics.h"
#include "dataplane/forwarder.h"
#include "dataplane/snapshot.h"

namespace turnout {

class Sweeper {
 public:
  using Time = std::chrono::milliseconds;

  Sweeper(const ConnectionTables& tables, Statistics& statistics)
      : tables_(tables), statistics_(statistics) {}

  /// Goes on where it stopped, at a pace of one whole table in kRound. To be called every few milliseconds.
  void tick(Time now, Tick tick, const Snapshot& snapshot);

  static constexpr std::chrono::seconds kRound{10};

 private:
  struct Place {  // in a table
    Time last{};
    uint64_t bucket = 0;
  };
  template <typename Table>
  void sweep(const Table& table, Place& place, TableCounters& counters, Time now, Tick tick,
             const Snapshot& snapshot);

  ConnectionTables tables_;
  Statistics& statistics_;
  Place ipv4_;
  Place ipv6_;
};

}  // namespace turnout
