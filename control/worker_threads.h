// The workers, each on an lcore of its own, or one on the lcore that control has.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include "control/queue_plan.h"
#include "control/statistics.h"
#include "control/wire.h"
#include "dataplane/worker.h"

namespace turnout {

class WorkerThreads {
 public:
  /// Starts a worker for each of `plan` on the first of `lcores`; with no lcores, none is started and
  /// shared() is the one to poll. Throws StartError.
  WorkerThreads(const QueuePlan& plan, const std::vector<unsigned>& lcores, SnapshotSlot& snapshots,
                const ConnectionTables& tables, Statistics& statistics, Wire& wire, const Worker::Time& time,
                uint64_t seed);
  ~WorkerThreads();  // stops them, waits until they have, and discards what they left for control
  WorkerThreads(const WorkerThreads&) = delete;
  WorkerThreads& operator=(const WorkerThreads&) = delete;

  Worker* shared() { return polled_here_ ? workers_.front().get() : nullptr; }

 private:
  void stop();

  Wire& wire_;
  std::vector<std::unique_ptr<Worker>> workers_;
  std::vector<unsigned> running_;  // lcores
  bool polled_here_;
  std::atomic<bool> stop_{false};  // control writes, workers read
};

}  // namespace turnout
