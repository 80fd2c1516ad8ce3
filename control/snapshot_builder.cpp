#include "control/snapshot_builder.h"

#include <algorithm>
#include <cstring>

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

void add_addresses(const Config& config, Snapshot& snapshot) {
  size_t expected = config.services.size();
  for (const PortConfig& port : config.ports) expected += port.addresses.size();
  snapshot.address_map = AddressMap(expected);
  const auto add = [&snapshot](const IpAddress& address, AddressKind kind) {
    const uint64_t key = to_be32(address);
    if (snapshot.address_map.find(key) == 0) snapshot.address_map.insert(key, static_cast<uint32_t>(kind));
  };
  for (const PortConfig& port : config.ports) {
    for (const InterfaceAddress& address : port.addresses) add(address.address, AddressKind::own);
  }
  for (const ServiceConfig& service : config.services) add(service.key.vip, AddressKind::vip);
}

Port make_port(const Station& station) {
  if (station.takes_any_unicast) return {0, kMacGroupBit};
  std::array<uint8_t, 8> octets{};
  std::memcpy(octets.data(), station.mac.octets.addr_bytes, RTE_ETHER_ADDR_LEN);
  return {load_mac(octets.data()), kMacMask};
}

}  // namespace

std::unique_ptr<const Snapshot> SnapshotBuilder::build(const Config& config, const Registry& registry,
                                                       const ResolveMac& resolve, uint64_t generation,
                                                       bool schedule_unresolved) {
  auto snapshot = std::make_unique<Snapshot>();
  snapshot->generation = generation;
  snapshot->timeouts = to_timeouts(config.connections.timeouts);
  for (size_t i = 0; i < stations_.size(); ++i) snapshot->ports[i] = make_port(stations_[i]);
  add_addresses(config, *snapshot);
  snapshot->servers.resize(registry.slots_used());
  snapshot->services.resize(registry.indexes_used());
  snapshot->service_map = AddressMap(config.services.size());
  for (const ServiceConfig& service : config.services) {
    add_service(service, registry.service(service.key), config, resolve, schedule_unresolved, *snapshot);
  }
  std::erase_if(compiled_, [&](const auto& entry) {
    return entry.first >= snapshot->services.size() || !snapshot->services[entry.first].known;
  });
  return snapshot;
}

void SnapshotBuilder::add_service(const ServiceConfig& config, const Registry::Service& numbers,
                                  const Config& whole, const ResolveMac& resolve, bool schedule_unresolved,
                                  Snapshot& snapshot) {
  const uint16_t port_be = rte_cpu_to_be_16(config.key.port);
  const auto protocol = static_cast<uint8_t>(config.key.protocol);
  snapshot.service_map.insert(service_map_key(to_be32(config.key.vip), port_be, protocol), numbers.index);

  std::vector<ScheduledServer> scheduled;
  bool weighted = false;
  for (const RealServerConfig& server : config.real_servers) {
    const size_t port = port_of(whole, server.address).value();
    const std::optional<MacAddress> mac = server.mac ? server.mac : resolve(port, server.address);
    const Registry::Server& number = numbers.servers.at(server.address);
    snapshot.servers[number.slot] = make_server(port, number, mac);
    weighted |= server.weight > 0;
    if (server.weight > 0 && (mac || schedule_unresolved))
      scheduled.push_back({number.slot, server.weight, server.address});
  }

  Service& service = snapshot.services[numbers.index];
  service.known = true;
  service.unavailable = weighted ? DropReason::no_server_resolved : DropReason::no_server;
  const Compiled& compiled = compile(numbers.index, config, std::move(scheduled));
  if (!compiled.maglev) return;
  service.maglev = compiled.maglev->data();
  service.maglev_size = static_cast<uint32_t>(compiled.maglev->size());
  snapshot.tables.push_back(compiled.maglev);
  if (!compiled.sequence) return;
  service.sequence = compiled.sequence->data();
  service.sequence_size = static_cast<uint32_t>(compiled.sequence->size());
  snapshot.tables.push_back(compiled.sequence);
}

RealServer SnapshotBuilder::make_server(size_t port, const Registry::Server& numbers,
                                        const std::optional<MacAddress>& mac) const {
  RealServer server;
  server.egress = static_cast<uint16_t>(port);
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
  if (config.scheduler == SchedulerKind::rr) compiled.sequence = share(build_rr_turns(compiled.servers));
  if (config.scheduler == SchedulerKind::wrr) compiled.sequence = share(build_wrr_turns(compiled.servers));
  return compiled;
}

}  // namespace turnout
