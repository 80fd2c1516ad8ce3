#include "control/maintenance.h"

#include <algorithm>

#include "control/methods.h"

namespace turnout {
namespace {

bool is_in_a_service(const Config& config, const IpAddress& address) {
  return std::ranges::any_of(config.services, [&](const ServiceConfig& service) {
    return std::ranges::find(service.real_servers, address, &RealServerConfig::address) !=
           service.real_servers.end();
  });
}

}  // namespace

std::optional<Config> edit_maintenance(const Config& config, const Json& params) {
  allow_only(params, {"server", "on"});
  const IpAddress server = value_or_refuse(parse_host_address(params.value("server", Json()), "/server"));
  const Json on = params.value("on", Json());
  if (!on.is_boolean()) refuse(RpcCode::invalid_params, {{"/on", "must be true or false"}});
  if (on == config.in_maintenance(server)) return std::nullopt;
  Config next = config;
  if (on == false) {
    std::erase(next.maintenance, server);
    return next;
  }
  if (!is_in_a_service(config, server)) {
    throw RpcError(RpcCode::no_such, "no such real server: " + server.to_string() + " in any service",
                   {{"pointer", "/server"}});
  }
  next.maintenance.push_back(server);
  return next;
}

}  // namespace turnout
