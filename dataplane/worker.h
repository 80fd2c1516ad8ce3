// A worker lcore: polls its queues, lets the forwarder decide, and acts on it.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <vector>

#include <rte_ring.h>

#include "dataplane/capture_tap.h"
#include "dataplane/connection_table.h"
#include "dataplane/counters.h"
#include "dataplane/forwarder.h"
#include "dataplane/idle.h"
#include "dataplane/punt_limiter.h"
#include "dataplane/snapshot_slot.h"
#include "dataplane/tick.h"
#include "dataplane/transmit_lock.h"

namespace turnout {

class Spreader;
class SpreadLane;

/// Where a worker's packets come from and go to. Ports are known by their index in the snapshot; `device` is
/// DPDK's port id.
struct WorkerQueues {
  struct Receive {
    uint16_t port;  // with several on the device: the one that frames of no port's VLAN are counted for
    uint16_t device;
    uint16_t queue;
    std::vector<uint16_t>
        trunk{};  // all ports of the device, if there are several, each with a VLAN of its own
    enum class Source : uint8_t { device, spread, lane };
    Source source = Source::device;
    Spreader* spreader = nullptr;  // spread: this worker polls the queue for others as well
    SpreadLane* lane = nullptr;    // lane: another one polls it, and hands over through this
  };
  struct Transmit {
    uint16_t device = 0;
    uint16_t queue = 0;
    TransmitLock* lock = nullptr;  // of a queue that other workers have, too
  };
  std::vector<Receive> receive;
  std::array<Transmit, kMaxPorts> transmit;  // by port
};

class Worker {
 public:
  struct Shared {
    SnapshotSlot& snapshots;
    const ConnectionTables& tables;
    rte_ring* to_control;    // punted packets: all workers put, control takes; mbuf->hash.usr is a PuntNote,
                             // mbuf->port the ingress port's index
    rte_ring* from_control;  // frames to be sent: control puts, worker 0 takes; mbuf->port is the egress
                             // port's index
  };

  struct Time {
    TickClock clock;
    uint64_t hz;  // of the time-stamp counter
    IdlePolicy idle = IdlePolicy::poll;
  };

  /// `id`: 0-based, this worker's number as a reader of the snapshots. `seed`: random. What the arguments
  /// refer to must outlive the worker.
  Worker(unsigned id, WorkerQueues queues, const Shared& shared, WorkerCounters& counters, const Time& time,
         uint64_t seed);

  /// Polls until `stop`. For an lcore of its own.
  void run(const std::atomic<bool>& stop);

  /// One pass over all queues; true if there was a packet. For an lcore that control shares, between start()
  /// and finish(), all of them by one thread.
  bool poll();
  /// After a pass that found no packet: waits as the idle policy has it, 100 µs at the most.
  void rest();
  void start();
  void finish();

  /// When all workers have finished, by any one thread: handles what others have handed over to this one
  /// since.
  void drain();

 private:
  /// One burst's part of PacketCounters, added all at once when the burst is done.
  struct Tally {
    uint16_t received = 0;
    uint16_t held = 0;      // of these, to be counted when they are released
    uint16_t released = 0;  // all of these were held before
    uint16_t punted = 0;
    uint16_t dropped = 0;
    uint64_t received_bytes = 0;
    std::array<uint16_t, kMaxPorts> transmitted{};
    std::array<uint64_t, kMaxPorts> transmitted_bytes{};
    std::array<uint16_t, kPuntKinds> punts{};
    std::array<uint16_t, kDropReasons> drops{};
    BurstTap* tap = nullptr;  // of the capture that runs
  };

  uint16_t take(const WorkerQueues::Receive& queue);
  uint16_t receive(const WorkerQueues::Receive& queue, Tick now);
  void split_trunk(const WorkerQueues::Receive& queue, const Snapshot& snapshot, Tick now);
  std::array<uint16_t, kBurst> ingress_ports(const WorkerQueues::Receive& queue, const Snapshot& snapshot,
                                             const Burst& burst) const;
  void handle(const Snapshot& snapshot, Tick now);
  void handle_released(Tick now);
  uint64_t bytes_of(const Outcome::Lane& lane) const;
  void transmit(uint16_t port, const Outcome::Lane& lane, Tally& tally);
  void punt(const Outcome::Punts& punts, Tally& tally);
  void drop(rte_mbuf* packet, DropReason reason, Tally& tally);
  void commit(const Tally& tally, uint16_t port);
  uint16_t send_for_control();
  void send_for_control(rte_mbuf* frame);
  static uint16_t send(const WorkerQueues::Transmit& queue, rte_mbuf** frames, uint16_t count);

  // RSS in software (worker_spread.cpp).
  uint16_t receive_spread(const WorkerQueues::Receive& queue, Tick now);
  uint16_t poll_spread(const WorkerQueues::Receive& queue);
  void hand_over(const WorkerQueues::Receive& queue, const Snapshot& snapshot);

  unsigned id_;
  WorkerQueues queues_;
  Shared shared_;
  WorkerCounters& counters_;
  TickClock clock_;
  PuntLimiter limiter_;
  Forwarder forwarder_;
  Burst burst_;
  Outcome outcome_;
  uint64_t last_tsc_ = 0;
  Idle idle_;
};

}  // namespace turnout
