// Flows by number: what the n-th one looks like. Scattered as real ones are, and a different one for each
// number.
#pragma once

#include <cstdint>

namespace turnout::bench {

/// A bijection of numbers of kBits bits (multiplying by an odd number, and folding the upper half into the
/// lower, can both be undone).
template <unsigned kBits>
constexpr uint64_t scattered(uint64_t n) {
  constexpr uint64_t kMask = (uint64_t{1} << kBits) - 1;
  uint64_t x = n & kMask;
  x = (x ^ x >> (kBits / 2)) * 0x9E3779B97F4A7C15u & kMask;
  x = (x ^ x >> (kBits / 2 + 1)) * 0xBF58476D1CE4E5B9u & kMask;
  return x ^ x >> (kBits / 2);
}

/// A client of 10.0.0.0/9 and its port.
struct Client {
  uint32_t address;
  uint16_t port;
};
inline constexpr unsigned kClientBits = 38;
constexpr Client client_of_flow(uint64_t flow) {
  const uint64_t x = scattered<kClientBits>(flow);
  return {0x0A000000 | static_cast<uint32_t>(x & 0x7FFFFF), static_cast<uint16_t>(1024 + (x >> 23))};
}

}  // namespace turnout::bench
