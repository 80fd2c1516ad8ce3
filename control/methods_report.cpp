#include <unistd.h>

#include <rte_cycles.h>
#include <rte_version.h>

#include "control/methods.h"

namespace turnout {

namespace {

Json to_json(const ServerTotals& totals) {
  return {{"packets", totals.packets},
          {"bytes", totals.bytes},
          {"connections", totals.connections},
          {"active_connections", totals.active},
          {"inactive_connections", totals.inactive}};
}

Json packet_report(const PacketTotals& totals) {
  return {{"received", totals.received()},
          {"transmitted", totals.transmitted()},
          {"originated", totals.originated},
          {"punted", totals.punted()},
          {"dropped", totals.dropped()}};
}

Json answer_report(const PuntResponder::Counters& counters) {
  return {{"arp", counters.arp_answered},         {"arp_over_limit", counters.arp_over_limit},
          {"ndp", counters.ndp_answered},         {"ndp_over_limit", counters.ndp_over_limit},
          {"icmp_echo", counters.icmp_answered},  {"icmp_echo_over_limit", counters.icmp_over_limit},
          {"unmatched", counters.refused},        {"unmatched_over_limit", counters.refused_over_limit},
          {"too_big", counters.too_big_answered}, {"too_big_over_limit", counters.too_big_over_limit}};
}

Json port_counters(const DaemonView& daemon, const PacketTotals& totals) {
  Json ports = Json::array();
  for (size_t i = 0; i < daemon.devices.size(); ++i) {
    const PortTotals& port = totals.ports[i];
    const DeviceErrors errors = daemon.devices[i]->errors();
    ports.push_back({{"name", daemon.director.config().ports[i].name},
                     {"receive_packets", port.receive_packets},
                     {"receive_bytes", port.receive_bytes},
                     {"transmit_packets", port.transmit_packets},
                     {"transmit_bytes", port.transmit_bytes},
                     {"receive_missed", errors.missed},
                     {"receive_errors", errors.errors},
                     {"receive_no_buffer", errors.no_buffer}});
  }
  return ports;
}

Json worker_counters(const DaemonView& daemon) {
  Json workers = Json::array();
  const Statistics& statistics = daemon.director.statistics();
  for (unsigned i = 0; i < statistics.workers(); ++i) {
    const WorkerCounters& counters = statistics.worker(i);
    workers.push_back({{"lcore", daemon.worker_lcores[i]},
                       {"packets", statistics.received_by(i)},
                       {"polls", counters.polls.read()},
                       {"bursts", counters.bursts.read()},
                       {"full_bursts", counters.full_bursts.read()},
                       {"busy_cycles", counters.busy_cycles.read()},
                       {"idle_cycles", counters.idle_cycles.read()}});
  }
  return workers;
}

/// The receive queues that a worker polls. Ports that share a device share its queues.
Json queues(const DaemonView& daemon, const WorkerQueues& worker) {
  Json rows = Json::array();
  const std::vector<PortConfig>& ports = daemon.director.config().ports;
  for (const WorkerQueues::Receive& receive : worker.receive) {
    Json names = Json::array();
    for (const uint16_t port : receive.trunk) names.push_back(ports[port].name);
    if (receive.trunk.empty()) names.push_back(ports[receive.port].name);
    rows.push_back({{"ports", std::move(names)}, {"queue", receive.queue}});
  }
  return rows;
}

Json workers(const DaemonView& daemon) {
  Json rows = worker_counters(daemon);
  for (size_t i = 0; i < rows.size(); ++i) {
    rows[i].update({{"idle", to_string(daemon.director.config().workers.idle)},
                    {"queues", queues(daemon, daemon.plan.workers[i])},
                    {"tsc_hz", rte_get_tsc_hz()}});
  }
  return rows;
}

Json service_counters(const DaemonView& daemon) {
  Json services = Json::array();
  const Director& director = daemon.director;
  for (const ServiceConfig& config : director.config().services) {
    const Registry::Service& numbers = director.registry().service(config.key);
    Json service = to_json(config.key);
    service.update(to_json(director.statistics().service(numbers, director.registry())));
    service["servers"] = Json::array();
    for (const RealServerConfig& server : config.real_servers) {
      const uint32_t slot = numbers.servers.at(server.address).slot;
      Json row = to_json(director.statistics().server(slot));
      row.update(
          {{"address", server.address.to_string()}, {"weight", server.weight}, {"up", director.is_up(slot)}});
      service["servers"].push_back(std::move(row));
    }
    services.push_back(std::move(service));
  }
  return services;
}

Json table_counts(const TableTotals& table, uint64_t slots) {
  return {{"capacity", slots},        {"entries", table.entries()}, {"inserted", table.inserted},
          {"expired", table.expired}, {"evicted", table.evicted},   {"stateless", table.stateless}};
}

/// Both tables together, and each.
Json table_report(const Director& director) {
  const TableTotals ipv4 = director.statistics().ipv4_table(), ipv6 = director.statistics().ipv6_table();
  const uint64_t slots4 = director.tables().ipv4.slots(), slots6 = director.tables().ipv6.slots();
  Json report = table_counts(ipv4 + ipv6, slots4 + slots6);
  report["ipv4"] = table_counts(ipv4, slots4);
  report["ipv6"] = table_counts(ipv6, slots6);
  return report;
}

Json stats(const DaemonView& daemon) {
  const PacketTotals packets = daemon.director.statistics().packets();
  Json drops = Json::object(), punts = Json::object();
  for (size_t i = 0; i < kDropReasons; ++i) drops[std::string(kDropReasonNames[i])] = packets.drops[i];
  for (size_t i = 0; i < kPuntKinds; ++i) punts[std::string(kPuntKindNames[i])] = packets.punts[i];
  return {{"generation", daemon.director.generation()},
          {"uptime", daemon.uptime()},
          {"packets", packet_report(packets)},
          {"held_fragments", packets.held},
          {"originated_lost", packets.originated_lost + daemon.wire.lost()},
          {"ports", port_counters(daemon, packets)},
          {"workers", worker_counters(daemon)},
          {"services", service_counters(daemon)},
          {"drops", drops},
          {"punts", punts},
          {"answers", answer_report(daemon.director.link().responder().counters())},
          {"connection_table", table_report(daemon.director)}};
}

Json fixed_neighbors(const Config& config) {
  Json rows = Json::array();
  for (const ServiceConfig& service : config.services) {
    for (const RealServerConfig& server : service.real_servers) {
      if (!server.mac) continue;
      Json row = {{"port", config.ports[port_of(config, server.address).value()].name},
                  {"address", server.address.to_string()},
                  {"mac", server.mac->to_string()},
                  {"state", "fixed"},
                  {"age", nullptr},
                  {"requests", 0},
                  {"mac_changes", 0},
                  {"rival", nullptr}};
      if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(std::move(row));
    }
  }
  return rows;
}

Json neighbors(const DaemonView& daemon) {
  const Director& director = daemon.director;
  Json rows = Json::array();
  for (const Neighbor* neighbor : director.link().neighbors().list()) {
    Json row = {{"port", director.config().ports[neighbor->port].name},
                {"address", neighbor->ip.to_string()},
                {"mac", nullptr},
                {"state", to_string(neighbor->state)},
                {"age", nullptr},
                {"requests", neighbor->requests_sent},
                {"mac_changes", neighbor->mac_changes},
                {"rival", neighbor->rival ? Json(neighbor->rival->mac.to_string()) : Json(nullptr)}};
    if (neighbor->mac) {
      row["mac"] = neighbor->mac->to_string();
      row["age"] = std::chrono::duration<double>(director.time() - neighbor->confirmed).count();
    }
    rows.push_back(std::move(row));
  }
  for (Json& row : fixed_neighbors(director.config())) rows.push_back(std::move(row));
  return rows;
}

Json to_json(const KernelInterface& interface) {
  const KernelInterface::Counters& counters = interface.counters();
  return {{"to_kernel", counters.to_kernel}, {"from_kernel", counters.from_kernel}, {"lost", counters.lost}};
}

/// By family, of one port.
Json uplinks(const Director& director, size_t port) {
  Json rows = Json::array();
  for (const Uplink& uplink : director.uplinks().uplinks()) {
    if (uplink.port != port) continue;
    rows.push_back({{"gateway", uplink.gateway.to_string()},
                    {"family", uplink.gateway.is_v4() ? "ipv4" : "ipv6"},
                    {"state", uplink.up() ? "up" : "down"},
                    {"reason", uplink.up() ? Json(nullptr) : Json(uplink.reason)},
                    {"since", std::chrono::duration<double>(director.time() - uplink.since).count()},
                    {"echo", uplink.echo ? Json(uplink.echo->to_string()) : Json(nullptr)}});
  }
  return rows;
}

Json ports(const DaemonView& daemon) {
  Json rows = Json::array();
  for (size_t i = 0; i < daemon.devices.size(); ++i) {
    const PortConfig& config = daemon.director.config().ports[i];
    const Device& device = *daemon.devices[i];
    const LinkStatus link = device.link();
    const auto& kernel_interface = daemon.kernel_interfaces[i];
    Json addresses = Json::array();
    for (const InterfaceAddress& address : config.addresses) addresses.push_back(address.to_string());
    rows.push_back({{"name", config.name},
                    {"device", config.device},
                    {"driver", device.driver()},
                    {"mac", device.mac().to_string()},
                    {"link", link.up ? "up" : "down"},
                    {"speed", link.megabits},
                    {"mtu", device.mtu()},
                    {"addresses", addresses},
                    {"vlan", config.vlan},
                    {"kernel_interface",
                     config.kernel_interface.empty() ? Json(nullptr) : Json(config.kernel_interface)},
                    {"gateway", gateways_to_json(config)},
                    {"uplink", uplinks(daemon.director, i)},
                    {"rx_queues", device.receive_queues()},
                    {"tx_queues", device.transmit_queues()},
                    {"rss", device.rss()},
                    {"kernel_counters", kernel_interface ? to_json(*kernel_interface) : Json(nullptr)}});
  }
  return rows;
}

Json info(const DaemonView& daemon) {
  return {{"version", TURNOUT_VERSION},
          {"generation", daemon.director.generation()},
          {"uptime", daemon.uptime()},
          {"pid", getpid()},
          {"config_file", daemon.config_file.string()},
          {"dpdk", rte_version()},
          {"lcores", {{"control", daemon.control_lcore}, {"workers", daemon.worker_lcores}}}};
}

}  // namespace

void add_report_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  const auto bind = [&](const char* name, Json (*report)(const DaemonView&)) {
    dispatcher.add(name, [&daemon, report](const Json& params) {
      allow_only(params, {});
      return report(daemon);
    });
  };
  bind("stats.get", stats);
  bind("neighbor.list", neighbors);
  bind("port.list", ports);
  bind("worker.list", workers);
  bind("daemon.info", info);
}

}  // namespace turnout
