// A walk through both connection tables, one bucket after another, that may end anywhere and be taken up
// again from there, however much the tables change meanwhile. Control thread only.
#pragma once

#include <cstdint>

#include "control/address.h"
#include "dataplane/forwarder.h"

namespace turnout {

/// What an entry's key says. Ports are in host byte order.
struct WalkedFlow {
  IpAddress client;
  uint16_t client_port = 0;       // 0: of a persistence template
  uint16_t service = 0;           // index
  uint16_t destination_port = 0;  // of a service that has several; else 0
};
WalkedFlow flow_of(ConnectionKey key);
WalkedFlow flow_of(const WideKey& key);

/// Met by who walks from 0 to the end: every entry that stays where it is, once. One that gives way to
/// another by moving to its other bucket may be met twice or not at all.
class ConnectionWalk {
 public:
  /// What a bucket holds at most.
  static constexpr size_t kBucketEntries = ConnectionTable::kSlots;

  /// Of buckets in both tables. Positions go from 0 to this; they mean the same as long as the daemon runs.
  static uint64_t end_of(const ConnectionTables& tables) {
    return tables.ipv4.buckets() + tables.ipv6.buckets();
  }

  /// `from`: a position.
  ConnectionWalk(const ConnectionTables& tables, uint64_t from) : tables_(tables), position_(from) {}

  uint64_t position() const { return position_; }  ///< of the next bucket
  bool at_end() const { return position_ >= end_of(tables_); }

  /// Calls visit(flow, value) for each live entry of the next bucket, which there is, and goes on.
  template <typename Visit>
  void step(Visit&& visit) {
    const uint64_t buckets4 = tables_.ipv4.buckets();
    const uint64_t bucket = position_++;
    const auto entry = [&](const auto& key, ConnectionValue value) { visit(flow_of(key), value); };
    if (bucket < buckets4) {
      tables_.ipv4.visit(bucket, 1, entry);
    } else {
      tables_.ipv6.visit(bucket - buckets4, 1, entry);
    }
  }

 private:
  ConnectionTables tables_;
  uint64_t position_;
};
static_assert(ConnectionTable::kSlots == WideConnectionTable::kSlots);

}  // namespace turnout
