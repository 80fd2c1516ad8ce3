// Walks the connection table in the background and frees what is past its time. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>

#include "control/statistics.h"
#include "dataplane/connection_table.h"
#include "dataplane/snapshot.h"

namespace turnout {

class Sweeper {
 public:
  using Time = std::chrono::milliseconds;

  Sweeper(const ConnectionTable& table, Statistics& statistics) : table_(table), statistics_(statistics) {}

  /// Goes on where it stopped, at a pace of one whole table in kRound. To be called every few milliseconds.
  void tick(Time now, Tick tick, const Snapshot& snapshot);

  static constexpr std::chrono::seconds kRound{10};

 private:
  const ConnectionTable& table_;
  Statistics& statistics_;
  Time last_{};
  uint64_t next_bucket_ = 0;
};

}  // namespace turnout
