// What a service has written into its packets beyond Direct Routing's MAC addresses: the class that routers
// (DSCP) and switches (priority) on the way to the real server, and its own queues, go by.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>

#include <rte_byteorder.h>

namespace turnout {

/// Of all real servers of a service. What is kNone stays as the client sent it.
struct Mark {
  static constexpr uint8_t kNone = 0xFF;
  uint8_t dscp = kNone;      // 0 to 63, RFC 2474 3
  uint8_t priority = kNone;  // 0 to 7, IEEE 802.1Q: of frames that leave with a tag

  constexpr bool is_any() const { return dscp != kNone || priority != kNone; }
};

/// The checksum of a header in which one word was changed, all in network byte order. RFC 1624 3, equation 3:
/// without its care for 0xFFFF, sums that were right would come out as the other zero.
constexpr rte_be16_t updated_checksum(rte_be16_t checksum, rte_be16_t from, rte_be16_t to) {
  uint32_t sum = static_cast<uint16_t>(~checksum) + uint32_t{static_cast<uint16_t>(~from)} + to;
  sum = (sum & 0xFFFF) + (sum >> 16);
  sum += sum >> 16;
  return static_cast<rte_be16_t>(~sum);
}

/// Writes `dscp` (0 to 63) into the IPv4 or IPv6 header at `ip`. The two bits of ECN beside it stay (RFC 3168
/// 5): they are the sender's and the routers'.
inline void write_dscp(uint8_t* ip, uint8_t version, uint8_t dscp) {
  constexpr uint16_t kMask4 = 0x00FC, kMask6 = 0x0FC0;  // of the header's first word, host byte order
  constexpr size_t kChecksumAt = 10;                    // RFC 791 3.1
  const bool is_v4 = version == 4;
  const uint16_t mask = is_v4 ? kMask4 : kMask6;
  const auto bits = static_cast<uint16_t>(dscp << (is_v4 ? 2 : 6));
  rte_be16_t before;
  std::memcpy(&before, ip, sizeof before);
  const rte_be16_t after = rte_cpu_to_be_16(static_cast<uint16_t>((rte_be_to_cpu_16(before) & ~mask) | bits));
  std::memcpy(ip, &after, sizeof after);
  if (!is_v4) return;  // RFC 8200 3: its header has no checksum
  rte_be16_t checksum;
  std::memcpy(&checksum, ip + kChecksumAt, sizeof checksum);
  checksum = updated_checksum(checksum, before, after);
  std::memcpy(ip + kChecksumAt, &checksum, sizeof checksum);
}

}  // namespace turnout
