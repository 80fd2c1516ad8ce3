// One insertion into a connection table, as the steps of it see it, and the step that all take. For
// connection_insert.cpp and connection_room.cpp only.
#pragma once

#include "dataplane/connection_table.h"

namespace turnout {

template <typename Key>
struct BasicConnectionTable<Key>::Attempt {
  const Key& key;
  uint64_t hash;
  Pair pair;
  Tick now;
  const Timeouts& timeouts;
  InsertedConnection& result;
  unsigned move_budget;
  unsigned looked_at = 0;  // buckets other than the flow's own, in search of room

  bool has_expired(ConnectionValue value) const { return value.expired(now, timeouts); }
};

/// Makes a slot ours if it still holds `seen`.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::take(
    Slot& slot, ConnectionValue seen, const Attempt& attempt) {
  const auto version = static_cast<uint8_t>(seen.version() + 1);
  uint64_t bits = seen.bits();
  const ConnectionValue claimed = ConnectionValue::claim(attempt.hash, version);
  if (!slot.value.compare_exchange_strong(bits, claimed.bits())) return {};
  return {&slot, version};
}

/// A free slot of the pair, the first bucket's first.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::take_free(
    const Pair& pair, const Attempt& attempt) {
  for (const unsigned i : pair.in_state(ConnectionState::free)) {
    const ConnectionValue seen(pair[i].value.load(std::memory_order_relaxed));
    if (seen.state() != ConnectionState::free) continue;
    if (const Claim claim = take(pair[i], seen, attempt)) return claim;
  }
  return {};
}

}  // namespace turnout
