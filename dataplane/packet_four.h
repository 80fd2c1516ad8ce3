// Four plain packets of one family at once (packet_plain.h). Each of them has a lane of four octets in a
// vector, so that what is asked of one is asked of all by one instruction.
#pragma once

#include <array>
#include <cstring>

#include <rte_mbuf.h>

#include "dataplane/flow_packet.h"
#include "dataplane/packet_plain.h"

namespace turnout {

namespace packet_detail {

/// A number of each packet's, unsigned or, compared, signed: there are none here that need the highest bit.
using FourNumbers [[gnu::vector_size(16)]] = uint32_t;
using FourSigned [[gnu::vector_size(16)]] = int32_t;

[[gnu::always_inline]] inline FourNumbers equal(FourNumbers four, uint32_t to) {
  return reinterpret_cast<FourNumbers>(four == to);
}
[[gnu::always_inline]] inline FourNumbers less(FourNumbers four, FourNumbers than) {
  return reinterpret_cast<FourNumbers>(reinterpret_cast<FourSigned>(four) <
                                       reinterpret_cast<FourSigned>(than));
}
[[gnu::always_inline]] inline FourNumbers less(FourNumbers four, uint32_t than) {
  return less(four, FourNumbers{than, than, than, than});
}

/// Four frames' first octets.
using FourFrames = std::array<const uint8_t*, 4>;

/// Sixteen octets of each frame, as columns: all packets' first four, and so on.
struct FourColumns {
  [[gnu::always_inline]] FourColumns(const FourFrames& frames, size_t offset) {
    const auto a = load<FourNumbers>(frames[0] + offset), b = load<FourNumbers>(frames[1] + offset);
    const auto c = load<FourNumbers>(frames[2] + offset), d = load<FourNumbers>(frames[3] + offset);
    const FourNumbers ab = __builtin_shufflevector(a, b, 0, 4, 1, 5);
    const FourNumbers cd = __builtin_shufflevector(c, d, 0, 4, 1, 5);
    const FourNumbers ab_end = __builtin_shufflevector(a, b, 2, 6, 3, 7);
    const FourNumbers cd_end = __builtin_shufflevector(c, d, 2, 6, 3, 7);
    first = __builtin_shufflevector(ab, cd, 0, 1, 4, 5);
    second = __builtin_shufflevector(ab, cd, 2, 3, 6, 7);
    third = __builtin_shufflevector(ab_end, cd_end, 0, 1, 4, 5);
    fourth = __builtin_shufflevector(ab_end, cd_end, 2, 3, 6, 7);
  }
  FourNumbers first, second, third, fourth;
};

/// A number of sixteen bits in network byte order, from a lane's octet `kAt` on.
template <uint8_t kAt>
[[gnu::always_inline]] inline FourNumbers four_be16(FourNumbers lanes) {
  constexpr uint8_t kLow = kAt + 1;
  constexpr Octets kOrder{kLow,     kAt,     kZero, kZero, kLow + 4,  kAt + 4,  kZero, kZero,
                          kLow + 8, kAt + 8, kZero, kZero, kLow + 12, kAt + 12, kZero, kZero};
  return reinterpret_cast<FourNumbers>(octets_at(reinterpret_cast<Octets>(lanes), kOrder));
}

/// What stands in four mbufs about their frames.
struct FourLengths {
  [[gnu::always_inline]] explicit FourLengths(rte_mbuf* const* packets) {
    static_assert(offsetof(rte_mbuf, data_len) == offsetof(rte_mbuf, pkt_len) + sizeof(uint32_t));
    const auto two = [&](size_t i) {
      const auto both = [&](size_t of) {
        return load<uint64_t>(reinterpret_cast<const uint8_t*>(&packets[of]->pkt_len));
      };
      return reinterpret_cast<FourNumbers>(TwoWords{both(i), both(i + 1)});
    };
    const FourNumbers ab = two(0), cd = two(2);
    whole = __builtin_shufflevector(ab, cd, 0, 2, 4, 6);
    contiguous = __builtin_shufflevector(ab, cd, 1, 3, 5, 7) & 0xFFFF;  // beside it stands a VLAN
  }
  FourNumbers whole;       // bytes of the frame
  FourNumbers contiguous;  // of these, in its first buffer
};

/// is_plain_transport() of four headers.
struct FourTransports {
  /// `tcp`, `udp`: which of them are. `payload`: bytes.
  [[gnu::always_inline]] FourTransports(FourNumbers tcp, FourNumbers udp, FourNumbers payload,
                                        const FourColumns& headers) {
    const FourNumbers least = (tcp & (sizeof(rte_tcp_hdr) - sizeof(rte_udp_hdr))) + sizeof(rte_udp_hdr);
    const FourNumbers length =  // of the header, or of the datagram; 0 of any other protocol
        (tcp & (headers.fourth >> 2 & 0x3F)) | (udp & four_be16<0>(headers.second));
    wrong = less(length, least) | less(payload, length);

    constexpr auto event_of = [](size_t flags) { return static_cast<uint8_t>(kEventsOfTcpFlags[flags]); };
    constexpr Octets kEvents{event_of(0), event_of(1), event_of(2), event_of(3),
                             event_of(4), event_of(5), event_of(6), event_of(7)};
    static_assert(static_cast<uint8_t>(PacketEvent::datagram) == 0);
    const FourNumbers flags = (headers.fourth << 8 & 0x0007'0000) | 0x8000'8080;  // the other octets: kZero
    events = tcp & reinterpret_cast<FourNumbers>(octets_at(kEvents, reinterpret_cast<Octets>(flags)));
  }
  FourNumbers wrong;
  FourNumbers events;  // in the third octet of each lane
};

}  // namespace packet_detail

/// As PlainFrames, of four frames. Made once for each burst.
template <PlainPacket kFamily>
class FourPlainFrames {
 public:
  using Numbers = packet_detail::FourNumbers;

  explicit FourPlainFrames(const PlainFrames<kFamily>& frames) : frames_(frames) {}

  /// Reads the fields of four plain packets, whose frames `flows` know and of which none has a checksum that
  /// the NIC called bad, and raises `longest` (bytes of IP packets, a lane for each). False: they take a look
  /// one by one, and their fields mean nothing.
  [[gnu::always_inline]] inline bool parse(rte_mbuf* const* packets, FlowPacket* flows,
                                           Numbers& longest) const {
    using namespace packet_detail;
    const FourLengths lengths(packets);
    if (any(less(lengths.contiguous, frames_.shortest()))) return false;
    const FourFrames data{flows[0].frame, flows[1].frame, flows[2].frame, flows[3].frame};
    if (!frames_.have_headers(data)) return false;
    const FourColumns ip(data, kEthernet);
    const FourColumns transport(data, kEthernet + kHeader);
    const Numbers total = kIpv4 ? four_be16<2>(ip.first) : four_be16<0>(ip.second) + kHeader;
    const Numbers protocol = kIpv4 ? ip.third & 0xFF00 : ip.second & 0xFF'0000;
    constexpr unsigned kShift = kIpv4 ? 8 : 16;
    const FourTransports transports(equal(protocol, IPPROTO_TCP << kShift),
                                    equal(protocol, IPPROTO_UDP << kShift), total - kHeader, transport);
    const Numbers strange =
        transports.wrong | less(lengths.whole, total + kEthernet) | strange_network(ip, total);
    if (any(strange) || (kIpv4 && may_have_bad_checksum(packets))) return false;
    for (size_t i = 0; i < data.size(); ++i) copy_addresses(data[i] + kEthernet, flows[i].fields);
    note(total | transports.events, flows);
    longest = longest > total ? longest : total;
    return true;
  }

 private:
  static constexpr bool kIpv4 = kFamily == PlainPacket::ipv4;
  static constexpr uint32_t kHeader = kIpv4 ? sizeof(rte_ipv4_hdr) : packet_detail::kIpv6Header;

  [[gnu::always_inline]] static Numbers strange_network(const packet_detail::FourColumns& ip, Numbers total) {
    using namespace packet_detail;
    if constexpr (kIpv4) {
      const Numbers first = ip.fourth & 0xFF;  // octet of the client's address: as find_martian_octets()
      return (ip.second & uint32_t{RTE_BE16(kIpv4Fragment)} << 16) | equal(first, 0) | equal(first, 127) |
             ~less(first, 224);
    } else {  // is_ordinary_unicast()
      return equal(ip.third | ip.fourth, 0) | equal(ip.third & 0xFF, 0xFF) |
             less(FourNumbers{} + UINT16_MAX, total);
    }
  }

  /// Also if the driver says of one that its checksum is wrong but its header sound
  /// (RTE_MBUF_F_RX_IP_CKSUM_NONE), which is both bits: one by one, such a packet is as good as any.
  [[gnu::always_inline]] static bool may_have_bad_checksum(rte_mbuf* const* packets) {
    const uint64_t flags =
        packets[0]->ol_flags | packets[1]->ol_flags | packets[2]->ol_flags | packets[3]->ol_flags;
    return (flags & RTE_MBUF_F_RX_IP_CKSUM_BAD) != 0;
  }

  [[gnu::always_inline]] static void copy_addresses(const uint8_t* ip, PacketFields& fields) {
    using namespace packet_detail;
    if constexpr (kIpv4) {
      copy_ends(ip, fields);
    } else {
      copy_ends6(ip, fields);
      copy_addresses6(ip, fields);
    }
  }

  /// What stands behind the addresses: length and event, and note_plain()'s word.
  [[gnu::always_inline]] static void note(Numbers lengths_and_events, FlowPacket* flows) {
    using namespace packet_detail;
    PacketFields of_each;
    note_plain(kIpv4 ? PacketClass::flow : PacketClass::flow6, kIpv4 ? 4 : 6, of_each);
    const auto word = load<uint32_t>(reinterpret_cast<const uint8_t*>(&of_each.kind));
    const Numbers notes{word, word, word, word};
    const auto ab =
        reinterpret_cast<TwoWords>(__builtin_shufflevector(lengths_and_events, notes, 0, 4, 1, 5));
    const auto cd =
        reinterpret_cast<TwoWords>(__builtin_shufflevector(lengths_and_events, notes, 2, 6, 3, 7));
    for (size_t i = 0; i < 4; ++i) {
      const uint64_t both = i < 2 ? ab[i] : cd[i - 2];
      std::memcpy(&flows[i].fields.ip_bytes, &both, sizeof both);
    }
  }
  static_assert(offsetof(PacketFields, event) == offsetof(PacketFields, ip_bytes) + 2 &&
                offsetof(PacketFields, kind) == offsetof(PacketFields, ip_bytes) + 4);

  PlainFrames<kFamily> frames_;
};

}  // namespace turnout
