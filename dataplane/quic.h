// QUIC connections that keep their real server when the client's address or port changes: servers put a
// number of theirs into the connection IDs that they choose, and clients send those back.
//
// Of QUIC only what all versions have in common is looked at (RFC 8999 5). Where the number stands is said by
// the QUIC-LB draft (draft-ietf-quic-load-balancers, its plaintext algorithm): the first octet's upper three
// bits name the configuration, the server ID follows, and then what the server likes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <optional>

#include <rte_ip.h>
#include <rte_udp.h>

#include "dataplane/address_map.h"
#include "dataplane/packet_fields.h"

namespace turnout {

/// How a service's real servers write their IDs. By service index.
struct QuicTerms {
  static constexpr uint8_t kLongestId = 15;      // octets
  static constexpr uint8_t kConfigurations = 7;  // the eighth, 0b111, is for IDs that name no server
  uint8_t id_length = 0;                         // octets; 0: the service is not of QUIC
  uint8_t configuration = 0;                     // 0 to 6
};

/// A real server's ID in the map of all: with its service's own index, and nothing else of a ServiceKey6.
inline ServiceKey6 quic_server_key(uint16_t service, const uint8_t* id, uint8_t length) {
  uint8_t octets[16] = {};
  std::memcpy(octets, id, length);
  return {load_address6(octets), service};
}

/// A packet's destination connection ID, as far as it is in this frame.
struct QuicDestination {
  const uint8_t* octets = nullptr;
  uint32_t length = 0;  // of a short header: all that follows, as only the server knows where its ID ends
};

/// `datagram`: UDP's payload, of which `length` octets are there. Nothing if it can't be QUIC.
inline std::optional<QuicDestination> quic_destination(const uint8_t* datagram, uint32_t length) {
  constexpr uint8_t kLongHeader = 0x80;
  constexpr uint32_t kLengthAt = 5;  // after the first octet and the version
  if (length < 2) return std::nullopt;
  if ((datagram[0] & kLongHeader) == 0) return QuicDestination{datagram + 1, length - 1};
  if (length <= kLengthAt) return std::nullopt;
  const uint32_t id_length = datagram[kLengthAt];
  if (id_length > length - kLengthAt - 1) return std::nullopt;
  return QuicDestination{datagram + kLengthAt + 1, id_length};
}

/// The server ID in a packet of a service with such terms; null if there is none that the terms could have
/// made.
inline const uint8_t* quic_server_id(QuicTerms terms, const uint8_t* datagram, uint32_t length) {
  constexpr unsigned kConfigurationShift = 5;
  const auto destination = quic_destination(datagram, length);
  if (!destination || destination->length < 1u + terms.id_length) return nullptr;
  if (destination->octets[0] >> kConfigurationShift != terms.configuration) return nullptr;
  return destination->octets + 1;
}

/// UDP's payload in a frame that was parsed to `fields`; null if it isn't in one piece, or behind extension
/// headers.
inline const uint8_t* udp_payload(Frame frame, const PacketFields& fields, uint32_t& length) {
  if (fields.protocol != IPPROTO_UDP || fields.event != PacketEvent::datagram) return nullptr;
  uint32_t at = fields.ip_at;
  if (fields.version == 4) {
    at += (frame.data[at] & RTE_IPV4_HDR_IHL_MASK) * RTE_IPV4_IHL_MULTIPLIER;
  } else {
    if (packet_detail::header_at<rte_ipv6_hdr>(frame.data + at).proto != IPPROTO_UDP) return nullptr;
    at += sizeof(rte_ipv6_hdr);
  }
  at += sizeof(rte_udp_hdr);
  const uint32_t end = std::min<uint32_t>(frame.contiguous, fields.ip_at + fields.ip_bytes);
  if (at >= end) return nullptr;
  length = end - at;
  return frame.data + at;
}

}  // namespace turnout
