// What no single value shows: duplicates, subnets, and sizes that depend on each other.
#include <algorithm>
#include <boost/asio/ip/network_v4.hpp>
#include <map>
#include <numeric>
#include <string_view>
#include <utility>

#include "control/config_json.h"
#include "control/prime.h"

namespace turnout {
namespace {

// Half of what the dataplane can number (dataplane/bounds.h): a configuration may be replaced by another as
// large in one step, while workers still use the one before.
constexpr size_t kMaxServices = 32'000;
constexpr size_t kMaxRealServersPerService = 4096;
constexpr size_t kMaxRealServers = 500'000;  // over all services; a server of two services counts twice
constexpr uint64_t kMaxTurns = 1u << 20;     // of one service's wrr: 4 MiB

std::string item(std::string_view list, size_t index) {
  return std::string(list) + "/" + std::to_string(index);
}

std::string network_of(const InterfaceAddress& own) {
  return boost::asio::ip::make_network_v4(own.address.to_v4(), own.prefix_length).canonical().to_string();
}

/// "network" or "broadcast" if `address` is that of the subnet; a /31 or /32 has neither (RFC 3021).
std::string_view role_in_subnet(const InterfaceAddress& subnet, const IpAddress& address) {
  constexpr unsigned kLongestWithRoles = 30;
  if (subnet.prefix_length > kLongestWithRoles || !subnet.contains(address)) return "";
  const auto network = boost::asio::ip::make_network_v4(subnet.address.to_v4(), subnet.prefix_length);
  if (address == network.network()) return "network";
  return address == network.broadcast() ? "broadcast" : "";
}

/// Values that could not be read are unspecified addresses and empty names: reported already, and passed over
/// here.
class ConfigCheck {
 public:
  explicit ConfigCheck(const Config& config) : config_(config) {}

  ConfigErrors run() && {
    for (size_t i = 0; i < config_.ports.size(); ++i) check_port(config_.ports[i], item("/ports", i));
    collect_subnets();
    for (size_t i = 0; i < config_.ports.size(); ++i) check_gateway(config_.ports[i], item("/ports", i));
    check_counts();
    for (size_t i = 0; i < config_.services.size(); ++i) {
      check_service(config_.services[i], item("/services", i));
    }
    for (size_t i = 0; i < config_.services.size(); ++i) check_real_servers(i);
    return std::move(errors_);
  }

 private:
  struct Subnet {
    InterfaceAddress own;
    size_t port;
    std::string pointer;
  };

  void refuse(std::string pointer, std::string reason) {
    errors_.push_back({std::move(pointer), std::move(reason)});
  }

  void check_port(const PortConfig& port, const std::string& at) {
    const auto refuse_second = [this, &at](auto& seen, const std::string& value, const std::string& key) {
      if (value.empty()) return;
      const auto [first, is_new] = seen.try_emplace(value, at + key);
      if (is_new) return;
      refuse(at + key,
             "\"" + value + "\" is given already at " + first->second + ": each port needs its own");
    };
    refuse_second(names_, port.name, "/name");
    refuse_second(devices_, port.device, "/device");
  }

  void collect_subnets() {
    subnets_known_ = !config_.ports.empty();
    for (size_t port = 0; port < config_.ports.size(); ++port) {
      const auto& addresses = config_.ports[port].addresses;
      subnets_known_ = subnets_known_ && !addresses.empty();
      for (size_t i = 0; i < addresses.size(); ++i) {
        add_subnet({addresses[i], port, item(item("/ports", port) + "/addresses", i)});
      }
    }
  }

  void add_subnet(const Subnet& added) {
    const InterfaceAddress& own = added.own;
    if (own.address.is_unspecified()) {
      subnets_known_ = false;
      return;
    }
    if (const auto role = role_in_subnet(own, own.address); !role.empty()) {
      refuse(added.pointer,
             own.to_string() + " is its subnet's " + std::string(role) + " address: use one of a host in it");
    }
    const auto [first, is_new] = own_addresses_.try_emplace(own.address, added.pointer);
    if (!is_new) {
      refuse(added.pointer,
             own.address.to_string() + " is given already at " + first->second + ": remove one of the two");
      return;
    }
    for (const Subnet& other : subnets_) {
      if (other.port == added.port) continue;
      if (!other.own.contains(own.address) && !own.contains(other.own.address)) continue;
      refuse(added.pointer, own.to_string() + " overlaps " + other.own.to_string() + " of port " +
                                config_.ports[other.port].name + " (" + other.pointer +
                                "): a subnet can be on one port only, change one of the two");
    }
    subnets_.push_back(added);
  }

  void check_gateway(const PortConfig& port, const std::string& at) {
    if (!port.gateway || !subnets_known_) return;
    const IpAddress& gateway = *port.gateway;
    const auto subnet = std::find_if(port.addresses.begin(), port.addresses.end(),
                                     [&](const InterfaceAddress& own) { return own.contains(gateway); });
    if (subnet == port.addresses.end()) {
      refuse(at + "/gateway", gateway.to_string() + " is on none of the port's subnets (" + subnets_of(port) +
                                  "): give a router's address on one of them, or remove it");
    } else if (const auto own = own_addresses_.find(gateway); own != own_addresses_.end()) {
      refuse(at + "/gateway", gateway.to_string() + " is the director's own address (" + own->second +
                                  "): give the router's, or remove it");
    } else if (const auto role = role_in_subnet(*subnet, gateway); !role.empty()) {
      refuse(at + "/gateway", gateway.to_string() + " is the " + std::string(role) + " address of " +
                                  network_of(*subnet) + ": give the router's, or remove it");
    }
  }

  void check_counts() {
    if (config_.services.size() > kMaxServices) {
      refuse("/services", std::to_string(config_.services.size()) + " services: at most " +
                              std::to_string(kMaxServices) + " are possible, remove some");
    }
    size_t real_servers = 0;
    for (const ServiceConfig& service : config_.services) real_servers += service.real_servers.size();
    if (real_servers > kMaxRealServers) {
      refuse("/services", std::to_string(real_servers) + " real servers over all services: at most " +
                              std::to_string(kMaxRealServers) + " are possible, remove some");
    }
  }

  void check_service(const ServiceConfig& service, const std::string& at) {
    const size_t real_servers = service.real_servers.size();
    if (real_servers > kMaxRealServersPerService) {
      refuse(at + "/real_servers", std::to_string(real_servers) + " real servers: at most " +
                                       std::to_string(kMaxRealServersPerService) +
                                       " a service are possible, remove some");
    } else if (service.maglev_table_size <= real_servers) {
      refuse(at + "/maglev_table_size", std::to_string(service.maglev_table_size) +
                                            " is not above the service's " + std::to_string(real_servers) +
                                            " real servers: use a larger prime, at least " +
                                            std::to_string(next_prime(static_cast<uint32_t>(real_servers))));
    }
    if (service.scheduler == SchedulerKind::wrr) check_turns(service, at);
    check_vip(service.key, at);
  }

  /// wrr writes its order down: weight ÷ (greatest common divisor) turns for each server.
  void check_turns(const ServiceConfig& service, const std::string& at) {
    uint64_t divisor = 0, sum = 0;
    for (const RealServerConfig& server : service.real_servers) {
      divisor = std::gcd(divisor, uint64_t{server.weight});
      sum += server.weight;
    }
    if (divisor == 0 || sum / divisor <= kMaxTurns) return;
    refuse(at + "/real_servers", "the weights come to " + std::to_string(sum / divisor) +
                                     " turns of wrr, at most " + std::to_string(kMaxTurns) +
                                     " are possible: use smaller weights, or multiples of each other");
  }

  void check_vip(const ServiceKey& key, const std::string& at) {
    if (key.vip.is_unspecified()) return;
    vips_.try_emplace(key.vip, at + "/vip");
    if (key.port != 0) {
      const auto [first, is_new] = services_.try_emplace(key, at);
      if (!is_new) {
        refuse(at, key.to_string() + " is given already at " + first->second + ": remove one of the two");
      }
    }
    if (const auto own = own_addresses_.find(key.vip); own != own_addresses_.end()) {
      refuse(at + "/vip", key.vip.to_string() + " is the director's own address (" + own->second +
                              "): give the service an address of its own");
    }
    refuse_role(key.vip, at + "/vip");
  }

  bool refuse_role(const IpAddress& address, const std::string& at) {
    for (const Subnet& subnet : subnets_) {
      const auto role = role_in_subnet(subnet.own, address);
      if (role.empty()) continue;
      refuse(at, address.to_string() + " is the " + std::string(role) + " address of " +
                     network_of(subnet.own) + ": use one of a host");
      return true;
    }
    return false;
  }

  void check_real_servers(size_t service_index) {
    const auto& servers = config_.services[service_index].real_servers;
    const std::string at = item("/services", service_index) + "/real_servers";
    std::map<IpAddress, size_t> seen;
    for (size_t i = 0; i < servers.size(); ++i) {
      const IpAddress& address = servers[i].address;
      if (address.is_unspecified()) continue;
      const std::string address_at = item(at, i) + "/address";
      const auto [first, is_new] = seen.try_emplace(address, i);
      if (is_new) {
        check_real_server(address, address_at);
      } else {
        refuse(address_at, address.to_string() + " is given already at " + item(at, first->second) +
                               ": remove one of the two");
      }
    }
  }

  void check_real_server(const IpAddress& address, const std::string& at) {
    if (const auto own = own_addresses_.find(address); own != own_addresses_.end()) {
      refuse(at, address.to_string() + " is the director's own address (" + own->second +
                     "): give the real server's, or remove the server");
    } else if (const auto vip = vips_.find(address); vip != vips_.end()) {
      refuse(at, address.to_string() + " is a virtual service's address (" + vip->second +
                     "): give the address the real server has for itself");
    } else if (subnets_known_ && !refuse_role(address, at) && !port_of(config_, address)) {
      refuse(at, address.to_string() + " is on no port's subnet (" + all_subnets() +
                     "): Direct Routing needs it on the same layer-2 segment; add the subnet to a port's "
                     "addresses or remove the server");
    }
  }

  static std::string subnets_of(const PortConfig& port) {
    std::string list;
    for (const InterfaceAddress& own : port.addresses) {
      list += (list.empty() ? "" : ", ") + network_of(own);
    }
    return list;
  }

  std::string all_subnets() const {
    std::string list;
    for (const PortConfig& port : config_.ports) {
      list += (list.empty() ? "" : "; ") + port.name + " " + subnets_of(port);
    }
    return list;
  }

  const Config& config_;
  ConfigErrors errors_;
  bool subnets_known_ = false;  // every port's addresses could be read
  std::vector<Subnet> subnets_;
  // Each with the pointer to where it was given first.
  std::map<std::string, std::string, std::less<>> names_, devices_;
  std::map<IpAddress, std::string> own_addresses_, vips_;
  std::map<ServiceKey, std::string> services_;
};

}  // namespace

ConfigErrors check_config(const Config& config) {
  return ConfigCheck(config).run();
}

}  // namespace turnout
