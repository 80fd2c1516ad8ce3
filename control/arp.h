// ARP for IPv4 over Ethernet (RFC 826): frames in and out of bytes.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "control/address.h"

namespace turnout {

enum class ArpOperation : uint16_t { request = 1, reply = 2 };

/// The fields of an ARP packet that vary. Addresses in network byte order.
struct ArpPacket {
  ArpOperation operation = ArpOperation::request;
  MacAddress sender_mac;
  rte_be32_t sender_ip = 0;  // 0.0.0.0 in an RFC 5227 probe
  MacAddress target_mac;
  rte_be32_t target_ip = 0;

  bool is_gratuitous() const { return sender_ip == target_ip && sender_ip != 0; }
};

using ArpFrame = std::array<uint8_t, 60>;  // padded to Ethernet's minimum without the FCS

/// Nothing if the frame is short, not ARP for IPv4 over Ethernet, of another operation, has a sender MAC that
/// is no unicast address, or one that differs from the frame's source (a spoof or a proxy we don't learn
/// from). VLAN-tagged frames are not looked into.
std::optional<ArpPacket> parse_arp(std::span<const uint8_t> frame);

/// Broadcast: who has `wanted_ip`?
ArpFrame make_arp_request(const MacAddress& from_mac, rte_be32_t from_ip, rte_be32_t wanted_ip);

/// Unicast: do you, `to_mac`, still have `wanted_ip`? (RFC 1122 2.3.2.1)
ArpFrame make_arp_check(const MacAddress& from_mac, rte_be32_t from_ip, const MacAddress& to_mac,
                        rte_be32_t wanted_ip);

/// To the asker: what the request asks for is at `our_mac`.
ArpFrame make_arp_reply(const ArpPacket& request, const MacAddress& our_mac);

/// RFC 5227 announcement: a broadcast request whose sender and target address are both `ip`.
ArpFrame make_gratuitous_arp(const MacAddress& our_mac, rte_be32_t ip);

}  // namespace turnout
