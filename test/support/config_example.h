// The example configuration of the operator's guide, and what tests do with it.
#pragma once

#include <string>
#include <string_view>

#include "control/config_json.h"

namespace turnout {

inline constexpr std::string_view kExample = R"({
  "eal": { "lcores": "0-1",                 // EAL's --lcores syntax
           "args": ["--no-pci", "--vdev=net_af_packet0,iface=dir0"] },
  "workers": { "idle": "pause" },
  "ports": [
    { "name": "lan",                        /* the operator's
                                               name for it */
      "device": "net_af_packet0",
      "addresses": ["192.0.2.2/24"],
      "gateway": "192.0.2.1",
      "vlan": 0, "rx_queues": 1 } ],
  "buffers": { "count": 16384 },
  "connections": { "capacity": 1048576,
                   "timeouts": { "tcp_syn": 60, "tcp_established": 900, "tcp_fin": 120, "tcp_close": 10, "udp": 300 } },
  "control": { "socket": "/run/turnout/control.sock" },
  "http": { "listen": "127.0.0.1:9877" },
  "services": [
    { "vip": "192.0.2.100", "protocol": "tcp", "port": 80,
      "scheduler": "mh", "persistence": 0,  // seconds; 0: off
      "health": { "type": "none" },
      "real_servers": [
        { "address": "192.0.2.11", "weight": 1 },
        { "address": "192.0.2.12", "weight": 2, "mac": "02:00:00:00:00:12" } ] } ]
})";

/// Both families on one port, a VLAN beside it on the same device, and everything else that can be set.
inline constexpr std::string_view kIpv6Example = R"({
  "ports": [
    { "name": "lan", "device": "0000:3b:00.0", "vlan": 0, "mtu": 9000, "rx_queues": 2,
      "addresses": ["192.0.2.2/24", "2001:db8::2/64"],
      "gateway": ["192.0.2.1", "fe80::1"],
      "kernel_interface": "turnout0" },
    { "name": "dmz", "device": "0000:3b:00.0", "vlan": 4094,
      "addresses": ["2001:db8:1::2/127"],
      "gateway": "2001:db8:1::3" } ],
  "connections": { "capacity": 2048, "capacity_ipv6": 1024 },
  "vips": [
    { "address": "2001:db8::100", "echo": "while_up", "unmatched": "reject" },
    { "address": "198.51.100.77", "echo": "no" } ],
  "services": [
    { "vip": "2001:db8::100", "protocol": "tcp", "port": 80,
      "real_servers": [
        { "address": "2001:db8::11" },
        { "address": "2001:db8::12", "weight": 2, "mac": "02:00:00:00:00:12" } ] },
    { "vip": "192.0.2.100", "protocol": "udp", "port": 53,
      "real_servers": [ { "address": "192.0.2.11" } ] } ]
})";

inline Json ipv6_example() {
  return *parse_json_text(std::string(kIpv6Example)).value;
}

inline Json example() {
  return *parse_json_text(std::string(kExample)).value;
}
inline Config example_config() {
  return *parse_config(example()).value;
}

inline std::string all_of(const ConfigErrors& errors) {
  std::string text;
  for (const ConfigError& error : errors) text += error.to_string() + "\n";
  return text;
}

/// The document with the value at `path` replaced (or removed, for no value).
inline Json changed(const Json& document, const std::string& path, const std::string& value) {
  Json patch = {{{"op", value.empty() ? "remove" : "add"}, {"path", path}}};
  if (!value.empty()) patch[0]["value"] = Json::parse(value);
  return document.patch(patch);
}
inline Json example_with(const std::string& path, const std::string& value) {
  return changed(example(), path, value);
}

}  // namespace turnout
