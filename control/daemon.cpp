#include "control/daemon.h"

#include <unistd.h>

#include <algorithm>
#include <random>

#include <rte_cycles.h>

#include "control/captures.h"
#include "control/child_process.h"
#include "control/config_saver.h"
#include "control/eal.h"
#include "control/event_log.h"
#include "control/event_loop.h"
#include "control/exec_prober.h"
#include "control/http_prober.h"
#include "control/http_server.h"
#include "control/log.h"
#include "control/methods.h"
#include "control/metrics.h"
#include "control/probe_tunnel.h"
#include "control/rebalancer.h"
#include "control/rpc_server.h"
#include "control/spreading.h"
#include "control/table_memory.h"
#include "control/worker_threads.h"

namespace turnout {

namespace {

uint64_t random_seed() {
  std::random_device device;
  return uint64_t{device()} << 32 | device();
}

/// What is the device's may be written at any of its ports: all get it.
Config with_shared_settings(Config config) {
  for (PortConfig& port : config.ports) {
    for (const PortConfig& other : config.ports) {
      if (other.device != port.device) continue;
      if (!port.mtu) port.mtu = other.mtu;
      if (port.rx_queues == 0) port.rx_queues = other.rx_queues;
      if (port.spread == SpreadPolicy::automatic) port.spread = other.spread;
      port.rebalance |= other.rebalance;
    }
  }
  return config;
}

QueuePlan plan_for(const Config& config, const std::vector<unsigned>& worker_lcores) {
  std::vector<PortQueues> ports;
  for (const PortConfig& port : config.ports) ports.push_back(find_device(port, config.eal.args));
  const unsigned workers = std::max(1u, static_cast<unsigned>(worker_lcores.size()));
  QueuePlan plan = plan_queues(ports, workers);
  for (const std::string& remark : plan.remarks) log_warning(remark);
  for (const std::string& note : plan.notes) log_info(note);
  return plan;
}

bool speaks_ipv6(const Config& config) {
  return std::ranges::any_of(config.ports, [](const PortConfig& port) {
    return std::ranges::any_of(port.addresses, [](const auto& own) { return own.address.is_v6(); });
  });
}

/// IPv6's flows are in it, and those of services with several ports. One may still be added while it runs.
bool needs_wide_table(const Config& config) {
  const auto has_range = [](const ServiceConfig& service) {
    return !std::ranges::all_of(listeners_of(service), &ServiceKey::is_one_port);
  };
  return speaks_ipv6(config) || std::ranges::any_of(config.services, has_range);
}

/// A port on a device that an earlier port has already shares it.
std::shared_ptr<Device> shared_device(const Config& config, size_t port,
                                      const std::vector<std::shared_ptr<Device>>& devices) {
  for (size_t i = 0; i < port; ++i) {
    if (config.ports[i].device == config.ports[port].device) return devices[i];
  }
  return nullptr;
}

std::vector<uint16_t> vlans_of(const Config& config) {
  std::vector<uint16_t> vlans;
  for (const PortConfig& port : config.ports) vlans.push_back(port.vlan);
  return vlans;
}

/// Packets of a device that may wait between workers.
uint32_t most_waiting(const QueuePlan& plan, uint16_t device) {
  uint32_t packets = 0;
  for (const WorkerQueues& worker : plan.workers) {
    for (const WorkerQueues::Receive& receive : worker.receive) {
      const bool is_lane = receive.source == WorkerQueues::Receive::Source::lane;
      if (is_lane && receive.device == device) packets += SpreadLane::kRoom;
    }
  }
  return packets;
}

std::vector<std::shared_ptr<Device>> start_devices(const Config& config, const QueuePlan& plan) {
  std::vector<std::shared_ptr<Device>> devices;
  for (size_t i = 0; i < config.ports.size(); ++i) {
    if (const auto shared = shared_device(config, i, devices)) {
      log_info("port '" + config.ports[i].name + "': VLAN " + std::to_string(config.ports[i].vlan) + " of " +
               config.ports[i].device);
      devices.push_back(shared);
      continue;
    }
    const Device::Setup setup{plan.workers.front().transmit[i].device,
                              plan.receive_queues[i],
                              plan.transmit_queues[i],
                              config.buffer_count.value_or(0),
                              static_cast<unsigned>(plan.workers.size()),
                              most_waiting(plan, plan.workers.front().transmit[i].device),
                              speaks_ipv6(config)};
    devices.push_back(std::make_shared<Device>(config.ports[i], setup));
    const Device& device = *devices.back();
    log_info("port '" + config.ports[i].name + "': " + config.ports[i].device + " (" + device.driver() +
             "), " + device.mac().to_string() + ", " + std::to_string(device.receive_queues()) +
             " receive queue(s)" + (device.rss() ? " with RSS" : ""));
    if (device.plays_capture()) {
      log_warning("port '" + config.ports[i].name +
                  "' plays a capture for ever: frames to any unicast address are taken");
    }
  }
  return devices;
}

std::vector<std::unique_ptr<KernelInterface>> make_kernel_interfaces(
    boost::asio::io_context& io, const Config& config, const std::vector<std::shared_ptr<Device>>& devices,
    Wire& wire) {
  std::vector<std::unique_ptr<KernelInterface>> interfaces(config.ports.size());
  for (size_t port = 0; port < config.ports.size(); ++port) {
    const PortConfig& options = config.ports[port];
    if (options.kernel_interface.empty()) continue;
    interfaces[port] = std::make_unique<KernelInterface>(
        io, options, devices[port]->mac(), devices[port]->mtu(),
        [&wire, port](std::span<const uint8_t> frame) { wire.send(port, frame); });
    log_info("port '" + options.name + "': the kernel has it as " + options.kernel_interface);
  }
  return interfaces;
}

std::vector<Station> stations_of(const std::vector<std::shared_ptr<Device>>& devices) {
  std::vector<Station> stations;
  for (const auto& device : devices)
    stations.push_back({device->mac(), device->plays_capture(), device->mtu()});
  return stations;
}

std::vector<ProbeTunnel::Port> tunnel_ports(const std::vector<std::shared_ptr<Device>>& devices) {
  std::vector<ProbeTunnel::Port> ports;
  for (const auto& device : devices) ports.push_back({device->mac(), device->mtu()});
  return ports;
}

void report_start(const std::filesystem::path& config_file) {
  record({EventKind::daemon_started,
          Severity::info,
          "turnoutd " TURNOUT_VERSION " started",
          {{"version", TURNOUT_VERSION}, {"pid", getpid()}, {"config_file", config_file.string()}}});
}

void add_methods(RpcDispatcher& dispatcher, DaemonView& view, EventLog& events, boost::asio::io_context& io) {
  add_service_methods(dispatcher, view);
  add_vip_methods(dispatcher, view);
  add_filter_methods(dispatcher, view);
  add_config_methods(dispatcher, view);
  add_batch_methods(dispatcher, view);
  add_history_methods(dispatcher, view);
  add_save_methods(dispatcher, view);
  add_maintenance_methods(dispatcher, view);
  add_report_methods(dispatcher, view);
  add_stats_methods(dispatcher, view);
  add_health_methods(dispatcher, view);
  add_doctor_methods(dispatcher, view);
  add_trace_methods(dispatcher, view);
  add_limit_methods(dispatcher, view);
  add_event_methods(dispatcher, events, io);
  add_connection_methods(dispatcher, view, io);
}

}  // namespace

void run_daemon(const Options& options, Config config) {
  // The sockets first: a second daemon, or an address in use, is found before any device is touched. Nobody
  // is served until the loop runs, when all that the handlers look at is there.
  boost::asio::io_context io(1);
  EventLog events;
  report_start(options.config);
  RpcDispatcher dispatcher;
  const DaemonView* running = nullptr;
  const RpcServer rpc(io, config.control_socket, dispatcher);
  std::unique_ptr<HttpServer> http;
  if (!config.http_listen.empty()) {
    http = std::make_unique<HttpServer>(
        io, config.http_listen,
        std::map<std::string, HttpServer::Handler>{
            {"/metrics",
             [&running] {
               return HttpReply{200, kMetricsContentType, metrics_text(*running)};
             }},
            {"/healthz", [] {
               return HttpReply{200, "text/plain; charset=utf-8", "ok\n"};
             }}});
  }

  const cpu_set_t program_cpus = own_cpus();  // as long as no lcore is pinned
  const Eal eal(config, options.eal_args);
  const TickClock clock(rte_rdtsc(), rte_get_tsc_hz());
  const Config ports_config = with_shared_settings(config);
  QueuePlan plan = plan_for(ports_config, eal.worker_lcores());
  const uint64_t capacity = config.connections.capacity;
  const uint64_t capacity6 = config.connections.capacity_ipv6.value_or(
      needs_wide_table(config) ? capacity : std::min(capacity, kUsualWideConnections));
  const TableMemory memory = TableMemory::of<ConnectionTable>(capacity, "connections.capacity");
  const TableMemory memory6 = TableMemory::of<WideConnectionTable>(capacity6, "connections.capacity_ipv6");
  const ConnectionTable table(memory.get(), capacity, random_seed());
  const WideConnectionTable table6(memory6.get(), capacity6, random_seed());
  const ConnectionTables tables{table, table6};
  const auto workers_used = static_cast<unsigned>(plan.workers.size());
  Statistics statistics(workers_used, {LimitClock(rte_rdtsc(), rte_get_tsc_hz()), random_seed(),
                                       config.connections.limit_cells});
  SnapshotSlot snapshots(workers_used);
  // Before the devices: frames of control's own may wait in a device until it stops.
  Wire wire(vlans_of(config));
  const std::vector<std::shared_ptr<Device>> devices = start_devices(ports_config, plan);
  const Spreading spreading(plan, random_seed());
  const auto kernel_interfaces = make_kernel_interfaces(io, config, devices, wire);
  const auto to_kernel = [&kernel_interfaces](size_t port, std::span<const uint8_t> frame) {
    if (kernel_interfaces[port]) kernel_interfaces[port]->write(frame);
  };
  ProbeTunnel tunnel(io, tunnel_ports(devices),
                     [&wire](size_t port, std::span<const uint8_t> frame) { return wire.send(port, frame); });
  HttpProber web(io, tunnel);
  ExecProber program(io, program_cpus);
  Director director(std::move(config),
                    {snapshots, tables, statistics, wire, stations_of(devices), to_kernel, &web, &program},
                    steady_milliseconds());

  ConfigSaver saver(io, options.config, program_cpus, {director.generation(), director.config()});
  DaemonView view{director, devices,        kernel_interfaces,   wire,
                  plan,     options.config, eal.control_lcore(), eal.worker_lcores()};
  if (view.worker_lcores.empty()) view.worker_lcores.push_back(eal.control_lcore());
  view.worker_lcores.resize(workers_used);
  view.saver = &saver;
  FilterReloader filters(io, director, program_cpus);
  view.filters = &filters;
  const auto captures = std::make_shared<Captures>(view, io);
  view.captures = captures.get();
  view.spreading = &spreading;
  const auto rebalancer = make_rebalancer(ports_config, devices, plan, spreading, view.worker_lcores);
  view.rebalancer = rebalancer.get();
  add_methods(dispatcher, view, events, io);
  add_capture_methods(dispatcher, *captures);
  running = &view;

  WorkerThreads workers(plan, eal.worker_lcores(), snapshots, tables, statistics, wire,
                        {clock, rte_get_tsc_hz(), ports_config.workers.idle}, random_seed());
  EventLoop loop(io, view, clock);
  loop.run(workers.shared());
  saver.finish({director.generation(), director.config()});
}

}  // namespace turnout
