#include "control/rate_estimator.h"

namespace turnout {

namespace {

constexpr unsigned kCountBits = 10;  // of the fraction
constexpr unsigned kByteBits = 5;    // fewer: there are more bytes than packets
constexpr unsigned kWeightBits = 2;  // the newest sample counts for a quarter

/// Both in 2^-bits a second. The shift rounds towards -infinity, as the kernel's does: upwards a rate stays
/// up to 3 units short of what it nears, downwards it arrives.
uint64_t smoothed(uint64_t rate, uint64_t growth, unsigned bits) {
  static_assert(RateEstimator::kPeriod.count() == 2, "half of the growth is what a second brought");
  const auto sample = static_cast<int64_t>(growth << (bits - 1));
  const auto before = static_cast<int64_t>(rate);
  return static_cast<uint64_t>(before + ((sample - before) >> kWeightBits));
}

/// To the next whole number; a half goes down.
uint64_t rounded(uint64_t rate, unsigned bits) {
  const uint64_t just_below_half = (uint64_t{1} << (bits - 1)) - 1;
  return (rate + just_below_half) >> bits;
}

}  // namespace

TrafficCounts& TrafficCounts::operator+=(const TrafficCounts& other) {
  connections += other.connections;
  packets += other.packets;
  bytes += other.bytes;
  return *this;
}

TrafficCounts TrafficCounts::operator-(const TrafficCounts& other) const {
  return {connections - other.connections, packets - other.packets, bytes - other.bytes};
}

void RateEstimator::sample(const TrafficCounts& growth) {
  connections_ = smoothed(connections_, growth.connections, kCountBits);
  packets_ = smoothed(packets_, growth.packets, kCountBits);
  bytes_ = smoothed(bytes_, growth.bytes, kByteBits);
}

Rates RateEstimator::rates() const {
  return {rounded(connections_, kCountBits), rounded(packets_, kCountBits), rounded(bytes_, kByteBits)};
}

}  // namespace turnout
