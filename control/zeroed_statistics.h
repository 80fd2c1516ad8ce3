// What operators are shown of services and real servers: counters that `stats.zero` (ipvsadm -Z) has begin at
// 0 again. The counters of Statistics themselves, which /metrics shows, never go back. Control thread only.
#pragma once

#include <vector>

#include "control/registry.h"
#include "control/statistics.h"

namespace turnout {

class ZeroedStatistics {
 public:
  ZeroedStatistics(const Statistics& statistics, const Registry& registry)
      : statistics_(statistics), registry_(registry) {}

  /// As Statistics::server() and service(), but since zero() was last called for it. How many connections are
  /// active or inactive is no matter of that.
  ServerTotals server(uint32_t slot) const;
  ServerTotals service(const Registry::Service& service) const;

  void zero(const Registry::Service& service);  ///< and its servers

  /// The number is given up (from Registry::reclaim): who has it next begins at 0 without this.
  void forget(const Registry::Released& released);

 private:
  using Baselines = std::vector<ServerTotals>;  // as far as one is needed

  const Statistics& statistics_;
  const Registry& registry_;
  Baselines servers_;   // by slot
  Baselines services_;  // by index
};

}  // namespace turnout
