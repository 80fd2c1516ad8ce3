#include "control/doctor_config.h"

#include <algorithm>
#include <set>

#include "control/doctor_words.h"
#include "control/host_address.h"

namespace turnout {
namespace {

constexpr size_t kNamed = 5;  // services that a finding about many of them names

std::string subnets_of(const Config& config) {
  std::string list;
  for (const PortConfig& port : config.ports) {
    for (const InterfaceAddress& own : port.addresses)
      list += (list.empty() ? "" : ", ") + network_of(own) + " on " + on_port(port.name);
  }
  return list;
}

void examine_service(const ServiceConfig& service, Findings& findings) {
  const std::string name = service.key.to_string();
  const auto& servers = service.real_servers;
  if (servers.empty()) {
    findings.push_back(
        {Severity::warning, "service_without_server", name,
         "every packet to it is dropped: it has no real server", "real_servers of the service is empty",
         "`turnoutctl server add " + name + " ADDR`, or `turnoutctl service delete " + name + "`"});
  } else if (std::ranges::all_of(servers, [](const RealServerConfig& each) { return each.weight == 0; })) {
    findings.push_back({Severity::warning, "service_drained", name,
                        "new connections to it are dropped: all its real servers are draining",
                        "the weight of each of its " + counted(servers.size(), "real server") + " is 0",
                        "`turnoutctl server edit " + name + " ADDR --weight 1`"});
  }
}

/// One finding for all: with health checks off on purpose there may be thousands.
void examine_checks(const Config& config, Findings& findings) {
  std::string named;
  size_t unchecked = 0;
  for (const ServiceConfig& service : config.services) {
    if (service.health.type != HealthType::none || service.real_servers.empty()) continue;
    if (++unchecked <= kNamed) named += (named.empty() ? "" : ", ") + service.key.to_string();
  }
  if (unchecked == 0) return;
  if (unchecked > kNamed) named += ", …";
  findings.push_back({Severity::info, "service_unchecked", counted(unchecked, "service"),
                      "nobody checks the real servers: one that is dead still gets its share of the clients",
                      "health is of type none: " + named,
                      "`\"health\": { \"type\": \"tcp\" }` in the service"});
}

void examine_priorities(const Config& config, Findings& findings) {
  if (std::ranges::any_of(config.ports, [](const PortConfig& port) { return port.vlan != 0; })) return;
  for (const ServiceConfig& service : config.services) {
    if (!service.vlan_priority) continue;
    findings.push_back({Severity::warning, "vlan_priority_unused", service.key.to_string(),
                        "its vlan_priority is written nowhere: its frames leave without a VLAN tag",
                        "no port of the configuration has a `vlan`",
                        "`\"vlan\"` in the port, or `turnoutctl service edit " + service.key.to_string() +
                            " --vlan-priority none`; `dscp` needs no VLAN"});
  }
}

/// Clients that migrate lose those that can't be named.
void examine_quic(const Config& config, Findings& findings) {
  for (const ServiceConfig& service : config.services) {
    if (service.quic.id_length == 0) continue;
    const auto nameless = std::ranges::count(service.real_servers, std::string(), &RealServerConfig::quic_id);
    if (nameless == 0) continue;
    findings.push_back(
        {Severity::warning, "quic_id_missing", service.key.to_string(),
         "connections to some of its real servers break when the client's address or port changes",
         counted(static_cast<uint64_t>(nameless), "real server") + " without a `quic_id`",
         "give each real server a `quic_id`, the server ID that it writes into its connection IDs"});
  }
}

/// Longer than what a LAN usually has, and so perhaps longer than what this one has.
bool is_narrow(const InterfaceAddress& own) {
  return own.prefix_length > (own.address.is_v4() ? 24 : 64);
}

/// The subnet, if it is a narrow one that `vip` would be in with a usual prefix.
const InterfaceAddress* near_miss(const PortConfig& port, const IpAddress& vip) {
  const auto missed = std::ranges::find_if(port.addresses, [&](const InterfaceAddress& own) {
    const auto usual = static_cast<uint8_t>(own.address.is_v4() ? 24 : 64);
    return is_narrow(own) && InterfaceAddress{own.address, usual}.contains(vip);
  });
  return missed == port.addresses.end() ? nullptr : &*missed;
}

void examine_vip(const Config& config, const IpAddress& vip, Findings& findings) {
  if (port_of(config, vip)) return;
  for (const PortConfig& port : config.ports) {
    const InterfaceAddress* missed = near_miss(port, vip);
    if (missed == nullptr) continue;
    findings.push_back(
        {Severity::warning, "vip_beside_subnet", vip.to_string(),
         "it lies just outside a port's subnet: either the port's prefix is too long, or "
         "routers need a route to the VIP",
         on_port(port.name) + " has " + missed->to_string() + ", which is " + network_of(*missed),
         "compare with a real server: `ip address`; then correct `addresses` of the port, "
         "or give the routers a route to the VIP by way of " +
             missed->address.to_string()});
    return;
  }
  findings.push_back(
      {Severity::info, "vip_off_subnet", vip.to_string(),
       "no port's subnet holds it: clients reach it only if their routers have a route to it",
       "the ports' subnets: " + subnets_of(config),
       "on the routers, a route to the VIP by way of the director's own address; or a VIP that "
       "is on a port's subnet"});
}

bool has_room_for_servers(const InterfaceAddress& own) {
  return own.prefix_length < (own.address.is_v4() ? 32 : 128);
}

void examine_port(const PortConfig& port, Findings& findings) {
  for (const InterfaceAddress& own : port.addresses) {
    if (has_room_for_servers(own)) continue;
    findings.push_back({Severity::warning, "subnet_of_one", on_port(port.name),
                        "its subnet holds the director alone: no real server and no router can be on it",
                        own.to_string() + " in `addresses`",
                        "give the prefix length that the real servers have: `ip address` shows it there"});
  }
  if (!port.gateways.empty()) return;
  findings.push_back({Severity::info, "port_without_gateway", on_port(port.name),
                      "nobody watches its router: an uplink that is cut goes unnoticed. Requests and replies "
                      "don't need the gateway, each takes its own way",
                      "`gateway` of the port is not given",
                      "if clients come through a router on this port, `\"gateway\": \"ADDR\"` in the port"});
}

}  // namespace

Findings examine_config(const Config& config) {
  Findings findings;
  if (config.services.empty()) {
    findings.push_back({Severity::info, "no_services", "turnoutd",
                        "it has nothing to do: there is no service", "services is empty",
                        "`turnoutctl service add tcp VIP:PORT --server ADDR`"});
  }
  std::set<IpAddress> vips;
  for (const ServiceConfig& service : config.services) {
    examine_service(service, findings);
    for (const ServiceKey& listener : listeners_of(service)) {
      if (vips.insert(listener.vip).second) examine_vip(config, listener.vip, findings);
    }
  }
  examine_checks(config, findings);
  examine_priorities(config, findings);
  examine_quic(config, findings);
  for (const PortConfig& port : config.ports) examine_port(port, findings);
  return findings;
}

}  // namespace turnout
