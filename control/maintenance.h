// What maintenance.edit means for a configuration.
#pragma once

#include <optional>

#include "control/config_json.h"

namespace turnout {

/// The configuration with what the parameters {server, on} ask for; nothing if it is so already. Throws the
/// RpcError for a server that no service has: who mistypes an address must not believe it to be out of use.
std::optional<Config> edit_maintenance(const Config& config, const Json& params);

}  // namespace turnout
