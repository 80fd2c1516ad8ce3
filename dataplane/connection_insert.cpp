// Insertion into the connection table, and how threads that insert the same flow at once agree on one entry.
//
// A thread claims a slot by compare-and-swap; the claim shows the flow's hash. Only then does it look through
// both of the flow's buckets for a rival. No look comes before the claim is seen by all: of two rivals, who
// claimed later sees the other's claim or entry; who claimed first may see the other's claim or not.
//
//   sees an entry                 gives its claim up and uses that one
//   sees a claim before its own   gives its claim up, then waits until that one is an entry or is given up
//   sees a claim after its own    holds its claim and waits: the other gives up, or has not seen this one
//                                 and becomes an entry
//   sees nobody                   makes its claim an entry
//
// "Before" is at a lower address. Nobody waits for a claim before its own while it holds one, so they never
// wait in a circle; and nobody waits for long: a rival that was stopped in the middle of it costs this packet
// its entry, not the thread its progress.
#include <functional>

#include "dataplane/connection_room.h"

namespace turnout {

namespace {

constexpr unsigned kRounds = 4;  // with rivals that give up in turn
constexpr unsigned kPatience =
    256;  // looks at a rival's claim, which takes some tens of cycles to become an entry

}  // namespace

/// Whose the flow is to enter. The claim is in one of its own buckets.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Agreement BasicConnectionTable<Key>::agree(
    Claim& claim, Attempt& attempt) const {
  if (is_alone(attempt.pair, attempt.key)) [[likely]]
    return Agreement::ours;
  return meet_rivals(claim, attempt);
}

template <typename Key>
typename BasicConnectionTable<Key>::Agreement BasicConnectionTable<Key>::meet_rivals(Claim& claim,
                                                                                     Attempt& attempt) const {
  uint64_t returns;
  do {
    returns = returns_.load();
    for (unsigned i = 0; i < Pair::kSlots; ++i) {
      Slot& slot = attempt.pair[i];
      if (&slot == claim.slot) continue;
      const Agreement met = meet_rival(slot, claim, attempt);
      if (met != Agreement::ours) return met;
    }
  } while (returns_.load() != returns);
  return claim ? Agreement::ours : Agreement::none;
}

/// Waits for what a rival's claim comes to, uses its entry, and frees one of the flow that is past its time.
template <typename Key>
typename BasicConnectionTable<Key>::Agreement BasicConnectionTable<Key>::meet_rival(Slot& slot, Claim& claim,
                                                                                    Attempt& attempt) const {
  for (unsigned looks = 0; looks < kPatience; ++looks) {
    uint64_t bits = slot.value.load();
    const ConnectionValue value(bits);
    if (value.state() == ConnectionState::claimed) {
      if (value != ConnectionValue::claim(attempt.hash, value.version())) return Agreement::ours;
      if (std::less<>()(&slot, claim.slot)) claim.give_up();
      continue;
    }
    if (!value.present() || !slot.key.equals(attempt.key, std::memory_order_acquire)) return Agreement::ours;
    if (attempt.has_expired(value) && attempt.result.may_displace()) {
      if (!slot.value.compare_exchange_strong(bits, value.with_state(ConnectionState::free).bits())) continue;
      attempt.result.note_displaced(attempt.key, value, false);
      return Agreement::ours;
    }
    const ConnectionValue again(slot.value.load());
    if (again.version() != value.version() || !again.present()) continue;
    claim.give_up();
    attempt.result.entry = {&slot.value, again};
    return Agreement::theirs;
  }
  claim.give_up();
  return Agreement::none;
}

template <typename Key>
InsertedConnection BasicConnectionTable<Key>::insert(const Key& key, uint64_t hash, ConnectionValue proposal,
                                                     Tick now, const Timeouts& timeouts,
                                                     unsigned move_budget) const {
  InsertedConnection result;
  Attempt attempt{key, hash, pair_of(hash), now, timeouts, result, move_budget};
  for (unsigned round = 0; round < kRounds; ++round) {
    Claim claim = take_free(attempt.pair, hash);
    if (!claim) {
      result.crowded = true;
      if (!attempt.pair.showing(key).empty()) result.entry = find(key, hash, now, timeouts);
      if (!result.entry) claim = make_room(attempt);  // nobody else gives way to a flow that has an entry
      if (!claim) break;
    }
    const Agreement agreement = agree(claim, attempt);
    if (agreement == Agreement::none) continue;
    if (agreement == Agreement::ours) [[likely]] {
      result.result = InsertedConnection::Result::inserted;
      result.entry = fill(claim, key, proposal);
    }
    break;
  }
  if (result.entry && result.result != InsertedConnection::Result::inserted)
    result.result = InsertedConnection::Result::existing;
  result.looked_at = static_cast<uint16_t>(attempt.looked_at);
  return result;
}

template class BasicConnectionTable<ConnectionKey>;
template class BasicConnectionTable<WideKey>;

}  // namespace turnout
