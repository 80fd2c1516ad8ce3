// A burst going into the forwarder and what comes out of it: plain arrays of packet pointers.
#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include <rte_mbuf.h>

#include "dataplane/bounds.h"
#include "dataplane/verdict.h"

namespace turnout {

/// Packets that one queue handed over at once.
struct Burst {
  std::array<rte_mbuf*, kBurst> packets;
  uint16_t count = 0;
  uint16_t port = 0;      // index of the ingress port in the snapshot
  bool released = false;  // fragments that were held: those that still belong to nobody are dropped
};

/// The fate of each packet of one burst, sorted by what the worker has to do. The forwarder fills it and
/// decides; the worker transmits, punts, frees and counts.
struct Outcome {
  struct Lane {
    uint16_t count = 0;
    std::array<rte_mbuf*, kBurst> packets;
  };
  struct Punts : Lane {
    std::array<PuntNote, kBurst> notes;
  };
  struct Drops : Lane {
    std::array<DropReason, kBurst> reasons;
  };

  std::array<Lane, kMaxPorts> transmit;  // by egress port
  uint16_t ports = 0;                    // from this one on, nothing leaves
  Punts punt;
  Drops drop;
  Lane held;  // fragments that wait for their datagram's first; the forwarder keeps them until it releases
              // them
  uint64_t received_bytes = 0;  // of the burst's frames as they came, without FCS
  bool keeps_lengths = false;   // no frame left longer or shorter than it came

  void clear() {
    for (uint16_t port = 0; port < ports; ++port) transmit[port].count = 0;
    ports = 0;
    punt.count = 0;
    drop.count = 0;
    held.count = 0;
  }
  void add_transmit(rte_mbuf* packet, uint16_t port) {
    Lane& lane = transmit[port];
    lane.packets[lane.count++] = packet;
    if (port >= ports) ports = static_cast<uint16_t>(port + 1);
  }
  /// The whole burst, in its order.
  void transmit_all(const Burst& burst, uint16_t port) {
    transmit[port].packets = burst.packets;
    transmit[port].count = burst.count;
    ports = static_cast<uint16_t>(port + 1);
  }
  void add_punt(rte_mbuf* packet, PuntNote note) {
    punt.notes[punt.count] = note;
    punt.packets[punt.count++] = packet;
  }
  void add_drop(rte_mbuf* packet, DropReason reason) {
    drop.reasons[drop.count] = reason;
    drop.packets[drop.count++] = packet;
  }
  void add_held(rte_mbuf* packet) { held.packets[held.count++] = packet; }
};

static_assert(std::is_trivially_copyable_v<Burst>);
static_assert(sizeof(Burst) == kBurst * sizeof(rte_mbuf*) + 8,
              "a burst is its pointers, their number, the port and whence they come");

}  // namespace turnout
