// Room for a new entry of the connection table that is made by moving others to their other bucket.
//
// Moves are planned breadth first, so that few of them are needed, and made from the end of the plan: each
// entry is copied into a slot that is claimed already, before its own is given to the next (cuckoo hashing;
// Pagh and Rodler 2004; planning first, Li et al. "Algorithmic Improvements for Fast Concurrent Cuckoo
// Hashing", EuroSys 2014).
#include <algorithm>
#include <array>

#include "dataplane/connection_room.h"

namespace turnout {

/// A search for room, breadth first from a flow's two buckets on.
template <typename Key>
class BasicConnectionTable<Key>::Search {
 public:
  /// Will look at no more than `limit` buckets.
  Search(const BasicConnectionTable& table, Attempt& attempt, uint64_t limit)
      : table_(table),
        attempt_(attempt),
        most_steps_(static_cast<unsigned>(std::min<uint64_t>(limit + kRoots, kMostSteps))) {
    add(table.first_bucket(attempt.hash), kRoot, 0);
    add(table.second_bucket(attempt.hash), kRoot, 0);
  }

  Claim make_room() {
    expand(0);
    expand(1);
    for (unsigned at = kRoots; at < count_; ++at) {
      ++attempt_.looked_at;
      Bucket& bucket = table_.buckets_[steps_[at].bucket];
      const Pair alone(bucket, bucket);
      Claim room = take_free(alone, attempt_.hash);
      if (!room) {
        const Victim victim(alone, attempt_.now, attempt_.timeouts);
        if (victim.has_expired()) room = make_give_way(victim, attempt_);
      }
      if (room) room = move_towards_root(at, room);
      if (room) return room;
      expand(at);
    }
    return {};
  }

 private:
  static constexpr uint16_t kRoot = UINT16_MAX;
  static constexpr unsigned kRoots = 2;
  static constexpr unsigned kMostSteps = kRoots + kMoveBudget;
  struct Step {
    uint64_t bucket;
    uint16_t from;  // the step whose bucket has an entry that could come here …
    uint8_t slot;   // … and its slot there
  };

  void add(uint64_t bucket, uint16_t from, unsigned slot) {
    steps_[count_++] = {bucket, from, static_cast<uint8_t>(slot)};
    prefetch(&table_.buckets_[bucket]);
  }

  /// Adds the buckets that the step's entries could go to.
  void expand(unsigned at) {
    const uint64_t bucket = steps_[at].bucket;
    for (unsigned i = 0; i < kSlots && count_ < most_steps_; ++i) {
      const Slot& slot = table_.buckets_[bucket].slots[i];
      if (!ConnectionValue(slot.value.load(std::memory_order_relaxed)).live()) continue;
      add(table_.other_bucket(slot.key.load(std::memory_order_relaxed), bucket), static_cast<uint16_t>(at),
          i);
    }
  }

  /// Moves an entry into the claimed slot, the next one into its, and so on. The claim that it ends with is
  /// in one of the flow's own buckets; none if an entry on the way has changed.
  Claim move_towards_root(unsigned at, Claim room) {
    for (; steps_[at].from != kRoot; at = steps_[at].from) {
      const Step& step = steps_[at];
      Slot& slot = table_.buckets_[steps_[step.from].bucket].slots[step.slot];
      const Claim next = table_.move_entry(slot, step.bucket, room, attempt_);
      if (!next) {
        room.give_up();
        return {};
      }
      room = next;
    }
    return room;
  }

  const BasicConnectionTable& table_;
  Attempt& attempt_;
  unsigned most_steps_;
  unsigned count_ = 0;
  std::array<Step, kMostSteps> steps_;
};

/// Copies the slot's entry into a claimed slot of its other bucket, and makes the slot ours.
template <typename Key>
typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::move_entry(
    Slot& from, uint64_t to_bucket, Claim to, const Attempt& attempt) const {
  const Key key = from.key.load(std::memory_order_relaxed);
  const uint64_t key_hash = hash(key);
  const ConnectionValue value = read(from, key);
  const bool returns = to_bucket == first_bucket(key_hash);
  if (!value.live() || (!returns && to_bucket != second_bucket(key_hash))) return {};

  uint64_t bits = value.bits();
  if (!from.value.compare_exchange_strong(bits, value.with_state(ConnectionState::moving).bits())) return {};
  to.slot->key.store(key, std::memory_order_release);
  to.slot->value.store(value.with_version(to.version).bits());
  if (returns) returns_.fetch_add(1);
  const auto version = static_cast<uint8_t>(value.version() + 1);
  from.value.store(ConnectionValue::claim(attempt.hash, version).bits());
  return {&from, version};
}

/// A search takes a plan of 8 KiB on the stack, and who gives way without one is not to pay for that.
template <typename Key>
[[gnu::noinline]] typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::move_others(
    Attempt& attempt, uint64_t limit) const {
  return Search(*this, attempt, limit).make_room();
}

template BasicConnectionTable<ConnectionKey>::Claim BasicConnectionTable<ConnectionKey>::move_others(
    Attempt&, uint64_t) const;
template BasicConnectionTable<WideKey>::Claim BasicConnectionTable<WideKey>::move_others(Attempt&,
                                                                                         uint64_t) const;

}  // namespace turnout
