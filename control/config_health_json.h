// JSON ↔ HealthConfig: a service's member "health".
#pragma once

#include "control/config_reader.h"

namespace turnout {

/// What a service is checked by whose configuration says nothing about it: TCP by its port, UDP by pings, as
/// nobody knows what an answer to a datagram would be.
HealthConfig default_health(Protocol protocol);

/// `protocol`: of the service.
HealthConfig read_health(const ConfigReader& at, Protocol protocol);

Json to_json(const HealthConfig& health);

/// For a sentence about a change.
std::string describe(const HealthConfig& health);

}  // namespace turnout
