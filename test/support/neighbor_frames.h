// Neighbor Discovery (RFC 4861), listener discovery (RFC 3810) and IPv6 pings for tests, octet by octet as
// the other frames.
#pragma once

#include "test/support/frame_changes.h"
#include "test/support/frames.h"
#include "test/support/frames6.h"

namespace turnout {

struct NdpFields {
  std::string to_mac = "33:33:ff:00:01:00";
  std::string from_mac = "02:00:00:00:00:ee";
  std::string source = "2001:db8::7";
  std::string destination = "ff02::1:ff00:100";
  std::string target = "2001:db8::100";
  std::string option = "02:00:00:00:00:ee";  // the link-layer address given; "": none
};

inline Bytes ndp_frame(const NdpFields& fields, uint8_t type, uint8_t flags, uint8_t option_type) {
  const FrameFields6 ip{.to_mac = fields.to_mac,
                        .from_mac = fields.from_mac,
                        .source = fields.source,
                        .destination = fields.destination,
                        .flow_label = 0,
                        .hop_limit = 255};
  Bytes body = joined({{flags, 0, 0, 0}, ip6_bytes(fields.target)});
  if (!fields.option.empty()) body = joined({body, {option_type, 1}, mac_bytes(fields.option)});
  return icmp6_frame(ip, type, 0, body);
}
inline Bytes solicitation(const NdpFields& fields) {
  return ndp_frame(fields, 135, 0, 1);
}
/// `flags`: 0x80 router, 0x40 solicited, 0x20 override.
inline Bytes advertisement(const NdpFields& fields, uint8_t flags) {
  return ndp_frame(fields, 136, flags, 2);
}

/// As the director has to announce `address` (RFC 4861 7.2.6).
inline Bytes unsolicited_advertisement(const std::string& mac, const std::string& address) {
  return advertisement({.to_mac = "33:33:00:00:00:01",
                        .from_mac = mac,
                        .source = address,
                        .destination = "ff02::1",
                        .target = address,
                        .option = mac},
                       0x20);
}

inline const Bytes kRouterAlert = {0, 5, 2, 0, 0, 1, 0};  // RFC 2711, and PadN; "next header" comes before it

/// A general query of a router's (RFC 3810 5.1).
inline Bytes mld_query() {
  return icmp6_frame({.to_mac = "33:33:00:00:00:01",
                      .from_mac = "02:00:00:00:00:c1",
                      .source = "fe80::ff:fe00:c1",
                      .destination = "ff02::1",
                      .flow_label = 0,
                      .hop_limit = 1,
                      .extension_headers = {{0, kRouterAlert}}},
                     130, 0, joined({{0x27, 0x10, 0, 0}, ip6_bytes("::"), {2, 125, 0, 0}}));
}

/// A report of these groups (RFC 3810 5.2); `record`: 2 listens already, 4 begins to listen.
inline Bytes mld_report(const std::string& mac, const std::string& source, uint8_t record,
                        const std::vector<std::string>& groups) {
  Bytes body = {0, 0, 0, static_cast<uint8_t>(groups.size())};
  for (const std::string& group : groups) body = joined({body, {record, 0, 0, 0}, ip6_bytes(group)});
  return icmp6_frame({.to_mac = "33:33:00:00:00:16",
                      .from_mac = mac,
                      .source = source,
                      .destination = "ff02::16",
                      .flow_label = 0,
                      .hop_limit = 1,
                      .extension_headers = {{0, kRouterAlert}}},
                     143, 0, body);
}

inline Bytes ping6(const std::string& from, const std::string& to, const std::string& to_mac) {
  return icmp6_frame({.to_mac = to_mac, .from_mac = "02:00:00:00:00:ee", .source = from, .destination = to},
                     128, 0, {0, 1, 0, 2, 'p', 'i', 'n', 'g'});
}

}  // namespace turnout
