// A worker on an lcore of its own, between two rings: what is put into the one comes out of the other as a
// real server would get it.
#pragma once

#include <atomic>
#include <memory>
#include <vector>

#include <rte_mbuf.h>
#include <rte_ring.h>

#include "dataplane/worker.h"
#include "test/bench/eal.h"

namespace turnout::bench {

class LatencyRig {
 public:
  /// Starts the worker on `lcore`. Throws std::runtime_error if DPDK lacks memory.
  LatencyRig(uint64_t flows, unsigned lcore);
  ~LatencyRig();  ///< waits for the worker to stop
  LatencyRig(const LatencyRig&) = delete;
  LatencyRig& operator=(const LatencyRig&) = delete;

  /// A packet of each flow. They go round: what comes out may be put in again as it is.
  const std::vector<rte_mbuf*>& packets() const { return packets_; }
  unsigned put(rte_mbuf** packets, unsigned count);   ///< how many there was room for
  unsigned take(rte_mbuf** packets, unsigned count);  ///< how many had come

  uint64_t dropped() const;
  uint64_t busy_cycles() const { return counters_.busy_cycles.read(); }
  uint64_t idle_cycles() const { return counters_.idle_cycles.read(); }

 private:
  struct RingFree {
    void operator()(rte_ring* ring) const { rte_ring_free(ring); }
  };
  struct PoolFree {
    void operator()(rte_mempool* pool) const { rte_mempool_free(pool); }
  };
  using Ring = std::unique_ptr<rte_ring, RingFree>;

  static Ring make_ring(const char* name, unsigned size);
  WorkerQueues make_port();
  void make_packets(uint64_t flows);
  static int run_worker(void* rig);

  std::unique_ptr<rte_mempool, PoolFree> pool_;
  Ring in_, out_, to_control_, from_control_;
  std::vector<rte_mbuf*> packets_;
  Memory memory_, memory6_;
  ConnectionTable table_;
  WideConnectionTable table6_;
  ConnectionTables tables_{table_, table6_};
  SnapshotSlot snapshots_{1};
  WorkerCounters counters_;
  std::unique_ptr<Worker> worker_;
  std::atomic<bool> stop_{false};
  unsigned lcore_;
  uint16_t device_ = 0;
};

}  // namespace turnout::bench
