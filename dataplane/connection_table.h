// The connection table: which real server each flow goes to. One table, shared by all workers and by control,
// lock-free.
//
// A bucket is one cache line of four slots; a flow's slot is in one of two buckets, which its key's hash
// names. A slot is two words, the whole key and a value, and belongs to whoever moves its value from one
// state to the next by compare-and-swap:
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
#include <optional>

#include "dataplane/connection.h"

namespace turnout {

/// The whole flow of an IPv4 service: client address (32 bits) and port (16), both as in the packet, service
/// index (16).
using ConnectionKey = uint64_t;

constexpr ConnectionKey make_connection_key(uint32_t client_be, uint16_t client_port_be, uint16_t service) {
  return uint64_t{client_be} << 32 | uint64_t{client_port_be} << 16 | service;
}
constexpr uint32_t client_of(ConnectionKey key) {
  return static_cast<uint32_t>(key >> 32);
}
constexpr uint16_t client_port_of(ConnectionKey key) {
  return static_cast<uint16_t>(key >> 16);
}
constexpr uint16_t service_of(ConnectionKey key) {
  return static_cast<uint16_t>(key);
}

struct alignas(16) ConnectionSlot {
  std::atomic<uint64_t> key;    // written by the owner in state `claimed`, read by all
  std::atomic<uint64_t> value;  // a ConnectionValue; written by all with compare-and-swap, read by all
};
static_assert(sizeof(ConnectionSlot) == 16 && std::atomic<uint64_t>::is_always_lock_free);

struct alignas(64) ConnectionBucket {
  static constexpr size_t kSlots = 4;
  std::array<ConnectionSlot, kSlots> slots;
};
static_assert(sizeof(ConnectionBucket) == 64, "a bucket is a cache line");

class ConnectionTable {
 public:
  /// A flow's entry as it was read. `slot` stays valid as long as the table; the entry in it may change
  /// hands.
  struct Found {
    ConnectionSlot* slot = nullptr;  // none if not found
    ConnectionValue value;
    explicit operator bool() const { return slot != nullptr; }
  };

  /// An entry that had to go so that another could take its slot.
  struct Displaced {
    ConnectionValue value;
    bool evicted;  // false: it had expired
  };

  struct Inserted {
    enum class Result : uint8_t { inserted, existing, full };
    Result result = Result::full;
    Found entry;  // none if full
    uint8_t displaced_count = 0;
    std::array<Displaced, 8> displaced;

    bool may_displace() const { return displaced_count < displaced.size(); }
    void note_displaced(ConnectionValue value, bool evicted) {
      displaced[displaced_count++] = {value, evicted};
    }
  };

  /// Buckets (a power of two) that hold at least `capacity` slots.
  static uint64_t buckets_for(uint64_t capacity);
  static size_t bytes_for(uint64_t capacity) { return buckets_for(capacity) * sizeof(ConnectionBucket); }

  /// `memory`: bytes_for(capacity) of it, zeroed, aligned to 64; it stays the caller's and must outlive the
  /// table. `seed`: random, so that nobody outside can choose flows that share a bucket.
  ConnectionTable(void* memory, uint64_t capacity, uint64_t seed);

  uint64_t slots() const { return (bucket_mask_ + 1) * ConnectionBucket::kSlots; }
  uint64_t buckets() const { return bucket_mask_ + 1; }

  // ---- any worker, at any time ----

  uint64_t hash(ConnectionKey key) const {
    const auto product = static_cast<Uint128>(key ^ seed_) * multiplier_;
    return static_cast<uint64_t>(product) ^ static_cast<uint64_t>(product >> 64);
  }
  void prefetch(uint64_t hash) const { __builtin_prefetch(&buckets_[hash & bucket_mask_]); }

  /// The flow's entry, or none. It may be past its time: then it is no longer good for anything but to be
  /// replaced.
  Found look_up(ConnectionKey key, uint64_t hash) const {
    const Found found = look_in(buckets_[first_bucket(hash)], key);
    return found ? found : look_in(buckets_[second_bucket(hash)], key);
  }

  /// The flow's entry, or none. An entry past its time is none.
  Found find(ConnectionKey key, uint64_t hash, Tick now, const Timeouts& timeouts) const {
    const Found found = look_up(key, hash);
    return found.value.live() && found.value.expired(now, timeouts) ? Found{} : found;
  }

  /// A packet of the flow was seen: moves state and time on. `entry.value` becomes what stands in the slot
  /// then, and what stood there before is returned. Nothing if the entry is gone or is being moved.
  std::optional<ConnectionValue> advance(Found& entry, PacketEvent event, Tick now) const;

  /// Replaces server, state and time of a live entry, if it still is as `entry.value` says. If not,
  /// `entry.value` becomes what stands there now, and false is returned.
  bool replace(Found& entry, ConnectionValue to) const;

  /// Enters a flow that find() did not know, or returns the entry that another worker made meanwhile. Takes a
  /// free or expired slot; else makes room by moving entries to their second bucket; else evicts the
  /// evictable entry that was idle the longest. `proposal`: server, generation, live state and time.
  Inserted insert(ConnectionKey key, uint64_t hash, ConnectionValue proposal, Tick now,
                  const Timeouts& timeouts) const;

  // ---- control, while workers run ----

  /// Frees expired entries of `count` buckets from `first` on (modulo the table) and tells `expired` of each.
  template <typename Function>
  void sweep(uint64_t first, uint64_t count, Tick now, const Timeouts& timeouts, Function&& expired) const;

  /// Calls visit(key, value) for each live entry of `count` buckets from `first` on, each a consistent pair.
  template <typename Function>
  void visit(uint64_t first, uint64_t count, Function&& visit) const;

 private:
  __extension__ using Uint128 = unsigned __int128;  // an extension that both compilers have

  uint64_t first_bucket(uint64_t hash) const { return hash & bucket_mask_; }
  uint64_t second_bucket(uint64_t hash) const {
    const uint64_t second = hash >> 32 & bucket_mask_;
    return second == first_bucket(hash) ? second ^ 1 : second;
  }

  static ConnectionValue read(const ConnectionSlot& slot, ConnectionKey key);
  static Found look_in(ConnectionBucket& bucket, ConnectionKey key);

  struct Attempt;
  struct Claim {  // a slot in state `claimed` that is ours
    ConnectionSlot* slot = nullptr;
    uint8_t version = 0;
    explicit operator bool() const { return slot != nullptr; }
  };
  static Claim take(ConnectionSlot& slot, ConnectionValue seen);
  static Claim take_free_slot(ConnectionBucket& bucket, Attempt& attempt);
  static Claim evict(ConnectionBucket& first, ConnectionBucket& second, Attempt& attempt);
  Claim move_away(ConnectionSlot& slot, uint64_t bucket, unsigned depth, Attempt& attempt) const;
  Claim make_room(uint64_t bucket, unsigned depth, Attempt& attempt) const;
  Claim claim_slot(Attempt& attempt) const;
  static Found settle_slot(ConnectionSlot& slot, Attempt& attempt);
  Found settle_rivals(const ConnectionSlot* mine, Attempt& attempt) const;

  ConnectionBucket* buckets_;
  uint64_t bucket_mask_;
  uint64_t seed_;
  uint64_t multiplier_;
};

/// The slot's value if it belongs to `key` and a reader may use it; else one that is not present().
inline ConnectionValue ConnectionTable::read(const ConnectionSlot& slot, ConnectionKey key) {
  const ConnectionValue value(slot.value.load(std::memory_order_acquire));
  const bool ours = slot.key.load(std::memory_order_acquire) == key;
  const ConnectionValue again(slot.value.load(std::memory_order_relaxed));
  return ours && again.version() == value.version() ? value : ConnectionValue{};
}

inline ConnectionTable::Found ConnectionTable::look_in(ConnectionBucket& bucket, ConnectionKey key) {
  const auto matching = [&](unsigned i) {
    return static_cast<unsigned>(bucket.slots[i].key.load(std::memory_order_relaxed) == key) << i;
  };
  static_assert(ConnectionBucket::kSlots == 4);
  unsigned matches =
      matching(0) | matching(1) | matching(2) | matching(3);  // no branch: which one can't be predicted
  for (; matches != 0; matches &= matches - 1) {  // a freed slot may still show a key that stands elsewhere
    ConnectionSlot& slot = bucket.slots[static_cast<unsigned>(std::countr_zero(matches))];
    const ConnectionValue value = read(slot, key);
    if (value.present()) return {&slot, value};
  }
  return {};
}

template <typename Function>
void ConnectionTable::sweep(uint64_t first, uint64_t count, Tick now, const Timeouts& timeouts,
                            Function&& expired) const {
  for (uint64_t i = first; i < first + count; ++i) {
    for (ConnectionSlot& slot : buckets_[i & bucket_mask_].slots) {
      uint64_t bits = slot.value.load(std::memory_order_relaxed);
      const ConnectionValue value(bits);
      if (!value.live() || !value.expired(now, timeouts)) continue;
      const ConnectionValue freed = value.with_state(ConnectionState::free);
      if (slot.value.compare_exchange_strong(bits, freed.bits())) expired(value);
    }
  }
}

template <typename Function>
void ConnectionTable::visit(uint64_t first, uint64_t count, Function&& visit) const {
  for (uint64_t i = first; i < first + count; ++i) {
    for (const ConnectionSlot& slot : buckets_[i & bucket_mask_].slots) {
      const ConnectionKey key = slot.key.load(std::memory_order_relaxed);
      const ConnectionValue value = read(slot, key);
      if (value.live()) visit(key, value);
    }
  }
}

}  // namespace turnout
