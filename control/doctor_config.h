// The doctor's look at the configuration: what is valid, but probably not meant.
#pragma once

#include "control/config.h"
#include "control/finding.h"

namespace turnout {

/// `config`: valid. Pure.
Findings examine_config(const Config& config);

}  // namespace turnout
