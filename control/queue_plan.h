// Which worker polls which queue. Pure: numbers in, a plan out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/worker.h"

namespace turnout {

/// What a device offers and what the operator asked for.
struct PortQueues {
  std::string name;
  uint16_t device = 0;  // DPDK's port id
  uint16_t max_receive = 1;
  uint16_t max_transmit = 1;
  uint16_t wanted_receive = 0;  // 0: as many as there are workers
  bool all_receive = false;     // packets come to every queue it has, polled or not (net_af_packet's fanout)
};

struct QueuePlan {
  std::vector<WorkerQueues> workers;     // as many as have something to do, at most those asked for
  std::vector<uint16_t> receive_queues;  // by port, of its device
  uint16_t transmit_queues = 1;          // on each port: one for each worker
  std::vector<std::string> remarks;      // what the operator should know, in sentences
};

/// Throws std::runtime_error naming the port if it has fewer queues than were asked for.
QueuePlan plan_queues(const std::vector<PortQueues>& ports, unsigned workers);

}  // namespace turnout
