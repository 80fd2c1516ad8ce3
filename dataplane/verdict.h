// What can become of a packet. Every exit of the dataplane is declared here: a packet is transmitted, punted
// to the control thread or dropped for one of these reasons, and each of them is counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace turnout {

enum class DropReason : uint8_t {
  not_our_mac,           // Ethernet destination is neither the port's address nor a group that is listened to
  unknown_ethertype,     // neither IPv4, IPv6 nor ARP
  unknown_vlan,          // a VLAN tag that no port is configured for, or none where one is
  stacked_vlan,          // more than one tag (IEEE 802.1ad, "QinQ")
  truncated,             // the frame ends before a header, or before the length its IP header states
  bad_ip_header,         // version, header length or total length that can't be (RFC 1812 5.2.2)
  bad_checksum,          // the NIC found the IP header checksum wrong
  extension_headers,     // more IPv6 extension headers than are looked through, or source routing (RFC 5095)
  fragment,              // of a datagram whose first fragment did not come, or that nobody was found for
  martian_source,        // source that no host may use (RFC 1812 5.3.7, RFC 4291 2.5 and 2.7)
  bad_transport_header,  // TCP or UDP header that can't be (RFC 9293 3.1, RFC 768)
  not_our_address,       // IP destination is neither a VIP nor the director's own
  own_address_unserved,  // for the director itself, on a port without a kernel interface
  unsupported_protocol,  // to a VIP, but neither TCP, UDP nor ICMP
  icmp_unsupported,      // ICMP that is neither an echo request nor an error
  icmp_unmatched,        // an ICMP error about no packet of a virtual service
  echo_off,              // an echo request to a VIP that is configured not to answer, or not now
  filtered,              // its client is on a deny list of the VIP or the service
  icmp_filtered,         // ICMP of a type that the VIP is configured to drop
  no_service,            // to a VIP, but no virtual service has that protocol and port
  no_server,             // the service has no real server with a weight above 0
  no_server_resolved,    // it has, but the MAC address of none is known yet
  no_server_up,          // they are known, but none passes its health checks
  no_server_free,        // each that might take the connection is full: its upper_threshold, or ovf's weight
  too_big,               // longer than the MTU of the port it would leave by, and may be fragmented
  no_headroom,           // its buffer has no room before the frame for a VLAN tag
  transmit_full,         // the egress queue took no more
  punt_limited,          // more of its kind a second than the control thread is given
  punt_full,             // the control thread has more waiting than it can take
  spread_full,           // the worker that it was to be handed over to has more waiting than it can take
  client_connections,    // the client has as many connections open as one may have in the service's limits
  client_rate,           // it begins more connections a second than one may
  client_prefix_rate,    // or all clients in its prefix do together
  service_connection_rate,  // or all clients of the service
  service_packet_rate,      // more packets a second than the service is given
  count
};
inline constexpr size_t kDropReasons = static_cast<size_t>(DropReason::count);

/// What the control thread is sent, by kind.
enum class PuntKind : uint8_t {
  arp,        // for all to hear
  ndp,        // neighbour solicitations and advertisements (RFC 4861), MLD queries (RFC 3810): to a group
  neighbor,   // ARP and neighbour discovery sent to the port alone: answers to control's own questions among
              // them
  icmp_echo,  // echo requests, IPv4 and IPv6, to an address that answers them
  unmatched,  // to a VIP that rejects what no service has
  filtered,   // from a client that a filter denies and tells so
  too_big,    // longer than the egress MTU and not to be fragmented; PuntNote says how long it may be
  health,     // for the director's own addresses, and perhaps the answer to a health check
  kernel,     // likewise, but surely not; on a port with a kernel interface
  count
};
inline constexpr size_t kPuntKinds = static_cast<size_t>(PuntKind::count);

/// Ports that health checks come from, and all above (host byte order): beyond what Linux gives a socket of
/// its own accord (net.ipv4.ip_local_port_range).
inline constexpr uint16_t kFirstHealthPort = 61000;

/// What a worker tells control with a punted packet, in rte_mbuf's hash.usr: its kind and, for too_big, the
/// longest IP packet that would have fitted.
struct PuntNote {
  PuntKind kind;
  uint16_t mtu = 0;

  constexpr uint32_t bits() const { return uint32_t{mtu} << 8 | static_cast<uint8_t>(kind); }
  static constexpr PuntNote of(uint32_t bits) {
    return {static_cast<PuntKind>(bits & 0xFF), static_cast<uint16_t>(bits >> 8)};
  }
};

inline constexpr std::array<std::string_view, kDropReasons> kDropReasonNames = {"not_our_mac",
                                                                                "unknown_ethertype",
                                                                                "unknown_vlan",
                                                                                "stacked_vlan",
                                                                                "truncated",
                                                                                "bad_ip_header",
                                                                                "bad_checksum",
                                                                                "extension_headers",
                                                                                "fragment",
                                                                                "martian_source",
                                                                                "bad_transport_header",
                                                                                "not_our_address",
                                                                                "own_address_unserved",
                                                                                "unsupported_protocol",
                                                                                "icmp_unsupported",
                                                                                "icmp_unmatched",
                                                                                "echo_off",
                                                                                "filtered",
                                                                                "icmp_filtered",
                                                                                "no_service",
                                                                                "no_server",
                                                                                "no_server_resolved",
                                                                                "no_server_up",
                                                                                "no_server_free",
                                                                                "too_big",
                                                                                "no_headroom",
                                                                                "transmit_full",
                                                                                "punt_limited",
                                                                                "punt_full",
                                                                                "spread_full",
                                                                                "client_connections",
                                                                                "client_rate",
                                                                                "client_prefix_rate",
                                                                                "service_connection_rate",
                                                                                "service_packet_rate"};
inline constexpr std::array<std::string_view, kPuntKinds> kPuntKindNames = {
    "arp", "ndp", "neighbor", "icmp_echo", "unmatched", "filtered", "too_big", "health", "kernel"};

static_assert(!kDropReasonNames.back().empty() && !kPuntKindNames.back().empty(), "each has its name");

constexpr std::string_view name_of(DropReason reason) {
  return kDropReasonNames[static_cast<size_t>(reason)];
}
constexpr std::string_view name_of(PuntKind kind) {
  return kPuntKindNames[static_cast<size_t>(kind)];
}

}  // namespace turnout
