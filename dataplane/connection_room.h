// Where a new entry of the connection table goes if its buckets have no free slot: one that is past its time,
// one that is made free by moving entries to their other bucket (connection_room.cpp), or one that has to
// give way. For connection_insert.cpp, connection_room.cpp and forwarder_insertion.cpp only.
#pragma once

#include <algorithm>

#include "dataplane/connection_attempt.h"
#include "dataplane/connection_victim.h"

namespace turnout {

/// The entry that goes first of two buckets, if one may go.
template <typename Key>
class BasicConnectionTable<Key>::Victim {
 public:
  Victim(const Pair& pair, Tick now, const Timeouts& timeouts) {
    const typename Pair::Values values = pair.values();
    score_ = first_to_go(values, now, timeouts);
    slot_ = &pair[score_.number()];
    value_ = ConnectionValue(values[score_.number()]);
  }
  explicit operator bool() const { return score_.may_go(); }
  bool has_expired() const { return score_.has_expired(); }
  bool is_free() const { return score_.is_free(); }

  ConnectionValue value() const { return value_; }

  /// Its slot, if it still is as it was when it was chosen.
  Claim take(uint64_t hash) const {
    return score_.may_go() ? BasicConnectionTable::take(*slot_, value_, hash) : Claim{};
  }

 private:
  Slot* slot_;
  ConnectionValue value_;
  VictimScore score_;
};

/// Has the victim give way, and notes that of the insertion.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim
BasicConnectionTable<Key>::make_give_way(const Victim& victim, Attempt& attempt) {
  if (!attempt.result.may_displace()) return {};
  const Claim claim = victim.take(attempt.hash);
  if (claim && !victim.is_free())  // ours, so its key stays the one before's until we write ours
    attempt.result.note_displaced(claim.slot->key.load(std::memory_order_relaxed), victim.value(),
                                  !victim.has_expired());
  return claim;
}

/// Buckets that are looked at beside an entry that may be evicted: in a flood of SYNs the table is full of
/// them and no move finds room.
inline constexpr unsigned kMoveBudgetBesideVictim = 4;

/// A slot of the flow's own buckets, of which none is free. Inlined, because in a flood into a full table
/// each packet asks for one.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::make_room(
    Attempt& attempt) const {
  const Victim victim(attempt.pair, attempt.now, attempt.timeouts);
  if (victim.has_expired() || victim.is_free()) {
    if (const Claim claim = make_give_way(victim, attempt)) return claim;
  }
  uint64_t limit = std::min<uint64_t>(attempt.move_budget, buckets());
  if (victim) limit = std::min<uint64_t>(limit, kMoveBudgetBesideVictim);
  if (limit > 0) {
    if (const Claim claim = move_others(attempt, limit)) return claim;
  }
  return make_give_way(victim, attempt);
}

/// One look at the two buckets. If somebody is met after the claim, it is given up and the rest left to
/// insert(): the slot is free then, and who was in it gone.
template <typename Key>
[[gnu::always_inline]] inline SupplantingConnection<Key> BasicConnectionTable<Key>::supplant(
    const Key& key, uint64_t hash, ConnectionValue proposal, Tick now, const Timeouts& timeouts) const {
  SupplantingConnection<Key> done;
  const Pair pair = pair_of(hash);
  const Victim victim(pair, now, timeouts);
  if (victim.is_free() || !pair.showing(key).empty()) [[unlikely]]
    return done;
  if (!victim) {
    done.decided = true;
    return done;
  }
  Claim claim = victim.take(hash);
  if (!claim) [[unlikely]]
    return done;
  done.displaces = true;
  done.evicts = !victim.has_expired();
  done.other = claim.slot->key.load(std::memory_order_relaxed);
  done.others_value = victim.value();
  if (is_alone(pair, key)) [[likely]] {
    done.decided = true;
    done.entry = fill(claim, key, proposal);
  } else {
    claim.give_up();
  }
  return done;
}

}  // namespace turnout
