#include "control/doctor.h"
#include "control/event_loop.h"

namespace turnout {
namespace {

/// The workers count on while their counters are read one after the other: for a moment more entries may have
/// gone than came.
uint64_t entries_of(const TableTotals& totals) {
  return growth(totals.expired + totals.evicted, totals.inserted);
}

TableLoad table_load(const TableTotals& totals, uint64_t slots) {
  return {slots, entries_of(totals), totals.evicted, totals.stateless};
}

/// Ports that share a device share its errors: they are told of the first.
bool is_first_on_device(const DaemonView& daemon, size_t port) {
  for (size_t i = 0; i < port; ++i) {
    if (daemon.devices[i] == daemon.devices[port]) return false;
  }
  return true;
}

PortLoad port_load(const DaemonView& daemon, size_t port, const PacketTotals& totals) {
  PortLoad load;
  load.name = daemon.director.config().ports[port].name;
  load.received = totals.ports[port].receive_packets;
  if (!is_first_on_device(daemon, port)) return load;
  const DeviceErrors errors = daemon.devices[port]->errors();
  load.missed = errors.missed;
  load.errors = errors.errors;
  load.no_buffer = errors.no_buffer;
  return load;
}

WorkerLoad worker_load(const DaemonView& daemon, unsigned worker) {
  const WorkerCounters& counters = daemon.director.statistics().worker(worker);
  return {daemon.worker_lcores[worker], counters.bursts.read(), counters.full_bursts.read(),
          counters.busy_cycles.read(), counters.idle_cycles.read()};
}

LimitLoad limit_load(const Director& director, const ServiceConfig& service, uint16_t own,
                     const LimitRow& row, const LimitTotals& totals) {
  const auto index = static_cast<size_t>(row.limit);
  LimitLoad load;
  load.service = service.key.to_string();
  load.limit = row.limit;
  load.value = row.value;
  load.observe = service.limits.observe;
  load.dropped = totals.dropped[index];
  load.observed = totals.observed[index];
  const auto worst = director.offenders().worst(own, row.limit);
  if (worst.empty()) return load;
  load.offender = worst.front().client.to_string();
  load.offences = worst.front().seen;
  for (const LimitOffenders::Offender& each : worst) load.looked_at += each.seen;
  return load;
}

std::vector<LimitLoad> limit_loads(const Director& director) {
  std::vector<LimitLoad> loads;
  for (const ServiceConfig& service : director.config().services) {
    if (!service.limits.is_any()) continue;
    const uint16_t own = director.registry().service(service.key).index;
    const LimitTotals totals = director.statistics().limits(own);
    for (const LimitRow& row : limits_of(service.limits))
      loads.push_back(limit_load(director, service, own, row, totals));
  }
  return loads;
}

}  // namespace

LimitTableLoad limit_table_load(const Director& director) {
  return {director.statistics().limit_state().rates.cells(), director.limit_keeper().cells_taken(),
          director.statistics().limit_cells_lost(), director.limit_keeper().connections()};
}

LoadSample sample_load(const DaemonView& daemon) {
  const Director& director = daemon.director;
  const Statistics& statistics = director.statistics();
  const PacketTotals packets = statistics.packets();
  LoadSample sample;
  sample.time = steady_milliseconds();
  for (size_t port = 0; port < daemon.devices.size(); ++port)
    sample.ports.push_back(port_load(daemon, port, packets));
  for (unsigned worker = 0; worker < statistics.workers(); ++worker)
    sample.workers.push_back(worker_load(daemon, worker));
  sample.ipv4_table = table_load(statistics.ipv4_table(), director.tables().ipv4.slots());
  sample.ipv6_table = table_load(statistics.ipv6_table(), director.tables().ipv6.slots());
  sample.drops = packets.drops;
  sample.received = packets.received();
  sample.held_fragments = packets.held;
  sample.originated_lost = packets.originated_lost + daemon.wire.lost();
  sample.limits = limit_loads(director);
  sample.limit_table = limit_table_load(director);
  return sample;
}

}  // namespace turnout
