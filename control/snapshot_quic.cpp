#include "control/snapshot_quic.h"

namespace turnout {

void set_quic(const Config& config, const Registry& registry, Snapshot& snapshot) {
  snapshot.quic.clear();
  size_t servers = 0;
  for (const ServiceConfig& service : config.services) {
    if (service.quic.id_length == 0) continue;
    snapshot.quic.resize(snapshot.services.size());
    servers += service.real_servers.size();
    const Registry::Service& numbers = registry.service(service.key);
    for (const ServiceKey& listener : listeners_of(service))
      snapshot.quic[numbers.index_of(listener)] = {service.quic.id_length, service.quic.configuration};
  }
  ExactMap<ServiceKey6> map(servers);
  for (const ServiceConfig& service : config.services) {
    if (service.quic.id_length == 0) continue;
    const Registry::Service& numbers = registry.service(service.key);
    for (const RealServerConfig& server : service.real_servers) {
      if (server.quic_id.empty()) continue;
      const auto* id = reinterpret_cast<const uint8_t*>(server.quic_id.data());
      map.insert(quic_server_key(numbers.index, id, service.quic.id_length),
                 numbers.servers.at(server.address).slot + 1);
    }
  }
  map.spread();
  snapshot.quic_servers = std::move(map);
}

}  // namespace turnout
