// The connection table: which real server each flow goes to. One table, shared by all workers and by control,
// lock-free.
//
// A bucket is four slots, one cache line of them for IPv4 and two for IPv6; a flow's slot is in one of two
// buckets, which its key's hash names. A slot is the whole key and a value of one word, and belongs to
// whoever moves its value from one state to the next by compare-and-swap:
//
//   free ──▶ claimed ──▶ tentative ──▶ live ⇄ live (state and time of the last packet)
//    ▲          key is written   │ another thread   │ expired, evicted or moved
//    └───────────────────────────┴─ inserts it too ─┘
//
// Each new owner of a slot counts up the version in its value. A reader that finds its key takes the value,
// looks at the key again and then at the version again: unchanged, key and value belong together.
//
// Two threads that insert the same flow at once agree on one entry. Both publish a tentative one, then look
// for the other's; of two that do so, at least one sees the other (the stores and loads are sequentially
// consistent). Who sees a live entry of the flow gives its own up; who sees a tentative one frees it, unless
// it went live first. So no more than one goes live, and both threads learn its server.
//
// Entries move in one direction only, from their first bucket to their second, to make room. A reader looks
// at the first bucket before the second and so can't miss an entry that moves (this is cuckoo hashing with
// bounded, one-way displacement; Pagh and Rodler 2004, Fan et al. "MemC3" 2013 for the concurrent reader).
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstdint>

#include "dataplane/connection.h"
#include "dataplane/connection_entry.h"
#include "dataplane/connection_key.h"

namespace turnout {

/// `Key`: ConnectionKey or WideKey.
template <typename Key>
class BasicConnectionTable {
 public:
  struct alignas(sizeof(Key) + sizeof(uint64_t)) Slot {
    AtomicKey<Key> key;           // written by the owner in state `claimed`, read by all
    std::atomic<uint64_t> value;  // a ConnectionValue; written by all with compare-and-swap, read by all
  };
  static constexpr size_t kSlots = 4;  // of a bucket
  struct alignas(sizeof(Slot) * kSlots) Bucket {
    std::array<Slot, kSlots> slots;
  };

  /// Buckets (a power of two) that hold at least `capacity` slots.
  static uint64_t buckets_for(uint64_t capacity) {
    const uint64_t wanted = (capacity + kSlots - 1) / kSlots;
    return std::bit_ceil(wanted < 2 ? uint64_t{2} : wanted);  // a flow's two buckets are two
  }
  static size_t bytes_for(uint64_t capacity) { return buckets_for(capacity) * sizeof(Bucket); }

  /// `memory`: bytes_for(capacity) of it, zeroed, aligned as a Bucket; it stays the caller's and must outlive
  /// the table. `seed`: random, so that nobody outside can choose flows that share a bucket.
  BasicConnectionTable(void* memory, uint64_t capacity, uint64_t seed)
      : buckets_(static_cast<Bucket*>(memory)), bucket_mask_(buckets_for(capacity) - 1), seed_(seed) {}

  uint64_t slots() const { return (bucket_mask_ + 1) * kSlots; }
  uint64_t buckets() const { return bucket_mask_ + 1; }

  // ---- any worker, at any time ----

  uint64_t hash(const Key& key) const { return hash_of(key, seed_); }
  void prefetch(uint64_t hash) const {
    constexpr size_t kLine = 64;
    const auto* bucket = reinterpret_cast<const uint8_t*>(&buckets_[hash & bucket_mask_]);
    for (size_t at = 0; at < sizeof(Bucket); at += kLine) __builtin_prefetch(bucket + at);
  }

  /// The flow's entry, or none. It may be past its time: then it is no longer good for anything but to be
  /// replaced.
  ConnectionEntry look_up(const Key& key, uint64_t hash) const {
    const ConnectionEntry found = look_in(buckets_[first_bucket(hash)], key);
    return found ? found : look_in(buckets_[second_bucket(hash)], key);
  }

  /// The flow's entry, or none. An entry past its time is none.
  ConnectionEntry find(const Key& key, uint64_t hash, Tick now, const Timeouts& timeouts) const {
    const ConnectionEntry found = look_up(key, hash);
    return found.value.live() && found.value.expired(now, timeouts) ? ConnectionEntry{} : found;
  }

  /// Enters a flow that find() did not know, or returns the entry that another worker made meanwhile. Takes a
  /// free or expired slot; else makes room by moving entries to their second bucket; else evicts the
  /// evictable entry that was idle the longest. `proposal`: server, generation, live state and time.
  InsertedConnection insert(const Key& key, uint64_t hash, ConnectionValue proposal, Tick now,
                            const Timeouts& timeouts) const;

  // ---- control, while workers run ----

  /// Frees expired entries of `count` buckets from `first` on (modulo the table) and tells `expired` of each.
  template <typename Function>
  void sweep(uint64_t first, uint64_t count, Tick now, const Timeouts& timeouts, Function&& expired) const;

  /// Calls visit(key, value) for each live entry of `count` buckets from `first` on, each a consistent pair.
  template <typename Function>
  void visit(uint64_t first, uint64_t count, Function&& visit) const;

 private:
  uint64_t first_bucket(uint64_t hash) const { return hash & bucket_mask_; }
  uint64_t second_bucket(uint64_t hash) const {
    const uint64_t second = hash >> 32 & bucket_mask_;
    return second == first_bucket(hash) ? second ^ 1 : second;
  }

  static ConnectionValue read(const Slot& slot, const Key& key);
  static ConnectionEntry look_in(Bucket& bucket, const Key& key);

  struct Attempt;
  struct Claim {  // a slot in state `claimed` that is ours
    Slot* slot = nullptr;
    uint8_t version = 0;
    explicit operator bool() const { return slot != nullptr; }
  };
  static Claim take(Slot& slot, ConnectionValue seen);
  static Claim take_free_slot(Bucket& bucket, Attempt& attempt);
  static bool has_evictable(const Bucket& bucket);
  static Claim evict(Bucket& first, Bucket& second, Attempt& attempt);
  Claim move_away(Slot& slot, uint64_t bucket, unsigned depth, Attempt& attempt) const;
  Claim make_room(uint64_t bucket, unsigned depth, Attempt& attempt) const;
  Claim make_room_in_either(uint64_t first, uint64_t second, unsigned budget, Attempt& attempt) const;
  Claim claim_slot(Attempt& attempt) const;
  static ConnectionEntry settle_slot(Slot& slot, Attempt& attempt);
  ConnectionEntry settle_rivals(const Slot* mine, Attempt& attempt) const;

  Bucket* buckets_;
  uint64_t bucket_mask_;
  HashSeed seed_;
};

/// Of IPv4 services: a slot is 16 bytes, a bucket a cache line.
using ConnectionTable = BasicConnectionTable<ConnectionKey>;
/// Of IPv6 services: a slot is 32 bytes, a bucket two cache lines.
using WideConnectionTable = BasicConnectionTable<WideKey>;

static_assert(sizeof(ConnectionTable::Slot) == 16 && sizeof(ConnectionTable::Bucket) == 64);
static_assert(sizeof(WideConnectionTable::Slot) == 32 && sizeof(WideConnectionTable::Bucket) == 128);
static_assert(std::atomic<uint64_t>::is_always_lock_free);

/// The slot's value if it belongs to `key` and a reader may use it; else one that is not present().
template <typename Key>
inline ConnectionValue BasicConnectionTable<Key>::read(const Slot& slot, const Key& key) {
  const ConnectionValue value(slot.value.load(std::memory_order_acquire));
  const bool ours = slot.key.equals(key, std::memory_order_acquire);
  const ConnectionValue again(slot.value.load(std::memory_order_relaxed));
  return ours && again.version() == value.version() ? value : ConnectionValue{};
}

template <typename Key>
inline ConnectionEntry BasicConnectionTable<Key>::look_in(Bucket& bucket, const Key& key) {
  const auto matching = [&](unsigned i) {
    return static_cast<unsigned>(bucket.slots[i].key.equals(key, std::memory_order_relaxed)) << i;
  };
  static_assert(kSlots == 4);
  unsigned matches =
      matching(0) | matching(1) | matching(2) | matching(3);  // no branch: which one can't be predicted
  for (; matches != 0; matches &= matches - 1) {  // a freed slot may still show a key that stands elsewhere
    Slot& slot = bucket.slots[static_cast<unsigned>(std::countr_zero(matches))];
    const ConnectionValue value = read(slot, key);
    if (value.present()) return {&slot.value, value};
  }
  return {};
}

template <typename Key>
template <typename Function>
void BasicConnectionTable<Key>::sweep(uint64_t first, uint64_t count, Tick now, const Timeouts& timeouts,
                                      Function&& expired) const {
  for (uint64_t i = first; i < first + count; ++i) {
    for (Slot& slot : buckets_[i & bucket_mask_].slots) {
      uint64_t bits = slot.value.load(std::memory_order_relaxed);
      const ConnectionValue value(bits);
      if (!value.live() || !value.expired(now, timeouts)) continue;
      const ConnectionValue freed = value.with_state(ConnectionState::free);
      if (slot.value.compare_exchange_strong(bits, freed.bits())) expired(value);
    }
  }
}

template <typename Key>
template <typename Function>
void BasicConnectionTable<Key>::visit(uint64_t first, uint64_t count, Function&& visit) const {
  for (uint64_t i = first; i < first + count; ++i) {
    for (const Slot& slot : buckets_[i & bucket_mask_].slots) {
      const Key key = slot.key.load(std::memory_order_relaxed);
      const ConnectionValue value = read(slot, key);
      if (value.live()) visit(key, value);
    }
  }
}

}  // namespace turnout
