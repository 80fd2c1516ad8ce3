// MAC addresses as numbers, to be compared in one step.
#pragma once

#include <cstdint>
#include <cstring>

#include <rte_byteorder.h>

namespace turnout {

inline constexpr uint64_t kMacMask = 0xFFFF'FFFF'FFFF;
inline constexpr uint64_t kMacGroupBit =
    1;  // IEEE 802.3 3.2.3: the first bit sent, which is the first octet's lowest

/// Six octets in the order of the frame, the first in the lowest byte. Eight bytes are read.
inline uint64_t load_mac(const uint8_t* octets) {
  uint64_t word;
  std::memcpy(&word, octets, sizeof word);
  return rte_le_to_cpu_64(word) & kMacMask;
}

}  // namespace turnout
