// What no single value shows: duplicates, subnets, and sizes that depend on each other.
#include <algorithm>
#include <map>
#include <numeric>
#include <set>
#include <utility>

#include "control/config_rules.h"
#include "control/config_service_key_json.h"
#include "control/host_address.h"
#include "control/prime.h"
#include "control/turns.h"

namespace turnout {
namespace {

// Half of what the dataplane can number (dataplane/bounds.h): a configuration may be replaced by another as
// large in one step, while workers still use the one before.
constexpr size_t kServiceLimit = 32'000;
constexpr size_t kMaxVips = kServiceLimit;  // that have settings
constexpr size_t kMaxRealServersPerService = 4096;
constexpr size_t kMaxRealServers = 500'000;  // over all services; a server of two services counts twice

/// Services and VIPs. Values that could not be read are unspecified addresses: reported already, and passed
/// over here.
class ConfigCheck {
 public:
  ConfigCheck(const Config& config, ConfigErrors& errors)
      : config_(config), errors_(errors), plan_(config, errors) {}

  void run() {
    check_settings();
    check_maintenance();
    check_counts();
    for (size_t i = 0; i < config_.services.size(); ++i) {
      check_service(config_.services[i], item("/services", i));
    }
    for (size_t i = 0; i < config_.services.size(); ++i) check_real_servers(i);
  }

 private:
  void refuse(std::string pointer, std::string reason) {
    errors_.push_back({std::move(pointer), std::move(reason)});
  }

  void check_settings() {
    std::map<IpAddress, std::string> seen;
    for (size_t i = 0; i < config_.vips.size(); ++i) {
      const IpAddress& address = config_.vips[i].address;
      if (address.is_unspecified()) continue;
      check_uplink_of(config_.vips[i], item("/vips", i) + "/depends_on_uplink");
      const std::string at = item("/vips", i) + "/address";
      const auto [first, is_new] = seen.try_emplace(address, at);
      if (!is_new) {
        refuse(at, address.to_string() + " is given already at " + first->second + ": remove one of the two");
      } else if (const std::string* own_at = plan_.own(address)) {
        refuse(at, address.to_string() + " is the director's own address (" + *own_at +
                       "): give a VIP instead, or remove it");
      } else {
        refuse_role(address, at);
      }
    }
  }

  void check_uplink_of(const VipConfig& vip, const std::string& at) {
    const std::string& name = vip.depends_on_uplink;
    if (name.empty()) return;
    const auto& ports = config_.ports;
    const auto port = std::ranges::find(ports, name, &PortConfig::name);
    if (port == ports.end()) {
      if (std::ranges::any_of(ports, &std::string::empty, &PortConfig::name)) return;  // it may be that one
      std::string names;
      for (const PortConfig& each : ports) names += (names.empty() ? "" : ", ") + each.name;
      refuse(at, "there is no port \"" + name + "\": use one of " + names + ", or remove it");
    } else if (!vip.address.is_unspecified() && !has_gateway_for(*port, vip.address)) {
      const std::string family = family_of(vip.address);
      refuse(at, "port " + name + " has no " + family + " gateway that would say whether the uplink is up: " +
                     "give the port one, or remove depends_on_uplink");
    }
  }

  void check_maintenance() {
    std::map<IpAddress, std::string> seen;
    for (size_t i = 0; i < config_.maintenance.size(); ++i) {
      const std::string at = item("/maintenance", i);
      const auto [first, is_new] = seen.try_emplace(config_.maintenance[i], at);
      if (!is_new) {
        refuse(at, config_.maintenance[i].to_string() + " is given already at " + first->second +
                       ": remove one of the two");
      }
    }
  }

  void check_counts() {
    size_t numbers = 0;
    for (const ServiceConfig& service : config_.services) numbers += indexes_of(service);
    if (config_.services.size() > kServiceLimit) {
      refuse("/services", std::to_string(config_.services.size()) + " services: at most " +
                              std::to_string(kServiceLimit) + " are possible, remove some");
    } else if (numbers > kServiceLimit) {
      refuse("/services", "the services take " + std::to_string(numbers) +
                              " numbers (one each, one for each member of a group, and one for persistence): "
                              "at most " +
                              std::to_string(kServiceLimit) + " are possible, remove some");
    }
    if (config_.vips.size() > kMaxVips) {
      refuse("/vips", std::to_string(config_.vips.size()) + " VIPs: at most " + std::to_string(kMaxVips) +
                          " are possible, remove some");
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
    if (service.key.is_group()) {
      check_group(service, at);
    } else {
      check_listener(service.key, at);
    }
  }

  void check_group(const ServiceConfig& group, const std::string& at) {
    const auto [first, is_new] = listeners_.try_emplace(group.key, at);
    if (!is_new) {
      refuse(at + "/group",
             group.key.to_string() + " is given already at " + first->second + ": remove one of the two");
    }
    for (size_t i = 0; i < group.members.size(); ++i) {
      const std::string member = item(at + "/members", i);
      const IpAddress& vip = group.members[i].vip;
      check_listener(group.members[i], member);
      if (vip.is_unspecified() || vip.is_v6() == group.key.vip.is_v6()) continue;
      refuse(member + "/vip", vip.to_string() + " is an " + family_of(vip) + " address and the group is of " +
                                  family_of(group.key.vip) +
                                  ": a group has one family, make another group for the other one");
    }
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

  /// Where packets go to that are a service's, or a member's of a group.
  void check_listener(const ServiceKey& key, const std::string& at) {
    if (key.vip.is_unspecified()) return;
    vips_.try_emplace(key.vip, at + "/vip");
    if (!is_unread(key)) {
      const auto [first, is_new] = listeners_.try_emplace(key, at);
      if (!is_new) {
        refuse(at, key.to_string() + " is given already at " + first->second + ": remove one of the two");
      } else if (key.last_port != 0) {
        refuse_overlap(first->first, at);
      }
    }
    if (const std::string* own_at = plan_.own(key.vip)) {
      refuse(at + "/vip", key.vip.to_string() + " is the director's own address (" + *own_at +
                              "): give the service an address of its own");
    }
    refuse_role(key.vip, at + "/vip");
  }

  /// With another range; a single port goes before a range.
  void refuse_overlap(const ServiceKey& range, const std::string& at) {
    auto& ranges = ranges_[{range.vip, range.protocol}];
    for (const ServiceKey* other : ranges) {
      if (other->last_port < range.port || range.last_port < other->port) continue;
      refuse(at + "/port", range.port_text() + " overlaps " + other->to_string() + " (" +
                               listeners_.at(*other) +
                               "): a port is in one range only, change one of the two");
    }
    ranges.push_back(&range);
  }

  bool refuse_role(const IpAddress& address, const std::string& at) {
    const std::string role = plan_.role(address);
    if (!role.empty()) refuse(at, address.to_string() + " is the " + role + ": use one of a host");
    return !role.empty();
  }

  /// Where a real server is. Written out only to say what is wrong there: there may be 500,000.
  struct Place {
    const std::string& service;
    size_t index;
    bool fallback;
    std::string server() const {
      return fallback ? service + "/fallback" : item(service + "/real_servers", index);
    }
    std::string address() const { return server() + "/address"; }
  };

  bool refuse_server_role(const IpAddress& address, const Place& place) {
    return !plan_.role(address).empty() && refuse_role(address, place.address());
  }

  void check_real_servers(size_t service_index) {
    const ServiceConfig& service = config_.services[service_index];
    const std::string at = item("/services", service_index);
    std::map<IpAddress, size_t> seen;
    for (size_t i = 0; i < service.real_servers.size(); ++i) {
      const IpAddress& address = service.real_servers[i].address;
      if (address.is_unspecified()) continue;
      const Place place{at, i, service.real_servers[i].fallback};
      const auto [first, is_new] = seen.try_emplace(address, i);
      if (!is_new) {
        refuse(place.address(), address.to_string() + " is given already at " +
                                    Place{at, first->second, false}.server() + ": remove one of the two");
      } else if (!has_family(service) || !refuse_other_family(service.key.vip, address, place)) {
        check_real_server(address, place);
      }
    }
  }

  /// A VIP that could not be read has none.
  static bool has_family(const ServiceConfig& service) {
    return service.key.is_group() || !service.key.vip.is_unspecified();
  }

  bool refuse_other_family(const IpAddress& vip, const IpAddress& address, const Place& place) {
    if (vip.is_v4() == address.is_v4()) return false;
    const std::string whose = vip.is_unspecified() ? "the group" : "the VIP " + vip.to_string();
    refuse(place.address(), address.to_string() + " is an " + family_of(address) + " address and " + whose +
                                " an " + family_of(vip) +
                                " one: a service's real servers are of its family, give the server's " +
                                family_of(vip) + " address");
    return true;
  }

  void check_real_server(const IpAddress& address, const Place& place) {
    if (const std::string* own_at = plan_.own(address)) {
      refuse(place.address(), address.to_string() + " is the director's own address (" + *own_at +
                                  "): give the real server's, or remove the server");
    } else if (const auto vip = vips_.find(address); vip != vips_.end()) {
      refuse(place.address(), address.to_string() + " is a virtual service's address (" + vip->second +
                                  "): give the address the real server has for itself");
    } else if (plan_.is_complete() && !refuse_server_role(address, place) && !port_of(config_, address)) {
      refuse(place.address(),
             address.to_string() + " is on no port's subnet (" + plan_.all_subnets() +
                 "): Direct Routing needs it on the same layer-2 segment; add the subnet to a port's "
                 "addresses or remove the server");
    }
  }

  const Config& config_;
  ConfigErrors& errors_;
  AddressPlan plan_;
  // Each with the pointer to where it was given first.
  std::map<IpAddress, std::string> vips_;
  std::map<ServiceKey, std::string> listeners_;  // and groups
  std::map<std::pair<IpAddress, Protocol>, std::vector<const ServiceKey*>> ranges_;
};

/// Real servers that the service does not have in `config`.
std::set<IpAddress> added_servers(const Config& config, const ServiceConfig& next) {
  std::set<IpAddress> added;
  for (const RealServerConfig& server : next.real_servers) added.insert(server.address);
  const ServiceConfig* before = config.find(next.key);
  if (!before) return added;
  for (const RealServerConfig& server : before->real_servers) added.erase(server.address);
  return added;
}

}  // namespace

bool stays_valid(const Config& config, const ServiceConfig& next) {
  const ServiceConfig* const before = config.find(next.key);
  if (before && before->members != next.members) return false;
  Config alone;
  alone.ports = config.ports;
  for (const FilterConfig& filter : config.filters)
    alone.filters.push_back({.name = filter.name, .lists = {}});
  alone.services = {next};
  if (!check_config(alone).empty()) return false;
  const std::set<IpAddress> added = added_servers(config, next);
  if (added.empty()) return true;
  size_t real_servers = next.real_servers.size();
  for (const ServiceConfig& other : config.services) {
    if (other.key == next.key) continue;
    for (const ServiceKey& listener : listeners_of(other)) {
      if (added.contains(listener.vip)) return false;
    }
    real_servers += other.real_servers.size();
  }
  return real_servers <= kMaxRealServers;
}

ConfigErrors check_config(const Config& config) {
  ConfigErrors errors;
  check_devices(config, errors);
  ConfigCheck(config, errors).run();
  check_filters(config, errors);
  check_quic(config, errors);
  return errors;
}

}  // namespace turnout
