// The counts of connections, of servers and of clients, kept by whoever opens, changes or removes an entry.
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

/// Is it a connection that its client has open? Not one that the client has ended, which is remembered for a
/// while.
constexpr bool is_held_open(ConnectionState state) {
  return state == ConnectionState::syn_recv || is_active(state);
}

namespace accounting_detail {

inline void count_client(WorkerCounters& counters, const Snapshot& snapshot, const Address6& client,
                         uint16_t index, int change) {
  if (index >= snapshot.services.size() || !snapshot.services[index].counts_clients) return;
  const uint16_t own = snapshot.services[index].own;
  counters.limits->counts.add(counters.limits->hash(client, own, LimitScope::client), change);
}
inline Address6 client_of_entry(ConnectionKey key) {
  return limited_client(client_of(key));
}
inline Address6 client_of_entry(const WideKey& key) {
  return client_of(key);
}

}  // namespace accounting_detail

/// An entry came, went or changed its state; `free`: it was not there, or is no longer.
template <typename Key>
inline void note_client(WorkerCounters& counters, const Snapshot& snapshot, const Key& key,
                        ConnectionState before, ConnectionState after) {
  if (!snapshot.has_client_counts) [[likely]]
    return;
  const int change = int{is_held_open(after)} - int{is_held_open(before)};
  if (change == 0) return;
  accounting_detail::count_client(counters, snapshot, accounting_detail::client_of_entry(key),
                                  service_of(key), change);
}

inline void note_opened(WorkerCounters& counters, const Snapshot& snapshot, ConnectionValue value) {
  accounting_detail::count(counters, snapshot, value, 1);
}

/// Connections of a slot's earlier servers are not counted any more: control started the slot's counts
/// afresh.
inline void note_closed(WorkerCounters& counters, const Snapshot& snapshot, ConnectionValue value) {
  if (snapshot.owns(value)) accounting_detail::count(counters, snapshot, value, -1);
}

}  // namespace turnout
