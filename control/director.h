// The director as control sees it: the configuration in force, the numbers it was given, the snapshot that
// workers have, and the upkeep of all that. Control thread only.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <unordered_set>
#include <vector>

#include "control/config_history.h"
#include "control/config_json.h"
#include "control/denial_log.h"
#include "control/event.h"
#include "control/filter_book.h"
#include "control/health_monitor.h"
#include "control/index_cleaner.h"
#include "control/limit_keeper.h"
#include "control/limit_offenders.h"
#include "control/link_layer.h"
#include "control/load_keeper.h"
#include "control/registry.h"
#include "control/snapshot_builder.h"
#include "control/statistics.h"
#include "control/sweeper.h"
#include "control/traffic_rates.h"
#include "control/uplink_monitor.h"
#include "control/zeroed_statistics.h"
#include "dataplane/forwarder.h"
#include "dataplane/snapshot_slot.h"

namespace turnout {

/// A configuration that can't be taken; nothing of it was applied.
struct ConfigRefused : std::runtime_error {
  enum class Reason { invalid, needs_restart, no_room };
  ConfigRefused(Reason reason, ConfigErrors errors);
  Reason reason;
  ConfigErrors errors;
};

class Director {
 public:
  using Time = LinkLayer::Time;

  struct Parts {
    SnapshotSlot& snapshots;
    ConnectionTables tables;
    Statistics& statistics;
    Wire& wire;
    std::vector<Station> stations;  // by port
    LinkLayer::ToKernel to_kernel = {};
    Prober* web = nullptr;      // health checks by http and https …
    Prober* program = nullptr;  // … and by a program
  };

  /// `config`: valid. Publishes the first snapshot.
  Director(Config config, const Parts& parts, Time now);

  struct Applied {
    uint64_t generation;
    std::vector<std::string> changes;
  };
  /// Checks the whole of `next`, then puts it in force with one new snapshot; or throws ConfigRefused and
  /// changes nothing. With `dry_run` it only says what would change. `by`: for the history and the log.
  Applied apply(Config next, bool dry_run, Time now, const Origin& by);
  /// The same as apply() with only `next` in place of the service of its key, which there is; but it takes no
  /// longer because there are others.
  Applied replace(const ServiceConfig& next, Time now, const Origin& by);

  /// Puts filters in force whose files were read again, and says so. False, and nothing happens, if by now
  /// the configuration has other filters than those.
  bool take_filters(FilterPlan plan, const Origin& by);

  /// To be called every few milliseconds. `tick`: the connection table's time.
  void tick(Time now, Tick tick);
  void port_came_up(size_t port, Time now);
  void port_went_down(size_t port, Time now) { uplinks_.set_link(port, false, now); }

  /// What is shown of a service and its servers begins at 0 now, its rates too; statistics() goes on.
  void zero_statistics(const Registry::Service& service);
  void zero_statistics();  ///< of all services, and the rates of all together

  /// What workers copy for a capture from now on, in the numbers of each snapshot; none: nothing.
  using CaptureOrders = std::function<std::shared_ptr<const CaptureOrder>(const Registry&)>;
  void set_capture(CaptureOrders orders);

  const Config& config() const { return config_; }
  uint64_t generation() const { return generation_; }
  const ConfigHistory& history() const { return history_; }
  /// True until every real server is resolved for the first time, for kStartTime at most. Until then each has
  /// its place in the Maglev tables, so that after a restart no flow goes elsewhere only because its server
  /// did not answer yet.
  bool starting() const { return starting_; }
  static constexpr std::chrono::seconds kStartTime{1};
  Tick now() const { return tick_; }
  Time time() const { return time_; }
  const Snapshot& snapshot() const { return *parts_.snapshots.current(); }
  const Registry& registry() const { return registry_; }
  const LinkLayer& link() const { return link_; }
  const HealthMonitor& health() const { return health_; }
  /// May the server in a slot be given packets: it passes its checks, and its MAC address is known?
  bool is_up(uint32_t slot) const;
  const UplinkMonitor& uplinks() const { return uplinks_; }
  const Statistics& statistics() const { return parts_.statistics; }
  const ZeroedStatistics& shown_statistics() const { return shown_; }
  const TrafficRates& rates() const { return rates_; }
  const FilterBook& filters() const { return filters_; }
  const DenialLog& denials() const { return denials_; }
  const ConnectionTables& tables() const { return parts_.tables; }
  const LimitKeeper& limit_keeper() const { return limit_keeper_; }
  const LimitOffenders& offenders() const { return offenders_; }

 private:
  using Services = std::vector<const ServiceConfig*>;

  Applied apply_with(const ServiceConfig& next, Time now, const Origin& by);
  void record(ConfigUndo undo, const std::vector<std::string>& changes, std::vector<Event> events,
              const Origin& by);
  static FilterPlan plan_or_refuse(const std::vector<FilterConfig>& filters, LoadedFilters loaded);
  void publish();
  void publish(const Services& changed);
  void hand_out(std::unique_ptr<Snapshot> next);
  void publish_moved();
  HealthMonitor::Links health_links();
  void end_start(Time now);
  void reclaim_numbers();
  void urge_if_packets_wait(Time now);

  Parts parts_;
  Config config_;
  uint64_t generation_ = 0;  // of the configuration, as operators see it
  ConfigHistory history_;
  uint64_t snapshot_generation_ = 0;  // counts snapshots: there is one for each MAC address learnt as well
  bool starting_ = true;
  Time started_;
  bool outdated_ = false;                                // the snapshot no longer says what is known
  std::unordered_set<NeighborKey, NeighborHash> moved_;  // nor where these are
  std::set<ServiceKey> judged_;                          // nor which servers of these are up
  Time next_moved_{};                                    // when it may next be told
  Tick tick_ = 0;
  Time time_{};
  uint64_t waiting_drops_ = 0;  // packets dropped so far because no server was resolved
  Registry registry_;
  ZeroedStatistics shown_;
  TrafficRates rates_;
  FilterBook filters_;
  DenialLog denials_;
  SnapshotBuilder builder_;
  CaptureOrders capture_;
  LinkLayer link_;
  HealthMonitor health_;
  UplinkMonitor uplinks_;
  Sweeper sweeper_;
  IndexCleaner cleaner_;
  LoadKeeper load_keeper_;
  LimitKeeper limit_keeper_;
  LimitOffenders offenders_;
};

}  // namespace turnout
