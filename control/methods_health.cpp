// health.list: what the health checks found.
#include "control/methods.h"

namespace turnout {
namespace {

double to_seconds(std::chrono::milliseconds time) {
  return std::chrono::duration<double>(time).count();
}

Json unchecked(const RealServerConfig& server) {
  return {{"server", server.address.to_string()}, {"type", "none"}, {"state", "unchecked"}};
}

Json row_of(const HealthCheck& check, const Standing& standing, std::chrono::milliseconds now) {
  const HealthState& state = check.state;
  const bool failing = state.failing() > 0 || state.phase() == HealthState::Phase::down;
  Json row = {{"server", check.server.to_string()},
              {"type", to_string(check.rules->health.type)},
              {"state", to_string(state.phase())},
              {"used", state.is_up()},
              {"since", to_seconds(now - state.since())},
              {"checks", state.checks()},
              {"failures", state.failures()},
              {"failing", state.failing()},
              {"passing", state.passing()},
              {"falls", state.falls()},
              {"damped", state.is_damped()},
              {"share", static_cast<double>(standing.share) / Standing::kWhole},
              {"answered_after", nullptr},
              {"reason", nullptr},
              {"hint", nullptr},
              {"cause", nullptr}};
  if (state.checks() > state.failures()) row["answered_after"] = to_seconds(check.answered_after);
  if (failing && !state.latest().reason.empty()) {
    row["reason"] = state.latest().reason;
    row["hint"] = state.latest().hint;
    row["cause"] = to_string(check.cause);
  }
  return row;
}

Json list_health(const DaemonView& daemon) {
  Json rows = Json::array();
  const Director& director = daemon.director;
  for (const ServiceConfig& service : director.config().services) {
    const Registry::Service& numbers = director.registry().service(service.key);
    for (const RealServerConfig& server : service.real_servers) {
      const uint32_t slot = numbers.servers.at(server.address).slot;
      const HealthCheck* check = director.health().find(slot);
      Json row =
          check ? row_of(*check, director.health().standing(slot), director.time()) : unchecked(server);
      row.update(to_json(service.key));
      row["weight"] = server.weight;
      row["fallback"] = server.fallback;
      rows.push_back(std::move(row));
    }
  }
  return rows;
}

}  // namespace

void add_health_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("health.list", [&daemon](const Json& params) {
    allow_only(params, {});
    return list_health(daemon);
  });
}

}  // namespace turnout
