#include <unistd.h>

#include <rte_cycles.h>
#include <rte_version.h>

#include "control/methods.h"

namespace turnout {

namespace {

/// What is RSS in software of a queue: "spread", or who polls it for this worker.
void add_spread(const DaemonView& daemon, const WorkerQueues::Receive& receive, Json& row) {
  if (receive.spreader) row["spread"] = true;
  if (!receive.lane) return;
  for (const Spreading::Queue& queue : daemon.spreading->queues()) {
    if (queue.device == receive.device && queue.queue == receive.queue)
      row["handed_over_by"] = daemon.worker_lcores[queue.poller];
  }
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
    add_spread(daemon, receive, rows.back());
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

/// Null if it is off.
Json rebalance(const Rebalancer& rebalancer, uint16_t device) {
  if (!rebalancer.is_on(device)) return nullptr;
  const Rebalancer::Problem* problem = rebalancer.problem(device);
  return {{"moves", rebalancer.moves(device)}, {"problem", problem ? Json(problem->why) : Json(nullptr)}};
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
                    {"spread", daemon.spreading->spreads(device.id())},
                    {"rebalance", rebalance(*daemon.rebalancer, device.id())},
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
  bind("neighbor.list", neighbors);
  bind("port.list", ports);
  bind("worker.list", workers);
  bind("daemon.info", info);
}

}  // namespace turnout
