// The workers' counters added up: by port, by reason, by real server and by service. Control thread only.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "control/registry.h"
#include "dataplane/counters.h"

namespace turnout {

struct ServerTotals {
  uint64_t packets = 0;
  uint64_t bytes = 0;  // of IP
  uint64_t connections = 0;
  uint64_t active = 0;
  uint64_t inactive = 0;
  uint64_t templates = 0;  // clients that persistence keeps there

  /// Without how many connections there are now: what only grows.
  ServerTotals traffic() const { return {packets, bytes, connections, 0, 0, 0}; }

  ServerTotals& operator+=(const ServerTotals& other);
  ServerTotals operator-(const ServerTotals& other) const;
};

struct PortTotals {
  uint64_t receive_packets = 0;
  uint64_t receive_bytes = 0;
  uint64_t transmit_packets = 0;
  uint64_t transmit_bytes = 0;
};

/// received = transmitted + punted + dropped, to the packet.
struct PacketTotals {
  std::array<PortTotals, kMaxPorts> ports{};
  std::array<uint64_t, kDropReasons> drops{};
  std::array<uint64_t, kPuntKinds> punts{};
  uint64_t held = 0;  // fragments that wait, not yet counted as received
  uint64_t originated = 0;
  uint64_t originated_lost = 0;

  uint64_t received() const;
  uint64_t transmitted() const;  ///< of what was received: without what control originated
  uint64_t punted() const;
  uint64_t dropped() const;
};

struct TableTotals {
  uint64_t inserted = 0;
  uint64_t expired = 0;
  uint64_t evicted = 0;
  uint64_t stateless = 0;
  uint64_t entries() const { return inserted - expired - evicted; }
  TableTotals operator+(const TableTotals& other) const {
    return {inserted + other.inserted, expired + other.expired, evicted + other.evicted,
            stateless + other.stateless};
  }
  bool operator==(const TableTotals&) const = default;
};

/// Of a service, by what it is limited to.
struct LimitTotals {
  std::array<uint64_t, kLimits> dropped{};   // packets
  std::array<uint64_t, kLimits> observed{};  // that would have been, had it enforced its limits
  uint64_t passed = 0;                       // connections within its limits
};

class Statistics {
 public:
  /// One set of counters for each of `workers`, and one for control itself.
  explicit Statistics(unsigned workers, const Limits::Setup& limits = {});

  WorkerCounters& worker(unsigned id) { return *counters_[id]; }
  const WorkerCounters& worker(unsigned id) const { return *counters_[id]; }
  WorkerCounters& control() { return *counters_.back(); }
  unsigned workers() const { return static_cast<unsigned>(counters_.size()) - 1; }

  PacketTotals packets() const;
  TableTotals ipv4_table() const { return table(&WorkerCounters::ipv4_table); }
  TableTotals ipv6_table() const { return table(&WorkerCounters::ipv6_table); }
  TableTotals tables() const { return ipv4_table() + ipv6_table(); }
  uint64_t drops(DropReason reason) const;
  uint64_t received_by(unsigned worker) const;  ///< packets
  uint64_t rule(uint32_t number) const;         ///< of a filter: packets that it decided on, ever

  /// Since the slot's present server was entered.
  ServerTotals server(uint32_t slot) const;
  /// Of all servers the service has had since it was entered. `active` and `inactive`: of those that it has.
  ServerTotals service(const Registry::Service& service, const Registry& registry) const;

  /// Since the service was entered. `index`: its own.
  LimitTotals limits(uint16_t index) const;
  uint64_t limit_cells_lost() const;

  Limits& limit_state() { return *limits_; }
  const Limits& limit_state() const { return *limits_; }
  ServerLoads& loads() { return *loads_; }
  const ServerLoads& loads() const { return *loads_; }

  /// The number is free now (from Registry::reclaim): what the server counted becomes part of its service's
  /// past.
  void settle(const Registry::Released& released);

 private:
  TableTotals table(TableCounters WorkerCounters::*which) const;
  ServerTotals raw(uint32_t slot) const;
  LimitTotals raw_limits(uint16_t index) const;
  void settle_limits(uint16_t index);

  std::shared_ptr<ServerLoads> loads_ = std::make_shared<ServerLoads>();
  std::shared_ptr<Limits> limits_;
  std::vector<std::unique_ptr<WorkerCounters>> counters_;
  std::unordered_map<uint32_t, ServerTotals> baseline_;  // raw totals when the slot became free, by slot
  std::unordered_map<uint16_t, ServerTotals> past_;  // of servers that a service no longer has, by its index
  std::unordered_map<uint16_t, LimitTotals> limits_before_;  // when the index became free, by it
};

}  // namespace turnout
