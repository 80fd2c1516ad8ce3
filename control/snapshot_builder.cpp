#include "control/snapshot_builder.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>

#include "control/config_json.h"
#include "control/ndp.h"
#include "control/turns.h"
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

Address6 to_address6(const IpAddress& address) {
  return load_address6(address.to_v6().to_bytes().data());
}

/// What each address is to the director. Both families have one map each.
class AddressBook {
 public:
  explicit AddressBook(size_t expected) : ipv4_(expected), ipv6_(expected) {}

  void add(const IpAddress& address, uint32_t role) {
    if (address.is_v4()) {
      if (ipv4_.find(to_be32(address)) == 0) ipv4_.insert(to_be32(address), role);
    } else if (ipv6_.find(to_address6(address)) == 0) {
      ipv6_.insert(to_address6(address), role);
    }
  }
  void write(Snapshot& snapshot) && {
    ipv4_.spread();
    ipv6_.spread();
    snapshot.address_map = std::move(ipv4_);
    snapshot.address_map6 = std::move(ipv6_);
  }

 private:
  ExactMap<uint64_t> ipv4_;
  ExactMap<Address6> ipv6_;
};

bool has_ipv6(const PortConfig& port) {
  return std::ranges::any_of(port.addresses, [](const auto& own) { return own.address.is_v6(); });
}

/// `vips_up`: those with a service that has a real server.
void add_addresses(const Config& config, const std::vector<Station>& stations,
                   const std::set<IpAddress>& vips_up, Snapshot& snapshot) {
  size_t expected = config.services.size() + config.ports.size();
  for (const PortConfig& port : config.ports) expected += port.addresses.size();
  AddressBook book(expected);
  constexpr uint32_t kOwn = AddressRole::kOwn | AddressRole::kEcho;
  for (size_t port = 0; port < config.ports.size(); ++port) {
    for (const InterfaceAddress& own : config.ports[port].addresses) book.add(own.address, kOwn);
    if (has_ipv6(config.ports[port])) book.add(link_local_of(stations[port].mac), kOwn);
  }
  std::map<IpAddress, const VipConfig*> settings;
  for (const VipConfig& vip : config.vips) settings.emplace(vip.address, &vip);
  for (const ServiceConfig& service : config.services) {
    const auto found = settings.find(service.key.vip);
    const VipConfig vip = found == settings.end() ? VipConfig{} : *found->second;
    uint32_t role = AddressRole::kVip;
    if (vip.unmatched == UnmatchedPolicy::reject) role |= AddressRole::kReject;
    const bool echo = vip.echo == EchoPolicy::yes ||
                      (vip.echo == EchoPolicy::while_up && vips_up.contains(service.key.vip));
    if (echo) role |= AddressRole::kEcho;
    book.add(service.key.vip, role);
  }
  std::move(book).write(snapshot);
}

void add_key(const ServiceKey& key, uint16_t index, Snapshot& snapshot) {
  const uint16_t port_be = rte_cpu_to_be_16(key.port);
  const auto protocol = static_cast<uint8_t>(key.protocol);
  if (key.vip.is_v4()) {
    snapshot.service_map.insert(service_map_key(to_be32(key.vip), port_be, protocol), index);
  } else {
    snapshot.service_map6.insert(service_map_key(to_address6(key.vip), port_be, protocol), index);
  }
}

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

std::unique_ptr<const Snapshot> SnapshotBuilder::build(const Config& config, const Registry& registry,
                                                       const ResolveMac& resolve, uint64_t generation,
                                                       bool schedule_unresolved) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = generation;
  snapshot->timeouts = to_timeouts(config.connections.timeouts);
  for (size_t i = 0; i < stations_.size(); ++i) {
    snapshot->ports[i] = make_port(config.ports[i], stations_[i]);
    snapshot->has_tags |= config.ports[i].vlan != 0;
    snapshot->least_mtu = std::min(snapshot->least_mtu, stations_[i].mtu);
  }
  snapshot->servers.resize(registry.slots_used());
  snapshot->services.resize(registry.indexes_used());
  snapshot->tables.resize(registry.indexes_used() * kTablesOfService);
  snapshot->service_map = ExactMap<uint64_t>(config.services.size());
  snapshot->service_map6 = ExactMap<ServiceKey6>(config.services.size());
  std::set<IpAddress> vips_up;
  for (const ServiceConfig& service : config.services) {
    const Registry::Service& numbers = registry.service(service.key);
    add_key(service.key, numbers.index, *snapshot);
    fill_service(service, numbers, config, resolve, schedule_unresolved, *snapshot);
    if (snapshot->services[numbers.index].maglev_size > 0) vips_up.insert(service.key.vip);
  }
  snapshot->service_map.spread();
  snapshot->service_map6.spread();
  add_addresses(config, stations_, vips_up, *snapshot);
  std::erase_if(compiled_, [&](const auto& entry) {
    return entry.first >= snapshot->services.size() || !snapshot->services[entry.first].known;
  });
  return snapshot;
}

std::unique_ptr<const Snapshot> SnapshotBuilder::rebuild(const Snapshot& before,
                                                         const std::vector<const ServiceConfig*>& changed,
                                                         const Config& config, const Registry& registry,
                                                         const ResolveMac& resolve, uint64_t generation,
                                                         bool schedule_unresolved) {
  auto snapshot = std::make_unique<Snapshot>(before);
  snapshot->generation = generation;
  snapshot->servers.resize(registry.slots_used());
  for (const ServiceConfig* service : changed) {
    const Registry::Service& numbers = registry.service(service->key);
    for (const uint32_t slot : registry.released_slots(numbers.index)) snapshot->servers[slot] = RealServer();
    fill_service(*service, numbers, config, resolve, schedule_unresolved, *snapshot);
    const bool was_up = before.services[numbers.index].maglev_size > 0;
    const bool is_up = snapshot->services[numbers.index].maglev_size > 0;
    if (was_up != is_up) return nullptr;  // what its VIP answers may depend on that
  }
  return snapshot;
}

void SnapshotBuilder::fill_service(const ServiceConfig& config, const Registry::Service& numbers,
                                   const Config& whole, const ResolveMac& resolve, bool schedule_unresolved,
                                   Snapshot& snapshot) {
  bool weighted = false, weighted_up = false;
  for (const RealServerConfig& server : config.real_servers) {
    const size_t port = port_of(whole, server.address).value();
    const std::optional<MacAddress> mac = server.mac ? server.mac : resolve(port, server.address);
    const Registry::Server& number = numbers.servers.at(server.address);
    const bool up = judge(number.slot).up;
    const bool keeps = up || config.on_down == OnDown::keep;
    snapshot.servers[number.slot] =
        make_server(port, whole.ports[port].vlan, number, keeps ? mac : std::nullopt);
    weighted |= server.weight > 0;
    weighted_up |= server.weight > 0 && up;
  }
  std::vector<ScheduledServer> chosen = choose(config, numbers, whole, resolve, schedule_unresolved, false);
  if (chosen.empty()) chosen = choose(config, numbers, whole, resolve, schedule_unresolved, true);

  Service service;
  service.known = true;
  service.unavailable = !weighted      ? DropReason::no_server
                        : !weighted_up ? DropReason::no_server_up
                                       : DropReason::no_server_resolved;
  const Compiled& compiled = compile(numbers.index, config, std::move(chosen));
  if (compiled.maglev) {
    service.maglev = compiled.maglev->data();
    service.maglev_size = static_cast<uint32_t>(compiled.maglev->size());
  }
  if (compiled.sequence) {
    service.sequence = compiled.sequence->data();
    service.sequence_size = static_cast<uint32_t>(compiled.sequence->size());
  }
  snapshot.services[numbers.index] = service;
  const size_t tables_at = numbers.index * kTablesOfService;
  snapshot.tables[tables_at] = compiled.maglev;
  snapshot.tables[tables_at + 1] = compiled.sequence;
}

/// The servers that may be given connections: the fallback ones, or the others. While one of them starts
/// slowly all weights are taken in parts of Standing::kWhole.
std::vector<ScheduledServer> SnapshotBuilder::choose(const ServiceConfig& config,
                                                     const Registry::Service& numbers, const Config& whole,
                                                     const ResolveMac& resolve, bool schedule_unresolved,
                                                     bool fallback) const {
  std::vector<ScheduledServer> chosen;
  std::vector<uint32_t> shares;
  uint64_t parts = 0;
  for (const RealServerConfig& server : config.real_servers) {
    const uint32_t slot = numbers.servers.at(server.address).slot;
    const Standing standing = judge(slot);
    if (server.weight == 0 || server.fallback != fallback || !standing.up) continue;
    const bool known = schedule_unresolved || server.mac ||
                       resolve(port_of(whole, server.address).value(), server.address).has_value();
    if (!known) continue;
    chosen.push_back({slot, server.weight, server.address});
    shares.push_back(standing.share);
    parts += uint64_t{server.weight} * standing.share;
  }
  if (std::ranges::all_of(shares, [](uint32_t share) { return share == Standing::kWhole; })) return chosen;
  const bool fits = config.scheduler != SchedulerKind::wrr || parts <= kMaxTurns;
  for (size_t i = 0; i < chosen.size(); ++i) {
    const uint32_t weight = config.scheduler == SchedulerKind::rr ? 1 : chosen[i].weight;
    chosen[i].weight = fits ? weight * shares[i] : std::max(1u, weight * shares[i] / Standing::kWhole);
    chosen[i].starts_slowly = true;
  }
  return chosen;
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

const SnapshotBuilder::Compiled& SnapshotBuilder::compile(uint16_t index, const ServiceConfig& config,
                                                          std::vector<ScheduledServer> servers) {
  Compiled& compiled = compiled_[index];
  if (compiled.maglev && compiled.servers == servers && compiled.scheduler == config.scheduler &&
      compiled.maglev_size == config.maglev_table_size) {
    return compiled;
  }
  const auto share = [](std::vector<uint32_t> table) {
    return std::make_shared<const std::vector<uint32_t>>(std::move(table));
  };
  compiled = {std::move(servers), config.scheduler, config.maglev_table_size, nullptr, nullptr};
  if (compiled.servers.empty()) return compiled;
  compiled.maglev = share(build_maglev(compiled.servers, config.maglev_table_size));
  const bool by_weight = config.scheduler == SchedulerKind::wrr || compiled.servers.front().starts_slowly;
  if (config.scheduler == SchedulerKind::rr && !by_weight)
    compiled.sequence = share(build_rr_turns(compiled.servers));
  if (config.scheduler != SchedulerKind::mh && by_weight)
    compiled.sequence = share(build_wrr_turns(compiled.servers));
  return compiled;
}

}  // namespace turnout
