// What schedulers look up, compiled: Maglev's table, and the order or the buckets of the others.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include "control/config.h"
#include "control/maglev.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// LVS's sh: buckets in which each server has as many places in a row as it has weight, and one at least.
std::vector<uint32_t> build_source_buckets(const std::vector<ScheduledServer>& servers);
/// LVS's dh: buckets in which the servers stand in turn.
std::vector<uint32_t> build_destination_buckets(const std::vector<ScheduledServer>& servers);

/// The tables of all services, made anew only where something changed. Control thread only.
class ServiceTables {
 public:
  struct Tables {
    std::vector<ScheduledServer> servers;   // that they were made of
    std::vector<ScheduledServer> bucketed;  // likewise, of sh and dh
    SchedulerKind scheduler = SchedulerKind::mh;
    uint32_t maglev_size = 0;
    ServerTable maglev;    // none without servers
    ServerTable sequence;  // as Service::sequence; none for mh
  };

  /// `servers`: that may be given connections. `bucketed`: those that have buckets, with sh and dh.
  const Tables& compile(uint16_t index, const ServiceConfig& config, std::vector<ScheduledServer> servers,
                        std::vector<ScheduledServer> bucketed);

  /// Only services that `is_known` says are there still have tables.
  template <typename IsKnown>
  void forget_unless(IsKnown&& is_known) {
    std::erase_if(tables_, [&](const auto& entry) { return !is_known(entry.first); });
  }

 private:
  std::unordered_map<uint16_t, Tables> tables_;  // by service index
};

/// lc while one of its servers starts slowly goes by weight.
SchedulerKind effective_scheduler(SchedulerKind configured, const std::vector<ScheduledServer>& servers);

}  // namespace turnout
