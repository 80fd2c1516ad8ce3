// stats.get and stats.zero: every counter, and what is shown of services since it was last zeroed.
#include "control/methods.h"

namespace turnout {

namespace {

Json to_json(const ServerTotals& totals) {
  return {{"packets", totals.packets},
          {"bytes", totals.bytes},
          {"connections", totals.connections},
          {"active_connections", totals.active},
          {"inactive_connections", totals.inactive},
          {"persistent", totals.templates}};
}

Json to_json(const Rates& rates) {
  return {{"connections", rates.connections}, {"packets", rates.packets}, {"bytes", rates.bytes}};
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
          {"filtered", counters.denied},          {"filtered_over_limit", counters.denied_over_limit},
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

Json service_counters(const DaemonView& daemon) {
  Json services = Json::array();
  const Director& director = daemon.director;
  for (const ServiceConfig& config : director.config().services) {
    const Registry::Service& numbers = director.registry().service(config.key);
    Json service = to_json(config.key);
    service.update(to_json(director.shown_statistics().service(numbers)));
    service["rates"] = to_json(director.rates().service(numbers.index));
    service["servers"] = Json::array();
    for (const RealServerConfig& server : config.real_servers) {
      const uint32_t slot = numbers.servers.at(server.address).slot;
      Json row = to_json(director.shown_statistics().server(slot));
      row.update({{"address", server.address.to_string()},
                  {"weight", server.weight},
                  {"up", director.is_up(slot)},
                  {"maintenance", director.config().in_maintenance(server.address)},
                  {"rates", to_json(director.rates().server(slot))}});
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
          {"rates", to_json(daemon.director.rates().total())},
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

Json zero(DaemonView& daemon, const Json& params) {
  allow_only(params, {"service"});
  if (params.contains("service")) {
    daemon.director.zero_statistics(numbers_of(daemon, params.at("service")));
  } else {
    daemon.director.zero_statistics();
  }
  return Json::object();
}

}  // namespace

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
                       {"handed_over", counters.handed_over.read()},
                       {"taken_over", counters.taken_over.read()},
                       {"busy_cycles", counters.busy_cycles.read()},
                       {"idle_cycles", counters.idle_cycles.read()}});
  }
  return workers;
}

void add_stats_methods(RpcDispatcher& dispatcher, DaemonView& daemon) {
  dispatcher.add("stats.get", [&daemon](const Json& params) {
    allow_only(params, {});
    return stats(daemon);
  });
  dispatcher.add("stats.zero", [&daemon](const Json& params) { return zero(daemon, params); });
}

}  // namespace turnout
