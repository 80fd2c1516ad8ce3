#include "control/punt_responder.h"

#include <algorithm>
#include <limits>

#include "control/icmp_echo.h"

namespace turnout {
namespace {

bool is_on_port(uint32_t port_mask, size_t port) {
  return port < std::numeric_limits<uint32_t>::digits && ((port_mask >> port) & 1) != 0;
}

/// Of a frame that is at least an Ethernet header long.
MacAddress destination_of(std::span<const uint8_t> frame) {
  MacAddress mac;
  std::copy_n(frame.begin(), sizeof mac.octets.addr_bytes, mac.octets.addr_bytes);
  return mac;
}

}  // namespace

PuntResponder::PuntResponder(PuntLimits limits)
    : arp_limit_(limits.arp_rate, limits.arp_burst), icmp_limit_(limits.icmp_rate, limits.icmp_burst) {}

void PuntResponder::set_addresses(const std::vector<LocalAddress>& addresses) {
  port_masks_.clear();
  port_masks_.reserve(addresses.size());
  for (const LocalAddress& address : addresses) port_masks_[address.ip] |= address.port_mask;
}

void PuntResponder::set_port_mac(size_t port, const MacAddress& mac) {
  if (port >= port_macs_.size()) port_macs_.resize(port + 1);
  port_macs_[port] = mac;
}

PuntResponder::ArpVerdict PuntResponder::on_arp(size_t port, std::span<const uint8_t> frame, Time now) {
  ArpVerdict verdict;
  verdict.packet = parse_arp(frame);
  // Its own come back where two of its ports are on one LAN, or a switch reflects them.
  if (!verdict.packet || is_own(verdict.packet->sender_mac)) return {};
  verdict.claims_our_address = holds_on(port, verdict.packet->sender_ip);
  verdict.answer = answer_arp(port, frame, *verdict.packet, now);
  return verdict;
}

std::optional<PuntResponder::Answer> PuntResponder::answer_arp(size_t port, std::span<const uint8_t> frame,
                                                               const ArpPacket& packet, Time now) {
  const MacAddress* const our_mac = mac_of(port);
  if (our_mac == nullptr || packet.operation != ArpOperation::request) return std::nullopt;
  if (packet.is_gratuitous() || !holds_on(port, packet.target_ip)) return std::nullopt;
  const MacAddress destination = destination_of(frame);
  if (destination.is_unicast() && destination != *our_mac) return std::nullopt;
  if (!arp_limit_.take(now)) {
    ++counters_.arp_over_limit;
    return std::nullopt;
  }
  ++counters_.arp_answered;
  const ArpFrame reply = make_arp_reply(packet, *our_mac);
  return Answer{{reply.begin(), reply.end()}};
}

std::optional<PuntResponder::Answer> PuntResponder::on_icmp(size_t port, std::span<const uint8_t> frame,
                                                            Time now) {
  const MacAddress* const our_mac = mac_of(port);
  const std::optional<EchoRequest> request = parse_echo_request(frame);
  if (our_mac == nullptr || !request || request->destination_mac() != *our_mac) return std::nullopt;
  if (!holds(request->ip.dst_addr)) return std::nullopt;
  if (holds(request->ip.src_addr)) return std::nullopt;  // forged: the answer would be for ourselves
  if (!icmp_limit_.take(now)) {
    ++counters_.icmp_over_limit;
    return std::nullopt;
  }
  ++counters_.icmp_answered;
  return Answer{make_echo_reply(*request, *our_mac)};
}

bool PuntResponder::holds_on(size_t port, rte_be32_t ip) const {
  const auto place = port_masks_.find(ip);
  return place != port_masks_.end() && is_on_port(place->second, port);
}

const MacAddress* PuntResponder::mac_of(size_t port) const {
  return port < port_macs_.size() && port_macs_[port] ? &*port_macs_[port] : nullptr;
}

bool PuntResponder::is_own(const MacAddress& mac) const {
  return std::ranges::any_of(port_macs_, [&](const auto& own) { return own && *own == mac; });
}

std::vector<ArpFrame> make_announcements(std::span<const LocalAddress> addresses, size_t port,
                                         const MacAddress& port_mac) {
  std::vector<ArpFrame> frames;
  for (const LocalAddress& address : addresses) {
    if (is_on_port(address.port_mask, port)) frames.push_back(make_gratuitous_arp(port_mac, address.ip));
  }
  return frames;
}

}  // namespace turnout
