#include "control/worker_threads.h"

#include <rte_launch.h>

#include "control/eal.h"

namespace turnout {

namespace {

struct Launch {
  Worker* worker;
  const std::atomic<bool>* stop;
};

int run_worker(void* argument) {
  const std::unique_ptr<Launch> launch(static_cast<Launch*>(argument));
  launch->worker->run(*launch->stop);
  return 0;
}

}  // namespace

WorkerThreads::WorkerThreads(const QueuePlan& plan, const std::vector<unsigned>& lcores,
                             SnapshotSlot& snapshots, const ConnectionTables& tables, Statistics& statistics,
                             Wire& wire, const Worker::Time& time, uint64_t seed)
    : wire_(wire), polled_here_(lcores.empty()) {
  const Worker::Shared shared{snapshots, tables, wire.to_control(), wire.from_control()};
  for (unsigned id = 0; id < plan.workers.size(); ++id) {
    workers_.push_back(
        std::make_unique<Worker>(id, plan.workers[id], shared, statistics.worker(id), time, seed));
  }
  if (polled_here_) workers_.front()->start();
  for (unsigned id = 0; id < lcores.size() && id < workers_.size(); ++id) {
    auto launch = std::make_unique<Launch>(Launch{workers_[id].get(), &stop_});
    if (rte_eal_remote_launch(run_worker, launch.get(), lcores[id]) != 0) {
      stop();
      throw StartError("lcore " + std::to_string(lcores[id]) + " does not start a worker: it is busy");
    }
    launch.release();
    running_.push_back(lcores[id]);
  }
}

void WorkerThreads::stop() {
  stop_.store(true, std::memory_order_relaxed);
  for (const unsigned lcore : running_) rte_eal_wait_lcore(lcore);
  if (polled_here_) workers_.front()->finish();
  for (const auto& worker : workers_) worker->drain();
}

WorkerThreads::~WorkerThreads() {
  stop();
  wire_.discard();
}

}  // namespace turnout
