// The example configuration of the operator's guide, and what tests do with it.
#pragma once

#include <string>
#include <string_view>

#include "control/config_json.h"

namespace turnout {

inline constexpr std::string_view kExample = R"({
  "eal": { "lcores": "0-1",                 // EAL's --lcores syntax
           "args": ["--no-pci", "--vdev=net_af_packet0,iface=dir0"] },
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

/// The example with the value at `path` replaced (or removed, for no value).
inline Json example_with(const std::string& path, const std::string& value) {
  Json patch = {{{"op", value.empty() ? "remove" : "add"}, {"path", path}}};
  if (!value.empty()) patch[0]["value"] = Json::parse(value);
  return example().patch(patch);
}

}  // namespace turnout
