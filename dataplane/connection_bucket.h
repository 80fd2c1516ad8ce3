// A bucket of a connection table: four slots, and which of them show a key or are in a state, all four asked
// at once. And a flow's two buckets, asked as one.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "dataplane/connection.h"
#include "dataplane/connection_key.h"
#include "dataplane/slot_set.h"

namespace turnout {

inline constexpr size_t kCacheLine = 64;  // bytes

template <typename Key>
struct alignas(sizeof(Key) + sizeof(uint64_t)) ConnectionSlot {
  AtomicKey<Key> key;           // written by the owner in state `claimed`, read by all
  std::atomic<uint64_t> value;  // a ConnectionValue; written by all with compare-and-swap, read by all
};

template <typename Key>
struct alignas(4 * sizeof(ConnectionSlot<Key>)) ConnectionBucket {
  static constexpr size_t kSlots = 4;
  using Slot = ConnectionSlot<Key>;
  std::array<Slot, kSlots> slots;

  static constexpr size_t kLineSlots = kCacheLine / sizeof(Slot);  // 4 of IPv4, 2 of IPv6
  static constexpr size_t kLines = kSlots / kLineSlots;
  /// The slot of a line, of which `line` is the first, that may hold `key`; its last if none shows it.
  static const Slot& likeliest(const Slot* line, const Key& key) {
    if constexpr (kLines == 1) {
      return line[reinterpret_cast<const ConnectionBucket*>(line)->showing(key).slots().lowest_or_last(
          kSlots)];
    } else {
      static_assert(kLineSlots == 2);
      return line[line->key.ends_as(key) ? 0 : 1];
    }
  }

  /// The slots that may hold `key`: none that does is missing, but one may be among them whose key differs in
  /// a third word from the end, or changes just now. Which one it is can't be predicted, so there is no
  /// branch for each.
  Lanes showing(const Key& key) const {
    constexpr size_t kWord = sizeof(uint64_t);
    if constexpr (sizeof(Key) == kWord)
      return equal_words(0, words_of(key).back());
    else
      return equal_word_pairs(sizeof(Key) - 2 * kWord, key);
  }
  Lanes in_state(ConnectionState state) const {
    constexpr auto kMask = static_cast<uint32_t>(ConnectionValue::kStateMask);
    const auto wanted = static_cast<uint32_t>(ConnectionValue{}.with_state(state).bits());
#ifdef TURNOUT_SSE4_BUCKETS
    constexpr int kLowHalves = _MM_SHUFFLE(2, 0, 2, 0);
    const __m128i low =
        _mm_castps_si128(_mm_shuffle_ps(two_words(sizeof(Key), 0), two_words(sizeof(Key), 2), kLowHalves));
    const __m128i states = _mm_and_si128(low, _mm_set1_epi32(static_cast<int>(kMask)));
    return Lanes(_mm_cmpeq_epi32(states, _mm_set1_epi32(static_cast<int>(wanted))));
#else
    return one_by_one(sizeof(Key), [&](uint64_t value) { return (value & kMask) == wanted; });
#endif
  }

  /// The slots' values as they stand there now, each read whole.
  void copy_values(uint64_t* to) const {
#ifdef TURNOUT_SSE4_BUCKETS
    for (size_t slot = 0; slot < kSlots; slot += 2) {
      auto* two = reinterpret_cast<__m128i*>(to + slot);
      _mm_storeu_si128(two, _mm_castps_si128(two_words(sizeof(Key), slot)));
    }
#else
    for (size_t slot = 0; slot < kSlots; ++slot) to[slot] = slots[slot].value.load(std::memory_order_relaxed);
#endif
  }

  /// Between a claim and the look for rivals: no look may come before the claim is seen by all. On x86 the
  /// claim's compare-and-swap sees to that, and only the compiler is to be told; the loop's loads are
  /// sequentially consistent themselves.
  static void order_after_claim() {
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }

 private:
  static_assert(static_cast<uint32_t>(ConnectionValue::kStateMask) == ConnectionValue::kStateMask,
                "a state is in the lower half of its value");

  const uint8_t* at(size_t offset, size_t slot) const {
    return reinterpret_cast<const uint8_t*>(this) + offset + slot * sizeof(Slot);
  }
#ifdef TURNOUT_SSE4_BUCKETS
  /// The word at an offset of two slots.
  __m128 two_words(size_t offset, size_t slot) const {
    const __m128i first = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(at(offset, slot)));
    return _mm_loadh_pi(_mm_castsi128_ps(first), reinterpret_cast<const __m64*>(at(offset, slot + 1)));
  }
#else
  template <typename Function>
  Lanes one_by_one(size_t offset, Function&& is_so) const {
    unsigned bits = 0;
    for (unsigned i = 0; i < kSlots; ++i) {
      const auto* word = reinterpret_cast<const std::atomic<uint64_t>*>(at(offset, i));
      bits |= unsigned{is_so(word->load(std::memory_order_seq_cst))} << i;
    }
    return Lanes(bits);
  }
#endif

  /// Both words at an offset, the key's last two.
  Lanes equal_word_pairs(size_t offset, const Key& key) const {
#ifdef TURNOUT_SSE4_BUCKETS
    const auto pair_at = [](const void* words) {
      return _mm_loadu_si128(static_cast<const __m128i*>(words));
    };
    const __m128i wanted = pair_at(reinterpret_cast<const uint8_t*>(&key) + offset);
    const auto equal = [&](size_t slot) { return _mm_cmpeq_epi64(pair_at(at(offset, slot)), wanted); };
    const __m128i low = _mm_packs_epi32(equal(0), equal(1)), high = _mm_packs_epi32(equal(2), equal(3));
    return Lanes(_mm_cmpeq_epi32(_mm_packs_epi16(low, high), _mm_set1_epi32(-1)));
#else
    const auto words = words_of(key);
    constexpr size_t kLast = words.size() - 1;
    return equal_words(offset, words[kLast - 1]) & equal_words(offset + sizeof(uint64_t), words[kLast]);
#endif
  }

  Lanes equal_words(size_t offset, uint64_t wanted) const {
#ifdef TURNOUT_SSE4_BUCKETS
    const __m128i all = _mm_set1_epi64x(static_cast<int64_t>(wanted));
    const __m128i low = _mm_cmpeq_epi64(_mm_castps_si128(two_words(offset, 0)), all);
    const __m128i high = _mm_cmpeq_epi64(_mm_castps_si128(two_words(offset, 2)), all);
    return Lanes(_mm_packs_epi32(low, high));
#else
    return one_by_one(offset, [&](uint64_t word) { return word == wanted; });
#endif
  }
};

/// A flow's two buckets. Slots 0 to 3 are the first's.
template <typename Key>
class BucketPair {
 public:
  using Bucket = ConnectionBucket<Key>;
  static constexpr size_t kSlots = 2 * Bucket::kSlots;
  using Values = std::array<uint64_t, kSlots>;

  BucketPair(Bucket& first, Bucket& second) : first_(&first), second_(&second) {}

  typename Bucket::Slot& operator[](unsigned slot) const {
    return (slot < Bucket::kSlots ? first_ : second_)->slots[slot % Bucket::kSlots];
  }
  SlotSet in_state(ConnectionState state) const {
    return first_->in_state(state).slots_and(second_->in_state(state));
  }
  SlotSet showing(const Key& key) const { return first_->showing(key).slots_and(second_->showing(key)); }

  /// Slots that anybody claims, or that may hold the key. Claims are asked for first: one that became an
  /// entry meanwhile shows its key then. And the first bucket's keys before the second's, where one that
  /// moves on is by then.
  SlotSet claimed_or_showing(const Key& key) const {
    const Lanes claimed = first_->in_state(ConnectionState::claimed);
    const Lanes claimed_too = second_->in_state(ConnectionState::claimed);
    std::atomic_thread_fence(std::memory_order_acquire);
    const Lanes showing = first_->showing(key);
    std::atomic_thread_fence(std::memory_order_acquire);
    return (claimed | showing).slots_and(claimed_too | second_->showing(key));
  }

  Values values() const {
    Values all;
    first_->copy_values(all.data());
    second_->copy_values(all.data() + Bucket::kSlots);
    return all;
  }

 private:
  Bucket* first_;
  Bucket* second_;
};

static_assert(sizeof(ConnectionBucket<ConnectionKey>) == kCacheLine &&
                  sizeof(ConnectionBucket<WideKey>) == 2 * kCacheLine,
              "one cache line for IPv4, two for IPv6");
static_assert(std::atomic<uint64_t>::is_always_lock_free);

}  // namespace turnout
