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

}  // namespace

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
  return sample;
}

}  // namespace turnout
