// A bucket of a connection table: four slots, and which of them show a key or are in a state, all four asked
// at once.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "dataplane/connection.h"
#include "dataplane/connection_key.h"

// Vector loads are no atomic operations by the letter of C++, though each word of one is read whole. So the
// thread sanitizer is shown the plain loop.
#if defined(__SANITIZE_THREAD__)
#define TURNOUT_WORDWISE 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define TURNOUT_WORDWISE 1
#endif
#endif
#if defined(__SSE4_1__) && !defined(TURNOUT_WORDWISE)
#include <smmintrin.h>
#define TURNOUT_SSE4_BUCKETS 1
#endif

namespace turnout {

template <typename Key>
struct alignas(sizeof(Key) + sizeof(uint64_t)) ConnectionSlot {
  AtomicKey<Key> key;           // written by the owner in state `claimed`, read by all
  std::atomic<uint64_t> value;  // a ConnectionValue; written by all with compare-and-swap, read by all
};

/// Some of a bucket's slots, to be gone through: `for (const unsigned i : slots)`.
class SlotSet {
 public:
  explicit constexpr SlotSet(unsigned bits) : bits_(bits) {}
  constexpr bool empty() const { return bits_ == 0; }
  constexpr unsigned lowest() const { return static_cast<unsigned>(std::countr_zero(bits_)); }
  constexpr SlotSet operator&(SlotSet other) const { return SlotSet(bits_ & other.bits_); }
  constexpr SlotSet operator|(SlotSet other) const { return SlotSet(bits_ | other.bits_); }
  constexpr SlotSet without(unsigned slot) const { return SlotSet(bits_ & ~(1u << slot)); }

  class Iterator {
   public:
    explicit constexpr Iterator(unsigned bits) : bits_(bits) {}
    constexpr unsigned operator*() const { return static_cast<unsigned>(std::countr_zero(bits_)); }
    constexpr Iterator& operator++() {
      bits_ &= bits_ - 1;
      return *this;
    }
    friend constexpr bool operator==(Iterator, Iterator) = default;

   private:
    unsigned bits_;
  };
  constexpr Iterator begin() const { return Iterator(bits_); }
  constexpr Iterator end() const { return Iterator(0); }

 private:
  unsigned bits_;
};

template <typename Key>
struct alignas(4 * sizeof(ConnectionSlot<Key>)) ConnectionBucket {
  static constexpr size_t kSlots = 4;
  using Slot = ConnectionSlot<Key>;
  std::array<Slot, kSlots> slots;

  /// The slots that may hold `key`: none that does is missing, but one may be among them whose key differs in
  /// a third word from the end, or changes just now. Which one it is can't be predicted, so there is no
  /// branch for each.
  SlotSet showing(const Key& key) const {
    constexpr size_t kWord = sizeof(uint64_t);
    const auto words = words_of(key);
    const SlotSet last = equal_words(sizeof(Key) - kWord, ~uint64_t{0}, words.back());
    if constexpr (sizeof(Key) == kWord)
      return last;
    else
      return last & equal_words(sizeof(Key) - 2 * kWord, ~uint64_t{0}, words[words.size() - 2]);
  }
  SlotSet in_state(ConnectionState state) const {
    return equal_words(sizeof(Key), ConnectionValue::kStateMask, ConnectionValue{}.with_state(state).bits());
  }

  /// Between a claim and the look for rivals: no look may come before the claim is seen by all. On x86 the
  /// claim's compare-and-swap sees to that, and only the compiler is to be told; the loop's loads are
  /// sequentially consistent themselves.
  static void order_after_claim() { std::atomic_signal_fence(std::memory_order_seq_cst); }

 private:
  /// The slots whose word at `offset` is `wanted` under `mask`.
  SlotSet equal_words(size_t offset, uint64_t mask, uint64_t wanted) const {
    const auto* base = reinterpret_cast<const uint8_t*>(this) + offset;
#ifdef TURNOUT_SSE4_BUCKETS
    const __m128i masks = _mm_set1_epi64x(static_cast<int64_t>(mask));
    const __m128i all = _mm_set1_epi64x(static_cast<int64_t>(wanted));
    const auto equal = [&](size_t slot) {  // in two slots from this one on
      const auto* word = reinterpret_cast<const __m128i*>(base + slot * sizeof(Slot));
      const auto* next = reinterpret_cast<const __m64*>(base + (slot + 1) * sizeof(Slot));
      const __m128 words = _mm_loadh_pi(_mm_castsi128_ps(_mm_loadl_epi64(word)), next);
      return _mm_cmpeq_epi64(_mm_and_si128(_mm_castps_si128(words), masks), all);
    };
    const __m128i lanes = _mm_packs_epi32(equal(0), equal(2));
    return SlotSet(static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(lanes))));
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < kSlots; ++i) {
      const auto* word = reinterpret_cast<const std::atomic<uint64_t>*>(base + i * sizeof(Slot));
      bits |= unsigned{(word->load(std::memory_order_seq_cst) & mask) == wanted} << i;
    }
    return SlotSet(bits);
#endif
  }
};

static_assert(sizeof(ConnectionBucket<ConnectionKey>) == 64 && sizeof(ConnectionBucket<WideKey>) == 128,
              "one cache line for IPv4, two for IPv6");
static_assert(std::atomic<uint64_t>::is_always_lock_free);

}  // namespace turnout
