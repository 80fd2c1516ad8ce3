#include "control/af_packet.h"

#include <linux/if_packet.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

#include <rte_ether.h>

namespace turnout {

namespace {

std::string value_of(const std::string& devargs, const std::string& key) {
  const std::string all = "," + devargs;
  const size_t found = all.find("," + key + "=");
  if (found == std::string::npos) return "";
  const size_t start = found + key.size() + 2;
  return all.substr(start, all.find(',', start) - start);
}

std::optional<int> mtu_of(const std::string& interface) {
  ifreq request{};
  if (interface.size() >= sizeof request.ifr_name) return std::nullopt;
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  const int probe = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (probe < 0) return std::nullopt;
  const int error = ioctl(probe, SIOCGIFMTU, &request);
  close(probe);
  return error == 0 ? std::optional(request.ifr_mtu) : std::nullopt;
}

constexpr uint32_t
    kAround =  // packet(7): the kernel's header, and room to align; the frame's own header, a tag
    TPACKET_ALIGN(TPACKET2_HDRLEN + 16) + RTE_ETHER_HDR_LEN + RTE_VLAN_HLEN;

}  // namespace

AfPacketSizes AfPacketSizes::of(const std::string& devargs) {
  AfPacketSizes sizes;
  sizes.interface = value_of(devargs, "iface");
  const std::string frame = value_of(devargs, "framesz");
  std::from_chars(frame.data(), frame.data() + frame.size(), sizes.frame);
  return sizes;
}

uint16_t AfPacketSizes::longest() const {
  const uint32_t fits = frame > kAround ? frame - kAround : 0;
  const auto has = static_cast<uint32_t>(std::max(0, mtu_of(interface).value_or(RTE_ETHER_MTU)));
  return static_cast<uint16_t>(std::min({fits, has, uint32_t{UINT16_MAX - 1}}));
}

std::string AfPacketSizes::why_not(uint16_t mtu) const {
  const uint32_t needed = kAround + mtu;
  if (frame < needed) {
    return "its frames have " + std::to_string(frame) + " bytes, " + std::to_string(needed) +
           " are needed: give the --vdev a framesz of a power of two that is larger, a blocksz of a multiple "
           "of it, and a framecnt that fills whole blocks";
  }
  const std::optional<int> has = mtu_of(interface);
  if (has && *has < mtu) {
    return "the interface " + interface + " has an MTU of " + std::to_string(*has) +
           ": raise it (`ip link set " + interface + " mtu " + std::to_string(mtu) + "`), or set mtu lower";
  }
  return "";
}

}  // namespace turnout
