// The rates of every real server, of every service and of all together. Control thread only.
//
// Each is sampled once in RateEstimator::kPeriod, servers in blocks, one block in a millisecond, so that
// 100,000 of them cost control a few microseconds at a time. A service is sampled with what its servers were
// found to have counted since its last sample.
#pragma once

#include <chrono>
#include <vector>

#include "control/rate_estimator.h"
#include "control/registry.h"
#include "control/statistics.h"

namespace turnout {

class TrafficRates {
 public:
  using Time = std::chrono::milliseconds;

  TrafficRates(const Statistics& statistics, const Registry& registry, Time now);

  /// To be called every few milliseconds. After a pause of more than a period each is sampled once.
  void tick(Time now);

  Rates server(uint32_t slot) const;
  Rates service(uint16_t index) const;
  Rates total() const { return total_.estimator.rates(); }

  /// The rates of a service and of its servers are 0 now, and what they counted before is no part of them
  /// (LVS's ip_vs_zero_estimator). The total isn't touched.
  void zero(const Registry::Service& service);
  void zero_total();

  /// The number is given up (from Registry::reclaim). To be called before Statistics::settle(), while the
  /// server's last packets can still be told from those of the slot's next one.
  void forget(const Registry::Released& released);

 private:
  struct Server {
    TrafficCounts counted;  // when it was last looked at
    RateEstimator estimator;
  };
  struct Sum {
    TrafficCounts growth;  // of its servers, since its last sample
    RateEstimator estimator;
  };

  void sample_phase(uint64_t phase);
  TrafficCounts take_growth(uint32_t slot);
  void add_growth(uint16_t service, const TrafficCounts& growth);

  const Statistics& statistics_;
  const Registry& registry_;
  Time ticked_;
  std::vector<Server> servers_;  // by slot
  std::vector<Sum> services_;    // by service index
  Sum total_;
};

}  // namespace turnout
