// What the parser reads of a packet, and the shapes that all its parts share.
#pragma once

#include <cstdint>
#include <cstring>

#include <rte_byteorder.h>

#include "dataplane/address6.h"
#include "dataplane/connection.h"
#include "dataplane/verdict.h"

namespace turnout {

/// What kind of packet it is, before anybody asked whether it is for us.
enum class PacketClass : uint8_t {
  flow,   // TCP, UDP or SCTP over IPv4, or an ICMP error about it: addresses, ports, protocol and event are
          // set
  flow6,  // the same over IPv6
  first_fragment,  // of such a packet over either: as a flow, and fragment_id is set
  later_fragment,  // addresses, protocol and fragment_id are set
  icmp_echo,       // an echo request: addresses are set
  icmp_other,      // other ICMP: addresses and event are set
  ip_other,        // another protocol: addresses are set
  arp,
  ndp,     // neighbour discovery, or an MLD query
  dropped  // `drop` says why
};

/// Addresses and ports in network byte order, as they stand in the packet. An ICMP error's are those of the
/// packet that it is about, turned round: `client` is whom that was for, `destination` the VIP it came from.
struct alignas(64) PacketFields {
  // Eight bytes that are a ConnectionKey but for its service, or a WideKey's `rest` …
  rte_be32_t client = 0;  // IPv4; else 0
  rte_be16_t client_port = 0;
  uint16_t zero = 0;
  // … and eight that are a service_map_key, for IPv4.
  rte_be32_t destination = 0;
  rte_be16_t destination_port = 0;
  uint8_t protocol = 0;  // IANA's number
  uint8_t zero_too = 0;

  uint16_t ip_bytes = 0;  // of the whole IP packet, host byte order
  PacketEvent event = PacketEvent::datagram;
  DropReason drop = DropReason::truncated;
  // Four octets, which a plain packet's are written to at once.
  PacketClass kind = PacketClass::dropped;  // the forwarder's note of what it was told
  uint8_t version = 4;                      // of IP: 4 or 6
  uint8_t ip_at = 14;                       // octets of Ethernet header and VLAN tag before it
  uint8_t icmp_type = 0;                    // RFC 792, RFC 4443; of ICMP only
  uint32_t fragment_id = 0;                 // as it stands in the packet
  Address6 client6;                         // IPv6
  Address6 destination6;

  // The first sixteen bytes as two words. Who writes them in one piece lets who reads them so go on at once:
  // a word that was written in pieces has to reach the cache first.
  uint64_t client_word() const { return word_at(0); }
  uint64_t service_word() const { return word_at(sizeof(uint64_t)); }

 private:
  uint64_t word_at(size_t offset) const {
    uint64_t word;
    std::memcpy(&word, reinterpret_cast<const uint8_t*>(this) + offset, sizeof word);
    return word;
  }
};
static_assert(sizeof(PacketFields) == 64, "one cache line");
static_assert(RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN,
              "the words of PacketFields are put together the other way round");

/// A frame as it lies in memory.
struct Frame {
  const uint8_t* data;
  uint32_t contiguous;  // bytes that may be read at `data`
  uint32_t length;      // of the whole frame, without FCS; more than `contiguous` if it goes on elsewhere
};

namespace packet_detail {

template <typename Header>
const Header& header_at(const uint8_t* data) {  // DPDK's headers are packed: any address will do
  return *reinterpret_cast<const Header*>(data);
}

/// As rte_be_to_cpu_16, whose inline assembly keeps the compiler from folding it into what surrounds it.
inline uint16_t from_be16(rte_be16_t value) {
  return RTE_BYTE_ORDER == RTE_LITTLE_ENDIAN ? __builtin_bswap16(value) : value;
}

inline PacketClass drop(PacketFields& fields, DropReason reason) {
  fields.drop = reason;
  return PacketClass::dropped;
}

}  // namespace packet_detail

}  // namespace turnout
