#include "control/doctor_servers.h"

#include <map>
#include <set>
#include <utility>

#include "control/doctor_words.h"

namespace turnout {
namespace {

class ServerExam {
 public:
  ServerExam(const Config& config, const ResolveMac& resolve, const std::vector<MacAddress>& own_macs)
      : config_(config), resolve_(resolve), own_macs_(own_macs) {
    for (size_t port = 0; port < config.ports.size(); ++port) {
      for (const IpAddress& gateway : config.ports[port].gateways) {
        if (const auto mac = resolve(port, gateway)) gateways_.try_emplace({port, mac->to_string()}, gateway);
      }
    }
  }

  Findings run() {
    for (const ServiceConfig& service : config_.services) examine(service);
    return std::move(findings_);
  }

 private:
  using Place = std::pair<size_t, std::string>;  // port and MAC address

  void examine(const ServiceConfig& service) {
    std::map<Place, IpAddress> seen;  // of this service
    for (const RealServerConfig& server : service.real_servers) {
      const auto port = port_of(config_, server.address);
      if (!port) continue;
      const auto mac = server.mac ? server.mac : resolve_(*port, server.address);
      if (!mac) continue;
      const Place place{*port, mac->to_string()};
      if (is_known_as_misplaced(server, place, *mac)) continue;
      const auto [first, is_new] = seen.try_emplace(place, server.address);
      if (!is_new) tell_shared(service, first->second, server.address, place);
    }
  }

  /// A server of many services is told of once.
  bool is_known_as_misplaced(const RealServerConfig& server, const Place& place, const MacAddress& mac) {
    const bool is_own = own_macs_[place.first] == mac;
    const auto gateway = gateways_.find(place);
    const bool is_router = gateway != gateways_.end() && gateway->second != server.address;
    if (!is_own && !is_router) return false;
    if (!told_.insert(server.address).second) return true;
    const std::string evidence = server.address.to_string() + " is at " + place.second + " on " +
                                 on_port(config_.ports[place.first].name);
    if (is_own) {
      findings_.push_back({Severity::critical, "server_is_director", server.address.to_string(),
                           "what is sent to it comes back to the director: it has the MAC address of the "
                           "director's own port",
                           evidence + ", as is the port itself",
                           "correct `mac` of the real server, or leave it out: ARP will find it"});
    } else {
      findings_.push_back({Severity::critical, "server_off_link", server.address.to_string(),
                           "it is not on this segment but behind a router, which sends what it gets for the "
                           "VIP back to the director: Direct Routing can't reach it",
                           evidence + ", as is the gateway " + gateway->second.to_string() +
                               ": the router answers ARP for it",
                           "plug the real server into the director's segment (or a VLAN of it), and end the "
                           "router's proxy ARP: `sysctl net.ipv4.conf.all.proxy_arp=0`"});
    }
    return true;
  }

  void tell_shared(const ServiceConfig& service, const IpAddress& first, const IpAddress& second,
                   const Place& place) {
    findings_.push_back(
        {Severity::warning, "servers_share_mac", service.key.to_string(),
         "two of its real servers are one machine: it gets the share of both, and both are "
         "gone when it is",
         first.to_string() + " and " + second.to_string() + " are both at " + place.second + " on " +
             on_port(config_.ports[place.first].name),
         "remove one of the two (`turnoutctl server delete`) and raise the other's weight; if "
         "they are two machines, something between answers ARP for them: end its proxy ARP"});
  }

  const Config& config_;
  const ResolveMac& resolve_;
  const std::vector<MacAddress>& own_macs_;
  std::map<Place, IpAddress> gateways_;
  std::set<IpAddress> told_;
  Findings findings_;
};

}  // namespace

Findings examine_servers(const Config& config, const ResolveMac& resolve,
                         const std::vector<MacAddress>& own_macs) {
  return ServerExam(config, resolve, own_macs).run();
}

}  // namespace turnout
