// Config → JSON, with every default filled in.
#include "control/config_filter_json.h"
#include "control/config_health_json.h"
#include "control/config_json.h"
#include "control/config_limits_json.h"
#include "control/config_quic_json.h"
#include "control/config_reader.h"
#include "control/config_timings_json.h"

namespace turnout {
namespace {

Json addresses_to_json(const std::vector<IpAddress>& addresses) {
  Json list = Json::array();
  for (const IpAddress& address : addresses) list.push_back(address.to_string());
  return list;
}

/// Text for one, a list for more, null for none.
Json one_or_more_to_json(const std::vector<IpAddress>& addresses) {
  Json list = addresses_to_json(addresses);
  if (list.empty()) return nullptr;
  return list.size() == 1 ? list.front() : list;
}

Json to_json(const UplinkConfig& uplink) {
  Json json = Json::object();
  if (!uplink.echo.empty()) json["echo"] = one_or_more_to_json(uplink.echo);
  add_timings(uplink.timings, json);
  return json;
}

Json to_json(const PortConfig& port) {
  Json addresses = Json::array();
  for (const InterfaceAddress& own : port.addresses) addresses.push_back(own.to_string());
  Json json = {{"name", port.name},
               {"device", port.device},
               {"addresses", std::move(addresses)},
               {"uplink", to_json(port.uplink)},
               {"vlan", port.vlan},
               {"rx_queues", port.rx_queues},
               {"spread", to_string(port.spread)},
               {"rebalance", port.rebalance}};
  if (!port.gateways.empty()) json["gateway"] = gateways_to_json(port);
  if (port.mtu) json["mtu"] = *port.mtu;
  if (!port.kernel_interface.empty()) json["kernel_interface"] = port.kernel_interface;
  return json;
}

Json to_json(const TimeoutConfig& timeouts) {
  return {{"tcp_syn", timeouts.tcp_syn},
          {"tcp_established", timeouts.tcp_established},
          {"tcp_fin", timeouts.tcp_fin},
          {"tcp_close", timeouts.tcp_close},
          {"udp", timeouts.udp}};
}

Json to_json(const ConnectionsConfig& connections) {
  Json json = {{"capacity", connections.capacity}, {"timeouts", to_json(connections.timeouts)}};
  if (connections.capacity_ipv6) json["capacity_ipv6"] = *connections.capacity_ipv6;
  if (connections.limit_cells != kUsualLimitCells) json["limit_cells"] = connections.limit_cells;
  return json;
}

Json to_json(const VipWatchConfig& watch) {
  return {{"interval", seconds_to_json(watch.interval)}, {"clear", seconds_to_json(watch.clear)}};
}

template <typename T>
Json list_to_json(const std::vector<T>& items) {
  Json list = Json::array();
  for (const T& item : items) list.push_back(turnout::to_json(item));
  return list;
}

}  // namespace

Json gateways_to_json(const PortConfig& port) {
  return one_or_more_to_json(port.gateways);
}

Json to_json(const VipConfig& vip) {
  Json json = {{"address", vip.address.to_string()},
               {"echo", to_string(vip.echo)},
               {"unmatched", to_string(vip.unmatched)}};
  if (!vip.depends_on_uplink.empty()) json["depends_on_uplink"] = vip.depends_on_uplink;
  if (!vip.filter.empty()) json["filter"] = vip.filter;
  if (vip.icmp != IcmpConfig{}) json["icmp"] = to_json(vip.icmp, vip.address.is_v6());
  return json;
}

Json to_json(const RealServerConfig& server) {
  Json json = {{"address", server.address.to_string()}, {"weight", server.weight}};
  if (server.mac) json["mac"] = server.mac->to_string();
  if (server.upper_threshold != 0) json["upper_threshold"] = server.upper_threshold;
  if (!server.quic_id.empty()) json["quic_id"] = quic_id_text(server.quic_id);
  if (server.lower_threshold != 0) json["lower_threshold"] = server.lower_threshold;
  return json;
}

Json flags_to_json(const ServiceConfig& service) {
  Json flags = Json::array();
  if (service.flags.port) flags.push_back(to_string(service.scheduler) + "-port");
  if (service.flags.fallback) flags.push_back(to_string(service.scheduler) + "-fallback");
  return flags;
}

Json to_json(const ServiceConfig& service) {
  Json json = to_json(service.key);
  if (service.key.is_group()) json["members"] = list_to_json(service.members);
  json["scheduler"] = to_string(service.scheduler);
  // what hangs on scheduler and family is left to them where it is as usual: who changes those alone is not
  // refused
  if (service.flags != default_flags(service.scheduler)) json["scheduler_flags"] = flags_to_json(service);
  json["persistence"] = service.persistence;
  if (service.persistence_prefix != (service.key.vip.is_v6() ? 128 : 32))
    json["persistence_prefix"] = service.persistence_prefix;
  json["one_packet"] = service.one_packet;
  if (service.dscp) json["dscp"] = *service.dscp;
  if (service.vlan_priority) json["vlan_priority"] = *service.vlan_priority;
  if (!service.filter.empty()) json["filter"] = service.filter;
  if (service.quic != QuicConfig()) json["quic"] = to_json(service.quic);
  if (service.limits != LimitsConfig()) json["limits"] = to_json(service.limits);
  json["health"] = to_json(service.health);
  json["on_down"] = to_string(service.on_down);
  json["slow_start"] = service.slow_start;
  json["maglev_table_size"] = service.maglev_table_size;
  json["real_servers"] = Json::array();
  for (const RealServerConfig& server : service.real_servers) {
    if (server.fallback) {
      json["fallback"] = to_json(server);
    } else {
      json["real_servers"].push_back(to_json(server));
    }
  }
  return json;
}

Json to_json(const Config& config) {
  Json ports = Json::array();
  for (const PortConfig& port : config.ports) ports.push_back(to_json(port));
  Json json = {{"eal", {{"lcores", config.eal.lcores}, {"args", config.eal.args}}},
               {"workers", {{"idle", to_string(config.workers.idle)}}},
               {"ports", std::move(ports)},
               {"connections", to_json(config.connections)},
               {"control", {{"socket", config.control_socket}, {"autosave", config.autosave}}},
               {"http", {{"listen", config.http_listen}}},
               {"vip_watch", to_json(config.vip_watch)},
               {"filters", list_to_json(config.filters)},
               {"vips", list_to_json(config.vips)},
               {"maintenance", addresses_to_json(config.maintenance)},
               {"services", list_to_json(config.services)}};
  if (config.buffer_count) json["buffers"] = {{"count", *config.buffer_count}};
  return json;
}

}  // namespace turnout
