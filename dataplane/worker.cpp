#include "dataplane/worker.h"

#include <rte_cycles.h>
#include <rte_ethdev.h>

namespace turnout {

Worker::Worker(unsigned id, WorkerQueues queues, const Shared& shared, WorkerCounters& counters,
               TickClock clock)
    : id_(id),
      queues_(std::move(queues)),
      shared_(shared),
      counters_(counters),
      clock_(clock),
      forwarder_(shared.table, counters, id),
      last_tsc_(rte_rdtsc()) {}

void Worker::run(const std::atomic<bool>& stop) {
  start();
  while (!stop.load(std::memory_order_relaxed)) poll();
  finish();
}

bool Worker::poll() {
  const Tick now = clock_.at(last_tsc_);
  unsigned packets = 0;
  for (const WorkerQueues::Receive& queue : queues_.receive) packets += receive(queue, now);
  if (id_ == 0) packets += send_for_control();
  shared_.snapshots.quiescent(id_);

  const uint64_t tsc = rte_rdtsc();
  (packets > 0 ? counters_.busy_cycles : counters_.idle_cycles).add(tsc - last_tsc_);
  last_tsc_ = tsc;
  return packets > 0;
}

uint16_t Worker::receive(const WorkerQueues::Receive& queue, Tick now) {
  burst_.port = queue.port;
  burst_.count = rte_eth_rx_burst(queue.device, queue.queue, burst_.packets.data(), kBurst);
  if (burst_.count == 0) return 0;
  Tally tally;
  tally.received = burst_.count;
  for (uint16_t i = 0; i < burst_.count; ++i) tally.received_bytes += burst_.packets[i]->pkt_len;

  // Read after the packets were: those that came after a change was answered meet what it changed.
  forwarder_.process(burst_, shared_.snapshots.read(), now, outcome_);
  for (uint16_t port = 0; port < kMaxPorts; ++port) {
    if (outcome_.transmit[port].count > 0) transmit(port, outcome_.transmit[port], tally);
  }
  if (outcome_.punt.count > 0) punt(outcome_.punt, tally);
  for (uint16_t i = 0; i < outcome_.drop.count; ++i)
    drop(outcome_.drop.packets[i], outcome_.drop.reasons[i], tally);
  commit(tally, queue.port);
  return burst_.count;
}

/// Sends what the queue takes, drops the rest.
void Worker::transmit(uint16_t port, const Outcome::Lane& lane, Tally& tally) {
  std::array<uint32_t, kBurst> lengths;  // a frame that was sent is no longer ours to look at
  for (uint16_t i = 0; i < lane.count; ++i) lengths[i] = lane.packets[i]->pkt_len;
  const WorkerQueues::Transmit& queue = queues_.transmit[port];
  auto* frames = const_cast<rte_mbuf**>(lane.packets.data());
  const uint16_t sent = rte_eth_tx_burst(queue.device, queue.queue, frames, lane.count);
  for (uint16_t i = 0; i < sent; ++i) tally.transmitted_bytes[port] += lengths[i];
  tally.transmitted[port] = sent;
  for (uint16_t i = sent; i < lane.count; ++i) drop(lane.packets[i], DropReason::transmit_full, tally);
}

void Worker::punt(const Outcome::Punts& punts, Tally& tally) {
  for (uint16_t i = 0; i < punts.count; ++i) {
    rte_mbuf* packet = punts.packets[i];
    packet->port = burst_.port;
    packet->hash.usr = PuntNote{punts.kinds[i]}.bits();
    if (rte_ring_mp_enqueue(shared_.to_control, packet) == 0) {
      ++tally.punts[static_cast<size_t>(punts.kinds[i])];
      ++tally.punted;
    } else {
      drop(packet, DropReason::punt_full, tally);
    }
  }
}

void Worker::drop(rte_mbuf* packet, DropReason reason, Tally& tally) {
  ++tally.drops[static_cast<size_t>(reason)];
  ++tally.dropped;
  rte_pktmbuf_free(packet);
}

void Worker::commit(const Tally& tally, uint16_t port) {
  PacketCounters& packets = counters_.packets;
  const WorkerCounters::Update update(counters_);
  packets.ports[port].receive_packets.add(tally.received);
  packets.ports[port].receive_bytes.add(tally.received_bytes);
  for (size_t i = 0; i < kMaxPorts; ++i) {
    if (tally.transmitted[i] == 0) continue;
    packets.ports[i].transmit_packets.add(tally.transmitted[i]);
    packets.ports[i].transmit_bytes.add(tally.transmitted_bytes[i]);
  }
  if (tally.punted > 0) {
    for (size_t i = 0; i < kPuntKinds; ++i) packets.punts[i].add(tally.punts[i]);
  }
  if (tally.dropped > 0) {
    for (size_t i = 0; i < kDropReasons; ++i) packets.drops[i].add(tally.drops[i]);
  }
  counters_.bursts.add(1);
}

/// Control's frames, through this worker's queues. What doesn't fit is lost and counted: control asks again
/// anyway.
uint16_t Worker::send_for_control() {
  std::array<void*, kBurst> frames;
  const unsigned count = rte_ring_sc_dequeue_burst(shared_.from_control, frames.data(), kBurst, nullptr);
  for (unsigned i = 0; i < count; ++i) send_for_control(static_cast<rte_mbuf*>(frames[i]));
  return static_cast<uint16_t>(count);
}

void Worker::send_for_control(rte_mbuf* frame) {
  const uint16_t port = frame->port;
  const uint32_t bytes = frame->pkt_len;
  const WorkerQueues::Transmit& queue = queues_.transmit[port];
  const uint16_t sent = rte_eth_tx_burst(queue.device, queue.queue, &frame, 1);
  if (sent == 0) rte_pktmbuf_free(frame);
  const WorkerCounters::Update update(counters_);
  counters_.packets.ports[port].transmit_packets.add(sent);
  counters_.packets.ports[port].transmit_bytes.add(sent * bytes);
  counters_.packets.originated.add(sent);
  counters_.packets.originated_lost.add(1u - sent);
}

}  // namespace turnout
