// Which entry of full buckets goes first: one past its time, else of SYNs without an answer, else of closed
// connections the one that was idle the longest. A slot that is free after all goes before any of them. In a
// flood every packet asks that of two buckets.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>

#include "dataplane/connection.h"
#include "dataplane/slot_set.h"

namespace turnout {

/// How gladly an entry is given up, and which it is: what it is (3 bits) | its age (21) | its number (3).
class VictimScore {
 public:
  static constexpr unsigned kMostEntries = 8;

  VictimScore() = default;  // may not go
  explicit constexpr VictimScore(uint32_t bits) : bits_(bits) {}
  static VictimScore of(ConnectionValue value, unsigned number, Tick now, const Timeouts& timeouts) {
    const uint32_t kind =
        value.expired(now, timeouts) ? kExpired : kKinds[static_cast<size_t>(value.state())];
    const uint32_t age = age_of(value.seen(), now);
    return kind == 0 ? VictimScore() : VictimScore(kind << kKindAt | age << kAgeAt | number);
  }

  constexpr bool may_go() const { return bits_ != 0; }
  constexpr bool has_expired() const { return bits_ >> kKindAt == kExpired; }
  constexpr bool is_free() const { return bits_ >> kKindAt == kFree; }
  constexpr unsigned number() const { return bits_ % kMostEntries; }
  constexpr uint32_t bits() const { return bits_; }
  friend constexpr auto operator<=>(VictimScore, VictimScore) = default;

  static constexpr unsigned kAgeAt = 3, kKindAt = 24;
  static constexpr uint8_t kClosed = 1, kUnanswered = 2, kExpired = 3, kFree = 4;
  /// By state; 0: may not go before its time. Sixteen of them, for a byte shuffle.
  static constexpr std::array<uint8_t, 16> kKinds = {kFree, 0, 0, kUnanswered, 0, 0, kClosed, 0, kUnanswered};
  static_assert(kKinds[static_cast<size_t>(ConnectionState::free)] == kFree &&
                kKinds[static_cast<size_t>(ConnectionState::syn_recv)] == kUnanswered &&
                kKinds[static_cast<size_t>(ConnectionState::close)] == kClosed &&
                kKinds[static_cast<size_t>(ConnectionState::template_new)] == kUnanswered);
  static_assert(static_cast<size_t>(ConnectionState::template_new) == 8,
                "timeouts are eight, and 0 from there on");
  static_assert(kTickMask / 2 << kAgeAt < 1u << kKindAt, "an age fits below the kind");

 private:
  uint32_t bits_ = 0;
};

/// The highest score of some values, which are numbered from 0 on.
template <size_t kCount>
VictimScore first_to_go_one_by_one(const std::array<uint64_t, kCount>& values, Tick now,
                                   const Timeouts& timeouts) {
  VictimScore best;
  for (unsigned number = 0; number < kCount; ++number)
    best = std::max(best, VictimScore::of(ConnectionValue(values[number]), number, now, timeouts));
  return best;
}

#ifdef TURNOUT_SSE4_BUCKETS
/// The scores of four values at once.
class FourScores {
 public:
  FourScores(Tick now, const Timeouts& timeouts)
      : now_(all(now)),
        first_timeouts_(load(&timeouts.seconds[0])),
        next_timeouts_(load(&timeouts.seconds[4])) {}

  /// `values`: four of them, numbered from `first` on.
  __m128i of(const uint64_t* values, int first) const {
    // From the lower half of each value: … version's lowest bits | state:4 | last seen:22.
    const __m128 two = _mm_castsi128_ps(load(values)), next_two = _mm_castsi128_ps(load(values + 2));
    const __m128i low = _mm_castps_si128(_mm_shuffle_ps(two, next_two, _MM_SHUFFLE(2, 0, 2, 0)));
    constexpr int kUnused = 32 - kTickBits;
    const __m128i distance = _mm_srai_epi32(_mm_slli_epi32(_mm_sub_epi32(now_, low), kUnused), kUnused);
    const __m128i state = _mm_and_si128(_mm_srli_epi32(low, kTickBits), all(0xF));
    const __m128i expired = _mm_cmpgt_epi32(distance, timeout_of(state));

    // Of each state's kind the lowest octet counts: the others are shifted out.
    const __m128i kinds = _mm_shuffle_epi8(load(VictimScore::kKinds.data()), state);
    const __m128i kind = _mm_or_si128(kinds, _mm_and_si128(expired, all(VictimScore::kExpired)));
    const __m128i age = _mm_max_epi32(distance, _mm_setzero_si128());
    const __m128i numbers = _mm_setr_epi32(first, first + 1, first + 2, first + 3);
    const __m128i score = _mm_or_si128(_mm_slli_epi32(kind, VictimScore::kKindAt),
                                       _mm_or_si128(_mm_slli_epi32(age, VictimScore::kAgeAt), numbers));
    const __m128i oldest_of_no_kind = all((1u << VictimScore::kKindAt) - 1);
    return _mm_and_si128(score, _mm_cmpgt_epi32(score, oldest_of_no_kind));
  }
  static VictimScore highest(__m128i four) {
    const __m128i two = _mm_max_epi32(four, _mm_shuffle_epi32(four, _MM_SHUFFLE(1, 0, 3, 2)));
    const __m128i one = _mm_max_epi32(two, _mm_shuffle_epi32(two, _MM_SHUFFLE(2, 3, 0, 1)));
    return VictimScore(static_cast<uint32_t>(_mm_cvtsi128_si32(one)));
  }

 private:
  static __m128i all(uint32_t value) { return _mm_set1_epi32(static_cast<int>(value)); }
  static __m128i load(const void* from) { return _mm_loadu_si128(static_cast<const __m128i*>(from)); }

  /// The four octets at four times the state, of the first four timeouts or of the next; a template has none.
  __m128i timeout_of(__m128i state) const {
    const __m128i in_each_octet =
        _mm_shuffle_epi8(state, _mm_setr_epi8(0, 0, 0, 0, 4, 4, 4, 4, 8, 8, 8, 8, 12, 12, 12, 12));
    const __m128i octets = _mm_or_si128(_mm_slli_epi32(in_each_octet, 2), all(0x03020100));
    const __m128i of_state =
        _mm_blendv_epi8(_mm_shuffle_epi8(first_timeouts_, octets), _mm_shuffle_epi8(next_timeouts_, octets),
                        _mm_cmpgt_epi32(state, all(3)));
    return _mm_andnot_si128(_mm_cmpgt_epi32(state, all(7)), of_state);
  }

  __m128i now_, first_timeouts_, next_timeouts_;
};
#endif

/// The same of two buckets' values, four at once.
inline VictimScore first_to_go(const std::array<uint64_t, 8>& values, Tick now, const Timeouts& timeouts) {
#ifdef TURNOUT_SSE4_BUCKETS
  const FourScores scores(now, timeouts);
  return FourScores::highest(_mm_max_epi32(scores.of(values.data(), 0), scores.of(values.data() + 4, 4)));
#else
  return first_to_go_one_by_one(values, now, timeouts);
#endif
}

}  // namespace turnout
