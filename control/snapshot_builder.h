// Config + numbers + resolved MAC addresses → the Snapshot that workers use.
#pragma once

#include <memory>
#include <optional>
#include <set>

#include "control/candidates.h"
#include "control/config.h"
#include "control/filter_book.h"
#include "control/registry.h"
#include "control/service_tables.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// A port's own address on the wire.
struct Station {
  MacAddress mac;
  bool takes_any_unicast = false;  // a capture played for ever: whom its frames were for says nothing
  uint16_t mtu = Port::kNoMtu;     // longest IP packet that it sends
};

/// Control thread only.
class SnapshotBuilder {
 public:
  /// `stations`: of the configuration's ports, in their order.
  /// `judge`: none if all servers are up.
  /// `filters`: the filters in force; null if there are none.
  explicit SnapshotBuilder(std::vector<Station> stations, JudgeServer judge = {},
                           const FilterBook* filters = nullptr)
      : stations_(std::move(stations)), judge_(std::move(judge)), filters_(filters) {}

  /// `config` must be valid and `registry` up to date with it. Scheduler tables whose servers are as they
  /// were are taken over from the snapshot before.
  /// With `schedule_unresolved`, servers whose MAC address is not known take their places in the schedulers'
  /// tables all the same, and what is scheduled to them is dropped.
  std::unique_ptr<Snapshot> build(const Config& config, const Registry& registry, const ResolveMac& resolve,
                                  uint64_t generation, bool schedule_unresolved = false);

  /// `before`, which build() or this made last, with `changed` built anew: services of `config`, which
  /// differs from the configuration of `before` in nothing else. What it costs is to copy `before`. None if
  /// the change is felt beyond those services: then build().
  std::unique_ptr<Snapshot> rebuild(const Snapshot& before, const std::vector<const ServiceConfig*>& changed,
                                    const Config& config, const Registry& registry, const ResolveMac& resolve,
                                    uint64_t generation, bool schedule_unresolved = false);

 private:
  /// What a build goes by.
  struct Sources {
    Sources(const Config& all, const Registry& numbers, const ResolveMac& macs, bool unresolved)
        : config(all),
          registry(numbers),
          resolve(macs),
          schedule_unresolved(unresolved),
          maintenance(all.maintenance.begin(), all.maintenance.end()) {}
    const Config& config;
    const Registry& registry;
    const ResolveMac& resolve;
    bool schedule_unresolved;
    std::set<IpAddress> maintenance;
  };

  void fill_service(const ServiceConfig& config, const Sources& sources, Snapshot& snapshot);
  void fill_servers(const ServiceConfig& config, const Config& whole,
                    const std::vector<Candidate>& candidates, Snapshot& snapshot) const;
  RealServer make_server(size_t port, uint16_t vlan, const Registry::Server& numbers,
                         const std::optional<MacAddress>& mac) const;

  std::vector<Station> stations_;
  JudgeServer judge_;
  const FilterBook* filters_;
  ServiceTables tables_;
};

Timeouts to_timeouts(const TimeoutConfig& config);

}  // namespace turnout
