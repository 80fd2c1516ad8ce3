// Which of some slots are so: as bits, to be gone through, and as lanes, as a comparison of four at once
// leaves them.
#pragma once

#include <bit>
#include <cstddef>

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

/// Some of a bucket's slots, or of two buckets', to be gone through: `for (const unsigned i : slots)`.
class SlotSet {
 public:
  explicit constexpr SlotSet(unsigned bits) : bits_(bits) {}
  constexpr bool empty() const { return bits_ == 0; }
  friend constexpr SlotSet operator&(SlotSet a, SlotSet b) { return SlotSet(a.bits_ & b.bits_); }
  constexpr bool is_more_than_one() const { return (bits_ & (bits_ - 1)) != 0; }
  /// The last of so many if there is none: without a branch.
  constexpr size_t lowest_or_last(size_t slots) const {
    return static_cast<size_t>(std::countr_zero(bits_ | 1u << (slots - 1)));
  }

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

/// What was found of a bucket's four slots, before it is asked which they are.
class Lanes {
 public:
#ifdef TURNOUT_SSE4_BUCKETS
  using Bits = __m128i;  // 32 for each slot, all set or none
#else
  using Bits = unsigned;
#endif
  explicit Lanes(Bits bits) : bits_(bits) {}

#ifdef TURNOUT_SSE4_BUCKETS
  SlotSet slots() const {
    return SlotSet(static_cast<unsigned>(_mm_movemask_ps(_mm_castsi128_ps(bits_))));
  }
  /// These, and 4 to 7 are those of another bucket.
  SlotSet slots_and(Lanes next) const {
    const __m128i octets = _mm_packs_epi16(_mm_packs_epi32(bits_, next.bits_), _mm_setzero_si128());
    return SlotSet(static_cast<unsigned>(_mm_movemask_epi8(octets)));
  }
  friend Lanes operator|(Lanes a, Lanes b) {
    return Lanes(_mm_or_si128(a.bits_, b.bits_));
  }
  friend Lanes operator&(Lanes a, Lanes b) {
    return Lanes(_mm_and_si128(a.bits_, b.bits_));
  }
#else
  SlotSet slots() const {
    return SlotSet(bits_);
  }
  SlotSet slots_and(Lanes next) const {
    return SlotSet(bits_ | next.bits_ << 4);
  }
  friend Lanes operator|(Lanes a, Lanes b) {
    return Lanes(a.bits_ | b.bits_);
  }
  friend Lanes operator&(Lanes a, Lanes b) {
    return Lanes(a.bits_ & b.bits_);
  }
#endif

 private:
  Bits bits_;
};

}  // namespace turnout
