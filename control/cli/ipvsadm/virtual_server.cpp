#include "control/cli/ipvsadm/virtual_server.h"

#include <map>

#include "control/cli/ipvsadm/ipvs_order.h"
#include "control/cli/ipvsadm/numbers.h"

namespace turnout::cli::ipvsadm {
namespace {

/// By what the daemon's answers name them, so that one can be found in the other.
using ByName = std::map<std::string, const Json*>;

std::string name_of(const ServiceId& id) {
  if (id.is_group()) return id.group + (id.is_ipv6() ? " ipv6" : "");
  return id.protocol + ' ' + id.address.to_string() + ' ' + std::to_string(id.port) + '-' +
         std::to_string(id.last_port);
}

Address to_address(const Json& object, const char* key) {
  boost::system::error_code error;
  return boost::asio::ip::make_address(text(object, key), error);
}

uint32_t to_32_bits(const Json& object, const char* key) {
  return static_cast<uint32_t>(number(object, key));
}

ServiceId group_id(const Json& key) {
  ServiceId id;
  id.group = text(key, "group");
  if (text(key, "family") == "ipv6") id.address = boost::asio::ip::address_v6();
  return id;
}

Counters read_counters(const Json& object) {
  return {number(object, "connections"), number(object, "packets"), number(object, "bytes")};
}

Scheduling read_scheduling(const Json& service, bool is_ipv6) {
  Scheduling result;
  result.scheduler = text(service, "scheduler");
  for (const Json& flag : member(service, "scheduler_flags")) result.flags.push_back(text(flag));
  result.persistence = to_32_bits(service, "persistence");
  const Json& prefix = member(service, "persistence_prefix");
  result.prefix = prefix.is_number() ? to_32_bits(service, "persistence_prefix") : (is_ipv6 ? 128 : 32);
  result.one_packet = is_true(service, "one_packet");
  for (const Json& each : member(service, "members")) result.members.push_back(service_id(each));
  return result;
}

RealServer read_server(const Json& server, const Json& counters) {
  return {.destination = {.address = to_address(server, "address"),
                          .weight = to_32_bits(server, "weight"),
                          .upper_threshold = to_32_bits(server, "upper_threshold"),
                          .lower_threshold = to_32_bits(server, "lower_threshold")},
          .active = number(counters, "active_connections"),
          .inactive = number(counters, "inactive_connections"),
          .persistent = number(counters, "persistent"),
          .counters = read_counters(counters),
          .rates = read_counters(member(counters, "rates"))};
}

const Json& find(const ByName& names, const std::string& name) {
  static const Json kNone;
  const auto found = names.find(name);
  return found == names.end() ? kNone : *found->second;
}

VirtualServer read_service(const Json& service, const Json& counters) {
  VirtualServer result;
  result.id = service_id(service);
  result.scheduling = read_scheduling(service, result.id.is_ipv6());
  result.counters = read_counters(counters);
  result.rates = read_counters(member(counters, "rates"));
  ByName servers;
  for (const Json& server : member(counters, "servers")) servers[text(server, "address")] = &server;
  for (const Json& server : member(service, "real_servers"))
    result.servers.push_back(read_server(server, find(servers, text(server, "address"))));
  return result;
}

}  // namespace

ServiceId service_id(const Json& key) {
  if (!member(key, "group").is_null()) return group_id(key);
  ServiceId id{.protocol = text(key, "protocol"), .address = to_address(key, "vip"), .group = {}};
  const std::string port = text(key, "port");
  const size_t dash = std::min(port.find('-'), port.size());
  id.port = static_cast<uint16_t>(to_number(port.substr(0, dash), 0, 65535).value_or(0));
  if (dash < port.size())
    id.last_port = static_cast<uint16_t>(to_number(port.substr(dash + 1), 0, 65535).value_or(0));
  return id;
}

std::vector<VirtualServer> read_virtual_servers(const Json& services, const Json& stats) {
  ByName counters;
  for (const Json& service : member(stats, "services")) counters[name_of(service_id(service))] = &service;
  std::vector<VirtualServer> result;
  for (const Json& service : services)
    result.push_back(read_service(service, find(counters, name_of(service_id(service)))));
  return result;
}

void sort_virtual_servers(std::vector<VirtualServer>& services) {
  sort_as_ipvsadm(services, [](const auto& a, const auto& b) { return compare_services(a.id, b.id); });
  for (VirtualServer& service : services)
    sort_as_ipvsadm(service.servers, [](const auto& a, const auto& b) {
      return compare_addresses(a.destination.address, b.destination.address);
    });
}

}  // namespace turnout::cli::ipvsadm
