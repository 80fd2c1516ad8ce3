// What the doctor finds about filters and ICMP.
#pragma once

#include "control/director.h"
#include "control/finding.h"

namespace turnout {

Findings examine_filters(const Director& director);

}  // namespace turnout
