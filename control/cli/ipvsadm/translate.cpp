#include "control/cli/ipvsadm/translate.h"

namespace turnout::cli::ipvsadm {
namespace {

void add_scheduling(const Scheduling& scheduling, Json& service) {
  service["scheduler"] = scheduling.scheduler;
  service["scheduler_flags"] =
      scheduling.flags;  // none, if none is given: Turnout's own default isn't ipvsadm's
  service["persistence"] = scheduling.persistence;
  service["persistence_prefix"] = scheduling.prefix;
  service["one_packet"] = scheduling.one_packet;
}

Json members_of(const Scheduling& scheduling) {
  Json members = Json::array();
  for (const ServiceId& member : scheduling.members) members.push_back(key_of(member));
  return members;
}

Operation add_service(const Command& command) {
  Json service = key_of(*command.service);
  if (command.service->is_group()) service["members"] = members_of(command.scheduling);
  add_scheduling(command.scheduling, service);
  return {"service.add", service};
}

/// The members stay if none is given: ipvsadm keeps them elsewhere, in the rules that set the mark.
Operation edit_service(const Command& command) {
  Json service = key_of(*command.service);
  if (!command.scheduling.members.empty()) service["members"] = members_of(command.scheduling);
  add_scheduling(command.scheduling, service);
  return {"service.edit", service};
}

Operation change_server(const std::string& method, const Command& command) {
  return {method,
          {{"service", key_of(*command.service)},
           {"server",
            {{"address", command.server.address.to_string()},
             {"weight", command.server.weight},
             {"upper_threshold", command.server.upper_threshold},
             {"lower_threshold", command.server.lower_threshold}}}}};
}

Operation delete_server(const Command& command) {
  return {
      "server.delete",
      {{"service", key_of(*command.service)}, {"server", {{"address", command.server.address.to_string()}}}}};
}

Operation set_timeouts(const Timeouts& timeouts) {
  Json params = Json::object();
  if (timeouts.tcp != 0) params["tcp_established"] = timeouts.tcp;
  if (timeouts.tcp_fin != 0) params["tcp_fin"] = timeouts.tcp_fin;
  if (timeouts.udp != 0) params["udp"] = timeouts.udp;
  return {"timeouts.edit", params};
}

Operation zero(const Command& command) {
  Json params = Json::object();
  if (command.service) params["service"] = key_of(*command.service);
  return {"stats.zero", params};
}

}  // namespace

Json key_of(const ServiceId& service) {
  if (service.is_group()) {
    Json key = {{"group", std::stoul(service.group)}};
    if (service.is_ipv6()) key["family"] = "ipv6";
    return key;
  }
  Json port = service.port;
  if (service.last_port != 0) port = std::to_string(service.port) + '-' + std::to_string(service.last_port);
  return {{"vip", service.address.to_string()}, {"protocol", service.protocol}, {"port", port}};
}

Operation operation_of(const Command& command) {
  switch (command.action) {
    case Action::add_service:
      return add_service(command);
    case Action::edit_service:
      return edit_service(command);
    case Action::delete_service:
      return {"service.delete", key_of(*command.service)};
    case Action::add_server:
      return change_server("server.add", command);
    case Action::edit_server:
      return change_server("server.edit", command);
    case Action::delete_server:
      return delete_server(command);
    case Action::set_timeouts:
      return set_timeouts(command.timeouts);
    case Action::zero:
      return zero(command);
    default:
      return {"service.clear", Json::object()};
  }
}

bool is_change(Action action) {
  switch (action) {
    case Action::add_service:
    case Action::edit_service:
    case Action::delete_service:
    case Action::clear:
    case Action::add_server:
    case Action::edit_server:
    case Action::delete_server:
    case Action::set_timeouts:
      return true;
    default:
      return false;
  }
}

}  // namespace turnout::cli::ipvsadm
