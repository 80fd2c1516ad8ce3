// The part of Statistics that is about limits.
#include "control/statistics.h"

namespace turnout {

LimitTotals Statistics::raw_limits(uint16_t index) const {
  LimitTotals sum;
  for (const auto& each : counters_) {
    const WorkerCounters& counters = *each;
    const LimitCounters& counted = counters.limited(index);
    for (size_t i = 0; i < kLimits; ++i) {
      sum.dropped[i] += counted.dropped[i].read();
      sum.observed[i] += counted.observed[i].read();
    }
    sum.passed += counted.passed.read();
  }
  return sum;
}

LimitTotals Statistics::limits(uint16_t index) const {
  LimitTotals totals = raw_limits(index);
  const auto before = limits_before_.find(index);
  if (before == limits_before_.end()) return totals;
  for (size_t i = 0; i < kLimits; ++i) {
    totals.dropped[i] -= before->second.dropped[i];
    totals.observed[i] -= before->second.observed[i];
  }
  totals.passed -= before->second.passed;
  return totals;
}

/// Another service may get the index.
void Statistics::settle_limits(uint16_t index) {
  limits_before_[index] = raw_limits(index);
}

uint64_t Statistics::limit_cells_lost() const {
  uint64_t sum = 0;
  for (const auto& counters : counters_) sum += counters->limit_cells_lost.read();
  return sum;
}

}  // namespace turnout
