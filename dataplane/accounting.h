// The counts of connections, kept by whoever opens, changes or removes an entry.
#pragma once

#include "dataplane/connection.h"
#include "dataplane/counters.h"
#include "dataplane/snapshot.h"

namespace turnout {

namespace accounting_detail {

inline void count(WorkerCounters& counters, const Snapshot& snapshot, ConnectionValue value, int sign) {
  ServerCounters& server = counters.server(value.server());
  const bool active = is_active(value.state());
  Counter& counter = is_template(value.state()) ? server.templates : active ? server.active : server.inactive;
  counter.add(static_cast<uint64_t>(static_cast<int64_t>(sign)));
  if (!snapshot.has_live_loads || is_template(value.state())) [[likely]]
    return;
  const ServerTerms& terms = snapshot.terms[value.server()];
  if (!terms.live) return;
  counters.loads->add(value.server(), active ? sign : 0, active ? 0 : sign);
  if (sign > 0) counters.loads->note_opened(value.server(), terms);
}

}  // namespace accounting_detail

inline void note_opened(WorkerCounters& counters, const Snapshot& snapshot, ConnectionValue value) {
  accounting_detail::count(counters, snapshot, value, 1);
}

/// Connections of a slot's earlier servers are not counted any more: control started the slot's counts
/// afresh.
inline void note_closed(WorkerCounters& counters, const Snapshot& snapshot, ConnectionValue value) {
  if (snapshot.owns(value)) accounting_detail::count(counters, snapshot, value, -1);
}

}  // namespace turnout
