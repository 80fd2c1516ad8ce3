// Rates per second as LVS estimates them (ip_vs_est.c): what was counted in two seconds, smoothed over about
// eight. Whoever reads Turnout's rates beside ipvsadm's is to read the same figures.
#pragma once

#include <chrono>
#include <cstdint>

namespace turnout {

/// What rates are estimated of.
struct TrafficCounts {
  uint64_t connections = 0;
  uint64_t packets = 0;
  uint64_t bytes = 0;  // of IP

  TrafficCounts& operator+=(const TrafficCounts& other);
  TrafficCounts operator-(const TrafficCounts& other) const;
};

/// Per second, in whole numbers.
struct Rates {
  uint64_t connections = 0;
  uint64_t packets = 0;
  uint64_t bytes = 0;
  bool operator==(const Rates&) const = default;
};

/// Of one service or one real server. Knows no clock: whoever has it samples it once in kPeriod.
class RateEstimator {
 public:
  static constexpr std::chrono::seconds kPeriod{2};

  /// `growth`: what was counted since the last sample. Moves each rate a quarter of the way to what `growth`
  /// is per second.
  void sample(const TrafficCounts& growth);
  Rates rates() const;

 private:
  // In fixed point, so that a quarter of what is left is never lost for good: a rate that ends reaches 0.
  uint64_t connections_ = 0;  // 2^-10 a second
  uint64_t packets_ = 0;      // 2^-10 a second
  uint64_t bytes_ = 0;        // 2^-5 a second
};

}  // namespace turnout
