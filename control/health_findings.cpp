// What the health checks found, for the operator's page.
#include <map>
#include <tuple>

#include "control/health_monitor.h"

namespace turnout {
namespace {

using std::chrono::duration_cast;
using std::chrono::seconds;

constexpr std::chrono::milliseconds kTooLate{1000};

const char* code_of(HealthCause cause) {
  switch (cause) {
    case HealthCause::unreachable:
      return "server_unreachable";
    case HealthCause::lacks_vip:
      return "server_lacks_vip";
    case HealthCause::listens_on_own:
      return "server_listens_on_own_address";
    case HealthCause::service_stopped:
      return "server_service_stopped";
    case HealthCause::silent:
      return "server_silent";
    case HealthCause::wrong_answer:
      return "server_wrong_answer";
    case HealthCause::unknown:
      break;
  }
  return "server_down";
}

std::string ago(std::chrono::milliseconds time) {
  return std::to_string(duration_cast<seconds>(time).count()) + " s";
}

/// One server, down for one reason, in however many services.
struct Group {
  const HealthCheck* first = nullptr;
  size_t services = 0;
};
using Groups = std::map<std::tuple<IpAddress, IpAddress, HealthCause>, Group>;  // server, VIP, cause

Finding finding_of(const Group& group, std::chrono::milliseconds now) {
  const HealthCheck& check = *group.first;
  const ProbeResult& why = check.state.latest();
  Finding finding{Severity::warning,
                  code_of(check.cause),
                  check.rules->service.to_string() + " on " + check.server.to_string(),
                  "the real server is down and gets no connections: " + why.reason,
                  "",
                  why.hint};
  if (group.services > 1)
    finding.meaning += " (and so in " + std::to_string(group.services - 1) + " more services of the VIP)";
  finding.evidence = std::to_string(check.state.failing()) + " checks in a row failed (" +
                     to_string(check.rules->health.type) + "), down for " + ago(now - check.state.since()) +
                     ", went down " + std::to_string(check.state.falls()) + " times";
  if (finding.remedy.empty()) finding.remedy = "look at the service on the server";
  return finding;
}

Finding service_down(const ServiceKey& service, size_t servers) {
  return {Severity::critical,
          "service_down",
          service.to_string(),
          "no real server of the service is up: its packets are dropped",
          std::to_string(servers) + " of " + std::to_string(servers) +
              " real servers are down; drop reason no_server_up",
          "turnoutctl health"};
}

}  // namespace

Findings HealthMonitor::findings(Time now) const {
  Findings findings;
  Groups groups;
  for (const auto& [service, slots] : services_) {
    size_t down = 0;
    for (const uint32_t slot : slots) {
      const HealthCheck& check = checks_.at(slot);
      if (check.state.is_up()) continue;
      ++down;
      Group& group = groups[{check.server, check.rules->listener.vip, check.cause}];
      if (++group.services == 1) group.first = &check;
    }
    if (down == slots.size() && down > 0) findings.push_back(service_down(service, down));
  }
  for (const auto& [name, group] : groups) {
    if (group.first->state.phase() == HealthState::Phase::down) findings.push_back(finding_of(group, now));
  }
  if (lateness_ > kTooLate) {
    findings.push_back(
        {Severity::warning, "checks_late", "health checks",
         "more checks are due than the control thread begins, so servers are checked less often",
         "the latest came " + ago(lateness_) + " late",
         "raise the services' health.interval, or check one service of each real server only"});
  }
  return findings;
}

}  // namespace turnout
