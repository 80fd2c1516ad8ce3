// Where a new entry of the connection table goes if its buckets have no free slot: one that is past its time,
// one that is made free by moving entries to their other bucket (connection_room.cpp), or one that has to
// give way. For connection_insert.cpp and connection_room.cpp only.
#pragma once

#include <algorithm>

#include "dataplane/connection_attempt.h"
#include "dataplane/connection_victim.h"

namespace turnout {

/// The entry that goes first of two buckets, if one may go.
template <typename Key>
class BasicConnectionTable<Key>::Victim {
 public:
  Victim(const Pair& pair, const Attempt& attempt) {
    const typename Pair::Values values = pair.values();
    score_ = first_to_go(values, attempt.now, attempt.timeouts);
    slot_ = &pair[score_.number()];
    value_ = ConnectionValue(values[score_.number()]);
  }
  explicit operator bool() const { return score_.may_go(); }
  bool has_expired() const { return score_.has_expired(); }

  Claim take(Attempt& attempt) const {
    if (!score_.may_go() || !attempt.result.may_displace()) return {};
    const Claim claim = BasicConnectionTable::take(*slot_, value_, attempt.hash);
    if (claim)  // ours, so its key stays the one before's until we write ours
      attempt.result.note_displaced(slot_->key.load(std::memory_order_relaxed), value_, !has_expired());
    return claim;
  }

 private:
  Slot* slot_;
  ConnectionValue value_;  // as it was when it was chosen: only that is given up
  VictimScore score_;
};

/// Buckets that are looked at beside an entry that may be evicted: in a flood of SYNs the table is full of
/// them and no move finds room.
inline constexpr unsigned kMoveBudgetBesideVictim = 4;

/// A slot of the flow's own buckets, of which none is free. Inlined, because in a flood into a full table
/// each packet asks for one.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::make_room(
    Attempt& attempt) const {
  const Victim victim(attempt.pair, attempt);
  if (victim.has_expired()) {
    if (const Claim claim = victim.take(attempt)) return claim;
  }
  uint64_t limit = std::min<uint64_t>(attempt.move_budget, buckets());
  if (victim) limit = std::min<uint64_t>(limit, kMoveBudgetBesideVictim);
  if (limit > 0) {
    if (const Claim claim = move_others(attempt, limit)) return claim;
  }
  return victim.take(attempt);
}

}  // namespace turnout
