// Metrics of the connection tables, and of the workers' time.
#include <rte_cycles.h>

#include "control/metrics_families.h"

namespace turnout {

void add_table(Families& families, const Director& director) {
  const TableTotals ipv4 = director.statistics().ipv4_table(), ipv6 = director.statistics().ipv6_table();
  const TableTotals table = ipv4 + ipv6;
  const uint64_t slots4 = director.tables().ipv4.slots(), slots6 = director.tables().ipv6.slots();
  using enum MetricType;
  const auto by_family = [&](const char* name, const char* help, uint64_t value4, uint64_t value6) {
    MetricFamily& metrics = families.add(name, help, Gauge);
    add_sample(metrics, {{"family", "ipv4"}}, number(value4));
    add_sample(metrics, {{"family", "ipv6"}}, number(value6));
  };
  by_family("turnout_connection_table_family_entries", "Connections in the table of a family.",
            ipv4.entries(), ipv6.entries());
  by_family("turnout_connection_table_family_capacity", "Slots of the table of a family.", slots4, slots6);
  families.add_single("turnout_connection_table_entries", "Connections in both tables.", Gauge,
                      number(table.entries()));
  families.add_single("turnout_connection_table_capacity", "Slots of both tables.", Gauge,
                      number(slots4 + slots6));
  families.add_single("turnout_connection_table_inserted_total", "Connections entered.", Counter,
                      number(table.inserted));
  families.add_single("turnout_connection_table_expired_total", "Connections that were idle too long.",
                      Counter, number(table.expired));
  families.add_single("turnout_connection_table_evicted_total",
                      "Connections that gave way to new ones: begun and never answered, or closed.", Counter,
                      number(table.evicted));
  families.add_single("turnout_connection_table_stateless_total",
                      "Packets forwarded without an entry because the table had no room.", Counter,
                      number(table.stateless));
}

namespace {

void add_spread(Families& families, const DaemonView& daemon) {
  const Statistics& statistics = daemon.director.statistics();
  MetricFamily& metrics =
      families.add("turnout_worker_spread_packets_total",
                   "Packets that RSS in software handed from worker to worker.", MetricType::Counter);
  constexpr auto kFull = static_cast<size_t>(DropReason::spread_full);
  for (unsigned i = 0; i < statistics.workers(); ++i) {
    const WorkerCounters& counters = statistics.worker(i);
    const auto sample = [&](const char* direction, uint64_t value) {
      add_sample(metrics, {{"lcore", std::to_string(daemon.worker_lcores[i])}, {"direction", direction}},
                 number(value));
    };
    sample("handed_over", counters.handed_over.read());
    sample("taken_over", counters.taken_over.read());
    sample("dropped", counters.packets.drops[kFull].read());
  }
}

}  // namespace

void add_workers(Families& families, const DaemonView& daemon) {
  const Statistics& statistics = daemon.director.statistics();
  const auto family = [&](const char* name, const char* help, auto value) {
    MetricFamily& metrics = families.add(name, help, MetricType::Counter);
    for (unsigned i = 0; i < statistics.workers(); ++i)
      add_sample(metrics, {{"lcore", std::to_string(daemon.worker_lcores[i])}}, number(value(i)));
  };
  const auto counter = [&](const char* name, const char* help, Counter WorkerCounters::*which) {
    family(name, help, [&statistics, which](unsigned i) { return (statistics.worker(i).*which).read(); });
  };
  counter("turnout_worker_busy_cycles_total", "Cycles of passes over the queues that found packets.",
          &WorkerCounters::busy_cycles);
  counter("turnout_worker_idle_cycles_total", "Cycles of passes that found none, and of waiting after them.",
          &WorkerCounters::idle_cycles);
  family("turnout_worker_packets_total", "Packets received.",
         [&statistics](unsigned i) { return statistics.received_by(i); });
  counter("turnout_worker_polls_total", "Looks into a receive queue.", &WorkerCounters::polls);
  counter("turnout_worker_bursts_total", "Bursts taken from the queues.", &WorkerCounters::bursts);
  counter("turnout_worker_full_bursts_total", "Bursts that were as long as they can be.",
          &WorkerCounters::full_bursts);
  add_spread(families, daemon);
  families.add_single("turnout_cycles_per_second", "Frequency of the counter that cycles are counted by.",
                      MetricType::Gauge, number(rte_get_tsc_hz()));
}

}  // namespace turnout
