// The forwarding core: a burst in, the fate of each of its packets out. Sends, allocates, logs and locks
// nothing, so it runs in a test without a NIC, without hugepages and without root.
#pragma once

#include <array>
#include <cstdint>
#include <memory>

#include "dataplane/burst.h"
#include "dataplane/connection_table.h"
#include "dataplane/counters.h"
#include "dataplane/packet.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// One per worker; not shared between threads.
class Forwarder {
 public:
  /// `table` and `counters` must outlive it. `worker`: 0-based, spreads the workers' turns in rr and wrr.
  Forwarder(const ConnectionTable& table, WorkerCounters& counters, unsigned worker);

  /// Decides every packet of the burst: each ends in exactly one lane of `outcome`, which is cleared first.
  /// Frames that are forwarded have their MAC addresses rewritten. Counts per real server and per table
  /// event; packets are counted by who acts on the outcome.
  void process(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome);

 private:
  // What the stages hand on, a column per field. A flow is known by its position in the burst.
  struct Flows {
    std::array<PacketFields, kBurst> fields;
    std::array<PacketClass, kBurst> classes;
    std::array<uint16_t, kBurst> services;
    std::array<ConnectionKey, kBurst> keys;
    std::array<uint64_t, kBurst> hashes;
    std::array<uint32_t, kBurst> servers;  // server slot, kNoServer until found
  };
  struct List {  // positions in the burst
    std::array<uint8_t, kBurst> positions;
    uint8_t count = 0;
    void add(size_t position) { positions[count++] = static_cast<uint8_t>(position); }
    const uint8_t* begin() const { return positions.data(); }
    const uint8_t* end() const { return positions.data() + count; }
  };

  void parse(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);
  void match_services(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);
  void find_connections(const Snapshot& snapshot, Tick now);
  void schedule_new_connections(const Burst& packets, const Snapshot& snapshot, Tick now, Outcome& outcome);
  void rewrite_and_sort(const Burst& packets, const Snapshot& snapshot, Outcome& outcome);

  void divert(rte_mbuf* packet, const Snapshot& snapshot, size_t position, Outcome& outcome) const;
  bool keep_connection(ConnectionTable::Found entry, const Snapshot& snapshot, size_t position, Tick now);
  void place(const Snapshot& snapshot, const Service& service, size_t position, Tick now);
  bool replace_connection(ConnectionTable::Found entry, ConnectionValue to, const Snapshot& snapshot,
                          size_t position, Tick now);
  void open_connection(ConnectionValue value, const Snapshot& snapshot, const Service& service,
                       size_t position, Tick now);
  uint32_t choose_server(const Service& service, size_t position, Tick now);

  static constexpr uint32_t kNoServer = UINT32_MAX;

  const ConnectionTable& table_;
  WorkerCounters& counters_;
  alignas(64) Flows flows_;
  List candidates_;                      // TCP and UDP, before their service is known
  List matched_;                         // of a service
  List missed_;                          // of a service, with no connection to keep
  std::unique_ptr<uint32_t[]> cursors_;  // whose turn it is, by service index
  Tick overload_until_ = 0;              // until then new flows are placed as flows without an entry are
};

}  // namespace turnout
