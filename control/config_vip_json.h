// JSON → what is set for a VIP, for the configuration's reader.
#pragma once

#include "control/config_reader.h"

namespace turnout {

/// An address that can't be read is reported and left unspecified, for check_config() to pass over.
VipConfig read_vip(const ConfigReader& at);

}  // namespace turnout
