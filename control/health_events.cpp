// A real server that went up or down, as the log and the log of events have it.
#include "control/config_json.h"
#include "control/event.h"
#include "control/health_check.h"

namespace turnout {
namespace {

std::string name_of(const HealthCheck& check) {
  return check.rules->service.to_string() + ": real server " + check.server.to_string();
}

std::string until_damped_no_longer(const HealthCheck& check) {
  if (!check.state.is_damped()) return "";
  return "; it went down too often and has to pass for " + std::to_string(check.rules->health.damping) + " s";
}

Json fields_of(const HealthCheck& check) {
  return {{"service", to_json(check.rules->service)}, {"server", check.server.to_string()}};
}

}  // namespace

void report_down(const HealthCheck& check) {
  const ProbeResult& why = check.state.latest();
  Json fields = fields_of(check);
  fields["cause"] = to_string(check.cause);
  fields["reason"] = why.reason;
  fields["hint"] = why.hint.empty() ? Json(nullptr) : Json(why.hint);
  report({EventKind::server_down, Severity::warning,
          name_of(check) + " is down: " + why.reason + (why.hint.empty() ? "" : " (" + why.hint + ")") +
              until_damped_no_longer(check),
          std::move(fields)});
}

void report_up(const HealthCheck& check) {
  report({EventKind::server_up, Severity::info, name_of(check) + " is up", fields_of(check)});
}

}  // namespace turnout
