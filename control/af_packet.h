// net_af_packet, DPDK's driver for a kernel interface, says of every interface that its frames have 1,518
// bytes at most. How long they may be is decided by the interface and by the size of the driver's own frames.
#pragma once

#include <cstdint>
#include <string>

namespace turnout {

struct AfPacketSizes {
  std::string interface;
  uint32_t frame = 2048;  // framesz, in bytes, with what the kernel puts before the packet

  static AfPacketSizes of(const std::string& devargs);  ///< "iface=dir0,framesz=16384,…"
  uint16_t longest() const;  ///< the longest IP packet that frames and interface take
  /// Why IP packets of `mtu` bytes can't come and go, and what to do about it; empty if they can.
  std::string why_not(uint16_t mtu) const;
};

}  // namespace turnout
