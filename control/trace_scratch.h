// The copies that a traced packet is decided over. For trace.cpp and trace_words.cpp only.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "control/director.h"
#include "dataplane/connection_table.h"
#include "dataplane/forwarder.h"
#include "dataplane/packet_fields.h"
#include "dataplane/service_lookup.h"

namespace turnout {

/// What the tables say of a packet's flow, and of its client.
struct TracedFlow {
  PacketFields fields;
  PacketClass kind = PacketClass::dropped;
  uint16_t service = 0;                // index; 0: none
  bool is_exact = true;                // no range, nor all ports
  ConnectionValue entry;               // of the flow; not live if there is none
  ConnectionValue client;              // of its persistence template
  std::optional<uint32_t> named = {};  // slot of the server that its QUIC connection ID names

  bool is_flow() const {
    return kind == PacketClass::flow || kind == PacketClass::flow6 || kind == PacketClass::first_fragment;
  }
};
TracedFlow look_up(const Director& director, size_t port, std::span<const uint8_t> frame);

/// A table of its own with memory, as small as they get.
template <typename Key>
class ScratchTable {
 public:
  using Table = BasicConnectionTable<Key>;
  ScratchTable() : buckets_(Table::buckets_for(kSlots)), table_(buckets_.data(), kSlots, kSeed) {}
  const Table& operator*() const { return table_; }
  void enter(const Key& key, ConnectionValue value, Tick now, const Timeouts& timeouts) {
    if (value.live()) table_.insert(key, table_.hash(key), value, now, timeouts);
  }
  ConnectionValue find(const Key& key) const { return table_.look_up(key, table_.hash(key)).value; }

 private:
  static constexpr uint64_t kSlots = 64, kSeed = 1;
  std::vector<typename Table::Bucket> buckets_;
  Table table_;
};

/// Where limits keep what they know of the packet's client.
struct LimitPlaces {
  LimitPlaces(const Limits& limits, const ServiceLimits& of, uint16_t own, const PacketFields& fields);
  uint64_t client;
  uint64_t prefix;
};

/// The forwarder with tables and loads that hold what it would find of one flow.
class TraceScratch {
 public:
  TraceScratch(const Director& director, const TracedFlow& flow);

  /// Decides on the frame, of which it may change its copy.
  const Outcome& process(std::vector<uint8_t>& frame, size_t port);

  const WorkerCounters& counters() const { return *counters_; }
  ConnectionValue entry_after() const;

 private:
  void copy_loads(const Director& director, const Service& service);
  void copy_limits(const Director& director, const Service& service);

  const Snapshot& snapshot_;
  const TracedFlow& flow_;
  Tick now_;
  ScratchTable<ConnectionKey> ipv4_;
  ScratchTable<WideKey> ipv6_;
  std::shared_ptr<ServerLoads> loads_ = std::make_shared<ServerLoads>();
  std::shared_ptr<Limits> limits_;
  std::unique_ptr<WorkerCounters> counters_;
  std::unique_ptr<Forwarder> forwarder_;
  std::unique_ptr<Outcome> outcome_ = std::make_unique<Outcome>();
};

/// The decisions in their order, as lines of text.
std::vector<std::string> describe_decisions(const Director& director, const TracedFlow& flow,
                                            const Outcome& outcome);
/// {state, server, idle, expires}; null if there is none.
nlohmann::json entry_to_json(const Director& director, ConnectionValue value);
/// "192.0.2.11", of a server's slot; "" if nobody has it.
std::string server_name(const Director& director, uint32_t slot);
/// Whose number an index is; null if nobody's.
const ServiceConfig* service_of_index(const Director& director, uint16_t index);

}  // namespace turnout
