// Packets as a driver leaves them in memory, without a driver.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include <rte_mbuf.h>

#include "dataplane/address6.h"
#include "test/bench/eal.h"
#include "test/bench/flow_numbers.h"

namespace turnout::bench {

inline constexpr uint8_t kAck = 0x10, kSyn = 0x02;  // TCP flags
inline constexpr uint16_t kServicePort = 80;

/// One buffer. It starts with zeros: allocate() gives those.
struct alignas(64) FakePacket {
  rte_mbuf mbuf;
  std::array<uint8_t, 128> data;
};

/// So many of them that they stay in the cache while the tables don't.
class HotPackets {
 public:
  static constexpr size_t kCount = 1024;

  HotPackets() : memory_(allocate(kCount * sizeof(FakePacket))) {}
  std::span<FakePacket, kCount> all() const {
    return std::span<FakePacket, kCount>(static_cast<FakePacket*>(memory_.get()), kCount);
  }

 private:
  Memory memory_;
};

/// A TCP segment without data of a client to a VIP (host byte order), in the shortest frame that there is.
void write_ipv4(FakePacket& packet, Client client, uint32_t vip, uint8_t flags);
/// The same over IPv6, from 2001:db8:1::<client's address> to 2001:db8::<vip>.
void write_ipv6(FakePacket& packet, Client client, uint32_t vip, uint8_t flags);
using WritePacket = decltype(&write_ipv4);

}  // namespace turnout::bench
