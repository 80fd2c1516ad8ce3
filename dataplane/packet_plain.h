// What nearly every packet is: untagged and for this port, IPv4 without options or IPv6 without extension
// headers, not a fragment, with a TCP or UDP header that can be. Told by a few loads and branches; what is
// none, parse_closely() finds out (packet.h).
#pragma once

#include <array>
#include <cstring>

#ifdef __SSE4_1__
#include <smmintrin.h>
#endif

#include <rte_ether.h>

#include "dataplane/mac.h"
#include "dataplane/packet_ipv4.h"
#include "dataplane/packet_ipv6.h"
#include "dataplane/snapshot.h"

namespace turnout {

namespace packet_detail {

template <typename Number>
inline Number load(const uint8_t* data) {
  Number number;
  std::memcpy(&number, data, sizeof number);
  return number;
}

inline constexpr uint32_t kEthernet = sizeof(rte_ether_hdr);

/// A header of TCP or UDP at the beginning of `payload` bytes. Those may be less than none: a header is
/// longer.
[[gnu::always_inline]] inline bool is_plain_transport(const uint8_t* data, uint8_t protocol, int32_t payload,
                                                      PacketFields& fields) {
  if (protocol == IPPROTO_TCP) {
    const auto& tcp = header_at<rte_tcp_hdr>(data);
    const int32_t header = int32_t{tcp.data_off} >> 2;  // or a few bytes more, if reserved bits are set
    fields.event = event_of_tcp_flags(tcp.tcp_flags);
    return header >= int32_t{sizeof(rte_tcp_hdr)} && header <= payload;
  }
  const int32_t length = from_be16(header_at<rte_udp_hdr>(data).dgram_len);
  fields.event = PacketEvent::datagram;
  return protocol == IPPROTO_UDP && length >= int32_t{sizeof(rte_udp_hdr)} && length <= payload;
}

/// What fields say of each plain packet, in one word.
[[gnu::always_inline]] inline void note_plain(PacketClass kind, uint8_t version, PacketFields& fields) {
  fields.kind = kind;
  fields.version = version;
  fields.ip_at = kEthernet;
  fields.icmp_type = 0;
}

using Octets [[gnu::vector_size(16)]] = uint8_t;
using TwoWords [[gnu::vector_size(16)]] = uint64_t;
inline constexpr uint8_t kZero = 0x80;  // no octet, but nought

/// The octets of `from` that `order` names.
[[gnu::always_inline]] inline Octets octets_at(Octets from, Octets order) {
#ifdef __SSSE3__
  return reinterpret_cast<Octets>(
      _mm_shuffle_epi8(reinterpret_cast<__m128i>(from), reinterpret_cast<__m128i>(order)));
#else
  Octets to;
  for (int i = 0; i < 16; ++i) to[i] = order[i] == kZero ? 0 : from[order[i]];
  return to;
#endif
}

template <typename Vector>
[[gnu::always_inline]] inline bool any(Vector bits) {
#ifdef __SSE4_1__
  return _mm_testz_si128(reinterpret_cast<__m128i>(bits), reinterpret_cast<__m128i>(bits)) == 0;
#else
  const auto words = reinterpret_cast<TwoWords>(bits);
  return (words[0] | words[1]) != 0;
#endif
}

/// Writes the octets of `from` that `order` names where PacketFields begin.
[[gnu::always_inline]] inline void store_shuffled(Octets from, Octets order, PacketFields& fields) {
  const Octets to = octets_at(from, order);
  std::memcpy(static_cast<void*>(&fields), &to, sizeof to);
}

/// From an IPv4 header without options and the ports behind it to the sixteen bytes that PacketFields begin
/// with: what has to be moved stands side by side.
[[gnu::always_inline]] inline void copy_ends(const uint8_t* ip, PacketFields& fields) {
  static_assert(offsetof(rte_ipv4_hdr, next_proto_id) == 9 && offsetof(rte_ipv4_hdr, src_addr) == 12);
  const auto from =
      load<Octets>(ip + 8);  // time to live, protocol 1, checksum 2, source 4, destination 8, ports 12, 14
  constexpr Octets kOrder{4, 5, 6, 7, 12, 13, kZero, kZero, 8, 9, 10, 11, 14, 15, 1, kZero};
  store_shuffled(from, kOrder, fields);
}

/// The same of IPv6, whose addresses go elsewhere.
[[gnu::always_inline]] inline void copy_ends6(const uint8_t* ip, PacketFields& fields) {
  static_assert(offsetof(rte_ipv6_hdr, proto) == 6);
  auto from = load<Octets>(ip + kIpv6Header);  // ports 0 and 2
  from[4] = ip[6];
  constexpr Octets kOrder{kZero, kZero, kZero, kZero, 0, 1, kZero, kZero,
                          kZero, kZero, kZero, kZero, 2, 3, 4,     kZero};
  store_shuffled(from, kOrder, fields);
}

[[gnu::always_inline]] inline void copy_addresses6(const uint8_t* ip, PacketFields& fields) {
  const auto& header = header_at<rte_ipv6_hdr>(ip);
  fields.client6 = load_address6(header.src_addr);
  fields.destination6 = load_address6(header.dst_addr);
}

[[gnu::always_inline]] inline bool parse_plain_ipv4(Frame frame, PacketFields& fields) {
  constexpr int32_t kHeader = sizeof(rte_ipv4_hdr);
  const uint8_t* ip = frame.data + kEthernet;
  const auto& header = header_at<rte_ipv4_hdr>(ip);
  const uint32_t total = from_be16(header.total_length);
  const bool plain = (header.fragment_offset & RTE_BE16(kIpv4Fragment)) == 0 &&
                     !is_martian(header.src_addr) && total + kEthernet <= frame.length;
  if (!plain) return false;
  copy_ends(ip, fields);
  fields.ip_bytes = static_cast<uint16_t>(total);
  note_plain(PacketClass::flow, 4, fields);
  return is_plain_transport(ip + kHeader, header.next_proto_id, static_cast<int32_t>(total) - kHeader,
                            fields);
}

[[gnu::always_inline]] inline bool parse_plain_ipv6(Frame frame, PacketFields& fields) {
  const uint8_t* ip = frame.data + kEthernet;
  const auto& header = header_at<rte_ipv6_hdr>(ip);
  const uint32_t payload = from_be16(header.payload_len);
  const Address6 client = load_address6(header.src_addr);
  const bool plain = is_ordinary_unicast(client) && kEthernet + kIpv6Header + payload <= frame.length &&
                     kIpv6Header + payload <= UINT16_MAX;
  if (!plain) return false;
  copy_ends6(ip, fields);
  copy_addresses6(ip, fields);
  fields.ip_bytes = static_cast<uint16_t>(kIpv6Header + payload);
  note_plain(PacketClass::flow6, 6, fields);
  return is_plain_transport(ip + kIpv6Header, header.proto, static_cast<int32_t>(payload), fields);
}

}  // namespace packet_detail

enum class PlainPacket : uint8_t { ipv4, ipv6, no };

/// The plain frames of one family that are for a port. Made once for each burst.
template <PlainPacket kFamily>
class PlainFrames {
 public:
  explicit PlainFrames(const Port& port)
      : mask_{port.mac_mask & kMacMask, kTypeMask},
        wanted_{port.mac, kType},
        shortest_(port.vlan == 0 ? kShortest : INT32_MAX) {}

  /// Reads a plain packet's fields. False: it is none, or takes a closer look (parse_closely), and `fields`
  /// mean nothing.
  [[gnu::always_inline]] inline bool parse(Frame frame, PacketFields& fields) const {
    if (frame.contiguous < shortest_ || !has_headers(frame.data)) return false;
    return kIpv4 ? packet_detail::parse_plain_ipv4(frame, fields)
                 : packet_detail::parse_plain_ipv6(frame, fields);
  }

  /// What four at once are asked (packet_four.h).
  [[gnu::always_inline]] inline bool have_headers(const std::array<const uint8_t*, 4>& frames) const {
    using namespace packet_detail;
    return !any(((load<TwoWords>(frames[0]) ^ wanted_) | (load<TwoWords>(frames[1]) ^ wanted_) |
                 (load<TwoWords>(frames[2]) ^ wanted_) | (load<TwoWords>(frames[3]) ^ wanted_)) &
                mask_);
  }
  uint32_t shortest() const { return shortest_; }

 private:
  // Of its first sixteen octets, the port's MAC address and the last four count: the type and the first octet
  // of IPv4 without options, or the type and the version of IPv6.
  static constexpr bool kIpv4 = kFamily == PlainPacket::ipv4;
  static constexpr uint64_t kType = (kIpv4 ? uint64_t{0x45'0008} : uint64_t{0x60'DD86}) << 32;
  static constexpr uint64_t kTypeMask = (kIpv4 ? uint64_t{0xFF'FFFF} : uint64_t{0xF0'FFFF}) << 32;
  static constexpr uint32_t kShortest = packet_detail::kEthernet + sizeof(rte_tcp_hdr) +
                                        (kIpv4 ? sizeof(rte_ipv4_hdr) : packet_detail::kIpv6Header);

  [[gnu::always_inline]] inline bool has_headers(const uint8_t* data) const {
    using namespace packet_detail;
    return !any((load<TwoWords>(data) ^ wanted_) & mask_);
  }

  packet_detail::TwoWords mask_, wanted_;
  uint32_t shortest_;
};

/// Reads the fields of a plain packet of either family. `no`: it is of neither.
inline PlainPacket parse_plain(Frame frame, const Port& port, PacketFields& fields) {
  if (PlainFrames<PlainPacket::ipv4>(port).parse(frame, fields)) return PlainPacket::ipv4;
  return PlainFrames<PlainPacket::ipv6>(port).parse(frame, fields) ? PlainPacket::ipv6 : PlainPacket::no;
}

}  // namespace turnout
