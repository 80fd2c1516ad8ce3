// JSON ↔ HealthConfig: a service's member "health".
#pragma once

#include "control/config_reader.h"

namespace turnout {

/// What a service is checked by whose configuration says nothing about it: a TCP port and a group by TCP, the
/// rest by pings: nobody knows what an answer to a datagram would be, nor which ports of many are served.
HealthConfig default_health(const ServiceKey& service);

HealthConfig read_health(const ConfigReader& at, const ServiceKey& service);

Json to_json(const HealthConfig& health);

/// For a sentence about a change.
std::string describe(const HealthConfig& health);

}  // namespace turnout
