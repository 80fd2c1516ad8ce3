// What filter.edit means for a configuration.
#pragma once

#include "control/config_json.h"

namespace turnout {

/// The configuration with what the parameters {filter, list?, action?, add?, remove?} ask for, or an
/// RpcError: `add` are prefixes for the list, which is made if it isn't there, of the given action (by
/// default "deny"). By default the list is called as its action. `remove` are taken from the list, or if none
/// is named from all.
Config edit_filter(Config config, const Json& params);

}  // namespace turnout
