// Sizes that several rooms share. Each is a bound that memory or a field's width was chosen for.
#pragma once

#include <cstddef>
#include <cstdint>

namespace turnout {

inline constexpr size_t kBurst = 64;    // packets taken from a queue at once
inline constexpr size_t kMaxPorts = 8;  // lanes of an Outcome
inline constexpr size_t kMaxServices =
    1u << 16;  // service index: 16 bits of a connection key; 0 is never a service
inline constexpr size_t kMaxServers = 1u << 20;  // server slot: 20 bits of a connection value

}  // namespace turnout
