// Keeps the state of limits true. Clients' open connections are counted by whoever opens and ends them, while
// their service asks for that: who begins to ask finds connections that were opened before, and workers that
// hear of it one after another. What stands in the connection tables is never wrong: by that the counts
// begin, and are put right. Buckets that are full again are freed. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <vector>

#include "control/statistics.h"
#include "dataplane/forwarder.h"
#include "dataplane/snapshot.h"

namespace turnout {

class LimitKeeper {
 public:
  using Time = std::chrono::milliseconds;

  LimitKeeper(const ConnectionTables& tables, Statistics& statistics)
      : tables_(tables), statistics_(statistics) {}

  /// To be called every few milliseconds. Does nothing while no service has limits.
  void tick(Time now, const Snapshot& snapshot);

  /// Cells of clients' buckets that were not full, at the last look.
  uint64_t cells_taken() const { return cells_taken_; }
  /// Open connections of services that count them, at the last look.
  uint64_t connections() const { return connections_; }

  static constexpr Time kPause{5'000};   // from one look through the tables to the next
  static constexpr Time kGrace{50};      // until all workers know which services count
  static constexpr Time kSweep{10'000};  // of all buckets
  static constexpr uint64_t kBucketsAtOnce = 2048;
  static constexpr uint64_t kCellsAtOnce = 65536;

 private:
  enum class Step : uint8_t { wait, remember, walk, compare };

  void sweep_rates(Time now);
  void tick_counts(Time now, const Snapshot& snapshot);
  bool has_begun_to_count(const Snapshot& snapshot);
  void begin();
  void advance(bool done, Step next);
  bool remember();
  bool walk(const Snapshot& snapshot);
  bool compare();
  void look_at(uint64_t cell);
  void forget();

  ConnectionTables tables_;
  Statistics& statistics_;
  Time last_sweep_{};
  uint64_t next_rate_ = 0;     // cell
  uint64_t taken_so_far_ = 0;  // of this sweep
  uint64_t cells_taken_ = 0;

  uint64_t generation_ = 0;     // of the snapshot that was looked at last
  std::vector<bool> counting_;  // services, by index, that did when it was looked last
  Step step_ = Step::wait;
  Time next_look_{};
  uint64_t place_ = 0;    // where the step is: cell or bucket
  bool is_first_ = true;  // look since another service began to count: what is found is taken as it is
  uint64_t walked_ = 0;   // connections so far
  uint64_t connections_ = 0;
  std::vector<int32_t> before_;  // by cell: the count when the look began …
  std::vector<int32_t> found_;   // … what the tables hold …
  std::vector<int32_t> error_;   // … and by how much the count was wrong at the look before
};

}  // namespace turnout
