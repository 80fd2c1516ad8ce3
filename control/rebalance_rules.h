// When a share of the flows is moved from one worker to another, and how much. Pure: knows neither devices
// nor a clock; whoever has one asks once a second.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace turnout {

/// Who is to be relieved, and by whom.
struct WorkerPair {
  unsigned from = 0, to = 0;          // workers
  double from_busy = 0, to_busy = 0;  // 0 to 1
};

/// What keeps it from moving things to and fro: the gap between the two marks; that both have to be beyond
/// them for a while; the pause after a move, until its effect shows; that a move closes half of the
/// difference at most; and that an entry which was moved stays for a minute. If what was moved saturates the
/// other worker in turn, there is a heavy flow in it: all of that stays for an hour, and the others leave it
/// instead.
class RebalanceRules {
 public:
  static constexpr double kSaturated = 0.9, kIdle = 0.5;  // busy, of the time
  static constexpr unsigned kSteady = 3;                  // seconds that both have to be so
  static constexpr unsigned kPause = 5;                   // seconds after a move
  static constexpr unsigned kRest = 60;                   // seconds that an entry stays
  static constexpr unsigned kLongRest = 3600;             // if a heavy flow is in it, or may be

  explicit RebalanceRules(size_t workers) : saturated_(workers, 0), idle_(workers, 0), busy_(workers, 0) {}

  /// Of the last second, by worker.
  void sample(const std::vector<double>& busy);

  /// The busiest of those that are saturated with the idlest of those that are idle first. None during the
  /// pause.
  std::vector<WorkerPair> pairs() const;

  /// Of a table's entries (by entry, the worker), those to move; none if none may be. One at least stays.
  std::vector<size_t> choose(const std::vector<unsigned>& workers, const WorkerPair& pair,
                             size_t table) const;

  /// They were moved.
  void note(size_t table, const std::vector<size_t>& entries, const WorkerPair& pair);

 private:
  struct Moved {
    size_t table;
    size_t entry;
    uint64_t until;  // it rests
  };
  void look_back();
  bool rests(size_t table, size_t entry) const;

  uint64_t second_ = 0;
  uint64_t pause_until_ = 0;
  std::vector<unsigned> saturated_, idle_;  // seconds in a row, by worker
  std::vector<double> busy_;
  std::vector<Moved> moved_;  // what rests, the latest move last
  size_t last_moved_ = 0;     // so many of them are the latest move's
  WorkerPair last_pair_;
};

}  // namespace turnout
