// Config + numbers + resolved MAC addresses → the Snapshot that workers use.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <unordered_map>

#include "control/config.h"
#include "control/maglev.h"
#include "control/registry.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// The MAC address of a neighbour on a port (index into Config::ports), if it is known.
using ResolveMac = std::function<std::optional<MacAddress>(size_t port, const IpAddress& address)>;

/// May a real server have connections, and how many?
struct Standing {
  bool up = true;
  uint32_t share = kWhole;  // of its weight, while it starts slowly; above 0
  static constexpr uint32_t kWhole = 16;
};
using JudgeServer = std::function<Standing(uint32_t slot)>;

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
  explicit SnapshotBuilder(std::vector<Station> stations, JudgeServer judge = {})
      : stations_(std::move(stations)), judge_(std::move(judge)) {}

  /// `config` must be valid and `registry` up to date with it. Scheduler tables whose servers are as they
  /// were are taken over from the snapshot before.
  /// With `schedule_unresolved`, servers whose MAC address is not known take their places in the schedulers'
  /// tables all the same, and what is scheduled to them is dropped.
  std::unique_ptr<const Snapshot> build(const Config& config, const Registry& registry,
                                        const ResolveMac& resolve, uint64_t generation,
                                        bool schedule_unresolved = false);

  /// `before`, which build() or this made last, with `changed` built anew: services of `config`, which
  /// differs from the configuration of `before` in nothing else. What it costs is to copy `before`. None if
  /// the change is felt beyond those services: then build().
  std::unique_ptr<const Snapshot> rebuild(const Snapshot& before,
                                          const std::vector<const ServiceConfig*>& changed,
                                          const Config& config, const Registry& registry,
                                          const ResolveMac& resolve, uint64_t generation,
                                          bool schedule_unresolved = false);

 private:
  /// A service's tables and what they were made of.
  struct Compiled {
    std::vector<ScheduledServer> servers;
    SchedulerKind scheduler = SchedulerKind::mh;
    uint32_t maglev_size = 0;
    ServerTable maglev;
    ServerTable sequence;  // none for mh
  };

  void fill_service(const ServiceConfig& config, const Registry::Service& numbers, const Config& whole,
                    const ResolveMac& resolve, bool schedule_unresolved, Snapshot& snapshot);
  std::vector<ScheduledServer> choose(const ServiceConfig& config, const Registry::Service& numbers,
                                      const Config& whole, const ResolveMac& resolve,
                                      bool schedule_unresolved, bool fallback) const;
  const Compiled& compile(uint16_t index, const ServiceConfig& config, std::vector<ScheduledServer> servers);
  Standing judge(uint32_t slot) const { return judge_ ? judge_(slot) : Standing(); }
  RealServer make_server(size_t port, uint16_t vlan, const Registry::Server& numbers,
                         const std::optional<MacAddress>& mac) const;

  std::vector<Station> stations_;
  JudgeServer judge_;
  std::unordered_map<uint16_t, Compiled> compiled_;  // by service index
};

Timeouts to_timeouts(const TimeoutConfig& config);

}  // namespace turnout
