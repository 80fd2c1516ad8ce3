// The real servers of a service as a snapshot takes them: where each is, and what it may be given.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <vector>

#include "control/config.h"
#include "control/maglev.h"
#include "control/registry.h"

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

struct Candidate {
  const RealServerConfig* config;
  Registry::Server number;
  size_t port;                    // by which it is reached
  std::optional<MacAddress> mac;  // if it is known
  uint32_t weight;                // 0 in maintenance as well
  Standing standing;

  bool may_serve(bool unresolved_as_well) const {
    return weight > 0 && standing.up && (unresolved_as_well || mac);
  }
};

/// In the order of the configuration. `maintenance`: servers that get no new connections.
std::vector<Candidate> candidates_of(const ServiceConfig& service, const Registry::Service& numbers,
                                     const Config& config, const std::set<IpAddress>& maintenance,
                                     const ResolveMac& resolve, const JudgeServer& judge);

/// Those that may be given connections: the fallback ones if no other may. While one of them starts slowly
/// weights are taken in parts of Standing::kWhole.
std::vector<ScheduledServer> scheduled_of(const std::vector<Candidate>& candidates, SchedulerKind scheduler,
                                          bool schedule_unresolved);

}  // namespace turnout
