// JSON → a virtual service, for the configuration's reader.
#pragma once

#include "control/config_reader.h"

namespace turnout {

/// What can't be read is reported and left unspecified (address 0.0.0.0, port 0), for check_config() to pass
/// over.
ServiceConfig read_service(const ConfigReader& at);

}  // namespace turnout
