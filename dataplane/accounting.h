// The counts of active and inactive connections, kept by whoever opens, changes or removes an entry.
#pragma once

#include "dataplane/connection.h"
#include "dataplane/counters.h"
#include "dataplane/snapshot.h"

namespace turnout {

inline void note_opened(WorkerCounters& counters, ConnectionValue value) {
  ServerCounters& server = counters.server(value.server());
  (is_active(value.state()) ? server.active : server.inactive).add(1);
}

/// Connections of a slot's earlier servers are not counted any more: control started the slot's counts
/// afresh.
inline void note_closed(WorkerCounters& counters, const Snapshot& snapshot, ConnectionValue value) {
  if (!snapshot.owns(value)) return;
  ServerCounters& server = counters.server(value.server());
  (is_active(value.state()) ? server.active : server.inactive).subtract(1);
}

}  // namespace turnout
