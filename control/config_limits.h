// What a service limits, as the configuration has it. 0: no limit, or the usual burst.
#pragma once

#include <algorithm>
#include <cstdint>

namespace turnout {

struct RateConfig {
  uint32_t per_second = 0;
  uint32_t burst = 0;  // at once, after a pause; 0: one second's worth

  bool operator==(const RateConfig&) const = default;
  explicit operator bool() const { return per_second != 0; }
  uint32_t burst_or_usual() const { return burst != 0 ? burst : per_second; }
};

inline constexpr uint64_t kUsualLimitCells = 65536;  // of clients, for all services together: 1.5 MiB

inline constexpr uint8_t kUsualPrefix4 = 24;
inline constexpr uint8_t kUsualPrefix6 = 56;  // what a provider gives a household (RFC 6177)

struct LimitsConfig {
  RateConfig connections = {};      // new ones, of all clients
  RateConfig packets = {};          // of all clients
  RateConfig client = {};           // new connections of one client address …
  uint32_t client_connections = 0;  // … and those that it may have open
  RateConfig prefix = {};           // new connections of all addresses in a prefix
  uint8_t prefix4 = kUsualPrefix4;  // leading bits of it
  uint8_t prefix6 = kUsualPrefix6;
  bool observe = false;  // count what is over, and drop nothing

  bool operator==(const LimitsConfig&) const = default;
  bool is_any() const { return connections || packets || client || client_connections != 0 || prefix; }
};

}  // namespace turnout
