// Whom limits refuse: of each service and limit the clients that come up most among the latest offences of
// the workers. A sample: workers note what they drop, and what is overwritten before control looks is not
// counted. Control thread only.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <vector>

#include "control/address.h"
#include "control/statistics.h"
#include "dataplane/snapshot.h"

namespace turnout {

class LimitOffenders {
 public:
  using Time = std::chrono::milliseconds;

  struct Offender {
    IpAddress client;
    uint64_t seen = 0;  // offences among those that were looked at; halved every kHalfLife
    Time last{};        // when the latest was
  };

  explicit LimitOffenders(const Statistics& statistics) : statistics_(statistics) {}

  /// To be called every few milliseconds.
  void tick(Time now, const Snapshot& snapshot);
  /// The service's own index gets another owner.
  void forget(uint16_t own);

  /// The worst first, kClients at the most.
  std::vector<Offender> worst(uint16_t own, Limit limit) const;

  static constexpr size_t kClients = 8;  // of a service and limit
  static constexpr Time kHalfLife{10'000};

 private:
  using Place = std::pair<uint16_t, Limit>;

  void note(const Offence& offence, Time now);
  void age();

  const Statistics& statistics_;
  std::vector<uint64_t> next_;  // offence of each worker
  std::map<Place, std::vector<Offender>> offenders_;
  Time next_age_{};
};

}  // namespace turnout
