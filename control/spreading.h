// What RSS in software needs of memory: rings from the workers that poll to the others, and locks for the
// transmit queues that they share.
#pragma once

#include <memory>
#include <vector>

#include <rte_ring.h>

#include "control/queue_plan.h"
#include "dataplane/spreader.h"
#include "dataplane/transmit_lock.h"

namespace turnout {

class Spreading {
 public:
  /// Makes what `plan` asks for and writes into the plan where it is. Must outlive the workers. Throws
  /// StartError if memory is short.
  Spreading(QueuePlan& plan, uint64_t seed);
  ~Spreading();  ///< frees what still waits: the devices whose buffers these are must not be closed
  Spreading(const Spreading&) = delete;
  Spreading& operator=(const Spreading&) = delete;

  struct Queue {
    uint16_t device = 0;  // DPDK's port id
    uint16_t queue = 0;
    unsigned poller = 0;                               // worker
    std::vector<std::unique_ptr<SpreadLane>> lanes{};  // by worker, none for the poller
    std::unique_ptr<Spreader> spreader{};
  };
  const std::vector<Queue>& queues() const { return queues_; }
  bool spreads(uint16_t device) const;
  unsigned waiting() const;  ///< packets, in all rings

 private:
  struct RingFree {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };

  void make_queue(QueuePlan& plan, unsigned poller, WorkerQueues::Receive& receive, uint64_t seed);
  std::unique_ptr<SpreadLane> make_lane(const Queue& queue, unsigned worker);
  void make_locks(QueuePlan& plan);

  std::vector<std::unique_ptr<rte_ring, RingFree>> rings_;
  std::vector<Queue> queues_;
  std::vector<std::unique_ptr<TransmitLock>> locks_;
};

}  // namespace turnout
