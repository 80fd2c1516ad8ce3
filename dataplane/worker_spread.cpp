// The worker's part in RSS in software: queues that it polls for all workers, and those that another polls
// for it.
#include <span>

#include <rte_ethdev.h>

#include "dataplane/spreader.h"
#include "dataplane/worker.h"

namespace turnout {

/// As receive(). Packets that are handed over are in nobody's books until the other worker takes them.
uint16_t Worker::receive_spread(const WorkerQueues::Receive& queue, Tick now) {
  burst_.port = queue.port;
  burst_.released = false;
  const uint16_t received = queue.lane ? queue.lane->take(burst_) : poll_spread(queue);
  if (received == 0) return 0;
  const Snapshot& snapshot = shared_.snapshots.read();
  if (queue.lane) {
    counters_.taken_over.add(received);
  } else {
    hand_over(queue, snapshot);
  }
  if (burst_.count > 0) {
    if (queue.trunk.empty()) [[likely]] {
      handle(snapshot, now);
    } else {
      split_trunk(queue, snapshot, now);
    }
  }
  if (queue.lane) queue.lane->done(received);
  counters_.bursts.add(1);
  if (received == kBurst) counters_.full_bursts.add(1);
  return received;
}

uint16_t Worker::poll_spread(const WorkerQueues::Receive& queue) {
  if (!queue.spreader->ready()) return 0;
  return take(queue);
}

void Worker::hand_over(const WorkerQueues::Receive& queue, const Snapshot& snapshot) {
  counters_.handed_over.add(queue.spreader->spread(burst_));
  const Burst& overflow = queue.spreader->overflow();
  if (overflow.count == 0) return;
  const std::array<uint16_t, kBurst> ports = ingress_ports(queue, snapshot, overflow);
  const std::span<const uint16_t> all =
      queue.trunk.empty() ? std::span<const uint16_t>(&queue.port, 1) : queue.trunk;
  for (const uint16_t port : all) {
    Tally tally;
    for (uint16_t i = 0; i < overflow.count; ++i) {
      if (ports[i] != port) continue;
      ++tally.received;
      tally.received_bytes += overflow.packets[i]->pkt_len;
      drop(overflow.packets[i], DropReason::spread_full, tally);
    }
    if (tally.received > 0) commit(tally, port);
  }
}

void Worker::drain() {
  shared_.snapshots.enter(id_);
  for (const WorkerQueues::Receive& queue : queues_.receive) {
    if (!queue.lane) continue;
    while (receive_spread(queue, clock_.at(last_tsc_)) > 0) {
    }
  }
  finish();
}

}  // namespace turnout
