// The snapshot's part about services of QUIC.
#pragma once

#include "control/config.h"
#include "control/registry.h"
#include "dataplane/snapshot.h"

namespace turnout {

/// For all services at once: which connection IDs name whom. The services must be in the snapshot.
void set_quic(const Config& config, const Registry& registry, Snapshot& snapshot);

}  // namespace turnout
