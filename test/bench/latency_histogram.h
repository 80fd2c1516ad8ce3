// Times of very different lengths, counted in buckets that are all about as wide in proportion (as
// HdrHistogram does).
#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>

namespace turnout::bench {

class LatencyHistogram {
 public:
  void add(uint64_t nanoseconds) {
    ++buckets_[index_of(nanoseconds)];
    ++count_;
  }
  uint64_t count() const { return count_; }
  void clear() { *this = {}; }

  /// The time that `share` of all were not above, to 3 % of it.
  uint64_t percentile(double share) const {
    const auto wanted = static_cast<uint64_t>(std::ceil(share * static_cast<double>(count_)));
    uint64_t seen = 0;
    for (size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (seen >= wanted && seen > 0) return end_of(i) - 1;
    }
    return 0;
  }

  /// Calls visit(from, to, count) for each power of two between the shortest and the longest time, in
  /// nanoseconds.
  template <typename Function>
  void visit_powers(Function&& visit) const {
    std::array<uint64_t, kPowers> powers{};
    for (size_t i = 0; i < buckets_.size(); ++i) powers[i / kParts] += buckets_[i];
    size_t first = 0, last = kPowers;
    while (first < last && powers[first] == 0) ++first;
    while (last > first && powers[last - 1] == 0) --last;
    for (size_t i = first; i < last; ++i)
      visit(end_of(i * kParts - 1), end_of((i + 1) * kParts - 1), powers[i]);
  }

 private:
  static constexpr unsigned kPartBits = 5;
  static constexpr size_t kParts = 1u << kPartBits;  // buckets of one power of two
  static constexpr size_t kPowers = 40;              // up to minutes

  static size_t index_of(uint64_t value) {
    if (value < kParts) return value;
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1 - kPartBits;
    const size_t index = (shift + 1) * kParts + (value >> shift) - kParts;
    return index < kPowers * kParts ? index : kPowers * kParts - 1;
  }
  static uint64_t end_of(size_t index) {  // of the values that index_of() gives this index; that of "-1" is 0
    const size_t next = index + 1;
    if (next < kParts * 2) return next;
    return (kParts + next % kParts) << (next / kParts - 1);
  }

  std::array<uint64_t, kPowers * kParts> buckets_{};
  uint64_t count_ = 0;
};

}  // namespace turnout::bench
