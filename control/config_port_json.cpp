#include "control/config_port_json.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "control/config_timings_json.h"
#include "dataplane/bounds.h"

namespace turnout {
namespace {

constexpr size_t kMaxAddressesPerPort = 64;
constexpr uint64_t kMaxQueues = 64;
constexpr uint64_t kLeastMtu = 576;     // what every IPv4 host takes (RFC 791 §3.1)
constexpr uint64_t kMostMtu = 9600;     // of jumbo frames, as NICs and switches have it
constexpr uint16_t kUnreadVlan = 4095;  // reserved: no port has it

void read_port_name(const ConfigReader& at, std::string& name) {
  constexpr std::string_view kAllowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  const auto text = at.text();
  if (!text) return;
  if (text->find_first_not_of(kAllowed) != std::string::npos) {
    at.refuse_value("is no port name: use letters, digits, _ . and - only");
    return;
  }
  name = *text;
}

void read_port_addresses(const ConfigReader& at, std::vector<InterfaceAddress>& addresses) {
  const auto elements = at.elements();
  if (at.value().is_array() && elements.empty()) {
    at.refuse("holds no address: give the director's own at least, as in [\"192.0.2.2/24\"]");
  }
  if (elements.size() > kMaxAddressesPerPort) {
    at.refuse("holds " + std::to_string(elements.size()) + " addresses: at most " +
              std::to_string(kMaxAddressesPerPort) + " a port are possible");
    return;
  }
  for (const ConfigReader& element : elements) {
    addresses.push_back(element.interface_address().value_or(InterfaceAddress()));
  }
}

/// One, or a list. What can't be read keeps its place, so that the others' pointers are right.
std::vector<IpAddress> read_one_or_more(const ConfigReader& at, LinkLocal link_local) {
  if (!at.value().is_array()) return {at.host_address(link_local).value_or(IpAddress())};
  std::vector<IpAddress> addresses;
  for (const ConfigReader& element : at.elements()) {
    addresses.push_back(element.host_address(link_local).value_or(IpAddress()));
  }
  return addresses;
}

void read_uplink(const ConfigReader& at, UplinkConfig& uplink) {
  if (!at.expect_object({"echo", "interval", "timeout", "rise", "fall"})) return;
  if (const auto echo = at.member("echo")) uplink.echo = read_one_or_more(*echo, LinkLocal::refused);
  read_timings(at, uplink.timings);
}

std::string why_no_interface_name(std::string_view name) {
  constexpr size_t kMostLetters = 15;  // IFNAMSIZ, less the NUL that ends it
  // A name with % is a pattern to the kernel, which puts a number there.
  constexpr std::string_view kNotAllowed = " /:%\t";
  constexpr std::array<std::string_view, 5> kTaken{".", "..", "lo", "all", "default"};
  if (name.size() > kMostLetters)
    return "has " + std::to_string(name.size()) + " bytes, an interface's name at most 15";
  if (name.find_first_of(kNotAllowed) != std::string_view::npos) return "holds a blank, '/', ':' or '%'";
  if (std::find(kTaken.begin(), kTaken.end(), name) != kTaken.end()) {
    return "has a meaning of its own to the kernel";
  }
  return "";
}

void read_kernel_interface(const ConfigReader& at, std::string& name) {
  const auto text = at.text();
  if (!text) return;
  if (const std::string why = why_no_interface_name(*text); !why.empty()) {
    at.refuse_value(why + ": give a name of 1 to 15 characters, as in turnout0");
    return;
  }
  name = *text;
}

void read_port_network(const ConfigReader& at, PortConfig& port) {
  if (const auto addresses =
          at.required_member("addresses", "the director's own, as in [\"192.0.2.2/24\"]")) {
    read_port_addresses(*addresses, port.addresses);
  }
  if (const auto gateway = at.member("gateway")) {
    port.gateways = read_one_or_more(*gateway, LinkLocal::allowed);
  }
  if (const auto uplink = at.member("uplink")) read_uplink(*uplink, port.uplink);
  if (const auto vlan = at.member("vlan")) {
    port.vlan = static_cast<uint16_t>(vlan->integer(0, kMaxVlan).value_or(kUnreadVlan));
  }
  uint16_t mtu = 0;
  at.read_integer("mtu", kLeastMtu, kMostMtu, mtu);
  if (mtu != 0) port.mtu = mtu;
}

void read_spread(const ConfigReader& at, SpreadPolicy& spread) {
  const auto name = at.text();
  if (!name) return;
  for (const auto policy : {SpreadPolicy::automatic, SpreadPolicy::on, SpreadPolicy::off}) {
    if (*name != to_string(policy)) continue;
    spread = policy;
    return;
  }
  at.refuse_value(R"(is no way to spread flows in software: use "auto", "on" or "off")");
}

void read_port_queues(const ConfigReader& at, PortConfig& port) {
  at.read_integer("rx_queues", 0, kMaxQueues, port.rx_queues);
  if (const auto spread = at.member("spread")) read_spread(*spread, port.spread);
  const auto rebalance = at.member("rebalance");
  if (!rebalance) return;
  if (rebalance->value().is_boolean()) {
    port.rebalance = rebalance->value().get<bool>();
  } else {
    rebalance->refuse_value("is neither true nor false: use true to have flows moved to idle workers");
  }
}

PortConfig read_port(const ConfigReader& at) {
  PortConfig port;
  if (!at.expect_object({"name", "device", "vlan", "addresses", "gateway", "uplink", "mtu",
                         "kernel_interface", "rx_queues", "spread", "rebalance"})) {
    return port;
  }
  if (const auto name = at.required_member("name", "your name for the port"))
    read_port_name(*name, port.name);
  if (const auto device = at.required_member("device", "the PCI address or the vdev's name")) {
    port.device = device->text().value_or("");
  }
  read_port_network(at, port);
  if (const auto name = at.member("kernel_interface")) read_kernel_interface(*name, port.kernel_interface);
  read_port_queues(at, port);
  return port;
}

}  // namespace

void read_ports(const ConfigReader& at, std::vector<PortConfig>& ports) {
  const auto elements = at.elements();
  if (at.value().is_array() && elements.empty()) at.refuse("holds no port: give at least one");
  if (elements.size() > kMaxPorts) {
    at.refuse("holds " + std::to_string(elements.size()) + " ports: at most " + std::to_string(kMaxPorts) +
              " are possible");
    return;
  }
  for (const ConfigReader& element : elements) ports.push_back(read_port(element));
}

}  // namespace turnout
