#include "control/snapshot_builder.h"

#include <algorithm>
#include <cstring>
#include <set>

#include "control/config_json.h"
#include "control/snapshot_filters.h"
#include "control/snapshot_maps.h"
#include "control/snapshot_quic.h"
#include "dataplane/mac.h"

namespace turnout {

Timeouts to_timeouts(const TimeoutConfig& config) {
  Timeouts timeouts;
  const auto set = [&timeouts](ConnectionState state, uint32_t seconds) {
    timeouts.seconds[static_cast<size_t>(state)] = seconds;
  };
  set(ConnectionState::syn_recv, config.tcp_syn);
  set(ConnectionState::established, config.tcp_established);
  set(ConnectionState::fin_wait, config.tcp_fin);
  set(ConnectionState::close, config.tcp_close);
  set(ConnectionState::udp, config.udp);
  return timeouts;
}

namespace {

constexpr size_t kTablesOfService = 2;  // of each index in Snapshot::tables: Maglev's, and a sequence

Port make_port(const PortConfig& config, const Station& station) {
  Port port;
  port.vlan = config.vlan;
  port.mtu = station.mtu;
  port.has_kernel = !config.kernel_interface.empty();
  if (station.takes_any_unicast) {
    port.mac_mask = kMacGroupBit;
    return port;
  }
  std::array<uint8_t, 8> octets{};
  std::memcpy(octets.data(), station.mac.octets.addr_bytes, RTE_ETHER_ADDR_LEN);
  port.mac = load_mac(octets.data());
  return port;
}

}  // namespace

namespace {

/// Packets that nobody marks take a shorter way.
void forget_marks_unless_any(Snapshot& snapshot) {
  if (std::ranges::none_of(snapshot.marks, &Mark::is_any)) snapshot.marks.clear();
}

/// Likewise those that nobody limits. What is not known of the services that were changed is not kept.
void forget_limits_unless_any(Snapshot& snapshot) {
  snapshot.has_packet_limits = std::ranges::any_of(snapshot.services, &Service::limits_packets);
  snapshot.has_client_counts = std::ranges::any_of(snapshot.services, &Service::counts_clients);
  if (std::ranges::none_of(snapshot.limits, &ServiceLimits::is_any)) snapshot.limits.clear();
}

void make_room(const Registry& registry, Snapshot& snapshot) {
  snapshot.servers.resize(registry.slots_used());
  snapshot.terms.resize(registry.slots_used());
  snapshot.services.resize(registry.indexes_used());
  snapshot.tables.resize(registry.indexes_used() * kTablesOfService);
}

}  // namespace

std::unique_ptr<Snapshot> SnapshotBuilder::build(const Config& config, const Registry& registry,
                                                 const ResolveMac& resolve, uint64_t generation,
                                                 bool schedule_unresolved) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = generation;
  snapshot->timeouts = to_timeouts(config.connections.timeouts);
  snapshot->has_one_port = stations_.size() == 1;
  for (size_t i = 0; i < stations_.size(); ++i) {
    snapshot->ports[i] = make_port(config.ports[i], stations_[i]);
    snapshot->has_tags |= config.ports[i].vlan != 0;
    snapshot->least_mtu = std::min(snapshot->least_mtu, stations_[i].mtu);
  }
  make_room(registry, *snapshot);
  ListenerMaps listeners(config);
  std::set<IpAddress> vips_up;
  const Sources sources(config, registry, resolve, schedule_unresolved);
  for (const ServiceConfig& service : config.services) {
    const Registry::Service& numbers = registry.service(service.key);
    fill_service(service, sources, *snapshot);
    const bool is_up = snapshot->services[numbers.index].maglev_size > 0;
    for (const ServiceKey& listener : listeners_of(service)) {
      listeners.add(listener, numbers.index_of(listener));
      if (is_up) vips_up.insert(listener.vip);
    }
  }
  forget_limits_unless_any(*snapshot);
  std::move(listeners).write(*snapshot);
  add_addresses(config, stations_, {vips_up, registry, filters_}, *snapshot);
  if (filters_ != nullptr) hand_out_filters(*filters_, *snapshot);
  set_quic(config, registry, *snapshot);
  tables_.forget_unless(
      [&](uint16_t index) { return index < snapshot->services.size() && snapshot->services[index].known; });
  return snapshot;
}

std::unique_ptr<Snapshot> SnapshotBuilder::rebuild(const Snapshot& before,
                                                   const std::vector<const ServiceConfig*>& changed,
                                                   const Config& config, const Registry& registry,
                                                   const ResolveMac& resolve, uint64_t generation,
                                                   bool schedule_unresolved) {
  auto snapshot = std::make_unique<Snapshot>(before);
  snapshot->generation = generation;
  make_room(registry, *snapshot);
  const Sources sources(config, registry, resolve, schedule_unresolved);
  for (const ServiceConfig* service : changed) {
    const uint16_t index = registry.service(service->key).index;
    for (const uint32_t slot : registry.released_slots(index)) {
      snapshot->servers[slot] = RealServer();
      snapshot->terms[slot] = ServerTerms();
      if (slot < snapshot->marks.size()) snapshot->marks[slot] = Mark();
    }
    fill_service(*service, sources, *snapshot);
    const bool was_up = before.services[index].maglev_size > 0;
    const bool is_up = snapshot->services[index].maglev_size > 0;
    if (was_up != is_up) return nullptr;  // what its VIP answers may depend on that
  }
  forget_marks_unless_any(*snapshot);
  if (filters_ != nullptr) hand_out_filters(*filters_, *snapshot);
  set_quic(config, registry, *snapshot);
  forget_limits_unless_any(*snapshot);
  return snapshot;
}

namespace {

RateLimit rate_of(const RateConfig& rate) {
  return rate ? RateLimit::of(rate.per_second, rate.burst_or_usual()) : RateLimit();
}

/// Of what a worker takes at once, a millisecond's worth is enough, and so are 32: what it has taken and not
/// used is missing elsewhere.
uint32_t batch_of(const RateConfig& packets) {
  constexpr uint32_t kMostTokens = 32;
  if (!packets) return 1;
  return std::clamp(std::min(packets.per_second / 1000, packets.burst_or_usual() / 8), 1u, kMostTokens);
}

ServiceLimits limits_of(const ServiceConfig& config) {
  ServiceLimits limits;
  limits.connections = rate_of(config.limits.connections);
  limits.packets = rate_of(config.limits.packets);
  limits.client = rate_of(config.limits.client);
  limits.prefix = rate_of(config.limits.prefix);
  limits.client_connections = config.limits.client_connections;
  limits.packet_batch = batch_of(config.limits.packets);
  limits.prefix4 = config.limits.prefix4;
  limits.prefix6 = config.limits.prefix6;
  limits.observe = config.limits.observe;
  return limits;
}

void set_limits(uint16_t own, const ServiceLimits& limits, Snapshot& snapshot) {
  if (snapshot.limits.empty() && !limits.is_any()) return;
  snapshot.limits.resize(snapshot.services.size());
  snapshot.limits[own] = limits;
}

/// Why no server may be given a connection.
DropReason why_unavailable(const std::vector<Candidate>& candidates) {
  bool weighted = false, up = false;
  for (const Candidate& candidate : candidates) {
    weighted |= candidate.weight > 0;
    up |= candidate.weight > 0 && candidate.standing.up;
  }
  if (!weighted) return DropReason::no_server;
  return up ? DropReason::no_server_resolved : DropReason::no_server_up;
}

/// What the service is but for its tables.
Service describe_service(const ServiceConfig& config, const Registry::Service& numbers) {
  Service service;
  service.known = true;
  service.own = numbers.index;
  service.persistence = config.persistence;
  service.templates = numbers.templates;
  service.prefix = config.persistence_prefix;
  service.by_port = config.persistence == 0 && (config.scheduler != SchedulerKind::mh || config.flags.port);
  service.table_by_port = config.scheduler == SchedulerKind::sh && config.flags.port;
  service.fallback = config.flags.fallback;
  service.one_packet = config.one_packet;
  service.quic = config.quic.id_length != 0;
  service.limits_connections = limits_of(config).limits_connections();
  service.limits_packets = static_cast<bool>(config.limits.packets);
  // of datagrams that nobody remembers none is open
  service.counts_clients = config.limits.client_connections != 0 && !config.one_packet;
  return service;
}

Mark mark_of(const ServiceConfig& service) {
  return {service.dscp.value_or(Mark::kNone), service.vlan_priority.value_or(Mark::kNone)};
}

void set_mark(uint32_t slot, Mark mark, Snapshot& snapshot) {
  if (snapshot.marks.empty() && !mark.is_any()) return;
  snapshot.marks.resize(snapshot.servers.size());
  snapshot.marks[slot] = mark;
}

/// With sh-fallback clients keep their buckets while a server is gone: only those of that server go
/// elsewhere. Without it, a server that is gone has no buckets.
std::vector<ScheduledServer> bucketed_of(const ServiceConfig& config,
                                         const std::vector<Candidate>& candidates,
                                         const std::vector<ScheduledServer>& scheduled) {
  if (config.scheduler == SchedulerKind::dh) return scheduled;
  if (config.scheduler != SchedulerKind::sh) return {};
  if (!config.flags.fallback || scheduled.empty()) return scheduled;
  std::vector<ScheduledServer> all;
  for (const Candidate& candidate : candidates) {
    if (!candidate.config->fallback)
      all.push_back({candidate.number.slot, candidate.config->weight, candidate.config->address});
  }
  const bool has_scheduled = std::ranges::any_of(
      all, [&](const ScheduledServer& each) { return each.slot == scheduled.front().slot; });
  return has_scheduled ? all : scheduled;  // it is the fallback server's turn
}

ServerTerms terms_of(const RealServerConfig& server, SchedulerKind scheduler) {
  ServerTerms terms;
  terms.full_at = server.upper_threshold;
  const uint64_t three_quarters = (uint64_t{server.upper_threshold} * 3 + 3) / 4;
  terms.open_below =
      server.lower_threshold != 0 ? server.lower_threshold : static_cast<uint32_t>(three_quarters);
  terms.live = needs_loads(scheduler) || terms.full_at != 0;
  return terms;
}

}  // namespace

void SnapshotBuilder::fill_service(const ServiceConfig& config, const Sources& sources, Snapshot& snapshot) {
  const Registry::Service& numbers = sources.registry.service(config.key);
  const std::vector<Candidate> candidates =
      candidates_of(config, numbers, sources.config, sources.maintenance, sources.resolve, judge_);
  fill_servers(config, sources.config, candidates, snapshot);
  std::vector<ScheduledServer> scheduled =
      scheduled_of(candidates, config.scheduler, sources.schedule_unresolved);
  for (const ScheduledServer& server : scheduled) snapshot.terms[server.slot].weight = server.weight;

  Service service = describe_service(config, numbers);
  service.unavailable = why_unavailable(candidates);
  service.scheduler = effective_scheduler(config.scheduler, scheduled);
  std::vector<ScheduledServer> bucketed = bucketed_of(config, candidates, scheduled);
  const ServiceTables::Tables& tables =
      tables_.compile(numbers.index, config, std::move(scheduled), std::move(bucketed));
  if (tables.maglev) {
    service.maglev = tables.maglev->data();
    service.maglev_size = static_cast<uint32_t>(tables.maglev->size());
  }
  if (tables.sequence) {
    service.sequence = tables.sequence->data();
    service.sequence_size = static_cast<uint32_t>(tables.sequence->size());
  }
  service.has_closed = std::ranges::any_of(
      config.real_servers, [](const RealServerConfig& server) { return server.upper_threshold != 0; });
  service.by_table = service.asks_only_maglev();
  snapshot.has_persistence |= service.persistence != 0;
  set_limits(numbers.index, limits_of(config), snapshot);
  snapshot.services[numbers.index] = service;
  for (const auto& [member, index] : numbers.members) snapshot.services[index] = service;
  if (filters_ != nullptr) set_filters(config, sources.config, numbers, *filters_, snapshot);
  const size_t tables_at = numbers.index * kTablesOfService;
  snapshot.tables[tables_at] = tables.maglev;
  snapshot.tables[tables_at + 1] = tables.sequence;
}

/// Those that are down may keep their connections, if the service says so.
void SnapshotBuilder::fill_servers(const ServiceConfig& config, const Config& whole,
                                   const std::vector<Candidate>& candidates, Snapshot& snapshot) const {
  for (const Candidate& candidate : candidates) {
    const bool keeps = candidate.standing.up || config.on_down == OnDown::keep;
    const uint32_t slot = candidate.number.slot;
    snapshot.servers[slot] = make_server(candidate.port, whole.ports[candidate.port].vlan, candidate.number,
                                         keeps ? candidate.mac : std::nullopt);
    snapshot.terms[slot] = terms_of(*candidate.config, config.scheduler);
    snapshot.has_live_loads |= snapshot.terms[slot].live;
    set_mark(slot, mark_of(config), snapshot);
  }
}

RealServer SnapshotBuilder::make_server(size_t port, uint16_t vlan, const Registry::Server& numbers,
                                        const std::optional<MacAddress>& mac) const {
  RealServer server;
  server.set_way(port, vlan);
  server.tag = mac ? numbers.generation : numbers.generation | RealServer::kUnusable;
  if (mac) std::memcpy(server.macs.data(), mac->octets.addr_bytes, RTE_ETHER_ADDR_LEN);
  std::memcpy(server.macs.data() + RTE_ETHER_ADDR_LEN, stations_[port].mac.octets.addr_bytes,
              RTE_ETHER_ADDR_LEN);
  return server;
}

}  // namespace turnout
