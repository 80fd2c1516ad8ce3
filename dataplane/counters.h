// What one worker counts. Each counter has a single writer, its worker (control has a set of its own for what
// it does itself); control reads them all and adds up.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "dataplane/bounds.h"
#include "dataplane/client_filter.h"
#include "dataplane/counter.h"
#include "dataplane/denial.h"
#include "dataplane/limit_counters.h"
#include "dataplane/limits.h"
#include "dataplane/next_hop.h"
#include "dataplane/server_loads.h"
#include "dataplane/verdict.h"

namespace turnout {

/// By server slot: what only the first packet of a connection counts, or the last. What each does is in
/// NextHop.
struct alignas(32) ServerCounters {
  Counter connections;
  Counter active;     // opened minus closed by this worker; only the sum over all workers means something
  Counter inactive;   // likewise
  Counter templates;  // of persistence, likewise
};

struct PortCounters {
  Counter receive_packets;
  Counter receive_bytes;  // of whole frames without FCS
  Counter transmit_packets;
  Counter transmit_bytes;
};

struct TableCounters {
  Counter inserted;
  Counter expired;
  Counter evicted;
  Counter stateless;  // packets forwarded without an entry because there was no room
};

/// Packets of services of QUIC.
struct QuicCounters {
  Counter by_id;    // whose connection ID named their real server
  Counter by_flow;  // whose did not
  Counter moved;    // of by_id: those whose flow had another server until then
};

/// What every packet is accounted for in: received = transmitted - originated + punted + dropped, whenever it
/// is read.
struct PacketCounters {
  std::array<PortCounters, kMaxPorts> ports;
  std::array<Counter, kDropReasons> drops;
  std::array<Counter, kPuntKinds> punts;
  Counter held;             // fragments that wait; counted as received once they are released
  Counter originated;       // control's own frames that were transmitted for it
  Counter originated_lost;  // and those that the egress queue did not take
};

struct alignas(64) WorkerCounters {
  /// Held by the worker while it adds a burst to `packets`.
  class Update {
   public:
    explicit Update(WorkerCounters& counters) : sequence_(counters.sequence_) {
      sequence_.add(1);
      std::atomic_thread_fence(std::memory_order_release);
    }
    ~Update() {
      std::atomic_thread_fence(std::memory_order_release);
      sequence_.add(1);
    }
    Update(const Update&) = delete;
    Update& operator=(const Update&) = delete;

   private:
    Counter& sequence_;
  };

  /// Calls read() for control until it saw whole bursts in `packets` only; at most `tries` times. True if it
  /// did.
  template <typename Function>
  bool read_consistently(unsigned tries, Function&& read) const {
    for (unsigned i = 0; i < tries; ++i) {
      const uint64_t before = sequence_.read();
      std::atomic_thread_fence(std::memory_order_acquire);
      read();
      std::atomic_thread_fence(std::memory_order_acquire);
      if (before % 2 == 0 && sequence_.read() == before) return true;
    }
    return false;
  }

  /// Both are of all workers; by default nobody else's.
  explicit WorkerCounters(std::shared_ptr<ServerLoads> shared = std::make_shared<ServerLoads>(),
                          std::shared_ptr<Limits> shared_limits = std::make_shared<Limits>())
      : loads(std::move(shared)), limits(std::move(shared_limits)) {}

  const std::shared_ptr<ServerLoads> loads;
  const std::shared_ptr<Limits> limits;
  PacketCounters packets;
  TableCounters ipv4_table;
  TableCounters ipv6_table;
  QuicCounters quic;
  // Where the time goes. All of it in one line: a pass that finds nothing writes to no other.
  alignas(64) Counter polls;  // of one receive queue each
  Counter bursts;             // of these, the polls that found packets
  Counter full_bursts;        // of these, the ones that took as many as a burst holds
  Counter busy_cycles;        // of the time-stamp counter, in passes that found packets
  Counter idle_cycles;        // in passes that found none, and waiting after them
  Counter handed_over;        // packets, to other workers: they count them as received …
  Counter taken_over;         // … as this one does with those that it took from others

  ServerCounters& server(uint32_t slot) { return servers_.first()[slot]; }
  const ServerCounters& server(uint32_t slot) const { return servers_.first()[slot]; }
  NextHop* next_hops() { return next_hops_.first(); }  ///< by slot, for NextHops
  TrafficCounters& traffic(uint32_t slot) { return next_hops_.first()[slot].traffic; }
  const TrafficCounters& traffic(uint32_t slot) const { return next_hops_.first()[slot].traffic; }
  LimitCounters& limited(uint16_t own) { return limited_.first()[own]; }  ///< by a service's own index
  const LimitCounters& limited(uint16_t own) const { return limited_.first()[own]; }
  OffenderRing offenders;
  Counter limit_cells_lost;  // clients' buckets that gave way to others before they were full
  /// By a filter's rule: packets of which it had the longest prefix.
  Counter& rule(uint32_t rule) { return rules_.first()[rule]; }
  const Counter& rule(uint32_t rule) const { return rules_.first()[rule]; }
  DenialRing denials;

 private:
  Counter sequence_;  // odd during an Update
  PerServer<NextHop> next_hops_;
  PerServer<ServerCounters> servers_;
  PerNumber<Counter, kMaxFilterRules> rules_;
  PerService<LimitCounters> limited_;
};

}  // namespace turnout
