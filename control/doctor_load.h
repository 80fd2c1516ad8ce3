// The doctor's look at packets that are lost now, and at workers that can't keep up.
#pragma once

#include "control/doctor_trends.h"
#include "control/finding.h"

namespace turnout {

/// What the ports' devices and the workers themselves lose or can't cope with. Pure.
Findings examine_load(const LoadWindow& window);

/// What the workers drop on purpose, by reason, as far as it is more than what every network has. Pure.
Findings examine_drops(const LoadWindow& window);

}  // namespace turnout
