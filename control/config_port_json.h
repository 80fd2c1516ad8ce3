// JSON → the ports, for the configuration's reader.
#pragma once

#include <vector>

#include "control/config_reader.h"

namespace turnout {

/// What can't be read is reported and left unspecified (address 0.0.0.0, VLAN 4095, empty names), for
/// check_config() to pass over.
void read_ports(const ConfigReader& at, std::vector<PortConfig>& ports);

}  // namespace turnout
