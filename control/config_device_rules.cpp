// What ports need for themselves, and what those that share a device must have in common.
#include <algorithm>
#include <utility>

#include "control/config_rules.h"

namespace turnout {
namespace {

constexpr uint16_t kLeastIpv6Mtu = 1280;  // RFC 8200 §5

std::string in_quotes(const std::string& text) {
  return "\"" + text + "\"";
}

class DeviceRules {
 public:
  DeviceRules(const Config& config, ConfigErrors& errors) : config_(config), errors_(errors) {}

  void check() {
    for (size_t i = 0; i < config_.ports.size(); ++i) {
      const PortConfig& port = config_.ports[i];
      const std::string at = item("/ports", i);
      refuse_second(names_, port.name, at + "/name");
      refuse_second(kernel_interfaces_, port.kernel_interface, at + "/kernel_interface");
      if (port.device.empty() || refuse_second_user(port, at)) continue;
      refuse_disagreement(mtus_, "mtu", port, port.mtu ? std::to_string(*port.mtu) : "", at);
      refuse_disagreement(queues_, "rx_queues", port, port.rx_queues ? std::to_string(port.rx_queues) : "",
                          at);
      const bool chosen = port.spread != SpreadPolicy::automatic;
      refuse_disagreement(spreads_, "spread", port, chosen ? to_string(port.spread) : "", at);
    }
    for (size_t i = 0; i < config_.ports.size(); ++i) check_mtu(config_.ports[i], item("/ports", i));
  }

 private:
  struct Setting {
    std::string value;
    std::string of_port;
    std::string pointer;
  };
  using Settings = std::map<std::string, Setting>;  // by device

  void refuse(std::string pointer, std::string reason) {
    errors_.push_back({std::move(pointer), std::move(reason)});
  }

  void refuse_second(std::map<std::string, std::string>& seen, const std::string& value,
                     const std::string& at) {
    if (value.empty()) return;
    const auto [first, is_new] = seen.try_emplace(value, at);
    if (is_new) return;
    refuse(at, in_quotes(value) + " is given already at " + first->second + ": each port needs its own");
  }

  bool refuse_second_user(const PortConfig& port, const std::string& at) {
    if (port.vlan > kMaxVlan) return false;
    const auto [first, is_new] = users_.try_emplace({port.device, port.vlan}, at + "/device");
    if (is_new) return false;
    const std::string vlan = port.vlan == 0 ? "without a VLAN" : "with VLAN " + std::to_string(port.vlan);
    refuse(at + "/device", in_quotes(port.device) + " is given already at " + first->second + ", " + vlan +
                               " as here: ports that share a device each need another vlan");
    return true;
  }

  /// "" leaves it to the other ports of the device.
  void refuse_disagreement(Settings& settings, const std::string& key, const PortConfig& port,
                           const std::string& value, const std::string& at) {
    if (value.empty()) return;
    const std::string value_at = at + "/" + key;
    const auto [first, is_new] = settings.try_emplace(port.device, Setting{value, port.name, value_at});
    const Setting& other = first->second;
    if (is_new || other.value == value) return;
    refuse(value_at, value + " of port " + port.name + " differs from " + other.value + " of port " +
                         other.of_port + " (" + other.pointer + "), which shares its device " +
                         in_quotes(port.device) + ": a device has one " + key +
                         ", give it on one of the two or the same on both");
  }

  void check_mtu(const PortConfig& port, const std::string& at) {
    if (!port.mtu || *port.mtu >= kLeastIpv6Mtu) return;
    for (size_t i = 0; i < config_.ports.size(); ++i) {
      const PortConfig& other = config_.ports[i];
      if (&other != &port && (port.device.empty() || other.device != port.device)) continue;
      const auto ipv6 = std::find_if(other.addresses.begin(), other.addresses.end(),
                                     [](const InterfaceAddress& own) { return own.address.is_v6(); });
      if (ipv6 == other.addresses.end()) continue;
      const auto index = static_cast<size_t>(ipv6 - other.addresses.begin());
      refuse(at + "/mtu", std::to_string(*port.mtu) +
                              " is less than the 1280 that IPv6 needs, and there is " + ipv6->to_string() +
                              " on the device (" + item(item("/ports", i) + "/addresses", index) +
                              "): use 1280 to 9600, or remove the address");
      return;
    }
  }

  const Config& config_;
  ConfigErrors& errors_;
  // Each with the pointer to where it was given first.
  std::map<std::string, std::string> names_, kernel_interfaces_;
  std::map<std::pair<std::string, uint16_t>, std::string> users_;  // of a device, by VLAN
  Settings mtus_, queues_, spreads_;
};

}  // namespace

void check_devices(const Config& config, ConfigErrors& errors) {
  DeviceRules(config, errors).check();
}

}  // namespace turnout
