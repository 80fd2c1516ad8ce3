#include "control/candidates.h"

#include <algorithm>

#include "control/turns.h"

namespace turnout {

std::vector<Candidate> candidates_of(const ServiceConfig& service, const Registry::Service& numbers,
                                     const Config& config, const std::set<IpAddress>& maintenance,
                                     const ResolveMac& resolve, const JudgeServer& judge) {
  std::vector<Candidate> candidates;
  candidates.reserve(service.real_servers.size());
  for (const RealServerConfig& server : service.real_servers) {
    const size_t port = port_of(config, server.address).value();
    const Registry::Server& number = numbers.servers.at(server.address);
    const bool rests = !maintenance.empty() && maintenance.contains(server.address);
    candidates.push_back({&server, number, port, server.mac ? server.mac : resolve(port, server.address),
                          rests ? 0 : server.weight, judge ? judge(number.slot) : Standing()});
  }
  return candidates;
}

namespace {

/// Parts of weights only say how servers compare. Where a weight is a number of things, it can't be in parts.
bool takes_parts(SchedulerKind scheduler) {
  using enum SchedulerKind;
  return scheduler != sh && scheduler != ovf && scheduler != fo && scheduler != dh;
}

/// rr and lc have no weights of their own: while a server starts slowly, all others weigh the same.
bool has_weights(SchedulerKind scheduler) {
  return scheduler != SchedulerKind::rr && scheduler != SchedulerKind::lc;
}

void start_slowly(std::vector<ScheduledServer>& servers, const std::vector<uint32_t>& shares,
                  SchedulerKind scheduler) {
  uint64_t parts = 0;
  for (size_t i = 0; i < servers.size(); ++i) parts += uint64_t{servers[i].weight} * shares[i];
  const bool in_parts = takes_parts(scheduler) && (scheduler != SchedulerKind::wrr || parts <= kMaxTurns);
  for (size_t i = 0; i < servers.size(); ++i) {
    const uint32_t weight = has_weights(scheduler) ? servers[i].weight : 1;
    servers[i].weight = in_parts ? weight * shares[i] : std::max(1u, weight * shares[i] / Standing::kWhole);
    servers[i].starts_slowly = true;
  }
}

}  // namespace

std::vector<ScheduledServer> scheduled_of(const std::vector<Candidate>& candidates, SchedulerKind scheduler,
                                          bool schedule_unresolved) {
  std::vector<ScheduledServer> chosen;
  std::vector<uint32_t> shares;
  for (const bool fallback : {false, true}) {
    for (const Candidate& candidate : candidates) {
      if (candidate.config->fallback != fallback || !candidate.may_serve(schedule_unresolved)) continue;
      chosen.push_back({candidate.number.slot, candidate.weight, candidate.config->address});
      shares.push_back(candidate.standing.share);
    }
    if (!chosen.empty()) break;
  }
  if (std::ranges::any_of(shares, [](uint32_t share) { return share != Standing::kWhole; }))
    start_slowly(chosen, shares, scheduler);
  return chosen;
}

}  // namespace turnout
