#include "control/spreading.h"

#include <algorithm>
#include <map>
#include <string>
#include <utility>

#include <rte_errno.h>
#include <rte_lcore.h>
#include <rte_mbuf.h>

#include "control/eal.h"

namespace turnout {

Spreading::Spreading(QueuePlan& plan, uint64_t seed) {
  for (unsigned worker = 0; worker < plan.workers.size(); ++worker) {
    for (WorkerQueues::Receive& receive : plan.workers[worker].receive) {
      if (receive.source == WorkerQueues::Receive::Source::spread) make_queue(plan, worker, receive, seed);
    }
  }
  make_locks(plan);
}

Spreading::~Spreading() {
  for (const auto& ring : rings_) {
    void* packet = nullptr;
    while (rte_ring_dequeue(ring.get(), &packet) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(packet));
  }
}

void Spreading::make_queue(QueuePlan& plan, unsigned poller, WorkerQueues::Receive& receive, uint64_t seed) {
  Queue made{receive.device, receive.queue, poller};
  std::vector<SpreadLane*> lanes;
  for (unsigned worker = 0; worker < plan.workers.size(); ++worker) {
    made.lanes.push_back(worker == poller ? nullptr : make_lane(made, worker));
    lanes.push_back(made.lanes.back().get());
    for (WorkerQueues::Receive& other : plan.workers[worker].receive) {
      const bool is_its = other.source == WorkerQueues::Receive::Source::lane &&
                          other.device == receive.device && other.queue == receive.queue;
      if (is_its) other.lane = lanes.back();
    }
  }
  made.spreader = std::make_unique<Spreader>(poller, std::move(lanes), seed);
  receive.spreader = made.spreader.get();
  queues_.push_back(std::move(made));
}

std::unique_ptr<SpreadLane> Spreading::make_lane(const Queue& queue, unsigned worker) {
  const std::string name = "spread-" + std::to_string(queue.device) + "-" + std::to_string(queue.queue) +
                           "-" + std::to_string(worker);
  rings_.emplace_back(rte_ring_create(name.c_str(), SpreadLane::kRoom + 1, static_cast<int>(rte_socket_id()),
                                      RING_F_SP_ENQ | RING_F_SC_DEQ));
  if (!rings_.back()) {
    throw StartError("no memory for the ring " + name + ": " + rte_strerror(rte_errno) +
                     ": set \"spread\" of the port to \"off\", or give more memory (-m in eal.args)");
  }
  return std::make_unique<SpreadLane>(rings_.back().get());
}

/// A lock for each transmit queue that several workers have.
void Spreading::make_locks(QueuePlan& plan) {
  std::map<std::pair<uint16_t, uint16_t>, TransmitLock*> locks;  // by device and queue
  const size_t ports = plan.receive_queues.size();
  for (size_t port = 0; port < ports; ++port) {
    if (plan.transmit_queues[port] >= plan.workers.size()) continue;
    for (WorkerQueues& worker : plan.workers) {
      WorkerQueues::Transmit& transmit = worker.transmit[port];
      const auto [lock, is_new] = locks.try_emplace({transmit.device, transmit.queue}, nullptr);
      if (is_new) {
        locks_.push_back(std::make_unique<TransmitLock>());
        lock->second = locks_.back().get();
      }
      transmit.lock = lock->second;
    }
  }
}

bool Spreading::spreads(uint16_t device) const {
  return std::ranges::any_of(queues_, [device](const Queue& queue) { return queue.device == device; });
}

unsigned Spreading::waiting() const {
  unsigned packets = 0;
  for (const auto& ring : rings_) packets += rte_ring_count(ring.get());
  return packets;
}

}  // namespace turnout
