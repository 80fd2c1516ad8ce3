// One insertion into a connection table, as the steps of it see it. For connection_insert.cpp and
// connection_room.cpp only.
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

}  // namespace turnout
