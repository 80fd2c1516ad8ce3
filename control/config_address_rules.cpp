// The ports' addresses: subnets that are apart, and gateways that are on them.
#include <algorithm>
#include <utility>

#include "control/config_rules.h"
#include "control/host_address.h"

namespace turnout {
namespace {

std::string subnets_of(const PortConfig& port) {
  std::string list;
  for (const InterfaceAddress& own : port.addresses) {
    list += (list.empty() ? "" : ", ") + network_of(own);
  }
  return list;
}

}  // namespace

bool has_gateway_for(const PortConfig& port, const IpAddress& address) {
  return std::ranges::any_of(port.gateways, [&](const IpAddress& gateway) {
    return gateway.is_unspecified() || gateway.is_v6() == address.is_v6();
  });
}

AddressPlan::AddressPlan(const Config& config, ConfigErrors& errors) : config_(config), errors_(errors) {
  collect_subnets();
  for (size_t i = 0; i < config_.ports.size(); ++i) {
    check_gateways(config_.ports[i], item("/ports", i));
    check_uplink(config_.ports[i], item("/ports", i) + "/uplink");
  }
}

const std::string* AddressPlan::own(const IpAddress& address) const {
  const auto found = own_addresses_.find(address);
  return found == own_addresses_.end() ? nullptr : &found->second;
}

std::string AddressPlan::role(const IpAddress& address) const {
  for (const Subnet& subnet : subnets_) {
    const std::string role = role_in_subnet(subnet.own, address);
    if (!role.empty()) return role + " address of " + network_of(subnet.own);
  }
  return "";
}

std::string AddressPlan::all_subnets() const {
  std::string list;
  for (const PortConfig& port : config_.ports) {
    list += (list.empty() ? "" : "; ") + port.name + " " + subnets_of(port);
  }
  return list;
}

void AddressPlan::refuse(std::string pointer, std::string reason) {
  errors_.push_back({std::move(pointer), std::move(reason)});
}

void AddressPlan::collect_subnets() {
  is_complete_ = !config_.ports.empty();
  for (size_t port = 0; port < config_.ports.size(); ++port) {
    const auto& addresses = config_.ports[port].addresses;
    is_complete_ = is_complete_ && !addresses.empty();
    for (size_t i = 0; i < addresses.size(); ++i) {
      add_subnet({addresses[i], port, item(item("/ports", port) + "/addresses", i)});
    }
  }
}

void AddressPlan::add_subnet(const Subnet& added) {
  const InterfaceAddress& own = added.own;
  if (own.address.is_unspecified()) {
    is_complete_ = false;
    return;
  }
  if (const std::string role = role_in_subnet(own, own.address); !role.empty()) {
    refuse(added.pointer, own.to_string() + " is its subnet's " + role + " address: use one of a host in it");
  }
  const auto [first, is_new] = own_addresses_.try_emplace(own.address, added.pointer);
  if (!is_new) {
    refuse(added.pointer,
           own.address.to_string() + " is given already at " + first->second + ": remove one of the two");
    return;
  }
  refuse_overlaps(added);
  subnets_.push_back(added);
}

void AddressPlan::refuse_overlaps(const Subnet& added) {
  const InterfaceAddress& own = added.own;
  for (const Subnet& other : subnets_) {
    if (other.port == added.port) continue;
    if (!other.own.contains(own.address) && !own.contains(other.own.address)) continue;
    refuse(added.pointer, own.to_string() + " overlaps " + other.own.to_string() + " of port " +
                              config_.ports[other.port].name + " (" + other.pointer +
                              "): a subnet can be on one port only, change one of the two");
  }
}

void AddressPlan::check_gateways(const PortConfig& port, const std::string& at) {
  const bool is_list = port.gateways.size() > 1;
  const IpAddress* of_family[2] = {};  // the first of each
  for (size_t i = 0; i < port.gateways.size(); ++i) {
    const IpAddress& gateway = port.gateways[i];
    if (gateway.is_unspecified()) continue;
    const std::string gateway_at = is_list ? item(at + "/gateway", i) : at + "/gateway";
    const IpAddress*& first = of_family[gateway.is_v6()];
    if (first == nullptr) {
      first = &gateway;
      check_gateway(port, gateway, gateway_at);
    } else {
      refuse(gateway_at, gateway.to_string() + " is a second " + family_of(gateway) + " gateway beside " +
                             first->to_string() +
                             ": at most one of each family is possible, remove one of the two");
    }
  }
}

void AddressPlan::check_gateway(const PortConfig& port, const IpAddress& gateway, const std::string& at) {
  constexpr uint8_t kLinkLocalPrefix = 64;  // RFC 4291 §2.5.6
  if (is_ipv6_link_local(gateway)) return refuse_gateway_role({gateway, kLinkLocalPrefix}, gateway, at);
  if (!is_complete_) return;
  const auto subnet = std::find_if(port.addresses.begin(), port.addresses.end(),
                                   [&](const InterfaceAddress& own) { return own.contains(gateway); });
  if (subnet == port.addresses.end()) {
    refuse(at, gateway.to_string() + " is on none of the port's subnets (" + subnets_of(port) +
                   "): give a router's address on one of them, or remove it");
  } else if (const std::string* own_at = own(gateway)) {
    refuse(at, gateway.to_string() + " is the director's own address (" + *own_at +
                   "): give the router's, or remove it");
  } else {
    refuse_gateway_role(*subnet, gateway, at);
  }
}

void AddressPlan::refuse_gateway_role(const InterfaceAddress& subnet, const IpAddress& gateway,
                                      const std::string& at) {
  const std::string role = role_in_subnet(subnet, gateway);
  if (role.empty()) return;
  refuse(at, gateway.to_string() + " is the " + role + " address of " + network_of(subnet) +
                 ": give the router's, or remove it");
}

void AddressPlan::check_uplink(const PortConfig& port, const std::string& at) {
  const std::vector<IpAddress>& targets = port.uplink.echo;
  if (port.gateways.empty() && port.uplink != UplinkConfig()) {
    refuse(at, "port " + port.name + " has no gateway to watch: give it one, or remove uplink");
    return;
  }
  const IpAddress* of_family[2] = {};  // the first of each
  for (size_t i = 0; i < targets.size(); ++i) {
    if (targets[i].is_unspecified()) continue;
    const std::string target_at = targets.size() > 1 ? item(at + "/echo", i) : at + "/echo";
    const IpAddress*& first = of_family[targets[i].is_v6()];
    if (first != nullptr) {
      refuse(target_at, targets[i].to_string() + " is a second " + family_of(targets[i]) + " target beside " +
                            first->to_string() +
                            ": at most one of each family is possible, remove one of the two");
      continue;
    }
    first = &targets[i];
    check_far_target(port, targets[i], target_at);
  }
}

/// It is to say whether the way beyond the gateway is whole, so it has to lie beyond it.
void AddressPlan::check_far_target(const PortConfig& port, const IpAddress& target, const std::string& at) {
  const std::string family = family_of(target);
  const bool has_source = std::ranges::any_of(port.addresses, [&](const InterfaceAddress& own) {
    return own.address.is_unspecified() || own.address.is_v6() == target.is_v6();
  });
  const auto near =
      std::ranges::find_if(subnets_, [&](const Subnet& subnet) { return subnet.own.contains(target); });
  if (!has_gateway_for(port, target)) {
    refuse(at, target.to_string() + " can't be reached: port " + port.name + " has no " + family +
                   " gateway; give it one, or remove the target");
  } else if (!has_source) {
    refuse(at, target.to_string() + " has nowhere to answer to: port " + port.name + " has no " + family +
                   " address; give it one, or remove the target");
  } else if (near != subnets_.end()) {
    refuse(at, target.to_string() + " is on the subnet " + network_of(near->own) + " of port " +
                   config_.ports[near->port].name +
                   ": give an address that is reached only through the gateway, or remove it");
  }
}

}  // namespace turnout
