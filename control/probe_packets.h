// The packets of health checks that need no connection, and what may answer them: frames in and out of bytes.
// A check goes where a client's packet would go, by the real server's MAC address to the VIP.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "control/address.h"
#include "control/ip_frame.h"

namespace turnout {

/// Enough for a server that hands what comes for the VIP to a container of its own; so few that a check which
/// a server without the VIP sends back soon goes round no longer.
inline constexpr uint8_t kProbeTimeToLive = 8;

/// What a check is told apart by: the two ends, ports in host byte order. ICMP echo: identifier and sequence
/// number in the place of the ports.
struct ProbeFlow {
  IpAddress target;  // whom it is sent to: the VIP, or the real server's own address
  uint8_t protocol = 0;
  uint16_t target_port = 0;
  uint16_t own_port = 0;

  friend bool operator==(const ProbeFlow&, const ProbeFlow&) = default;
};
struct ProbeFlowHash {
  size_t operator()(const ProbeFlow& flow) const;
};

/// The two hosts of a check; the rest of the route is the same for all.
struct ProbeEnds {
  MacAddress from_mac;
  MacAddress to_mac;
  IpAddress source;
};

std::vector<uint8_t> make_syn(const ProbeEnds& ends, const ProbeFlow& flow, uint32_t sequence);
/// Ends what a SYN-ACK of that acknowledgement number began (RFC 9293 3.10.7.1).
std::vector<uint8_t> make_reset(const ProbeEnds& ends, const ProbeFlow& flow, uint32_t acknowledgement);
std::vector<uint8_t> make_datagram(const ProbeEnds& ends, const ProbeFlow& flow,
                                   std::span<const uint8_t> payload);
/// Echo request of either family. `flow.protocol` is that of ICMP for the target's family.
std::vector<uint8_t> make_echo(const ProbeEnds& ends, const ProbeFlow& flow);

/// ICMP or ICMPv6, by the family of the address.
uint8_t icmp_of(const IpAddress& address);

struct ProbeAnswer {
  enum class Kind : uint8_t { syn_ack, reset, datagram, echo, icmp_error };
  Kind kind = Kind::datagram;
  ProbeFlow flow;                      // of the check that it answers
  IpAddress from;                      // who sent it: other than flow.target only for an ICMP error
  IpAddress to;                        // the director's address
  MacAddress mac;                      // the frame's source
  uint32_t acknowledgement = 0;        // TCP: of the answer. ICMP error: the sequence number it quotes
  std::span<const uint8_t> payload{};  // of a datagram; a view into the frame
  uint8_t icmp_type = 0;
  uint8_t icmp_code = 0;
};

/// Nothing if the frame is no sound answer to any check: its checksums have to be right, fragments are not
/// put together.
std::optional<ProbeAnswer> parse_probe_answer(std::span<const uint8_t> frame);

}  // namespace turnout
