// The rules of the ports, for check_config(). Values that could not be read are unspecified addresses, empty
// names and VLAN 4095: reported already, and passed over here.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "control/config_json.h"

namespace turnout {

/// "/ports" and 3 → "/ports/3"
inline std::string item(std::string_view list, size_t index) {
  return std::string(list) + "/" + std::to_string(index);
}

/// Names and kernel interfaces are each port's own; ports that share a device differ by VLAN and agree on the
/// rest.
void check_devices(const Config& config, ConfigErrors& errors);

/// Filters have names of their own, and whose name is given exists.
void check_filters(const Config& config, ConfigErrors& errors);
bool has_filter(const Config& config, const std::string& name);

/// QUIC is over UDP, and its servers' IDs fit and differ.
void check_quic(const Config& config, ConfigErrors& errors);

/// Has the port a gateway of the address's family, or one that could not be read?
bool has_gateway_for(const PortConfig& port, const IpAddress& address);

/// Which addresses and subnets the director has, and with that the rules for every other address.
class AddressPlan {
 public:
  /// Adds to `errors` what is wrong with the ports' addresses and gateways.
  AddressPlan(const Config& config, ConfigErrors& errors);

  /// Every port's addresses could be read.
  bool is_complete() const { return is_complete_; }

  /// Where `address` is given as the director's own, as a JSON pointer; null if it isn't.
  const std::string* own(const IpAddress& address) const;

  /// "network address of 192.0.2.0/24"; empty if `address` has no role in any subnet.
  std::string role(const IpAddress& address) const;

  std::string all_subnets() const;  ///< "lan 192.0.2.0/24, 2001:db8::/64; wan 198.51.100.0/24"

 private:
  struct Subnet {
    InterfaceAddress own;
    size_t port;
    std::string pointer;
  };

  void refuse(std::string pointer, std::string reason);
  void collect_subnets();
  void add_subnet(const Subnet& added);
  void refuse_overlaps(const Subnet& added);
  void check_gateways(const PortConfig& port, const std::string& at);
  void check_gateway(const PortConfig& port, const IpAddress& gateway, const std::string& at);
  void refuse_gateway_role(const InterfaceAddress& subnet, const IpAddress& gateway, const std::string& at);
  void check_uplink(const PortConfig& port, const std::string& at);
  void check_far_target(const PortConfig& port, const IpAddress& target, const std::string& at);

  const Config& config_;
  ConfigErrors& errors_;
  bool is_complete_ = false;
  std::vector<Subnet> subnets_;
  std::map<IpAddress, std::string> own_addresses_;  // with the pointer to where it was given first
};

}  // namespace turnout
