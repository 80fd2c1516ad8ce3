// Which worker polls which queue. Pure: numbers in, a plan out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "control/config.h"
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
  SpreadPolicy spread = SpreadPolicy::automatic;
};

struct QueuePlan {
  std::vector<WorkerQueues> workers;      // as many as have something to do, at most those asked for
  std::vector<uint16_t> receive_queues;   // by port, of its device
  std::vector<uint16_t> transmit_queues;  // likewise: one for each worker, or fewer that they share
  std::vector<std::string> remarks;       // what the operator should know, in sentences
  std::vector<std::string> notes;         // what is good to know
};

/// What is RSS in software of a queue is marked as such, and each other worker has a lane for it; who makes
/// the lanes is Spreading.
/// Throws std::runtime_error naming the port if it has fewer queues than were asked for.
QueuePlan plan_queues(const std::vector<PortQueues>& ports, unsigned workers);

}  // namespace turnout
