// The order in which people write a configuration, and what names its parts.
#pragma once

#include <string>

#include "control/config_json.h"
#include "control/json_text.h"

namespace turnout {

/// Members in the order of the operator's guide.
OrderedJson in_usual_order(const Json& value);

/// What an element of a list is found again by: a service by its key, a server or VIP by its address, a port
/// by its name, all else by what it says.
std::string identity_of(const OrderedJson& element);

}  // namespace turnout
