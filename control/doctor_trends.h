// What the daemon counts, second by second for a little while, so that "growing" means now. Control thread
// only.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "control/limit_report.h"
#include "dataplane/verdict.h"

namespace turnout {

struct PortLoad {
  std::string name;
  uint64_t received = 0;  // packets, as are the others
  uint64_t missed = 0;    // of the device, as are the next two; of its first port, if it has several
  uint64_t errors = 0;
  uint64_t no_buffer = 0;
};

struct WorkerLoad {
  unsigned lcore = 0;
  uint64_t bursts = 0;
  uint64_t full_bursts = 0;
  uint64_t busy_cycles = 0;
  uint64_t idle_cycles = 0;
};

struct TableLoad {
  uint64_t slots = 0;
  uint64_t entries = 0;
  uint64_t evicted = 0;
  uint64_t stateless = 0;  // packets
};

/// All counters are totals since the daemon's start.
struct LoadSample {
  std::chrono::milliseconds time{};  // since any fixed moment, never going back
  std::vector<PortLoad> ports;       // in the configuration's order
  std::vector<WorkerLoad> workers;
  TableLoad ipv4_table;
  TableLoad ipv6_table;
  std::array<uint64_t, kDropReasons> drops{};
  uint64_t received = 0;
  uint64_t held_fragments = 0;   // at that moment
  uint64_t originated_lost = 0;  // frames of the director's own
  std::vector<LimitLoad> limits;
  LimitTableLoad limit_table;
};

/// How much a counter grew; 0 if it was set back.
constexpr uint64_t growth(uint64_t before, uint64_t after) {
  return after > before ? after - before : 0;
}

/// Two samples of one daemon: the same ports and workers in both.
struct LoadWindow {
  LoadSample before;
  LoadSample after;

  double seconds() const;
  std::string span() const;  ///< "in the last 9.8 s"
  uint64_t received() const { return growth(before.received, after.received); }
  uint64_t dropped(DropReason reason) const;
};

/// The last samples, to be added to once a second.
class Trends {
 public:
  static constexpr size_t kSamples = 10;

  void add(LoadSample sample);

  /// From the oldest sample that is kept to `now`; from `now` to `now` if there is none.
  LoadWindow until(LoadSample now) const;

 private:
  std::deque<LoadSample> samples_;  // the oldest first
};

}  // namespace turnout
