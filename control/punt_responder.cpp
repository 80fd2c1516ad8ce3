#include "control/punt_responder.h"

#include <algorithm>
#include <limits>

#include "control/icmp6_echo.h"
#include "control/icmp_echo.h"
#include "control/refusal.h"

namespace turnout {
namespace {

using Answer = PuntResponder::Answer;

/// Of a frame that is at least an Ethernet header long.
MacAddress destination_of(std::span<const uint8_t> frame) {
  MacAddress mac;
  std::copy_n(frame.begin(), sizeof mac.octets.addr_bytes, mac.octets.addr_bytes);
  return mac;
}

/// Is a question sent to `destination` one that `our_mac` may answer: to a group, or to us?
bool is_asked(const MacAddress& destination, const MacAddress& our_mac) {
  return !destination.is_unicast() || destination == our_mac;
}

/// May there be an answer now? Counts it either way.
bool take(TokenBucket& limit, PuntResponder::Time now, uint64_t& answered, uint64_t& over_limit) {
  const bool taken = limit.take(now);
  ++(taken ? answered : over_limit);
  return taken;
}

/// Replies that are for all to hear are announcements: they answer nobody.
ClaimKind kind_of(const ArpPacket& packet, const MacAddress& destination) {
  if (packet.is_gratuitous()) return ClaimKind::announced;
  if (packet.operation == ArpOperation::request) return ClaimKind::asked;
  return destination.is_unicast() ? ClaimKind::answered : ClaimKind::announced;
}

bool is_link_local(const IpAddress& ip) {
  return ip.is_v6() && ip.to_v6().is_link_local();
}

}  // namespace

bool LocalAddress::is_on(size_t port) const {
  return port < std::numeric_limits<uint32_t>::digits && ((port_mask >> port) & 1) != 0;
}

PuntResponder::PuntResponder(PuntLimits limits)
    : arp_limit_(limits.arp_rate, limits.arp_burst),
      ndp_limit_(limits.ndp_rate, limits.ndp_burst),
      icmp_limit_(limits.icmp_rate, limits.icmp_burst),
      refusal_limit_(limits.error_rate, limits.error_burst),
      denied_limit_(limits.error_rate, limits.error_burst),
      too_big_limit_(limits.error_rate, limits.error_burst) {}

void PuntResponder::set_addresses(const std::vector<LocalAddress>& addresses) {
  held_.clear();
  for (const LocalAddress& address : addresses) {
    LocalAddress& held = held_.try_emplace(address.ip, LocalAddress{address.ip}).first->second;
    held.port_mask |= address.port_mask;
  }
}

void PuntResponder::set_port_mac(size_t port, const MacAddress& mac) {
  if (port >= port_macs_.size()) port_macs_.resize(port + 1);
  port_macs_[port] = mac;
}

PuntResponder::NeighborVerdict PuntResponder::on_arp(size_t port, std::span<const uint8_t> frame, Time now) {
  const std::optional<ArpPacket> packet = parse_arp(frame);
  // Its own come back where two of its ports are on one LAN, or a switch reflects them.
  if (!packet || is_own(packet->sender_mac)) return {};
  NeighborVerdict verdict;
  const IpAddress sender = from_be32(packet->sender_ip);
  if (packet->sender_ip != 0) {
    const MacAddress destination = destination_of(frame);
    const ClaimKind how = kind_of(*packet, destination);
    verdict.claim = AddressClaim{.ip = sender,
                                 .mac = packet->sender_mac,
                                 .sender = packet->sender_mac,
                                 .how = how,
                                 .to_us = how == ClaimKind::answered && is_port(port, destination)};
  }
  verdict.is_answer = packet->operation == ArpOperation::reply;
  verdict.claims_our_address = holds_on(port, sender);
  verdict.asked_for = held_target(port, *packet);
  verdict.answer = answer_arp(port, frame, *packet, now);
  return verdict;
}

std::optional<IpAddress> PuntResponder::held_target(size_t port, const ArpPacket& packet) const {
  const IpAddress target = from_be32(packet.target_ip);
  if (packet.operation != ArpOperation::request || packet.is_gratuitous() || !holds_on(port, target))
    return {};
  return target;
}

std::optional<Answer> PuntResponder::answer_arp(size_t port, std::span<const uint8_t> frame,
                                                const ArpPacket& packet, Time now) {
  const MacAddress* const our_mac = mac_of(port);
  if (our_mac == nullptr || !held_target(port, packet)) return std::nullopt;
  if (!is_asked(destination_of(frame), *our_mac)) return std::nullopt;
  if (!take(arp_limit_, now, counters_.arp_answered, counters_.arp_over_limit)) return std::nullopt;
  const ArpFrame reply = make_arp_reply(packet, *our_mac);
  return Answer{{reply.begin(), reply.end()}};
}

PuntResponder::NeighborVerdict PuntResponder::on_ndp(size_t port, std::span<const uint8_t> frame, Time now) {
  if (const auto asked = parse_neighbor_solicitation(frame)) return on_solicitation(port, *asked, now);
  if (const auto told = parse_neighbor_advertisement(frame)) return on_advertisement(port, *told);
  return {};
}

PuntResponder::NeighborVerdict PuntResponder::on_solicitation(size_t port, const NeighborSolicitation& asked,
                                                              Time now) {
  if (is_own(asked.frame_source)) return {};
  NeighborVerdict verdict;
  if (asked.source_mac && !asked.is_probe()) {
    verdict.claim = AddressClaim{
        .ip = asked.source, .mac = asked.source_mac, .sender = asked.frame_source, .how = ClaimKind::asked};
    verdict.claims_our_address = holds_on(port, asked.source);
  }
  const MacAddress* const our_mac = mac_of(port);
  if (!holds_on(port, asked.target)) return verdict;
  verdict.asked_for = asked.target;
  if (our_mac == nullptr) return verdict;
  if (!is_asked(asked.frame_destination, *our_mac)) return verdict;
  if (take(ndp_limit_, now, counters_.ndp_answered, counters_.ndp_over_limit)) {
    verdict.answer = Answer{make_neighbor_advertisement(asked, *our_mac)};
  }
  return verdict;
}

PuntResponder::NeighborVerdict PuntResponder::on_advertisement(size_t port,
                                                               const NeighborAdvertisement& told) const {
  if (is_own(told.frame_source)) return {};
  NeighborVerdict verdict;
  verdict.claim = AddressClaim{.ip = told.target,
                               .mac = told.target_mac,
                               .overrides = told.override,
                               .sender = told.frame_source,
                               .how = told.solicited ? ClaimKind::answered : ClaimKind::announced,
                               .to_us = told.solicited && is_port(port, told.frame_destination)};
  verdict.is_answer = true;
  verdict.claims_our_address = holds_on(port, told.target);
  return verdict;
}

std::optional<Answer> PuntResponder::on_icmp(size_t port, std::span<const uint8_t> frame, Time now) {
  if (const auto request = parse_echo_request(frame)) {
    const Echo echo{request->destination_mac(), from_be32(request->ip.src_addr),
                    from_be32(request->ip.dst_addr)};
    if (may_answer(port, echo, now)) return Answer{make_echo_reply(*request, *mac_of(port))};
  } else if (const auto request6 = parse_echo_request6(frame)) {
    const Echo echo{request6->destination_mac(), from_octets16(request6->ip.src_addr),
                    from_octets16(request6->ip.dst_addr)};
    if (may_answer(port, echo, now)) return Answer{make_echo_reply6(*request6, *mac_of(port))};
  }
  return std::nullopt;
}

bool PuntResponder::may_answer(size_t port, const Echo& echo, Time now) {
  const MacAddress* const our_mac = mac_of(port);
  if (our_mac == nullptr || echo.destination_mac != *our_mac) return false;
  if (!holds_here(port, echo.to)) return false;
  if (holds_here(port, echo.from)) return false;  // forged: the answer would be for ourselves
  return take(icmp_limit_, now, counters_.icmp_answered, counters_.icmp_over_limit);
}

std::optional<Answer> PuntResponder::on_unmatched(size_t port, std::span<const uint8_t> frame, Time now) {
  const MacAddress* const our_mac = mac_of(port);
  if (our_mac == nullptr) return std::nullopt;
  std::optional<std::vector<uint8_t>> refusal = make_refusal(frame, *our_mac);
  if (!refusal || !take(refusal_limit_, now, counters_.refused, counters_.refused_over_limit)) {
    return std::nullopt;
  }
  return Answer{std::move(*refusal)};
}

std::optional<Answer> PuntResponder::on_filtered(size_t port, std::span<const uint8_t> frame, Time now) {
  const MacAddress* const our_mac = mac_of(port);
  if (our_mac == nullptr) return std::nullopt;
  std::optional<std::vector<uint8_t>> refusal = make_refusal(frame, *our_mac, RefusalReason::denied);
  if (!refusal || !take(denied_limit_, now, counters_.denied, counters_.denied_over_limit)) {
    return std::nullopt;
  }
  return Answer{std::move(*refusal)};
}

std::optional<Answer> PuntResponder::on_too_big(size_t port, std::span<const uint8_t> frame,
                                                const IpAddress& from, uint16_t mtu, Time now) {
  const MacAddress* const our_mac = mac_of(port);
  if (our_mac == nullptr) return std::nullopt;
  std::optional<std::vector<uint8_t>> answer = make_too_big(frame, *our_mac, from, mtu);
  if (!answer || !take(too_big_limit_, now, counters_.too_big_answered, counters_.too_big_over_limit)) {
    return std::nullopt;
  }
  return Answer{std::move(*answer)};
}

bool PuntResponder::holds_on(size_t port, const IpAddress& ip) const {
  const auto place = held_.find(ip);
  return place != held_.end() && place->second.is_on(port);
}

/// On any port, but link-local addresses mean something on their own link only (RFC 4007 6).
bool PuntResponder::holds_here(size_t port, const IpAddress& ip) const {
  return is_link_local(ip) ? holds_on(port, ip) : holds(ip);
}

const MacAddress* PuntResponder::mac_of(size_t port) const {
  return port < port_macs_.size() && port_macs_[port] ? &*port_macs_[port] : nullptr;
}

bool PuntResponder::is_port(size_t port, const MacAddress& mac) const {
  const MacAddress* const our_mac = mac_of(port);
  return our_mac != nullptr && *our_mac == mac;
}

bool PuntResponder::is_own(const MacAddress& mac) const {
  return std::ranges::any_of(port_macs_, [&](const auto& own) { return own && *own == mac; });
}

}  // namespace turnout
