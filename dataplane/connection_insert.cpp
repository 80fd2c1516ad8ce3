// Insertion into the connection table: finding a slot, making room, and agreeing with other threads on one
// entry.
#include <algorithm>

#include "dataplane/connection_table.h"

namespace turnout {

namespace {

// How far moves may chain, and how many other buckets may be looked at for one insertion. Both of the flow's
// buckets are asked to make room: half of the entries in a full one are in their second bucket and can't
// move. Depth 4 and 64 buckets fill a table of random keys to 0.85 and more before the first insertion that
// finds no room; the budget bounds what a flood against a full table can cost.
constexpr unsigned kMoveDepth = 4;
constexpr unsigned kMoveBudget = 64;
// And how many if there is one to evict: in a flood of SYNs the table is full of them and no move finds room.
constexpr unsigned kMoveBudgetBesideVictim = 4;

// Rounds with rivals that insert the same flow in the same instant. Each round one of them wins unless two
// free each other's entry; a flow that has lost them all is forwarded without an entry, this once.
constexpr unsigned kRounds = 4;

constexpr ConnectionValue bare(ConnectionState state, uint8_t version) {
  return ConnectionValue{}.with_state(state).with_version(version);
}

}  // namespace

/// One insertion, as its helpers see it.
template <typename Key>
struct BasicConnectionTable<Key>::Attempt {
  Key key;
  uint64_t hash;
  Tick now;
  const Timeouts& timeouts;
  InsertedConnection& result;
  unsigned budget = 0;  // other buckets that may yet be looked at
};

/// Makes a slot ours if it still holds `seen`.
template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::take(Slot& slot, ConnectionValue seen) {
  const auto version = static_cast<uint8_t>(seen.version() + 1);
  uint64_t bits = seen.bits();
  if (!slot.value.compare_exchange_strong(bits, bare(ConnectionState::claimed, version).bits())) return {};
  return {&slot, version};
}

/// Takes a slot that is free or past its time.
template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::take_free_slot(Bucket& bucket,
                                                                                    Attempt& attempt) {
  for (Slot& slot : bucket.slots) {
    const ConnectionValue seen(slot.value.load(std::memory_order_relaxed));
    const bool expired =
        seen.live() && seen.expired(attempt.now, attempt.timeouts) && attempt.result.may_displace();
    if (!expired && seen.state() != ConnectionState::free) continue;
    const Claim claim = take(slot, seen);
    if (!claim) continue;
    if (expired) attempt.result.note_displaced(seen, false);
    return claim;
  }
  return {};
}

template <typename Key>
bool BasicConnectionTable<Key>::has_evictable(const Bucket& bucket) {
  return std::any_of(bucket.slots.begin(), bucket.slots.end(), [](const Slot& slot) {
    return is_evictable(ConnectionValue(slot.value.load(std::memory_order_relaxed)).state());
  });
}

/// Takes the slot of the evictable entry that was idle the longest: SYNs without an answer before closed
/// connections.
template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::evict(Bucket& first, Bucket& second,
                                                                           Attempt& attempt) {
  if (!attempt.result.may_displace()) return {};
  for (const ConnectionState victim_state : {ConnectionState::syn_recv, ConnectionState::close}) {
    Slot* victim = nullptr;
    ConnectionValue value;
    for (Bucket* bucket : {&first, &second}) {
      for (Slot& slot : bucket->slots) {
        const ConnectionValue seen(slot.value.load(std::memory_order_relaxed));
        if (seen.state() != victim_state) continue;
        if (victim && age_of(seen.seen(), attempt.now) <= age_of(value.seen(), attempt.now)) continue;
        victim = &slot;
        value = seen;
      }
    }
    if (!victim) continue;
    const Claim claim = take(*victim, value);
    if (!claim) continue;
    attempt.result.note_displaced(value, true);
    return claim;
  }
  return {};
}

/// Moves the slot's entry to its second bucket, if this is its first, and makes the slot ours.
template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::move_away(Slot& slot, uint64_t bucket,
                                                                               unsigned depth,
                                                                               Attempt& attempt) const {
  const Key key = slot.key.load(std::memory_order_relaxed);
  const uint64_t key_hash = hash(key);
  const ConnectionValue value = read(slot, key);
  if (!value.live() || first_bucket(key_hash) != bucket) return {};
  if (attempt.budget == 0) return {};
  --attempt.budget;

  const uint64_t target = second_bucket(key_hash);
  Claim room = take_free_slot(buckets_[target], attempt);
  if (!room && depth > 1) room = make_room(target, depth - 1, attempt);
  if (!room) return {};

  uint64_t bits = value.bits();
  if (!slot.value.compare_exchange_strong(bits, value.with_state(ConnectionState::moving).bits())) {
    room.slot->value.store(bare(ConnectionState::free, room.version).bits());
    return {};
  }
  room.slot->key.store(key, std::memory_order_release);
  room.slot->value.store(value.with_version(room.version).bits());
  const auto version = static_cast<uint8_t>(value.version() + 1);
  slot.value.store(bare(ConnectionState::claimed, version).bits());
  return {&slot, version};
}

template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::make_room(uint64_t bucket,
                                                                               unsigned depth,
                                                                               Attempt& attempt) const {
  for (Slot& slot : buckets_[bucket].slots) {
    if (const Claim claim = move_away(slot, bucket, depth, attempt)) return claim;
  }
  return {};
}

template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::make_room_in_either(
    uint64_t first, uint64_t second, unsigned budget, Attempt& attempt) const {
  attempt.budget = budget;
  for (unsigned depth = 1; depth <= kMoveDepth && attempt.budget > 0; ++depth) {
    if (const Claim claim = make_room(first, depth, attempt)) return claim;
    if (const Claim claim = make_room(second, depth, attempt)) return claim;
  }
  return {};
}

template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::claim_slot(Attempt& attempt) const {
  const uint64_t first = first_bucket(attempt.hash);
  const uint64_t second = second_bucket(attempt.hash);
  if (const Claim claim = take_free_slot(buckets_[first], attempt)) return claim;
  if (const Claim claim = take_free_slot(buckets_[second], attempt)) return claim;
  if (has_evictable(buckets_[first]) || has_evictable(buckets_[second])) {
    if (const Claim claim = make_room_in_either(first, second, kMoveBudgetBesideVictim, attempt))
      return claim;
    if (const Claim claim = evict(buckets_[first], buckets_[second], attempt)) return claim;
  }
  return make_room_in_either(first, second, kMoveBudget, attempt);
}

/// If the slot holds the flow: returns its live entry; frees a tentative or an expired one.
template <typename Key>
ConnectionEntry BasicConnectionTable<Key>::settle_slot(Slot& slot, Attempt& attempt) {
  uint64_t bits = slot.value.load();
  while (true) {
    const ConnectionValue value(bits);
    const bool tentative = value.state() == ConnectionState::tentative;
    if ((!tentative && !value.present()) || !slot.key.equals(attempt.key, std::memory_order_acquire))
      return {};
    const bool expired =
        value.live() && value.expired(attempt.now, attempt.timeouts) && attempt.result.may_displace();
    if (tentative || expired) {
      if (!slot.value.compare_exchange_strong(bits, value.with_state(ConnectionState::free).bits())) continue;
      if (expired) attempt.result.note_displaced(value, false);
      return {};
    }
    const ConnectionValue again(slot.value.load());
    if (again.version() == value.version() && again.present()) return {&slot.value, again};
    bits = again.bits();
  }
}

template <typename Key>
ConnectionEntry BasicConnectionTable<Key>::settle_rivals(const Slot* mine, Attempt& attempt) const {
  for (const uint64_t bucket : {first_bucket(attempt.hash), second_bucket(attempt.hash)}) {
    for (Slot& slot : buckets_[bucket].slots) {
      if (&slot == mine) continue;
      if (const ConnectionEntry found = settle_slot(slot, attempt)) return found;
    }
  }
  return {};
}

template <typename Key>
InsertedConnection BasicConnectionTable<Key>::insert(const Key& key, uint64_t hash, ConnectionValue proposal,
                                                     Tick now, const Timeouts& timeouts) const {
  InsertedConnection result;
  Attempt attempt{key, hash, now, timeouts, result};
  for (unsigned round = 0; round < kRounds; ++round) {
    const Claim claim = claim_slot(attempt);
    if (!claim) {
      result.entry = settle_rivals(nullptr, attempt);
      if (result.entry) result.result = InsertedConnection::Result::existing;
      return result;
    }
    const ConnectionValue live = proposal.with_version(claim.version);
    uint64_t tentative = live.with_state(ConnectionState::tentative).bits();
    claim.slot->key.store(key, std::memory_order_release);
    claim.slot->value.store(tentative);  // sequentially consistent: published before we look for rivals

    if (const ConnectionEntry rival = settle_rivals(claim.slot, attempt)) {
      claim.slot->value.compare_exchange_strong(tentative, bare(ConnectionState::free, claim.version).bits());
      result.result = InsertedConnection::Result::existing;
      result.entry = rival;
      return result;
    }
    if (claim.slot->value.compare_exchange_strong(tentative, live.bits())) {
      result.result = InsertedConnection::Result::inserted;
      result.entry = {&claim.slot->value, live};
      return result;
    }
  }
  return result;
}

template class BasicConnectionTable<ConnectionKey>;
template class BasicConnectionTable<WideKey>;

}  // namespace turnout
