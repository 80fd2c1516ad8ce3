// The rules of services of QUIC: what they are of, and their real servers' IDs.
#include <algorithm>
#include <map>

#include "control/config_quic_json.h"
#include "control/config_rules.h"

namespace turnout {
namespace {

void check_quic_ids(const ServiceConfig& service, const std::string& at, ConfigErrors& errors) {
  if (service.quic.id_length == QuicConfig::kUnread) return;
  std::map<std::string, IpAddress> seen;
  for (size_t i = 0; i < service.real_servers.size(); ++i) {
    const RealServerConfig& server = service.real_servers[i];
    if (server.quic_id.empty()) continue;
    const std::string pointer =
        (server.fallback ? at + "/fallback" : item(at + "/real_servers", i)) + "/quic_id";
    const std::string id = "\"" + quic_id_text(server.quic_id) + "\"";
    const auto [first, is_new] = seen.try_emplace(server.quic_id, server.address);
    if (service.quic.id_length == 0) {
      errors.push_back(
          {pointer, id + " is of no use without \"quic\" in the service: add that, or remove the ID"});
    } else if (server.quic_id.size() != service.quic.id_length) {
      errors.push_back({pointer, id + " has " + std::to_string(server.quic_id.size()) +
                                     " octets, and the service's server_id_length is " +
                                     std::to_string(service.quic.id_length) + ": make them agree"});
    } else if (!is_new) {
      errors.push_back({pointer, id + " is that of " + first->second.to_string() +
                                     " as well: give each real server an ID of its own"});
    }
  }
}

}  // namespace

void check_quic(const Config& config, ConfigErrors& errors) {
  const auto is_udp = [](const ServiceKey& key) { return key.protocol == Protocol::udp; };
  for (size_t i = 0; i < config.services.size(); ++i) {
    const ServiceConfig& service = config.services[i];
    const std::string at = item("/services", i);
    if (service.quic.id_length != 0 &&
        (service.one_packet || !std::ranges::all_of(listeners_of(service), is_udp))) {
      errors.push_back({at + "/quic",
                        "QUIC is over UDP, and its datagrams belong together: use it with UDP and without "
                        "one_packet, or remove it"});
    }
    check_quic_ids(service, at, errors);
  }
}

}  // namespace turnout
