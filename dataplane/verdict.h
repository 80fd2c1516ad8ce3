// What can become of a packet. Every exit of the dataplane is declared here: a packet is transmitted, punted
// to the control thread or dropped for one of these reasons, and each of them is counted.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace turnout {

enum class DropReason : uint8_t {
  not_our_mac,           // Ethernet destination is neither the port's address nor, for ARP, broadcast
  unknown_ethertype,     // neither IPv4 nor ARP
  truncated,             // the frame ends before a header, or before the length its IP header states
  bad_ip_header,         // version, header length or total length that can't be (RFC 1812 5.2.2)
  bad_checksum,          // the NIC found the IP header checksum wrong
  fragment,              // ports are in the first fragment only; fragments are not followed yet
  martian_source,        // source that no host may use (RFC 1812 5.3.7)
  bad_transport_header,  // TCP or UDP header that can't be (RFC 9293 3.1, RFC 768)
  not_our_address,       // IP destination is neither a VIP nor the director's own
  own_address_unserved,  // for the director itself, which serves no traffic on its own addresses
  unsupported_protocol,  // to a VIP, but neither TCP, UDP nor ICMP
  icmp_unsupported,      // ICMP other than an echo request
  no_service,            // to a VIP, but no virtual service has that protocol and port
  no_server,             // the service has no real server with a weight above 0
  no_server_resolved,    // it has, but the MAC address of none is known yet
  transmit_full,         // the egress queue took no more
  punt_full,             // the control thread has more waiting than it can take
  count
};
inline constexpr size_t kDropReasons = static_cast<size_t>(DropReason::count);

/// What the control thread is sent, by kind.
enum class PuntKind : uint8_t { arp, icmp_echo, count };
inline constexpr size_t kPuntKinds = static_cast<size_t>(PuntKind::count);

inline constexpr std::array<std::string_view, kDropReasons> kDropReasonNames = {"not_our_mac",
                                                                                "unknown_ethertype",
                                                                                "truncated",
                                                                                "bad_ip_header",
                                                                                "bad_checksum",
                                                                                "fragment",
                                                                                "martian_source",
                                                                                "bad_transport_header",
                                                                                "not_our_address",
                                                                                "own_address_unserved",
                                                                                "unsupported_protocol",
                                                                                "icmp_unsupported",
                                                                                "no_service",
                                                                                "no_server",
                                                                                "no_server_resolved",
                                                                                "transmit_full",
                                                                                "punt_full"};
inline constexpr std::array<std::string_view, kPuntKinds> kPuntKindNames = {"arp", "icmp_echo"};

constexpr std::string_view name_of(DropReason reason) {
  return kDropReasonNames[static_cast<size_t>(reason)];
}
constexpr std::string_view name_of(PuntKind kind) {
  return kPuntKindNames[static_cast<size_t>(kind)];
}

}  // namespace turnout
