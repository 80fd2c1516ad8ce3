// Configurations made in memory, for what needs no file.
#pragma once

#include <string>
#include <vector>

#include "control/config.h"

namespace turnout {

inline IpAddress ip(const std::string& text) {
  return parse_address(text).value();
}
inline MacAddress mac(const std::string& text) {
  return parse_mac(text).value();
}

inline ServiceKey web(uint16_t port = 80) {
  return {ip("192.0.2.100"), Protocol::tcp, port};
}

/// Real servers 192.0.2.N of weight 1.
inline std::vector<RealServerConfig> servers(const std::vector<int>& numbers) {
  std::vector<RealServerConfig> all;
  for (const int number : numbers) all.push_back({ip("192.0.2." + std::to_string(number)), 1, {}});
  return all;
}

inline ServiceConfig service(const ServiceKey& key, const std::vector<int>& numbers,
                             SchedulerKind scheduler = SchedulerKind::mh) {
  ServiceConfig config;
  config.key = key;
  config.scheduler = scheduler;
  config.maglev_table_size = 251;
  config.real_servers = servers(numbers);
  return config;
}

/// One port, 192.0.2.2/24.
inline Config config_with(const std::vector<ServiceConfig>& services) {
  Config config;
  PortConfig port;
  port.name = "lan";
  port.device = "net_ring0";
  port.addresses = {parse_interface_address("192.0.2.2/24").value()};
  config.ports = {port};
  config.services = services;
  return config;
}

}  // namespace turnout
