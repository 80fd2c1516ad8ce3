// The connection table: which real server each flow goes to. One table, shared by all workers and by control,
// lock-free.
//
// A bucket is four slots, one cache line of them for IPv4 and two for IPv6; a flow's slot is in one of two
// buckets, which its key's hash names. In the first of these it names a line as well, the flow's home, where
// nearly all flows are and where each is looked for first. A slot is the whole key and a value of one word,
// and belongs to whoever moves its value from one state to the next:
//
//   free ──▶ claimed ──▶ live ⇄ live (state and time of the last packet) ──▶ free
//     by compare-and-swap  │                                       expired, evicted or moved
//                          └─ the claimant writes the key, then the value
//
// Each new owner of a slot counts up the version in its value. A reader that finds its key takes the value,
// looks at the key again and then at the version again: unchanged, key and value belong together.
//
// Two threads that insert the same flow at once agree on one entry (connection_insert.cpp), and entries move
// between their two buckets to make room (connection_room.cpp).
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

#include "dataplane/connection.h"
#include "dataplane/connection_bucket.h"
#include "dataplane/connection_entry.h"
#include "dataplane/connection_key.h"

namespace turnout {

/// `Key`: ConnectionKey or WideKey.
template <typename Key>
class BasicConnectionTable {
 public:
  using Slot = ConnectionSlot<Key>;
  using Bucket = ConnectionBucket<Key>;
  using Pair = BucketPair<Key>;
  static constexpr size_t kSlots = Bucket::kSlots;

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

  /// The flow's entry, or none. It may be past its time: then it is no longer good for anything but to be
  /// replaced.
  ConnectionEntry look_up(const Key& key, uint64_t hash) const {
    while (true) {
      const uint64_t returns = returns_.load(std::memory_order_acquire);
      if (const ConnectionEntry found = look_in(buckets_[first_bucket(hash)], key)) return found;
      std::atomic_thread_fence(std::memory_order_acquire);  // an entry that moves on is in the second by now
      if (const ConnectionEntry found = look_in(buckets_[second_bucket(hash)], key)) return found;
      std::atomic_thread_fence(std::memory_order_acquire);
      if (returns_.load(std::memory_order_relaxed) == returns) [[likely]]
        return {};
    }
  }
  /// Where the buckets are, for a loop: what it writes can't change that.
  class View {
   public:
    explicit View(const BasicConnectionTable& table)
        : slots_(table.buckets_->slots.data()),
          mask_(table.bucket_mask_ * Bucket::kLines + Bucket::kLines - 1),
          seed_(table.seed_) {}

    uint64_t hash(const Key& key) const { return hash_of(key, seed_); }
    /// The flow's home: its line's first slot. Has it fetched.
    Slot* fetch(uint64_t hash) const {
      Slot* const home = slots_ + (hash & mask_) * Bucket::kLineSlots;
      __builtin_prefetch(home);
      return home;
    }
    /// Has what fetch() left fetched: where else the flow can be, but that its two buckets are taken to be
    /// two. Inlined, because g++ leaves out calls of what does nothing but prefetch.
    [[gnu::always_inline]] void fetch_rest(uint64_t hash) const {
      if constexpr (Bucket::kLines > 1)
        __builtin_prefetch(slots_ + ((hash & mask_) ^ 1) * Bucket::kLineSlots);
      prefetch(slots_ + (hash >> 32 & mask_ / Bucket::kLines) * kSlots);
    }

   private:
    Slot* slots_;
    uint64_t mask_;  // of lines
    HashSeed seed_;
  };
  View view() const { return View(*this); }
  /// Has a bucket fetched, all of its lines.
  [[gnu::always_inline]] static void prefetch(const void* bucket) {
    const auto* bytes = static_cast<const uint8_t*>(bucket);
    for (size_t at = 0; at < sizeof(Bucket); at += kCacheLine) __builtin_prefetch(bytes + at);
  }
  /// What the flow's home shows: the value beside its key, whatever its state; ConnectionValue{} if there is
  /// none. Whom it doesn't show look_up() may know all the same.
  static ConnectionValue peek(const Slot* home, const Key& key) {
    return read(Bucket::likeliest(home, key), key);
  }
  /// The same of the other places where it can be.
  ConnectionValue peek_elsewhere(const Key& key, uint64_t hash) const {
    if constexpr (Bucket::kLines > 1) {
      const Slot* const first = buckets_[first_bucket(hash)].slots.data();
      const ConnectionValue value = peek(first + (home_slot(hash) ^ Bucket::kLineSlots), key);
      if (value != ConnectionValue{}) return value;
    }
    const Bucket& second = buckets_[second_bucket(hash)];
    return read(second.slots[second.showing(key).slots().lowest_or_last(kSlots)], key);
  }

  /// The flow's entry, or none. An entry past its time is none.
  ConnectionEntry find(const Key& key, uint64_t hash, Tick now, const Timeouts& timeouts) const {
    const ConnectionEntry found = look_up(key, hash);
    return found.value.expired(now, timeouts) ? ConnectionEntry{} : found;
  }

  /// Enters a flow that find() did not know, or returns the entry that another worker made meanwhile. Takes a
  /// free or expired slot; else makes room by moving entries to their other bucket, for which at most
  /// `move_budget` buckets are looked at; else evicts the evictable entry that was idle the longest.
  /// `proposal`: server, generation, live state and time.
  InsertedConnection insert(const Key& key, uint64_t hash, ConnectionValue proposal, Tick now,
                            const Timeouts& timeouts, unsigned move_budget = kMoveBudget) const;

  /// The quick way of insert(), which is nearly always enough: one of the flow's buckets has a free slot, and
  /// nobody else shows the flow. None if it is otherwise, and nothing has changed then.
  ConnectionEntry enter(const Key& key, uint64_t hash, ConnectionValue proposal) const;

  /// The quick way of insert() without a move budget, into a table that is full: neither of the flow's
  /// buckets has a free slot or shows the flow, and an entry gives way, or none may. Undecided if it is
  /// otherwise. Inline in connection_room.h.
  SupplantingConnection<Key> supplant(const Key& key, uint64_t hash, ConnectionValue proposal, Tick now,
                                      const Timeouts& timeouts) const;

  static constexpr unsigned kMoveBudget = 512;  // fills a table of random keys to 0.95 before it refuses one

  // ---- control, while workers run ----

  /// Frees expired entries of `count` buckets from `first` on (modulo the table) and tells expired(key,
  /// value) of each.
  template <typename Function>
  void sweep(uint64_t first, uint64_t count, Tick now, const Timeouts& timeouts, Function&& expired) const;

  /// Frees entries of `count` buckets whose key is unwanted(key), and tells freed(key, value) of each. Nobody
  /// may enter such any more.
  template <typename Unwanted, typename Function>
  void purge(uint64_t first, uint64_t count, Unwanted&& unwanted, Function&& freed) const;

  /// Calls visit(key, value) for each live entry of `count` buckets from `first` on, each a consistent pair.
  template <typename Function>
  void visit(uint64_t first, uint64_t count, Function&& visit) const;

 private:
  uint64_t first_bucket(uint64_t hash) const { return hash / Bucket::kLines & bucket_mask_; }
  /// The first of the flow's home, in that bucket.
  static unsigned home_slot(uint64_t hash) {
    return static_cast<unsigned>(hash % Bucket::kLines * Bucket::kLineSlots);
  }
  uint64_t second_bucket(uint64_t hash) const {
    const uint64_t second = hash >> 32 & bucket_mask_;
    return second == first_bucket(hash) ? second ^ 1 : second;
  }
  Pair pair_of(uint64_t hash) const { return {buckets_[first_bucket(hash)], buckets_[second_bucket(hash)]}; }
  uint64_t other_bucket(const Key& key, uint64_t bucket) const {
    const uint64_t of_key = hash(key);
    return first_bucket(of_key) == bucket ? second_bucket(of_key) : first_bucket(of_key);
  }

  static ConnectionValue read(const Slot& slot, const Key& key);
  static ConnectionEntry look_in(Bucket& bucket, const Key& key);

  struct Attempt;
  struct Claim {  // a slot in state `claimed` that is ours
    Slot* slot = nullptr;
    uint8_t version = 0;
    explicit operator bool() const { return slot != nullptr; }

    void give_up() {
      if (slot) slot->value.store(ConnectionValue{}.with_version(version).bits());
      slot = nullptr;
    }
  };

  // Finding a slot (connection_room.h).
  class Victim;
  class Search;
  Claim make_room(Attempt& attempt) const;
  static Claim make_give_way(const Victim& victim, Attempt& attempt);
  Claim move_others(Attempt& attempt, uint64_t limit) const;
  static Claim take(Slot& slot, ConnectionValue seen, uint64_t hash);
  static Claim take_one(const Pair& pair, SlotSet of, uint64_t hash);
  static Claim take_free(const Pair& pair, uint64_t hash);
  Claim move_entry(Slot& from, uint64_t to_bucket, Claim to, const Attempt& attempt) const;

  // Being the only one who enters the flow (connection_insert.cpp).
  enum class Agreement : uint8_t { ours, theirs, none };
  bool is_alone(const Pair& pair, const Key& key) const;
  static ConnectionEntry fill(Claim claim, const Key& key, ConnectionValue proposal);
  Agreement agree(Claim& claim, Attempt& attempt) const;
  Agreement meet_rivals(Claim& claim, Attempt& attempt) const;
  Agreement meet_rival(Slot& slot, Claim& claim, Attempt& attempt) const;

  Bucket* buckets_;
  uint64_t bucket_mask_;
  HashSeed seed_;
  // Counts the entries that moved back to their first bucket: who reads first bucket, then second, may have
  // missed such a one. Written by workers that make room in a table that is nearly full.
  alignas(64) mutable std::atomic<uint64_t> returns_{0};
};

/// Of IPv4 services: a slot is 16 bytes, a bucket a cache line.
using ConnectionTable = BasicConnectionTable<ConnectionKey>;
/// Of IPv6 services: a slot is 32 bytes, a bucket two cache lines.
using WideConnectionTable = BasicConnectionTable<WideKey>;

/// Makes a slot the flow's if it still holds `seen`.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::take(
    Slot& slot, ConnectionValue seen, uint64_t hash) {
  const auto version = static_cast<uint8_t>(seen.version() + 1);
  uint64_t bits = seen.bits();
  if (!slot.value.compare_exchange_strong(bits, ConnectionValue::claim(hash, version).bits())) return {};
  return {&slot, version};
}

/// The first of some slots that is still free.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::take_one(
    const Pair& pair, SlotSet of, uint64_t hash) {
  for (const unsigned i : of) {
    const ConnectionValue seen(pair[i].value.load(std::memory_order_relaxed));
    if (seen.state() != ConnectionState::free) continue;
    if (const Claim claim = take(pair[i], seen, hash)) return claim;
  }
  return {};
}

/// A free slot of the pair: of the flow's home, or else of its first bucket, or else of its second.
template <typename Key>
[[gnu::always_inline]] inline typename BasicConnectionTable<Key>::Claim BasicConnectionTable<Key>::take_free(
    const Pair& pair, uint64_t hash) {
  const SlotSet free = pair.in_state(ConnectionState::free);
  if constexpr (Bucket::kLines > 1) {
    constexpr unsigned kLine = (1u << Bucket::kLineSlots) - 1;
    const SlotSet at_home(kLine << home_slot(hash));
    if (const Claim claim = take_one(pair, free & at_home, hash)) return claim;
  }
  return take_one(pair, free, hash);
}

/// The flow is ours to enter if we have a claim in one of its buckets and nobody else shows it. Nearly always
/// nobody does.
template <typename Key>
[[gnu::always_inline]] inline bool BasicConnectionTable<Key>::is_alone(const Pair& pair,
                                                                       const Key& key) const {
  const uint64_t returns = returns_.load();
  Bucket::order_after_claim();
  return !pair.claimed_or_showing(key).is_more_than_one() && returns_.load() == returns;
}

/// Makes a claim the flow's entry.
template <typename Key>
[[gnu::always_inline]] inline ConnectionEntry BasicConnectionTable<Key>::fill(Claim claim, const Key& key,
                                                                              ConnectionValue proposal) {
  const ConnectionValue live = proposal.with_version(claim.version);
  claim.slot->key.store(key, std::memory_order_release);
  claim.slot->value.store(live.bits(), std::memory_order_release);
  return {&claim.slot->value, live};
}

template <typename Key>
[[gnu::always_inline]] inline ConnectionEntry BasicConnectionTable<Key>::enter(
    const Key& key, uint64_t hash, ConnectionValue proposal) const {
  const Pair pair = pair_of(hash);
  Claim claim = take_free(pair, hash);
  if (claim && is_alone(pair, key)) [[likely]]
    return fill(claim, key, proposal);
  claim.give_up();
  return {};
}

/// The slot's value if it belongs to `key` and a reader may use it; else one that is not present().
template <typename Key>
inline ConnectionValue BasicConnectionTable<Key>::read(const Slot& slot, const Key& key) {
  const ConnectionValue value(slot.value.load(std::memory_order_acquire));
  if (!slot.key.equals(key, std::memory_order_acquire)) [[unlikely]]
    return {};
  const ConnectionValue again(slot.value.load(std::memory_order_relaxed));
  if (again == value) [[likely]]
    return value;
  return again.version() == value.version() ? value : ConnectionValue{};
}

template <typename Key>
inline ConnectionEntry BasicConnectionTable<Key>::look_in(Bucket& bucket, const Key& key) {
  const SlotSet showing = bucket.showing(key).slots();
  for (const unsigned i : showing) {  // a freed slot may still show a key that stands elsewhere
    Slot& slot = bucket.slots[i];
    const ConnectionValue value = read(slot, key);
    if (value.present()) [[likely]]
      return {&slot.value, value};
  }
  return {};
}

template <typename Key>
template <typename Function>
void BasicConnectionTable<Key>::sweep(uint64_t first, uint64_t count, Tick now, const Timeouts& timeouts,
                                      Function&& expired) const {
  for (uint64_t i = first; i < first + count; ++i) {
    for (Slot& slot : buckets_[i & bucket_mask_].slots) {
      uint64_t bits = slot.value.load(std::memory_order_acquire);
      const ConnectionValue value(bits);
      if (!value.expired(now, timeouts)) continue;
      // Before it is free, when somebody else may write another: if the value is the same then, so was the
      // key.
      const Key key = slot.key.load(std::memory_order_acquire);
      const ConnectionValue freed = value.with_state(ConnectionState::free);
      if (slot.value.compare_exchange_strong(bits, freed.bits())) expired(key, value);
    }
  }
}

template <typename Key>
template <typename Unwanted, typename Function>
void BasicConnectionTable<Key>::purge(uint64_t first, uint64_t count, Unwanted&& unwanted,
                                      Function&& freed) const {
  for (uint64_t i = first; i < first + count; ++i) {
    for (Slot& slot : buckets_[i & bucket_mask_].slots) {
      const Key key = slot.key.load(std::memory_order_relaxed);
      const ConnectionValue value = read(slot, key);
      if (!value.live() || !unwanted(key)) continue;
      uint64_t bits = value.bits();
      const ConnectionValue gone = value.with_state(ConnectionState::free);
      if (slot.value.compare_exchange_strong(bits, gone.bits())) freed(key, value);
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
