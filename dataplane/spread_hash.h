// Where the keys of a map that control builds have their homes: multiplicative hashing, with a multiplier
// that suits those keys. They are the operator's, not a stranger's.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace turnout {

/// Over a power of two of slots. Of the product only the highest bits hang on the whole key.
class SpreadHash {
 public:
  explicit SpreadHash(size_t slots) : shift_(static_cast<unsigned>(std::countl_zero(slots - 1))) {}

  size_t home(uint64_t folded) const { return folded * multiplier_ >> shift_; }

  /// Keys that form a sequence, as a network's VIPs do, may be close together under one multiplier and far
  /// apart under another: takes the best of a few.
  void choose(const std::vector<uint64_t>& folded) {
    SpreadHash other = *this;
    size_t best = homes(folded);
    for (unsigned tried = 1; tried < kMultipliers && best < folded.size(); ++tried) {
      other.multiplier_ *= kNextMultiplier;
      const size_t found = other.homes(folded);
      if (found <= best) continue;
      best = found;
      multiplier_ = other.multiplier_;
    }
  }

 private:
  static constexpr uint64_t kFirstMultiplier = 0x9E3779B97F4A7C15u;  // 2^64 by the golden ratio
  static constexpr uint64_t kNextMultiplier = 0xD1342543DE82EF95u;   // odd as well, or keys would be lost
  static constexpr unsigned kMultipliers = 16;

  size_t homes(const std::vector<uint64_t>& folded) const {  // that the keys have, each counted once
    std::vector<bool> taken(size_t{1} << (64 - shift_));
    size_t count = 0;
    for (const uint64_t key : folded) {
      count += !taken[home(key)];
      taken[home(key)] = true;
    }
    return count;
  }

  unsigned shift_;
  uint64_t multiplier_ = kFirstMultiplier;
};

}  // namespace turnout
