#include "dataplane/worker.h"

#include <optional>

#include <rte_cycles.h>
#include <rte_ethdev.h>

namespace turnout {

Worker::Worker(unsigned id, WorkerQueues queues, const Shared& shared, WorkerCounters& counters,
               const Time& time, uint64_t seed)
    : id_(id),
      queues_(std::move(queues)),
      shared_(shared),
      counters_(counters),
      clock_(time.clock),
      limiter_(time.hz),
      forwarder_(shared.tables, counters, id, seed),
      last_tsc_(rte_rdtsc()),
      idle_(time.idle, time.hz) {}

void Worker::run(const std::atomic<bool>& stop) {
  start();
  while (!stop.load(std::memory_order_relaxed)) {
    if (!poll()) rest();
  }
  finish();
}

void Worker::start() {
  if (idle_.sleeps()) Idle::sleep_exactly();
  shared_.snapshots.enter(id_);
}

void Worker::finish() {
  forwarder_.release_fragments();
  handle_released(clock_.at(last_tsc_));
  shared_.snapshots.leave(id_);
}

bool Worker::poll() {
  const Tick now = clock_.at(last_tsc_);
  unsigned packets = 0;
  for (const WorkerQueues::Receive& queue : queues_.receive) packets += receive(queue, now);
  if (forwarder_.holds_fragments()) [[unlikely]] {
    forwarder_.expire_fragments(now);
    handle_released(now);
  }
  if (id_ == 0) packets += send_for_control();
  shared_.snapshots.quiescent(id_);

  const uint64_t tsc = rte_rdtsc();
  (packets > 0 ? counters_.busy_cycles : counters_.idle_cycles).add(tsc - last_tsc_);
  counters_.polls.add(queues_.receive.size());
  last_tsc_ = tsc;
  if (packets > 0) idle_.interrupt();
  return packets > 0;
}

void Worker::rest() {
  const IdleWait wait = idle_.next(last_tsc_);
  if (wait.kind == IdleWait::Kind::none) return;
  idle_.carry_out(wait);
  const uint64_t tsc = rte_rdtsc();
  counters_.idle_cycles.add(tsc - last_tsc_);
  last_tsc_ = tsc;
}

/// Takes what the queue has, up to a burst.
uint16_t Worker::take(const WorkerQueues::Receive& queue) {
  constexpr uint16_t kDriversMost = 32;  // that some drivers hand over at once: then there may be more
  rte_mbuf** const packets = burst_.packets.data();
  uint16_t count = rte_eth_rx_burst(queue.device, queue.queue, packets, kBurst);
  if (count == kDriversMost) [[unlikely]]
    count += rte_eth_rx_burst(queue.device, queue.queue, packets + count, kBurst - kDriversMost);
  burst_.count = count;
  return count;
}

uint16_t Worker::receive(const WorkerQueues::Receive& queue, Tick now) {
  if (queue.source != WorkerQueues::Receive::Source::device) [[unlikely]]
    return receive_spread(queue, now);
  burst_.port = queue.port;
  burst_.released = false;
  const uint16_t received = take(queue);
  if (received == 0) return 0;
  // Read after the packets were: those that came after a change was answered meet what it changed.
  const Snapshot& snapshot = shared_.snapshots.read();
  if (queue.trunk.empty()) [[likely]] {
    handle(snapshot, now);
  } else {
    split_trunk(queue, snapshot, now);
  }
  counters_.bursts.add(1);
  if (received == kBurst) counters_.full_bursts.add(1);
  return received;
}

/// By the VLANs of the device's ports. What has no port's tag is left to the first, which drops it by name.
std::array<uint16_t, kBurst> Worker::ingress_ports(const WorkerQueues::Receive& queue,
                                                   const Snapshot& snapshot, const Burst& burst) const {
  std::array<uint16_t, kBurst> ports;
  ports.fill(queue.port);
  if (queue.trunk.empty()) return ports;
  for (uint16_t i = 0; i < burst.count; ++i) {
    const rte_mbuf* packet = burst.packets[i];
    const uint16_t vlan = vlan_of({rte_pktmbuf_mtod(packet, const uint8_t*), packet->data_len, 0});
    for (const uint16_t port : queue.trunk) {
      if (snapshot.ports[port].vlan == vlan) ports[i] = port;
    }
  }
  return ports;
}

/// A device with several ports: a burst for each of their VLANs.
void Worker::split_trunk(const WorkerQueues::Receive& queue, const Snapshot& snapshot, Tick now) {
  const Burst all = burst_;
  const std::array<uint16_t, kBurst> ports = ingress_ports(queue, snapshot, all);
  for (const uint16_t port : queue.trunk) {
    burst_.port = port;
    burst_.count = 0;
    for (uint16_t i = 0; i < all.count; ++i) {
      if (ports[i] == port) burst_.packets[burst_.count++] = all.packets[i];
    }
    if (burst_.count > 0) handle(snapshot, now);
  }
}

/// Lets the forwarder decide on burst_, and does what it says.
void Worker::handle(const Snapshot& snapshot, Tick now) {
  Tally tally;
  tally.received = burst_.count;
  if (burst_.released) tally.released = burst_.count;

  forwarder_.process(burst_, snapshot, now, outcome_);
  std::optional<BurstTap> tap;
  if (snapshot.capture) [[unlikely]]
    tally.tap = &tap.emplace(*snapshot.capture, snapshot, forwarder_, burst_, id_);
  tally.received_bytes = outcome_.received_bytes;
  for (uint16_t i = 0; i < outcome_.held.count; ++i)
    tally.received_bytes -= outcome_.held.packets[i]->pkt_len;
  tally.held = outcome_.held.count;
  for (uint16_t port = 0; port < outcome_.ports; ++port) {
    if (outcome_.transmit[port].count > 0) transmit(port, outcome_.transmit[port], tally);
  }
  if (outcome_.punt.count > 0) punt(outcome_.punt, tally);
  for (uint16_t i = 0; i < outcome_.drop.count; ++i)
    drop(outcome_.drop.packets[i], outcome_.drop.reasons[i], tally);
  commit(tally, burst_.port);
}

void Worker::handle_released(Tick now) {
  for (forwarder_.take_released(burst_); burst_.count > 0; forwarder_.take_released(burst_))
    handle(shared_.snapshots.read(), now);
}

/// Of the frames as they leave. Nearly always the whole burst leaves by one port.
uint64_t Worker::bytes_of(const Outcome::Lane& lane) const {
  if (lane.count == burst_.count && outcome_.keeps_lengths) return outcome_.received_bytes;
  uint64_t bytes = 0;
  for (uint16_t i = 0; i < lane.count; ++i) bytes += lane.packets[i]->pkt_len;
  return bytes;
}

namespace {

/// Some drivers take less at once than they have room for. How many were sent.
uint16_t send_all(const WorkerQueues::Transmit& queue, rte_mbuf** frames, uint16_t count) {
  uint16_t sent = rte_eth_tx_burst(queue.device, queue.queue, frames, count);
  while (sent < count) [[unlikely]] {
      const uint16_t more = rte_eth_tx_burst(queue.device, queue.queue, frames + sent, count - sent);
      if (more == 0) break;
      sent += more;
    }
  return sent;
}

}  // namespace

uint16_t Worker::send(const WorkerQueues::Transmit& queue, rte_mbuf** frames, uint16_t count) {
  if (!queue.lock) [[likely]]
    return send_all(queue, frames, count);
  const TransmitLock::Guard guard(*queue.lock);
  return send_all(queue, frames, count);
}

/// Sends what the queue takes, drops the rest.
void Worker::transmit(uint16_t port, const Outcome::Lane& lane, Tally& tally) {
  uint64_t bytes = bytes_of(lane);  // before: a frame that was sent is no longer ours to look at
  const WorkerQueues::Transmit& queue = queues_.transmit[port];
  if (tally.tap) [[unlikely]]
    tally.tap->transmit(port, lane);
  auto* frames = const_cast<rte_mbuf**>(lane.packets.data());
  const uint16_t sent = send(queue, frames, lane.count);
  if (tally.tap) [[unlikely]]
    tally.tap->sent(sent);
  for (uint16_t i = sent; i < lane.count; ++i) {
    bytes -= lane.packets[i]->pkt_len;
    drop(lane.packets[i], DropReason::transmit_full, tally);
  }
  tally.transmitted[port] = sent;
  tally.transmitted_bytes[port] = bytes;
}

void Worker::punt(const Outcome::Punts& punts, Tally& tally) {
  for (uint16_t i = 0; i < punts.count; ++i) {
    rte_mbuf* packet = punts.packets[i];
    const PuntNote note = punts.notes[i];
    packet->port = burst_.port;
    packet->hash.usr = note.bits();
    if (!limiter_.take(note.kind, rte_rdtsc())) {
      drop(packet, DropReason::punt_limited, tally);
      continue;
    }
    if (tally.tap) tally.tap->punt(*packet, note);
    if (rte_ring_mp_enqueue(shared_.to_control, packet) == 0) {
      ++tally.punts[static_cast<size_t>(note.kind)];
      ++tally.punted;
    } else {
      if (tally.tap) tally.tap->unpunt();
      drop(packet, DropReason::punt_full, tally);
    }
  }
}

void Worker::drop(rte_mbuf* packet, DropReason reason, Tally& tally) {
  ++tally.drops[static_cast<size_t>(reason)];
  ++tally.dropped;
  if (tally.tap) [[unlikely]]
    tally.tap->drop(*packet, reason);
  rte_pktmbuf_free(packet);
}

void Worker::commit(const Tally& tally, uint16_t port) {
  PacketCounters& packets = counters_.packets;
  const WorkerCounters::Update update(counters_);
  packets.ports[port].receive_packets.add(uint64_t{tally.received} - tally.held);
  packets.ports[port].receive_bytes.add(tally.received_bytes);
  for (size_t i = 0; i < outcome_.ports; ++i) {
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
  if ((tally.held | tally.released) != 0) packets.held.add(uint64_t{tally.held} - tally.released);
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
  std::optional<BurstTap> tap;
  if (const Snapshot& snapshot = shared_.snapshots.read(); snapshot.capture) [[unlikely]]
    tap.emplace(*snapshot.capture, snapshot, forwarder_, burst_, id_).originate(port, *frame);
  const uint16_t sent = send(queue, &frame, 1);
  if (tap) tap->sent(sent);
  if (sent == 0) rte_pktmbuf_free(frame);
  const WorkerCounters::Update update(counters_);
  counters_.packets.ports[port].transmit_packets.add(sent);
  counters_.packets.ports[port].transmit_bytes.add(sent * bytes);
  counters_.packets.originated.add(sent);
  counters_.packets.originated_lost.add(1u - sent);
}

}  // namespace turnout
